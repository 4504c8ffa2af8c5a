"""A table's hash follows its content and nothing else."""

from __future__ import annotations

import hashlib
import json
import math
import random
import struct
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from landfall.project import Project
from pipelines.context import Context, open_context
from pipelines.lake import content_hash, lake_tables, table_hash

ROOT = Path(__file__).resolve().parents[2]
MOMENT = pa.timestamp("us")
ROW = st.tuples(
    st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)),
    st.one_of(st.none(), st.text(max_size=5)),
    st.one_of(st.none(), st.floats(allow_nan=False)),
)


def table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    types = (pa.int32(), pa.string(), pa.float64())
    arrays = [pa.array(values, kind) for values, kind in zip(columns, types, strict=True)]
    return pa.table(arrays, names=["n", "text", "x"])


@settings(deadline=None)  # The machine may be busy.
@given(st.lists(ROW, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_rows_columns_and_batches_does_not_matter(
    rows: list[tuple[Any, ...]], chance: random.Random
) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)
    cut = chance.randint(0, len(mixed))
    parts = pa.concat_tables([table(mixed[:cut]), table(mixed[cut:])])
    assert content_hash(parts.select(["x", "n", "text"])) == content_hash(table(rows))


@settings(deadline=None)  # The machine may be busy.
@given(st.lists(ROW, min_size=1, max_size=8), st.lists(ROW, min_size=1, max_size=8))
def test_other_rows_have_another_hash(
    one: list[tuple[Any, ...]], other: list[tuple[Any, ...]]
) -> None:
    def key(row: tuple[Any, ...]) -> str:
        return repr(
            tuple(0.0 if value == 0.0 and isinstance(value, float) else value for value in row)
        )

    same = sorted(map(key, one)) == sorted(map(key, other))
    assert (content_hash(table(one)) == content_hash(table(other))) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": ["x"], "b": [None]}, {"a": [None], "b": ["x"]}),
        ({"a": ["1:x"], "b": ["y"]}, {"a": ["1"], "b": ["x1:y"]}),
        ({"a": ["x;1:y"], "b": ["z"]}, {"a": ["x"], "b": ["y;1:z"]}),
        ({"a": [""]}, {"a": [None]}),
        ({"a": ["-"]}, {"a": [None]}),
        ({"a": [["p", "q"]]}, {"a": [["p;1:q"]]}),
        ({"a": [["p", None]]}, {"a": [["p"]]}),
        ({"a": ["x", "x"]}, {"a": ["x"]}),
        ({"a": [1]}, {"b": [1]}),
        ({"a": [0.1 + 0.2]}, {"a": [0.3]}),
        ({"a": [math.inf]}, {"a": [-math.inf]}),
    ],
)
def test_what_differs_is_told_apart(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> None:
    kinds = {"a": pa.list_(pa.string())} if isinstance(one.get("a", [0])[0], list) else {}

    def made(columns: dict[str, list[Any]]) -> pa.Table:
        text = {
            n: kinds.get(n) or (pa.string() if isinstance(v[0], str | None) else None)
            for n, v in columns.items()
        }
        return pa.table({name: pa.array(values, text[name]) for name, values in columns.items()})

    assert content_hash(made(one)) != content_hash(made(other))


def test_every_nan_is_the_same_and_zero_has_no_sign() -> None:
    negative_nan = pa.array([0xFFF8000000000001], pa.uint64()).view(pa.float64())
    assert content_hash(pa.table({"x": negative_nan})) == content_hash(pa.table({"x": [math.nan]}))
    assert content_hash(pa.table({"x": [-0.0]})) == content_hash(pa.table({"x": [0.0]}))


def test_a_moment_is_the_same_with_its_zone_and_in_any_unit() -> None:
    naive = pa.table({"at": pa.array([datetime(2013, 1, 1, 5)], MOMENT)})
    aware = pa.table(
        {"at": pa.array([datetime(2013, 1, 1, 5, tzinfo=UTC)], pa.timestamp("ms", "UTC"))}
    )
    assert content_hash(naive) == content_hash(aware)


def test_the_arrival_time_does_not_count() -> None:
    rows = pa.table({"n": [1]})
    arrived = rows.append_column("_arrived_at", pa.array([datetime(2013, 1, 1)], MOMENT))
    assert content_hash(arrived) == content_hash(rows)


def test_the_hash_is_what_its_description_says_on_every_machine() -> None:
    rows = pa.table(
        {
            "n": pa.array([1, None], pa.int64()),
            "flag": [True, False],
            "x": [0.1, None],
            "day": [date(2013, 1, 1), None],
            "at": pa.array([datetime(2013, 1, 1, 5), None], MOMENT),
            "price": pa.array([Decimal("1.50"), None], pa.decimal128(6, 2)),
            "text": ["Zürich", ""],
            "reasons": pa.array([["a", "b"], []], pa.list_(pa.string())),
        }
    )
    tenth = struct.unpack(">q", struct.pack(">d", 0.1))[0]
    texts = [
        f"1357016400000000;15706;1;1;1.50;7:1:a;1:b;7:Zürich;{tenth}".encode(),
        b"-;-;0;-;-;0:;0:;-",
    ]
    total = sum(int.from_bytes(hashlib.md5(text).digest(), "big") for text in texts) % 2**128
    names = "".join(f"{len(name)}:{name}" for name in sorted(rows.column_names)).encode()
    expected = hashlib.md5(names + total.to_bytes(16, "big")).hexdigest()
    assert content_hash(rows) == expected == "e4fb7457809a713ced41a79a65acd3a6"


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return open_context("demo-local-dev", Project(root=ROOT, home=tmp_path))


def test_every_table_is_listed_with_rows_snapshot_and_hash(ctx: Context) -> None:
    rows = table([(1, "a", 0.5), (2, None, None)])
    for name in ("silver.b", "silver.a", "gold.c"):
        ctx.catalog.create_table(name, rows.schema).append(rows)
    ctx.catalog.create_table("quarantine.empty", rows.schema)
    listed = lake_tables(ctx)
    assert [one["table"] for one in listed] == [
        "silver.a",
        "silver.b",
        "quarantine.empty",
        "gold.c",
    ]
    assert {one["rows"] for one in listed} == {0, 2}
    filled = [one for one in listed if one["rows"]]
    assert {one["hash"] for one in filled} == {content_hash(rows)}
    assert len({one["snapshot"] for one in filled}) == 3
    assert all(one["snapshot"].isdigit() for one in filled)


def test_commits_do_not_show_in_the_hash(ctx: Context) -> None:
    rows = table([(n, str(n), n / 7) for n in range(100)])
    whole = ctx.catalog.create_table("silver.whole", rows.schema)
    whole.append(rows)
    pieces = ctx.catalog.create_table("silver.pieces", rows.schema)
    for start in (60, 0, 30):
        pieces.append(rows.slice(start, 40 if start == 60 else 30))
    assert table_hash(pieces) == table_hash(whole) == (100, content_hash(rows))


def test_the_command_prints_the_tables_as_json_and_as_text(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from landfall.cli.lake import app

    rows = table([(1, "a", 0.5)])
    ctx.catalog.create_table("silver.t", rows.schema).append(rows)
    monkeypatch.setenv("LANDFALL_PROJECT", str(ROOT))
    monkeypatch.setenv("LANDFALL_HOME", str(ctx.project.home))
    shown = CliRunner().invoke(app, ["show", "--stack", "demo-local-dev", "--output", "json"])
    assert shown.exit_code == 0
    assert json.loads(shown.stdout) == {"tables": lake_tables(ctx)}
    text = CliRunner().invoke(app, ["show", "--stack", "demo-local-dev"]).stdout
    assert content_hash(rows) in text
    assert "silver.t" in text
