from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.month import Month
from pipelines.advice import advise
from pipelines.profile import histogram, profile_month
from tests.pipelines.gold import open_shop, orders, publish

JANUARY = Month(2024, 1)


def profiled(tmp_path, table):
    ctx = open_shop(tmp_path)
    publish(ctx, table)
    result = profile_month(ctx, JANUARY)
    profile = ctx.artifacts.read_json(result["path"])
    json.dumps(profile, allow_nan=False)
    return result, profile, {column["name"]: column for column in profile["columns"]}


def with_column(table, name, values):
    at = table.schema.get_field_index(name)
    return table.set_column(at, name, values) if at >= 0 else table.append_column(name, values)


def test_every_column_is_counted_and_numbers_match_numpy(tmp_path):
    table = orders(JANUARY, 1000)
    result, profile, columns = profiled(tmp_path, table)
    weight = table["weight"].to_numpy()
    assert result == {
        "path": "profiles/returned/2024-01.json",
        "rows": 1000,
        "columns": 8,
        "findings": profile["findings"],
    }
    assert abs(columns["weight"]["mean"] - weight.mean()) < 1e-9
    assert abs(columns["weight"]["std"] - weight.std()) < 1e-9
    assert columns["weight"]["quantiles"]["0.5"] == np.quantile(weight, 0.5)
    assert sum(columns["weight"]["distribution"]["counts"]) == 1000
    assert columns["colour"]["cardinality"] == 3
    assert columns["colour"]["distribution"]["values"][0]["value"] == "red"
    assert columns["at"]["min"].startswith("2024-01")
    assert {name: c["role"] for name, c in columns.items() if c["role"] != "feature"} == {
        "id": "key",
        "at": "time",
        "late": "target",
    }


def test_personal_data_is_counted_but_never_shown(tmp_path):
    _, profile, columns = profiled(tmp_path, orders(JANUARY, 1000))
    assert columns["email"]["personal"] == "contact"
    assert set(columns["email"]) == {
        "name",
        "kind",
        "role",
        "type",
        "personal",
        "count",
        "missing",
        "missing_share",
        "cardinality",
    }
    assert "mean" not in columns["age"]
    assert "example.com" not in json.dumps(profile)
    assert not {"email", "age"} & {
        name for pair in profile["correlations"] for name in (pair["a"], pair["b"])
    }


def test_missing_infinite_and_absurd_values_are_told_apart(tmp_path):
    table = orders(JANUARY, 1000)
    values = table["weight"].to_numpy().copy()
    values[:10], values[10:30], values[30:50] = np.inf, np.nan, 1e300
    _, profile, columns = profiled(tmp_path, with_column(table, "weight", pa.array(values)))
    weight = columns["weight"]
    assert (weight["missing"], weight["infinite"], weight["outliers"]["count"]) == (30, 10, 20)
    rules = {f["rule"] for f in profile["findings"] if f["column"] == "weight"}
    assert rules == {"missing", "infinite", "outliers"}


def test_advice_names_columns_to_drop_and_says_why(tmp_path):
    table = orders(JANUARY, 1000)
    table = with_column(table, "fixed", pa.array([1] * 1000))
    table = with_column(table, "nothing", pa.nulls(1000, pa.string()))
    table = with_column(table, "code", pa.array([f"c{i}" for i in range(1000)]))
    table = with_column(
        table, "sparse", pa.array([1.0 * i if i % 5 == 0 else None for i in range(1000)])
    )
    table = with_column(table, "grams", pa.array(table["weight"].to_numpy() * 1000))
    table = with_column(table, "answer", table["late"])
    _, profile, _ = profiled(tmp_path, table)
    found = {f["column"]: (f["rule"], f["action"]) for f in profile["findings"]}
    assert found["fixed"] == ("constant", "drop")
    assert found["nothing"] == ("empty", "drop")
    assert found["code"] == ("identifier", "drop")
    assert found["sparse"] == ("mostly missing", "drop")
    assert found["answer"] == ("leak", "check")
    assert {"weight", "grams"} & {c for c, f in found.items() if f == ("twins", "drop")}


def test_rows_without_a_label_are_pointed_out(tmp_path):
    table = orders(JANUARY, 200)
    late = pa.array([None if i < 20 else i % 2 for i in range(200)])
    _, profile, _ = profiled(tmp_path, with_column(table, "late", late))
    assert ("late", "target missing") in {(f["column"], f["rule"]) for f in profile["findings"]}


def test_an_empty_month_gives_an_empty_profile(tmp_path):
    result, _, columns = profiled(tmp_path, orders(JANUARY.plus(1), 10))
    assert result["rows"] == 0
    assert result["findings"] == []
    assert columns["weight"]["count"] == 0


def test_the_same_month_profiles_to_the_same_bytes(tmp_path):
    ctx = open_shop(tmp_path)
    publish(ctx, orders(JANUARY, 500))
    path = profile_month(ctx, JANUARY)["path"]
    first = ctx.artifacts.read(path)
    profile_month(ctx, JANUARY)
    assert ctx.artifacts.read(path) == first


def test_an_empty_table_needs_no_advice():
    assert advise([], [], []) == []


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=80))
@settings(max_examples=150)
def test_histograms_hold_every_value_once_between_rising_edges(values):
    present = np.array(values)
    found = histogram(present, *np.quantile(present, [0.01, 0.99]))
    assert sum(found["counts"]) == len(values)
    assert len(found["edges"]) == len(found["counts"]) + 1
    assert len(found["counts"]) <= 40


def test_bins_are_round_and_shared_by_months_of_the_same_scale():
    rng = np.random.default_rng(0)
    first, second = rng.normal(50, 10, 5000), rng.normal(52, 10, 5000)
    edges = [histogram(x, *np.quantile(x, [0.01, 0.99]))["edges"] for x in (first, second)]
    assert {b - a for one in edges for a, b in pairwise(one)} == {2.0}
