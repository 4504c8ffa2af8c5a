"""What this machine can run and what is missing, each with its purpose and its remedy.

Quick: looks at files and starts no JVM, no Spark and no compiler. Leaves out whether the network and
the clouds can be reached, and versions of tools that only some tasks need.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from landfall.errors import LandfallError
from landfall.project import Project

State = Literal["ok", "missing", "scarce"]
MEMORY_GB = 3.5
"""Spark's heap, the warehouse and the models together; measured below 4 GB for the demo's year."""
DISK_GB = 3.0
"""Environments aside: jars, the demo's lake, models and reports."""
_PACKAGES = ("pyspark", "pyiceberg", "duckdb", "mlflow", "scikit-learn", "fastapi")
_EXTENSIONS = ("iceberg", "avro", "httpfs")


_DATABASES = {
    "catalog.db": "landfall lake recover",
    "bus.db": "Move {path} and its -wal and -shm aside; what its lost events told of: landfall run --all",
    "mlflow.db": "Restore {path} from a backup; without one, set LANDFALL_HOME to a new folder and "
    "run every month there: landfall run --all",
}
"""The home's SQLite files, and what to do where one is damaged."""


class Check(NamedTuple):
    """One finding. `required`: the laptop's chain does not run without it."""

    name: str
    state: State
    found: str
    purpose: str
    fix: str
    required: bool = True


def examine(project: Project) -> list[Check]:
    """Every check of this machine for this project, required ones first."""
    checks = [
        _python(),
        _java(),
        _packages(),
        _dbt(project),
        _extensions(project),
        _jars(project),
        _databases(project),
        _memory(),
        _disk(project),
        _cores(),
    ]
    return checks + [_tool(*tool) for tool in _TOOLS]


def can_run(checks: list[Check]) -> bool:
    """Whether the laptop's chain can run: nothing required is missing."""
    return not any(check.required and check.state == "missing" for check in checks)


_TOOLS: list[tuple[str, tuple[str, ...], str, str]] = [
    ("git", ("git",), "the code's history and the pipelines in Jenkins", "sudo apt-get install -y git"),
    (
        "pulumi", ("pulumi",), "applying a plan to a cloud; the laptop needs none",
        "see https://www.pulumi.com/docs/iac/download-install/",
    ),
    (
        "chromium", ("chromium", "chromium-browser", "google-chrome"),
        "the tests that open the report in a browser", "sudo apt-get install -y chromium",
    ),
    (
        "groovy", ("groovy",), "the tests of the Jenkins library, in Jenkins' own language",
        "sudo apt-get install -y groovy",
    ),
]  # fmt: skip


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    fine = sys.version_info >= (3, 11)
    return Check(
        "python",
        "ok" if fine else "missing",
        version,
        "Landfall itself, 3.11 or newer",
        "sudo apt-get install -y python3.11 python3.11-venv, then: make setup",
    )


def _java() -> Check:
    from pipelines.jars import find_java, java_version

    fix = "sudo apt-get install -y openjdk-17-jre-headless"
    purpose = "Spark, which runs on Java 17 and 21"
    try:
        java = find_java()
    except LandfallError as error:
        return Check("java", "missing", error.what, purpose, error.fix or fix)
    return Check("java", "ok", f"{java_version(java)} ({java})", purpose, fix)


def _packages() -> Check:
    versions, absent = [], []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            absent.append(package)
    return Check(
        "packages",
        "missing" if absent else "ok",
        f"without {', '.join(absent)}" if absent else ", ".join(versions),
        "the lake, the warehouse, the models and serving",
        "make setup",
    )


def _site_packages(project: Project) -> list[Path]:
    """Of dbt's own environment; [] where there is none."""
    from warehouse.client import dbt_python

    try:
        return sorted(dbt_python(project).parents[1].glob("lib/python*/site-packages"))
    except LandfallError:
        return []


