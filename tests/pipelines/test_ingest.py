"""What becomes of rows: bronze, silver and quarantine for single files, corrections and odd values."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landfall.month import Month
from pipelines.read import SPLIT
from tests.pipelines.conftest import HEADER, ORDERS, Shop

pytestmark = pytest.mark.spark

GOOD = f"{HEADER}\n1,2013-03-01T10:00:00Z,9.5,S,AB\n2,2013-03-31T23:59:59Z,NA,M,\n"


def test_sound_rows_reach_silver_typed_and_bronze_as_received(shop: Shop) -> None:
    shop.land(GOOD)
    assert shop.counts() == (2, 2, 0, 0, 0)
    assert shop.rows("silver", "id", "at", "price", "size", "code", "_version") == [
        (1, datetime(2013, 3, 1, 10), 9.5, "S", "AB", 1),
        (2, datetime(2013, 3, 31, 23, 59, 59), None, "M", None, 1),
    ]
    assert shop.rows("bronze", "id", "at", "price", "_row", "_raw", "_arrived_at") == [
        ("1", "2013-03-01T10:00:00Z", "9.5", 1, None, datetime(2013, 4, 1, 3)),
        ("2", "2013-03-31T23:59:59Z", "NA", 2, None, datetime(2013, 4, 1, 3)),
    ]
    (path,) = {row[0] for row in shop.rows("bronze", "_path")}
    assert path == f"{shop.dataset}/2013-03/v0001/{shop.dataset}.csv"
    assert (shop.home / "lake/tables/silver" / shop.dataset / "metadata").is_dir()


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("x,2013-03-01 10:00:00,1,S,AB", ["id: 'x' is not an int"]),
        ("5.0,2013-03-01 10:00:00,1,S,AB", ["id: '5.0' is not an int"]),
        ("99999999999,2013-03-01 10:00:00,1,S,AB", ["id: '99999999999' is not an int"]),
        (",2013-03-01 10:00:00,1,S,AB", ["id: it is missing"]),
        ("1,2013-03-01 10:00:00,abc,S,AB", ["price: 'abc' is not a double"]),
        ("1,2013-03-01 10:00:00,5d,S,AB", ["price: '5d' is not a double"]),
        ("1,2013-03-01 10:00:00,NaN,S,AB", ["price: NaN is not a finite number"]),
        ("1,2013-03-01 10:00:00,-inf,S,AB", ["price: -inf is not a finite number"]),
        ("1,2013-03-01 10:00:00,1e999,S,AB", ["price: 1e999 is not a finite number"]),
        ("1,2013-03-01 10:00:00,-0.5,S,AB", ["price: -0.5 is below 0"]),
        ("1,2013-03-01 10:00:00,1000.01,S,AB", ["price: 1000.01 is above 1000"]),
        ("1,2013-03-01 10:00:00,1,XL,AB", ["size: 'XL' is none of S, M"]),
        ("1,2013-03-01 10:00:00,1,S,ABC", ["code: 'ABC' is not of the form [A-Z]{2}"]),
        ("1,2013-02-30 10:00:00,1,S,AB", ["at: '2013-02-30 10:00:00' is not a timestamp"]),
        ("1,10:00,1,S,AB", ["at: '10:00' is not a timestamp"]),
        ("1,NA,1,S,AB", ["at: it is missing"]),
        ("1,2013-04-01T00:00:00Z,1,S,AB", ["at: 2013-04-01 00:00:00 UTC is outside 2013-03"]),
        ("1,2013-03-01T00:30:00+01:00,1,S,AB", ["at: 2013-02-28 23:30:00 UTC is outside 2013-03"]),
        ("y,2013-03-01 10:00:00,-1,XL,ab", [
            "id: 'y' is not an int", "price: -1 is below 0", "size: 'XL' is none of S, M",
            "code: 'ab' is not of the form [A-Z]{2}",
        ]),
    ],
)  # fmt: skip
def test_each_fault_of_a_row_is_told_in_quarantine(
    faults_told: dict[str, tuple[Any, ...]], line: str, reasons: list[str]
) -> None:
    assert list(faults_told[line]) == reasons


@pytest.fixture(scope="module")
def faults_told(lake_home: Any, lake_platform: Any, lake_spark: Any) -> dict[str, tuple[Any, ...]]:
    """The reasons of every faulty line above, all ingested as one file."""
    marks = test_each_fault_of_a_row_is_told_in_quarantine.pytestmark  # pyright: ignore[reportFunctionMemberAccess]
    lines = [case[0] for case in marks[0].args[1]]
    shop = Shop(lake_home, lake_platform, lake_spark, "faulty_orders", dict(ORDERS))
    shop.land("\n".join([HEADER, *lines]) + "\n")
    assert shop.counts() == (len(lines), 0, 0, len(lines), 0)
    told = dict(shop.rows("quarantine", "_row", "_reasons"))
    return {line: told[number] for number, line in enumerate(lines, 1)}


def test_rows_with_too_few_or_too_many_fields_are_kept_whole_in_quarantine(shop: Shop) -> None:
    shop.land(f"{GOOD}3,2013-03-02 10:00:00\n4,2013-03-02 10:00:00,1,S,AB,more\n")
    assert shop.counts() == (4, 2, 0, 2, 0)
    assert shop.rows("quarantine", "_row", "_raw") == [
        (3, "3,2013-03-02 10:00:00"),
        (4, "4,2013-03-02 10:00:00,1,S,AB,more"),
    ]
    told = dict(shop.rows("quarantine", "_row", "_reasons"))
    assert told[3] == ["row: it does not split into as many fields as the header has"]


def test_of_rows_with_one_key_the_last_of_the_file_wins(shop: Shop) -> None:
    same = "7,2013-03-05 08:00:00,{},S,AB\n"
    shop.land(HEADER + "\n" + "".join(same.format(price) for price in (1, 2, 2, 3)))
    assert shop.counts() == (4, 1, 3, 0, 0)
    assert shop.rows("silver", "id", "price") == [(7, 3.0)]


def test_a_corrected_file_changes_what_differs_and_adds_what_is_new(shop: Shop) -> None:
    shop.land(GOOD)
    shop.ingest()
    corrected = GOOD.replace("9.5", "8.5") + "3,2013-03-09 10:00:00,1,S,AB\nx,,,,\n"
    shop.land(corrected, version=2)
    result = shop.ingest()
    assert result["batches"][1]["counts"] == {
        "received": 4, "silver": 2, "duplicates": 1, "quarantined": 1, "corrected": 1,
    }  # fmt: skip
    assert result["counts"][shop.dataset] == {
        "received": 6, "silver": 4, "duplicates": 1, "quarantined": 1, "corrected": 1,
    }  # fmt: skip
    assert shop.rows("silver", "id", "price", "_version") == [
        (1, 8.5, 2),
        (2, None, 1),
        (3, 1.0, 2),
    ]
    assert shop.ingest() == result


def test_both_versions_in_one_run_end_as_in_two(shop: Shop, second_shop: Shop) -> None:
    second_shop.land(GOOD)
    for version, price in ((1, "9.5"), (2, "8.5")):
        shop.land(GOOD.replace("9.5", price), version=version)
    assert shop.counts() == (4, 3, 1, 0, 1)
    assert shop.rows("silver", "id", "price") == [(1, 8.5), (2, None)]


def test_the_same_rows_again_are_duplicates_and_leave_silver_alone(shop: Shop) -> None:
    shop.land(GOOD)
    before = shop.ingest()["snapshots"]
    shop.land(GOOD + "\n", version=2)
    assert shop.counts() == (4, 2, 2, 0, 0)
    assert shop.ingest()["snapshots"] == before


def test_a_second_run_tells_the_same_without_starting_spark(shop: Shop) -> None:
    shop.land(GOOD)
    first = shop.ingest()
    shop.spark = None
    ctx = shop.context()
    from pipelines.ingest import ingest_month

    assert ingest_month(ctx, Month(2013, 3)) == first
    assert "spark" not in ctx.__dict__


def test_months_may_come_in_any_order(shop: Shop) -> None:
    shop.contract = {**ORDERS, "key": ["id"]}
    april = f"{HEADER}\n1,2013-04-01T10:00:00Z,2,S,AB\n"
    shop.land(april, Month(2013, 4))
    shop.land(f"{HEADER}\n1,2013-03-01T10:00:00Z,1,S,AB\n", Month(2013, 3))
    assert shop.counts(Month(2013, 4)) == (1, 1, 0, 0, 0)
    # The later month's row stands for the key, whichever month is ingested last.
    assert shop.counts(Month(2013, 3)) == (1, 0, 1, 0, 0)
    assert shop.rows("silver", "id", "price") == [(1, 2.0)]


def test_a_later_month_moves_a_row_of_the_same_key(shop: Shop) -> None:
    shop.contract = {**ORDERS, "key": ["id"]}
    for month in (3, 4):
        shop.land(f"{HEADER}\n1,2013-0{month}-01T10:00:00Z,{month},S,AB\n", Month(2013, month))
    assert shop.counts(Month(2013, 3)) == (1, 1, 0, 0, 0)
    assert shop.counts(Month(2013, 4)) == (1, 1, 0, 0, 1)
    assert shop.rows("silver", "at", "price") == [(datetime(2013, 4, 1, 10), 4.0)]


def test_a_reference_list_is_updated_by_its_key(shop: Shop) -> None:
    columns = [c for c in ORDERS["columns"] if c["name"] in ("id", "price")]
    shop.contract = {"description": "d", "owner": "o", "kind": "reference", "key": ["id"],
                     "columns": columns}  # fmt: skip
    shop.land("id,price\n1,1\n2,2\n", "all")
    assert shop.counts() == (2, 2, 0, 0, 0)
    shop.land("id,price\n1,1\n2,3\n4,4\n", "all", 2)
    april = shop.ingest(Month(2013, 4))["counts"][shop.dataset]
    assert tuple(april.values()) == (3, 2, 1, 0, 1)
    assert shop.counts() == (2, 2, 0, 0, 0)
    assert shop.rows("silver", "id", "price") == [(1, 1.0), (2, 3.0), (4, 4.0)]


def test_times_without_a_zone_are_in_the_contracts_zone(shop: Shop) -> None:
    shop.contract = {**ORDERS, "timezone": "America/New_York"}
    shop.land(f"{HEADER}\n1,2013-03-01 10:00:00,1,S,AB\n2,2013-03-11 10:00:00,1,S,AB\n"
              "3,2013-03-01T10:00:00Z,1,S,AB\n")  # fmt: skip
    shop.ingest()
    assert shop.rows("silver", "id", "at") == [
        (1, datetime(2013, 3, 1, 15)),
        (2, datetime(2013, 3, 11, 14)),
        (3, datetime(2013, 3, 1, 10)),
    ]


def test_a_header_alone_passes_only_where_the_contract_expects_no_rows(shop: Shop) -> None:
    shop.contract = {**ORDERS, "volume": {"min_rows": 0}}
    shop.land(f"{HEADER}\n")
    assert shop.counts() == (0, 0, 0, 0, 0)
    assert shop.ingest()["batches"][0]["version"] == 1


def test_quoted_line_ends_blank_lines_and_other_delimiters_are_read(shop: Shop) -> None:
    shop.contract = {**ORDERS, "columns": [*ORDERS["columns"][:4], {
        "name": "code", "type": "string", "description": "d"}]}  # fmt: skip
    text = GOOD.replace(",", ";").replace("AB", '"A;\n""B"""') + "\n\n"
    shop.land("\ufeff" + text, delimiter=";")
    assert shop.counts() == (2, 2, 0, 0, 0)
    assert shop.rows("silver", "id", "code") == [(1, 'A;\n"B"'), (2, None)]


