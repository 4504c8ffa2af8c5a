from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.errors import LandfallError
from landfall.month import Month
from pipelines.drift import compare, detect_drift
from tests.pipelines.gold import open_shop, orders, publish

JANUARY = Month(2024, 1)
MONTHS = [JANUARY.plus(i) for i in range(5)]


def run(ctx, month):
    """As the runner does: compute, store, give back."""
    found = detect_drift(ctx, month)
    ctx.artifacts.write_json(ctx.result_path(month, "drift"), found)
    return json.loads(json.dumps(found, allow_nan=False))


def test_the_first_month_says_that_there_is_nothing_to_compare(tmp_path):
    ctx = open_shop(tmp_path)
    publish(ctx, orders(JANUARY, 500))
    found = run(ctx, JANUARY)
    assert (found["alarm"], found["drifted"]) == (False, False)
    assert found["reason"] == "Nothing earlier to compare with."
    assert not any(one["compared"] for one in found["against"].values())


def test_a_real_shift_is_seen_at_once_and_raises_the_alarm_in_the_second_month(tmp_path):
    ctx = open_shop(tmp_path)
    publish(
        ctx,
        *(orders(m, 3000) for m in MONTHS[:3]),
        *(orders(m, 3000, shift=1.5 * i) for i, m in enumerate(MONTHS[3:], 1)),
    )
    found = [run(ctx, month) for month in MONTHS]
    assert [one["drifted"] for one in found] == [False, False, False, True, True]
    assert [one["alarm"] for one in found] == [False, False, False, False, True]
    assert found[3]["against"]["window"]["features"] == ["amount", "weight"]
    assert found[4]["reason"].startswith("Alarm: against the training window 2 features")


def test_a_target_that_moves_is_enough(tmp_path):
    ctx = open_shop(tmp_path)
    publish(ctx, orders(JANUARY, 3000), orders(MONTHS[1], 3000, late=0.7))
    found = run(ctx, MONTHS[1])
    assert found["drifted"]
    assert found["against"]["window"]["target"]
    assert found["target"]["psi"] > 0.25
    assert found["against"]["window"]["features"] == []


def test_a_million_rows_of_the_same_distribution_do_not_drift(tmp_path):
    ctx = open_shop(tmp_path)
    publish(ctx, orders(JANUARY, 1_000_000), orders(MONTHS[1], 1_000_000))
    found = run(ctx, MONTHS[1])
    assert not found["drifted"]
    assert max(one["psi"] for one in found["features"]) < 0.02
    assert found["rows"] == 1_000_000


def test_the_layout_of_the_files_does_not_change_the_result(tmp_path):
    tables = [orders(JANUARY, 8000), orders(MONTHS[1], 8000, shift=0.3)]
    results = []
    for name, cut in (("one", [0, 8000]), ("two", [0, 3000, 8000])):
        ctx = open_shop(tmp_path / name, sample=1000)
        pieces = [t.slice(a, b - a) for t in tables for a, b in pairwise(cut)]
        publish(ctx, *(reversed(pieces) if name == "two" else pieces))
        results.append(detect_drift(ctx, MONTHS[1]))
    assert results[0] == results[1]


def test_a_gap_of_months_is_told_and_not_compared_with(tmp_path):
    ctx = open_shop(tmp_path)
    publish(ctx, orders(JANUARY, 500), orders(MONTHS[3], 500))
    found = run(ctx, MONTHS[3])
    assert found["against"]["window"] == {
        "months": [],
        "rows": 0,
        "compared": False,
        "drifted": False,
    }
    assert found["against"]["lookback"]["months"] == ["2024-01"]
    assert found["reason"] == "Nothing earlier to compare with."


def test_too_few_rows_are_not_compared(tmp_path):
    ctx = open_shop(tmp_path)
    publish(ctx, orders(JANUARY, 500), orders(MONTHS[1], 49, shift=9))
    assert not run(ctx, MONTHS[1])["against"]["previous"]["compared"]


def test_a_month_without_rows_is_not_compared(tmp_path):
    ctx = open_shop(tmp_path)
    publish(ctx, orders(JANUARY, 500))
    found = run(ctx, MONTHS[1])
    assert found["rows"] == 0
    assert not found["drifted"]


def test_a_missing_table_is_told_with_the_step_that_makes_it(tmp_path):
    with pytest.raises(LandfallError, match=r"no table gold\.features_orders.*--from build"):
        detect_drift(open_shop(tmp_path), JANUARY)


def columns(values):
    return pa.chunked_array([pa.array(values)])


def test_missing_values_that_appear_are_drift_even_where_the_rest_stays():
    x = np.random.default_rng(0).normal(size=2000)
    holes = pa.chunked_array([pa.array(x, mask=np.arange(2000) % 3 == 0)])
    found = compare(columns(x), holes, "number")
    assert found["psi"] > 0.25
    assert found["effect"] > 1
    assert found["wasserstein"] < 0.1


def test_nan_and_infinities_count_as_missing():
    x = np.random.default_rng(0).normal(size=900)
    bad = x.copy()
    bad[:300], bad[300:600] = np.inf, np.nan
    found = compare(columns(x), columns(bad), "number")
    assert found["missing_now"] == pytest.approx(2 / 3, abs=1e-4)


def test_a_new_level_of_a_category_is_drift():
    before = columns(["a", "b"] * 500)
    now = columns(["a", "b", "new", "new"] * 250)
    found = compare(before, now, "category")
    assert found["psi"] > 0.25
    assert found["effect"] > 0.5
    assert found["total_variation"] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["number", "category"])
def test_columns_that_are_all_missing_on_one_side_are_compared_without_fault(kind):
    dtype = pa.float64() if kind == "number" else pa.string()
    full = columns([1.0, 2.0] * 200) if kind == "number" else columns(["a", "b"] * 200)
    empty = pa.chunked_array([pa.nulls(400, dtype)])
    assert compare(full, empty, kind)["psi"] > 1
    assert compare(empty, full, kind)["effect"] > 1
    assert compare(empty, empty, kind)["psi"] == 0


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["normal", "lognormal", "uniform", "poisson", "cauchy"]),
)
@settings(max_examples=40, deadline=None)
def test_two_samples_of_one_distribution_never_drift(seed, shape):
    rng = np.random.default_rng(seed)
    draw = {
        "normal": rng.normal, "lognormal": rng.lognormal, "uniform": rng.uniform,
        "poisson": rng.poisson, "cauchy": rng.standard_cauchy,
    }[shape]  # fmt: skip
    found = compare(columns(draw(size=5000)), columns(draw(size=5000)), "number")
    assert found["psi"] < 0.05
    assert found["effect"] < 0.2


@given(st.integers(0, 2**32 - 1), st.floats(0.9, 4), st.sampled_from([-1, 1]))
@settings(max_examples=30, deadline=None)
def test_a_shift_of_most_of_a_deviation_always_drifts_whatever_the_unit(seed, shift, sign):
    rng = np.random.default_rng(seed)
    unit = 10.0 ** rng.integers(-9, 9)
    a, b = rng.normal(size=2000) * unit, (rng.normal(size=2000) + sign * shift) * unit
    found = compare(columns(a), columns(b), "number")
    assert found["psi"] >= 0.25
    assert found["effect"] >= 0.2
    assert np.sign(found["d"]) == sign