def _dbt(project: Project) -> Check:
    found = [
        path.name.removesuffix(".dist-info").partition("-")[2]
        for folder in _site_packages(project)
        for path in folder.glob("dbt_core-*.dist-info")
    ]
    return Check(
        "dbt",
        "ok" if found else "missing",
        f"dbt-core {found[0]}" if found else f"no dbt in {project.root / '.venv-dbt'}",
        "the warehouse's models; it lives in an environment of its own",
        "make setup",
    )


def _extensions(project: Project) -> Check:
    absent = [
        name
        for name in _EXTENSIONS
        if not any(
            any((folder / f"duckdb_extension_{name}").rglob(f"{name}.duckdb_extension"))
            for folder in _site_packages(project)
        )
    ]
    return Check(
        "duckdb extensions",
        "missing" if absent else "ok",
        f"without {', '.join(absent)}" if absent else ", ".join(_EXTENSIONS),
        "reading the lake from the warehouse without a download",
        "make setup",
    )


def _jars(project: Project) -> Check:
    from landfall.local import ICEBERG_JAR, SQLITE_JAR
    from pipelines.jars import COMMAND, local_jars

    purpose = "Spark's access to the lake"
    try:
        paths = local_jars([ICEBERG_JAR, SQLITE_JAR], project.cache_dir)
    except LandfallError as error:
        return Check("spark jars", "missing", error.what, purpose, error.fix or COMMAND)
    found = f"{len(paths)} in {paths[0].parent}, checksums right"
    return Check("spark jars", "ok", found, purpose, COMMAND)


def _databases(project: Project) -> Check:
    from landfall.faults import sqlite_damage

    damaged = {name: told for name in _DATABASES if (told := sqlite_damage(project.home / name))}
    first = next(iter(damaged), "catalog.db")
    return Check(
        "home's databases",
        "missing" if damaged else "ok",
        "; ".join(f"{project.home / name} is damaged: {told}" for name, told in damaged.items())
        or "sound, or not there yet",
        "the catalog, the bus and the models' registry",
        _DATABASES[first].format(path=project.home / first),
    )


def _memory() -> Check:
    total, free = memory_gb()
    scarce = free < MEMORY_GB
    return Check(
        "memory",
        "missing" if total < MEMORY_GB else "scarce" if scarce else "ok",
        f"{free:.1f} of {total:.1f} GB free",
        f"the demo's year, which takes up to {MEMORY_GB} GB",
        "Close other programs, or use a larger machine.",
    )


def memory_gb(
    proc: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")
) -> tuple[float, float]:
    """Memory in all and free, in GB (10⁹ bytes), within the limit of a container where there is one."""
    if proc.is_file():
        lines = (line.split() for line in proc.read_text(encoding="ascii").splitlines())
        sizes = {parts[0].rstrip(":"): int(parts[1]) * 1024 for parts in lines if len(parts) > 1}
        total, free = sizes["MemTotal"], sizes.get("MemAvailable", sizes["MemFree"])
    else:
        total = free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if limit is not None:
        total, free = min(total, limit), min(free, max(0, limit - (used or 0)))
    return total / 1e9, free / 1e9


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _disk(project: Project) -> Check:
    folder = project.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    writable = os.access(folder, os.W_OK)
    return Check(
        "disk",
        "missing" if free < DISK_GB or not writable else "ok",
        f"{free:.1f} GB free for {project.home}" if writable else f"{folder} cannot be written to",
        f"the home with the lake, models and reports, {DISK_GB:.0f} GB",
        "Free some space, or set LANDFALL_HOME to a folder on another disk.",
    )


def _cores() -> Check:
    counter: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    number = len(counter(0)) if counter else os.cpu_count() or 1
    return Check(
        "cores",
        "ok" if number >= 2 else "scarce",
        str(number),
        "speed; the demo's times are told for 2",
        "With one core everything runs, at half the speed.",
        required=False,
    )


def _tool(name: str, commands: tuple[str, ...], purpose: str, fix: str) -> Check:
    found = next((path for path in map(shutil.which, commands) if path), None)
    return Check(name, "ok" if found else "missing", found or "not on the PATH", purpose, fix, required=False)  # fmt: skip
