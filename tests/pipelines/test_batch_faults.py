"""A batch that cannot be published: what is said, that readers see nothing of it, and the way out.

Each fault comes as the second version of a month whose first was published, together with a sound new
batch of another dataset: neither may reach the readers.
"""

from __future__ import annotations

import gzip
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from landfall.errors import BatchFault, Refused
from landfall.month import Month
from tests.pipelines.conftest import HEADER, ORDERS, Shop

pytestmark = pytest.mark.spark
GOOD = f"{HEADER}\n1,2013-03-01T10:00:00Z,9.5,S,AB\n2,2013-03-31T23:59:59Z,NA,M,\n"
MORE = f"{GOOD}3,2013-03-09T10:00:00Z,1,S,AB\n"


class Fault:
    """One faulty file: how it is landed, and the words that a person needs."""

    def __init__(
        self, said: str, content: str | bytes, fix: str = "Land a corrected file",
        contract: dict[str, Any] | None = None, **manifest: Any,
    ) -> None:  # fmt: skip
        self.said = said
        self.content = content
        self.fix = fix
        self.contract = contract or {}
        self.manifest = manifest


LATIN = MORE.replace("AB", "Zü").encode("latin-1")
FAULTS = {
    "too few rows": Fault(
        "it has 3 rows; the contract expects 4 to 9", MORE, "Land the whole month",
        {"volume": {"min_rows": 4, "max_rows": 9}},
    ),
    "too many rows": Fault(
        "it has 3 rows; the contract expects 1 to 2", MORE, "Land the whole month",
        {"volume": {"min_rows": 1, "max_rows": 2}},
    ),
    "too many faulty rows": Fault(
        "2 of 5 rows are faulty (40.0%; the contract allows 10.0%): 2 × price: -1 is below 0",
        f"{MORE}4,2013-03-09T10:00:00Z,-1,S,AB\n5,2013-03-09T10:00:00Z,-1,S,AB\n",
        contract={"max_quarantined": 0.1},
    ),
    "a missing column": Fault(
        "column price of the contract is missing", "id,at,size,code\n1,2013-03-01T10:00:00Z,S,AB\n",
        "Land a file with that column",
    ),
    "a renamed column": Fault(
        "column price of the contract is missing. The file has instead: cost",
        MORE.replace("price", "cost"), "Land a file with that column",
    ),
    "a column twice": Fault("columns are named twice: size", MORE.replace("code", "size")),
    "a column without a name": Fault("column 6 has no name", MORE.replace("code\n", "code,\n", 1)),
    "another table": Fault(
        "column id, at, price, size, code of the contract is missing", "country,people\nFR,68\n",
        "Land a file with that column",
    ),
    "an empty file": Fault("it is empty: there is not even a header", ""),
    "a header alone": Fault("it has 0 rows", f"{HEADER}\n", "Land the whole month"),
    "a truncated gzip": Fault(
        "the gzip file is cut off before its end", gzip.compress(MORE.encode())[:-20], file="o.csv.gz"
    ),
    "no gzip under its name": Fault(
        "it is no readable gzip file", b"\x1f\x8bnot packed at all", file="o.csv.gz"
    ),
    "latin-1 declared as utf-8": Fault(
        "it is declared utf-8, but near line 2 the byte 0xfc is none of it", LATIN,
        "set the source's encoding (as latin-1)",
    ),
    "utf-8 declared as latin-1": Fault(
        "it is declared latin-1, but its text is UTF-8", MORE.replace("AB", "Zü"),
        "Set the source's encoding to utf-8", encoding="latin-1",
    ),
    "mixed encodings": Fault(
        "it is declared utf-8, but near line 5 the byte 0xfc is none of it",
        MORE.replace("AB", "Zü").encode() + "4,2013-03-09T10:00:00Z,1,S,Zü\n".encode("latin-1"),
        "Land the file in that encoding",
    ),
    "utf-16": Fault("its encoding is UTF-16", MORE.encode("utf-16-le")),
    "no parquet under its name": Fault(
        "it is no readable Parquet file", MORE, file="o.parquet", format="parquet"
    ),
    "a file changed after it landed": Fault("the file was changed afterwards", MORE, sha256="0" * 64),
}  # fmt: skip


@pytest.fixture(scope="module")
def published(lake_home: Path, lake_platform: Any, lake_spark: Any) -> tuple[Shop, Shop]:
    """Two datasets whose first version readers see, shared by the faults below: none may change them."""
    shop = Shop(lake_home, lake_platform, lake_spark, "bad_orders", {**ORDERS})
    second = Shop(lake_home, lake_platform, lake_spark, "bad_returns", {**ORDERS})
    shop.others.append(second)
    shop.land(GOOD)
    second.land(GOOD)
    shop.ingest()
    return shop, second


def seen(*shops: Shop) -> list[Any]:
    """What readers see of them."""
    zones = ("bronze", "silver", "quarantine")
    return [one.rows(zone, "id", "_batch") for one in shops for zone in zones]


def folder(shop: Shop, version: int) -> Path:
    zone = Path(unquote(urlparse(shop.platform.storage.landing).path))
    return zone / shop.dataset / "2013-03" / f"v{version:04d}"


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_file_stops_the_publish_of_everything(
    published: tuple[Shop, Shop], name: str
) -> None:
    fault, (shop, second) = FAULTS[name], published
    before = seen(shop, second)
    shop.contract = {**ORDERS, **fault.contract}
    shop.land(fault.content, version=2, **fault.manifest)
    second.land(MORE, version=2)
    try:
        with pytest.raises(BatchFault) as caught:
            shop.ingest()
    finally:
        for one in published:
            shutil.rmtree(folder(one, 2))
    assert f"{shop.dataset} 2013-03 v2" in caught.value.what
    assert fault.said in caught.value.what
    assert caught.value.so == "Nothing of it was published; readers see what they saw before."
    assert fault.fix in caught.value.fix
    assert seen(shop, second) == before


