"""A session takes its classes from the archive that set-up made, and does without where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from landfall.errors import LandfallError
from landfall.local import ICEBERG_JAR, SQLITE_JAR
from landfall.project import find_project
from pipelines import class_archive, jars

ROOT = find_project(Path(__file__).parent).root
SESSION = """
import sys
from pathlib import Path
from pipelines import class_archive
from pipelines.jars import local_jars
from pipelines.spark import embed
home, cache = Path(sys.argv[1]), Path(sys.argv[2])
platform = class_archive.example_platform(home)
taken = class_archive.option(local_jars(platform.spark.packages, cache), cache)
session = embed(platform, cache, f"{taken} -Xlog:class+load:file={home}/classes.log")
session.range(3).selectExpr("sum(id)").collect()
session.stop()
"""


@pytest.fixture
def cached(tmp_path: Path) -> list[Path]:
    """Two jars in a cache of their own."""
    folder = tmp_path / "jars"
    folder.mkdir()
    paths = [folder / "iceberg.jar", folder / "sqlite.jar"]
    for path in paths:
        path.write_bytes(b"jar")
    return paths


def test_without_an_archive_nothing_is_asked_of_java(cached: list[Path], tmp_path: Path) -> None:
    assert class_archive.option(cached, tmp_path) == ""


def test_an_archive_is_for_one_java_one_spark_and_these_jars(
    cached: list[Path], tmp_path: Path
) -> None:
    made = class_archive._file(cached, tmp_path)
    made.write_bytes(b"classes")
    assert class_archive.option(cached, tmp_path) == f' -XX:SharedArchiveFile="{made}"'
    cached[0].write_bytes(b"another")
    assert class_archive.option(cached, tmp_path) == ""


def test_a_linked_cache_has_the_archive_of_the_one_it_leads_to(
    cached: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    linked = [tmp_path / "link" / "jars" / one.name for one in cached]
    class_archive._file(cached, tmp_path).write_bytes(b"classes")
    assert class_archive.option(linked, tmp_path / "link")


def test_only_an_archive_of_the_same_places_is_replaced(
    cached: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, before = tmp_path / "jars", class_archive._file(cached, tmp_path)
    another = folder / "classes-0123456789ab-0123456789ab.jsa"
    for one in (before, another):
        one.write_bytes(b"classes")
    cached[0].write_bytes(b"a newer jar")

    def makes(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        Path(words[3]).write_bytes(b"newer classes")
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(class_archive.subprocess, "run", makes)
    made = class_archive.ready(cached, tmp_path)
    assert {one.name for one in folder.glob("classes-*")} == {made.name, another.name}


def test_where_it_cannot_be_made_set_up_goes_on_and_says_so(
    cached: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    def fails(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        said = "Traceback\njava.lang.OutOfMemoryError: Java heap space\n  more"
        return subprocess.CompletedProcess([], 1, "", said)

    monkeypatch.setattr(class_archive.subprocess, "run", fails)
    with pytest.raises(LandfallError, match="OutOfMemoryError: Java heap space"):
        class_archive.ready(cached, tmp_path)
    jars._keep_classes(cached, tmp_path)
    said = capsys.readouterr().err
    assert "warning: Spark's classes could not be kept ready" in said
    assert "start all the same" in said
    assert {one.name for one in (tmp_path / "jars").iterdir()} == {"iceberg.jar", "sqlite.jar"}


@pytest.mark.parametrize(
    "error", [OSError("the disk is full"), subprocess.TimeoutExpired("python", 1)]
)
def test_nothing_that_may_come_in_the_way_ends_set_up(
    error: Exception, cached: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(class_archive.subprocess, "run", fails)
    jars._keep_classes(cached, tmp_path)
    assert "could not be kept ready" in capsys.readouterr().err


@pytest.mark.slow
def test_a_session_takes_most_of_its_classes_from_the_archive(tmp_path: Path) -> None:
    cache = ROOT / ".cache"
    here = jars.local_jars([ICEBERG_JAR, SQLITE_JAR], cache)
    assert class_archive.option(here, cache), "make it: python -m pipelines.jars"
    done = subprocess.run(
        [sys.executable, "-c", SESSION, str(tmp_path), str(cache)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    log = (tmp_path / "classes.log").read_text(encoding="utf-8", errors="replace")
    named = [line for line in log.splitlines() if "Lambda" not in line]
    spark = [line for line in named if " org.apache.spark." in line]
    kept = [line for line in spark if "shared objects file" in line]
    assert len(spark) > 1000
    assert len(kept) > len(spark) * 0.9, f"{len(kept)} of {len(spark)}"
