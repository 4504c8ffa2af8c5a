"""A damaged catalog file is noticed before it is used, and made anew from the tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from landfall.errors import LandfallError, UsageError
from landfall.intent import parse_intent
from landfall.local import local_platform
from landfall.platform import Platform
from pipelines.catalog import open_catalog
from pipelines.recover import catalog_file, check_catalog, newest_metadata, recover_catalog

RAW = {
    "client": {"name": "Test", "slug": "test"},
    "environment": "dev",
    "cloud": {"provider": "local"},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home, née"


@pytest.fixture
def platform(home: Path) -> Platform:
    return local_platform(parse_intent(RAW, "test"), "test-local-dev", home)


def write_rows(platform: Platform, table: str, rows: list[int]) -> None:
    catalog = open_catalog(platform)
    data = pa.table({"n": rows})
    catalog.create_table_if_not_exists(table, schema=data.schema).append(data)


def read_rows(platform: Platform, table: str) -> list[int]:
    return sorted(open_catalog(platform).load_table(table).scan().to_arrow()["n"].to_pylist())


def test_a_damaged_catalog_is_named_with_the_command_that_recovers_it(platform: Platform) -> None:
    write_rows(platform, "silver.t", [1])
    path = catalog_file(platform)
    assert path is not None
    path.write_bytes(b"overwritten by something else" * 50)
    with pytest.raises(LandfallError) as caught:
        check_catalog(platform)
    assert str(path) in caught.value.what
    assert caught.value.fix == "landfall lake recover"


def test_recovery_finds_the_newest_state_of_every_table(platform: Platform) -> None:
    write_rows(platform, "silver.t", [1, 2])
    write_rows(platform, "silver.t", [3])
    write_rows(platform, "gold.u", [9])
    path = catalog_file(platform)
    assert path is not None
    path.write_bytes(b"overwritten by something else" * 50)
    recovered = recover_catalog(platform)
    assert sorted(recovered) == ["gold.u", "silver.t"]
    assert read_rows(platform, "silver.t") == [1, 2, 3]
    assert read_rows(platform, "gold.u") == [9]


def test_recovery_sets_the_damaged_file_aside(platform: Platform, home: Path) -> None:
    write_rows(platform, "silver.t", [1])
    path = catalog_file(platform)
    assert path is not None
    path.write_bytes(b"precious to somebody" * 50)
    recover_catalog(platform)
    kept = list(home.glob("catalog.db.damaged-*"))
    assert [one.read_bytes()[:8] for one in kept] == [b"precious"]


def test_a_torn_metadata_file_is_passed_over(platform: Platform, home: Path) -> None:
    write_rows(platform, "silver.t", [1])
    (folder,) = (home / "lake/tables/silver/t").glob("metadata")
    (folder / "00099-torn.metadata.json").write_text('{"format-ver')
    found = newest_metadata(home / "lake/tables")
    assert "torn" not in found["silver.t"].name


def test_everything_of_a_home_lies_in_it_whatever_its_name(home: Path, platform: Platform) -> None:
    write_rows(platform, "silver.t", [1])
    assert [path.name for path in home.parent.iterdir()] == [home.name]


@pytest.mark.parametrize("mark", ["?", "#", "%"])
def test_a_home_whose_name_would_end_an_address_is_refused(tmp_path: Path, mark: str) -> None:
    with pytest.raises(UsageError) as caught:
        local_platform(parse_intent(RAW, "test"), "test-local-dev", tmp_path / f"a{mark}b")
    assert f"has a '{mark}'" in caught.value.what
    assert "LANDFALL_HOME" in caught.value.fix


def test_an_absent_catalog_is_not_damaged(platform: Platform) -> None:
    check_catalog(platform)