def test_latin_1_and_gzip_are_read(shop: Shop) -> None:
    shop.contract = {**ORDERS, "columns": [*ORDERS["columns"][:4], {
        "name": "code", "type": "string", "description": "d"}]}  # fmt: skip
    shop.land(GOOD.replace("AB", "Zürich").encode("latin-1"), encoding="latin-1")
    shop.ingest()
    assert (1, "Zürich") in shop.rows("silver", "id", "code")


def test_json_lines_are_read_as_text_and_typed(shop: Shop) -> None:
    rows = [
        {"id": 1, "at": "2013-03-01T10:00:00Z", "price": 1.5, "size": "S", "code": "AB"},
        {"id": 2, "at": "2013-03-02T10:00:00Z", "price": None, "size": "M", "code": None},
    ]
    text = "\n".join(json.dumps(row) for row in rows) + "\n{broken\n"
    shop.land(text, file=f"{shop.dataset}.json.gz", format="json")
    assert shop.counts() == (3, 2, 0, 1, 0)
    assert shop.rows("silver", "id", "price") == [(1, 1.5), (2, None)]
    assert [row[0] for row in shop.rows("quarantine", "_raw")] == ["{broken"]


def test_parquet_is_read_with_whole_doubles_as_integers(shop: Shop) -> None:
    table = pa.table(
        {
            "id": pa.array([1.0, 2.0]),
            "at": pa.array([datetime(2013, 3, 1, 10)] * 2, pa.timestamp("us", "UTC")),
            "price": pa.array([0.1, None]),
            "size": ["S", "M"],
            "code": pa.array([None, "AB"]),
        }
    )
    stream = io.BytesIO()
    pq.write_table(table, stream)
    shop.land(stream.getvalue(), file=f"{shop.dataset}.parquet", format="parquet")
    assert shop.counts() == (2, 2, 0, 0, 0)
    assert shop.rows("silver", "id", "at", "price") == [
        (1, datetime(2013, 3, 1, 10), 0.1),
        (2, datetime(2013, 3, 1, 10), None),
    ]


def test_rows_of_a_file_that_several_tasks_read_are_numbered_as_in_the_file(shop: Shop) -> None:
    shop.contract = {**ORDERS, "columns": [*ORDERS["columns"][:4], {
        "name": "code", "type": "string", "description": "d"}]}  # fmt: skip
    wide = "Z" * 4000
    count = 2 * SPLIT // 4000 + 1000
    lines = [f"{n},2013-03-01 10:00:00,1,S,{wide[: 3900 + n % 100]}" for n in range(1, count + 1)]
    shop.land("\n".join([HEADER, *lines]))
    assert shop.counts() == (count, count, 0, 0, 0)
    assert all(int(number) == row for number, row in shop.rows("bronze", "id", "_row"))
