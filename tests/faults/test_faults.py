"""What a person sees when the machine fails a real `landfall`, and that running it again completes it.

Each test damages or takes away one thing, reads the message of the command as typed, mends it by what
the message says, and finds the tables of the undisturbed run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from landfall.project import Project
from tests.faults import facts
from tests.faults.conftest import Truth
from tests.faults.shop import (
    FEBRUARY,
    HEADER,
    JANUARY,
    MARCH,
    ROOT,
    environment,
    landfall,
    order_lines,
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
RUN = ("run", "--month", str(FEBRUARY))
Done = subprocess.CompletedProcess[str]


def told(done: Done, code: int = 1) -> str:
    """What a failed command said, once it is sure that it failed as it should."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "Landfall did not expect this" not in done.stderr
    return done.stderr


@pytest.fixture
def shop(january: Truth) -> Project:
    """The shop after January, as it was."""
    january.restore("2024-02 before")
    return january.project


def as_in_january(january: Truth) -> bool:
    return facts.tables(january.project) == january.held["2024-02 before"]["tables"]


def test_without_java_the_package_to_install_is_named(
    january: Truth, shop: Project, tmp_path: Path
) -> None:
    said = told(landfall(shop, *RUN, PATH=str(tmp_path), JAVA_HOME=""))
    assert "2024-02 ingest: Spark needs Java 17 or 21, but there is no java on the PATH." in said
    assert "sudo apt-get install -y openjdk-17-jre-headless" in said
    assert as_in_january(january)


@pytest.mark.parametrize("state", ["is not there yet", "is damaged (its checksum differs)"])
def test_a_missing_or_damaged_jar_is_named_with_the_command_that_fetches_it(
    january: Truth, shop: Project, tmp_path: Path, state: str
) -> None:
    jars = tmp_path / "jars"
    shutil.copytree(ROOT / ".cache" / "jars", jars)
    (jar,) = jars.glob("sqlite-jdbc-*.jar")
    jar.unlink() if "not there" in state else jar.write_bytes(jar.read_bytes()[:-1])
    said = told(landfall(shop, *RUN, LANDFALL_CACHE=str(tmp_path)))
    assert f"2024-02 ingest: Spark's jar {jar} {state}." in said
    assert "python -m pipelines.jars" in said
    assert as_in_january(january)


def test_a_month_that_no_source_holds_is_told_with_those_there_are(shop: Project) -> None:
    said = told(landfall(shop, "run", "--month", "2024-09"))
    assert "No source holds data of 2024-09" in said
    assert "They hold 2024-01 to 2024-03." in said


def test_a_month_without_rows_stops_before_it_is_published(january: Truth, shop: Project) -> None:
    path = shop.root / "drop" / "orders-2024-04.csv"
    path.write_text(f"{HEADER}\n", encoding="utf-8")
    try:
        said = told(landfall(shop, "run", "--month", "2024-04"))
    finally:
        path.unlink()
    assert "2024-04 ingest: orders 2024-04 v1" in said
    assert "it has 0 rows; the contract expects 50 to 1000." in said
    assert "readers see what they saw before" in said
    assert as_in_january(january)


def test_another_months_file_stops_before_it_is_published(january: Truth, shop: Project) -> None:
    path = shop.root / "drop" / "orders-2024-04.csv"
    path.write_text("\n".join([HEADER, *order_lines(JANUARY, 99)]) + "\n", encoding="utf-8")
    try:
        said = told(landfall(shop, "run", "--month", "2024-04"))
    finally:
        path.unlink()
    assert "100 of 100 rows are faulty (100.0%; the contract allows 5.0%)" in said
    assert "is outside 2024-04" in said
    assert as_in_january(january)


