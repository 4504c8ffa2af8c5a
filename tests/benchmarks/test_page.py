"""docs/benchmarks.md names commands; each must be one that can be typed, and `make bench` must run them all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from landfall.project import find_project

ROOT = find_project().root
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"python -m benchmarks\.(\w+)([^`\n|]*)", PAGE)


def test_the_page_names_a_command_for_every_benchmark() -> None:
    assert {name for name, _ in COMMANDS} >= set(BENCHMARKS)


@pytest.mark.parametrize(("name", "rest"), sorted(set(COMMANDS)))
def test_a_command_of_the_page_takes_the_options_it_is_shown_with(name: str, rest: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    options = re.findall(r"--[a-z-]+", rest)
    assert [option for option in options if option not in told] == []


def test_make_bench_runs_them_all() -> None:
    told = subprocess.run(
        ["make", "-n", "bench"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    # Run from another make, it also says that it enters and leaves the folder.
    assert any(line.endswith("-m benchmarks") for line in told.splitlines())


def test_every_file_that_the_page_points_to_is_there() -> None:
    named = re.findall(r"`(benchmarks/[\w/]+\.py)`", PAGE)
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_an_unknown_benchmark_is_refused_with_the_names_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "ingest, month, demo, serving" in done.stderr


def test_months_copied_ten_times_hold_no_key_twice(tmp_path: Path) -> None:
    from benchmarks.flight_files import write_year

    (january, *_) = write_year(tmp_path, 10)
    header, *lines = january.path.read_text().splitlines()
    places = [header.split(",").index(one) for one in ("time_hour", "origin", "carrier", "flight")]
    keys = {tuple(line.split(",")[place] for place in places) for line in lines}
    assert len(keys) == len(lines) == january.rows
