"""The command line as a person or a script meets it: help, exit codes, streams, unforeseen errors."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from landfall import cli
from landfall.errors import Refused
from landfall.project import find_project

ROOT = find_project(Path(__file__)).root


def landfall(
    *words: str, home: Path | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("LANDFALL_")}
    if home is not None:
        env["LANDFALL_HOME"] = str(home)
    return subprocess.run(
        [sys.executable, "-m", "landfall.cli", *words],
        cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_help_names_every_command_and_the_exit_codes() -> None:
    told = landfall("--help").stdout
    for command in (
        "run",
        "land",
        "listen",
        "serve",
        "report",
        "doctor",
        "lake",
        "model",
        "intent",
        "dataset",
    ):
        assert f"\n  {command} " in told
    assert "3 refused" in told


def test_help_needs_no_heavy_library() -> None:
    """What makes `--help` quick, in a form that no busy machine can disturb."""
    code = "import sys; from landfall.cli import build_app; build_app(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {
        "pyspark",
        "pandas",
        "mlflow",
        "sklearn",
        "pyarrow",
        "duckdb",
        "fastapi",
        "optuna",
        "numpy",
    }
    assert not heavy & set(loaded.stdout.split())


def test_help_comes_quickly() -> None:
    assert min(help_seconds() for _ in range(3)) < 1.0  # 0.35 s here


def help_seconds() -> float:
    """Of the processor, not the clock: a busy machine is not a slow help."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert landfall("--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run"], 2, "landfall run --month"),
        (["run", "--month", "2013-3"], 2, "as in 2013-03"),
        (["run", "--month", "2013-03", "--all"], 2, "which month"),
        (["run", "--month", "2013-03", "--from", "trian"], 2, "land, ingest, build"),
        (["run", "--month", "2013-03", "--stack", "nobody"], 2, "demo-local-dev"),
        (["run", "--mont", "2013-03"], 2, "--month"),
        (["run", "--month", "1999-01"], 1, "2013-01"),
        (
            ["lake", "show", "--stack", "fjord-azure-dev"],
            2,
            "landfall platform show fjord-azure-dev --save",
        ),
        (["model", "promote", "7", "--why", "because"], 2, "version"),
    ],
)
def test_a_wrong_command_is_told_what_to_type(
    words: list[str], code: int, said: str, tmp_path: Path
) -> None:
    ended = landfall(*words, home=tmp_path)
    assert ended.returncode == code, ended.stderr
    assert said in ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_an_error_is_json_too_where_json_was_asked_for(tmp_path: Path) -> None:
    ended = landfall("run", "--month", "nonsense", "--output", "json", home=tmp_path)
    told = json.loads(ended.stdout)
    assert told["error"] == "UsageError"
    assert "2013-03" in told["fix"]


def test_outside_a_project_the_way_in_is_told(tmp_path: Path) -> None:
    ended = landfall("lake", "show", cwd=tmp_path)
    assert ended.returncode == 2
    assert "LANDFALL_PROJECT" in ended.stderr


def test_an_empty_lake_says_how_to_fill_it(tmp_path: Path) -> None:
    ended = landfall("lake", "show", home=tmp_path)
    assert ended.returncode == 0
    assert "landfall run" in ended.stderr


def test_a_refusal_ends_with_three(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise Refused("no", so="nothing changed", fix="ask again")

    monkeypatch.setattr(cli, "build_app", lambda: refuse)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    assert "ask again" in capsys.readouterr().err


def test_a_bug_leaves_its_details_in_a_file_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down() -> None:
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr(cli, "build_app", lambda: break_down)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "Traceback" not in told
    details = Path(told.split("details are in ")[1].split(";")[0])
    assert "Traceback" in details.read_text()
    details.unlink()