@pytest.mark.parametrize("damage", ["overwritten", "cut off"])
def test_a_damaged_catalog_is_named_and_recovered_by_the_command_that_is_told(
    january: Truth, shop: Project, damage: str
) -> None:
    catalog = shop.home / "catalog.db"
    whole = catalog.read_bytes()
    catalog.write_bytes(b"somebody else's" * 999 if damage == "overwritten" else whole[:9000])
    said = told(landfall(shop, *RUN))
    assert f"The catalog {catalog} is damaged" in said
    assert "landfall lake recover" in said
    assert "is damaged" in told(landfall(shop, "lake", "show"))
    recovered = landfall(shop, "lake", "recover")
    assert recovered.returncode == 0, recovered.stderr
    assert as_in_january(january)
    assert list(shop.home.glob("catalog.db.damaged-*"))


@pytest.mark.parametrize(
    ("name", "words"),
    [("bus.db", ("land", "--month", str(FEBRUARY))), ("mlflow.db", ("run", "--month", "2024-01"))],
)
def test_another_damaged_database_is_found_by_the_doctor(
    shop: Project, name: str, words: tuple[str, ...]
) -> None:
    for left in shop.home.glob(f"{name}*"):
        left.unlink()
    (shop.home / name).write_bytes(b"somebody else's" * 999)
    said = told(landfall(shop, *words))
    assert "A database file of the home is damaged" in said
    assert "landfall doctor" in said
    found = landfall(shop, "doctor", LANDFALL_PROJECT=str(ROOT))
    assert str(shop.home / name) in found.stdout


def test_of_two_runs_at_the_same_time_one_waits_or_is_refused(truth: Truth) -> None:
    truth.restore("2024-02 before")
    shop = truth.project
    (shop.home / "lock").unlink()
    command = [sys.executable, "-m", "landfall.cli", *RUN]
    first = subprocess.Popen(
        command, cwd=shop.root, env=environment(shop), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    lock = shop.home / "lock"
    while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    said = told(landfall(shop, *RUN), code=3)
    assert f"'landfall run --month 2024-02 --stack shop-local-dev' (pid {first.pid}" in said
    assert "this one did not start" in said
    waited = landfall(shop, *RUN, "--wait", "280")
    assert waited.returncode == 0, waited.stderr
    _, error = first.communicate(timeout=60)
    assert first.returncode == 0, error
    after = truth.held["2024-02 after"]
    found = facts.everything(shop)
    for what in after:
        assert found[what] == after[what], what
    assert len(set(facts.messages(shop.home))) == len(facts.messages(shop.home))


def test_neither_the_order_of_months_nor_the_clocks_zone_shows_in_the_tables(truth: Truth) -> None:
    truth.restore("2024-02 before")
    for month in (MARCH, FEBRUARY):
        done = landfall(truth.project, "run", "--month", str(month), TZ="Pacific/Auckland")
        assert done.returncode == 0, done.stderr
    assert facts.tables(truth.project) == truth.held["2024-03 after"]["tables"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB that can be filled without harm."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("NOT PROVEN HERE: a full disk, as only root can mount a small one")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("NOT PROVEN HERE: a full disk, as this machine lets nothing be mounted")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_and_the_run_completes_once_there_is_space(
    january: Truth, small_disk: Path
) -> None:
    shop = Project(january.project.root, small_disk / "home")
    ballast = small_disk / "ballast"
    run = ("run", "--month", str(JANUARY))

    def with_space(bytes_: int) -> str:
        ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - bytes_))
        said = told(landfall(shop, *run))
        ballast.unlink()
        return said

    assert "2024-01 land: The disk is full" in with_space(8_000)
    assert "the disk is full" in with_space(60_000).lower()  # the bus finds no room for its event
    assert "2024-01 ingest: The disk is full" in with_space(400_000)
    assert {rows for rows, _ in facts.tables(shop).values()} == {0}
    said = with_space(1_500_000)
    assert "2024-01 build: The disk is full" in said
    assert "Free some space and run the same command again." in said
    done = landfall(shop, *run)
    assert done.returncode == 0, done.stderr
    found, wanted = facts.everything(shop), january.held["2024-02 before"]
    for what in ("tables", "results", "branches"):
        assert found[what] == wanted[what], what