def test_a_corrected_file_takes_the_place_of_the_faulty_one(shop: Shop, second_shop: Shop) -> None:
    second_shop.land(GOOD)
    shop.land(LATIN)
    for _ in range(2):  # running it again changes nothing
        with pytest.raises(BatchFault, match="declared utf-8"):
            shop.ingest()
        assert seen(shop, second_shop) == [[]] * 6
    shop.land(MORE, version=2)
    result = shop.ingest()
    assert [row[0] for row in shop.rows("silver", "id")] == [1, 2, 3]
    assert [row[0] for row in second_shop.rows("silver", "id")] == [1, 2]
    (batch,) = [one for one in result["batches"] if one["dataset"] == shop.dataset]
    (refused,) = batch["refused"]
    assert refused["version"] == 1
    assert "declared utf-8" in refused["reason"]


def test_a_month_that_came_too_late_waits_for_a_person(shop: Shop) -> None:
    shop.contract = {**ORDERS, "freshness_days": 5}
    shop.land(GOOD, arrived_at="2013-04-06T00:00:01Z")
    with pytest.raises(BatchFault) as caught:
        shop.ingest()
    assert "arrived on 2013-04-06, but the contract expects it within 5 days" in caught.value.what
    assert "shop@example.com" in caught.value.fix
    assert "freshness_days" in caught.value.fix
    assert shop.rows("silver", "id") == []
    shop.contract = {**ORDERS, "freshness_days": 6}
    assert shop.counts() == (2, 2, 0, 0, 0)


def test_a_month_of_which_nothing_landed_says_what_to_run(shop: Shop) -> None:
    with pytest.raises(BatchFault) as caught:
        shop.ingest(Month(2013, 7))
    assert f"Nothing of {shop.dataset} has landed for 2013-07" in caught.value.what
    assert caught.value.fix.startswith("landfall land --month 2013-07")


def test_a_landed_file_that_is_gone_is_told(shop: Shop) -> None:
    shop.land(GOOD)
    (folder(shop, 1) / f"{shop.dataset}.csv").unlink()
    with pytest.raises(BatchFault, match="the file is gone, though its manifest is there"):
        shop.ingest()


def test_a_further_column_is_accepted_and_the_change_is_recorded(shop: Shop) -> None:
    shop.land(GOOD)
    shop.ingest()
    wider = MORE.replace(HEADER, f"{HEADER},Colour").replace("AB\n", "AB,red\n")
    shop.land(wider.replace("M,\n", "M,,\n"), version=2)
    result = shop.ingest()
    (change,) = result["schema_changes"]
    assert (change["dataset"], change["change"]) == (shop.dataset, "column Colour string added")
    assert shop.rows("silver", "id", "Colour") == [(1, "red"), (2, None), (3, "red")]


def test_a_contract_may_grow_and_widen(shop: Shop) -> None:
    shop.land(GOOD)
    shop.ingest()
    columns = [dict(c, type="long") if c["name"] == "id" else c for c in ORDERS["columns"]]
    columns.append({"name": "fee", "type": "decimal(9,2)", "description": "of it"})
    shop.contract = {**ORDERS, "columns": columns}
    shop.land(f"{HEADER},fee\n99999999999,2013-03-09T10:00:00Z,1,S,AB,0.10\n", version=2)
    changes = {one["change"] for one in shop.ingest()["schema_changes"]}
    assert changes == {"column fee decimal(9,2) added", "column id widened from int to long"}
    assert shop.rows("silver", "id", "fee")[-1] == (99999999999, Decimal("0.10"))


def test_a_breaking_contract_is_refused_with_the_migration(shop: Shop) -> None:
    shop.land(GOOD)
    shop.ingest()
    before = shop.rows("silver", "id", "size")
    columns = [dict(c, type="int") if c["name"] == "code" else c for c in ORDERS["columns"]]
    columns = [
        {k: v for k, v in c.items() if k != "pattern"} for c in columns if c["name"] != "size"
    ]
    shop.contract = {**ORDERS, "columns": columns}
    shop.land(MORE, version=2)
    with pytest.raises(Refused) as caught:
        shop.ingest()
    assert "RENAME COLUMN code TO code_string" in caught.value.what
    assert f"silver.{shop.dataset} DROP COLUMN size" in caught.value.what
    assert "Undo the change" in caught.value.fix
    assert shop.rows("silver", "id", "size") == before


def test_absurd_values_go_to_quarantine_and_break_nothing(shop: Shop) -> None:
    absurd = [
        "9223372036854775808", "-1", "1e308", "0x1F", "١٢", "1,5", "'; DROP TABLE x; --", "=1+1", "\U0001f4a5" * 50, "9" * 5000,
    ]  # fmt: skip
    lines = [f'"{value}",2013-03-01 10:00:00,"{value}",S,AB' for value in absurd]
    times = ["0000-00-00", "9999-12-31T23:59:59Z", "292278994-08-17", "1969-12-31", "now"]
    lines += [f"1,{time},1,S,AB" for time in times]
    shop.land("\n".join([HEADER, *lines, "7,2013-03-01 10:00:00,1,S,AB"]) + "\n")
    received, silver, duplicates, quarantined, _ = shop.counts()
    assert received == len(lines) + 1 == silver + duplicates + quarantined
    # "-1" is a whole number, and so a sound id; as a price it is below 0.
    assert [row[0] for row in shop.rows("silver", "id")] == [7]
    assert all(reasons for (reasons,) in shop.rows("quarantine", "_reasons"))
