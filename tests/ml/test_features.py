"""The rule by which columns become features, and rows their order and digest."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from landfall.errors import LandfallError, UsageError
from landfall.month import Month
from ml.data import check_columns, content_digest, in_order
from ml.features import choose_features, to_frame
from tests.ml.conftest import month_rows

MARCH = Month(2013, 3)


def test_text_in_the_key_is_a_feature_and_a_number_in_it_is_not(problem):
    found = choose_features(month_rows(MARCH), problem)
    assert found.text == ["grade", "origin"]
    assert found.numbers == ["delay", "hour", "wind"]
    assert set(found.left_out) == {"month", "time_hour", "flight", "late"}


def test_what_is_excluded_empty_temporal_or_identifying_is_left_out_with_the_reason(problem):
    rows = month_rows(MARCH)
    count = rows.num_rows
    rows = (
        rows.append_column("empty", pa.nulls(count, pa.float64()))
        .append_column("day", pa.array([dt.date(2013, 3, 1)] * count))
        .append_column("ticket", pa.array([f"T{i}" for i in range(count)]))
        .append_column("tags", pa.array([["a"]] * count))
        .append_column("holiday", pa.array([True] * count))
    )
    problem = problem.model_copy(update={"exclude": ["delay", "grade"]})
    found = choose_features(rows, problem)
    assert [c.name for c in found.columns] == ["holiday", "hour", "origin", "wind"]
    assert found.left_out["delay"] == "excluded by the intent"
    assert "value" in found.left_out["empty"]
    assert "neither" in found.left_out["day"]
    assert "neither" in found.left_out["tags"]
    assert "repeats" in found.left_out["ticket"]


def test_a_table_without_features_is_an_error_that_says_why(problem):
    rows = month_rows(MARCH).select(["month", "time_hour", "flight", "late"])
    with pytest.raises(LandfallError, match="no column that a model could learn from"):
        choose_features(rows, problem)


def test_infinite_numbers_become_missing(problem):
    rows = month_rows(MARCH).select(["month", "time_hour", "origin", "flight", "late"])
    rows = rows.append_column("x", pa.array([np.inf, -np.inf, 1.0, None] * 100))
    frame = to_frame(rows, choose_features(rows, problem).columns)
    assert frame["x"].notna().sum() == 100


def test_order_and_digest_do_not_depend_on_how_rows_arrive(problem):
    rows = month_rows(MARCH)
    mixed = rows.take(pa.array(np.random.default_rng(0).permutation(rows.num_rows)))
    mixed = pa.concat_tables([mixed.slice(0, 7), mixed.slice(7)])
    assert in_order(mixed, problem).equals(in_order(rows, problem))
    assert content_digest(in_order(mixed, problem)) == content_digest(in_order(rows, problem))


def test_rows_that_share_their_key_still_have_one_order(problem):
    rows = month_rows(MARCH)
    rows = pa.concat_tables(
        [rows, rows.set_column(6, "late", pa.array(1 - rows["late"].to_numpy()))]
    )
    mixed = rows.take(pa.array(np.random.default_rng(0).permutation(rows.num_rows)))
    assert in_order(mixed, problem).equals(in_order(rows, problem))


def test_one_changed_value_changes_the_digest(problem):
    rows = month_rows(MARCH)
    other = rows.set_column(4, "hour", pa.array([*rows["hour"].to_pylist()[:-1], 99]))
    assert content_digest(rows) != content_digest(other)


def test_a_column_that_the_problem_names_must_be_there(problem):
    with pytest.raises(UsageError, match="lacks late, named by"):
        check_columns(month_rows(MARCH).drop_columns(["late"]).schema, problem)
