"""The doctor tells what is there and what is missing, quickly, and its exit code says whether it will run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from landfall import doctor
from landfall.doctor import Check, can_run, examine, memory_gb
from landfall.project import Project, find_project

ROOT = find_project(Path(__file__)).root


def find(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=ROOT, home=tmp_path / "home")


def test_every_check_says_what_it_is_for_and_how_to_mend_it(project: Project) -> None:
    checks = examine(project)
    assert len({check.name for check in checks}) == len(checks) == 14
    for check in checks:
        assert check.found
        assert check.purpose
        assert check.fix


def test_this_very_environment_has_its_python_packages(project: Project) -> None:
    checks = examine(project)
    assert find(checks, "python").state == "ok"
    assert find(checks, "packages").state == "ok"
    assert not project.home.exists(), "the doctor makes nothing"


def test_without_java_the_chain_cannot_run(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    checks = examine(project)
    java = find(checks, "java")
    assert java.state == "missing"
    assert "openjdk-17" in java.fix
    assert not can_run(checks)
    assert find(checks, "git").state == "missing"


def test_an_old_java_is_told_as_such(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").write_text("#!/bin/sh\n")
    (tmp_path / "release").write_text('JAVA_VERSION="11.0.2"\n')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    java = find(examine(project), "java")
    assert java.state == "missing"
    assert "Java 11" in java.found


def test_a_jar_that_is_absent_or_damaged_is_found(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from landfall.local import ICEBERG_JAR
    from pipelines.jars import jar_name

    monkeypatch.setenv("LANDFALL_CACHE", str(tmp_path))
    jars = find(examine(project), "spark jars")
    assert jars.state == "missing"
    assert "python -m pipelines.jars" in jars.fix
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / jar_name(ICEBERG_JAR)).write_bytes(b"half a jar")
    assert "damaged" in find(examine(project), "spark jars").found


def test_without_its_own_environment_dbt_and_the_extensions_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.client.INSTALLATION", tmp_path)
    checks = examine(Project(root=tmp_path, home=tmp_path / "home"))
    for name in ("dbt", "duckdb extensions"):
        assert find(checks, name).state == "missing"
        assert find(checks, name).fix == "make setup"


@pytest.mark.parametrize(
    ("name", "fix"),
    [("catalog.db", "landfall lake recover"), ("bus.db", "Move"), ("mlflow.db", "from a backup")],
)
def test_a_damaged_database_is_named_with_the_way_to_recover_it(
    project: Project, name: str, fix: str
) -> None:
    assert find(examine(project), "home's databases").state == "ok"
    project.home.mkdir()
    (project.home / name).write_bytes(b"not a database at all" * 100)
    found = find(examine(project), "home's databases")
    assert found.state == "missing"
    assert str(project.home / name) in found.found
    assert fix in found.fix


def test_a_full_disk_and_a_small_memory_are_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "DISK_GB", 1e9)
    monkeypatch.setattr(doctor, "MEMORY_GB", 1e9)
    checks = examine(project)
    assert find(checks, "disk").state == "missing"
    assert find(checks, "memory").state == "missing"


def test_what_only_some_tasks_need_does_not_stop_the_chain() -> None:
    checks = [
        Check("java", "ok", "17", "x", "y"),
        Check("memory", "scarce", "1 GB", "x", "y"),
        Check("pulumi", "missing", "-", "x", "y", required=False),
    ]
    assert can_run(checks)
    assert not can_run([Check("java", "missing", "-", "x", "y")])


def test_the_limit_of_a_container_counts_as_the_memory(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 16000000 kB\nMemFree: 9 kB\nMemAvailable: 8000000 kB\n")
    assert memory_gb(meminfo, tmp_path / "none") == (16.384, 8.192)
    (tmp_path / "memory.max").write_text("4000000000\n")
    (tmp_path / "memory.current").write_text("1000000000\n")
    assert memory_gb(meminfo, tmp_path) == (4.0, 3.0)
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_gb(meminfo, tmp_path) == (16.384, 8.192)


def test_the_command_prints_json_and_its_exit_code_says_whether_the_chain_runs(
    tmp_path: Path,
) -> None:
    code = "import typer; from landfall.cli.doctor import doctor; typer.run(doctor)"
    done = subprocess.run(
        [sys.executable, "-c", code, "--output", "json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": str(tmp_path), "LANDFALL_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    value = json.loads(done.stdout)
    assert done.returncode == 1
    assert value["ready"] is False
    assert {"name", "state", "found", "purpose", "fix", "required"} == set(value["checks"][0])


def test_the_doctor_imports_nothing_heavy() -> None:
    heavy = ["pandas", "pyarrow", "pyspark", "duckdb", "mlflow", "sklearn"]
    code = (
        "import sys; from landfall.doctor import examine; from landfall.project import find_project;"
        f"examine(find_project()); print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
