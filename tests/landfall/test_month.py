"""Months are read strictly, ordered by time, and do arithmetic over the turn of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.errors import UsageError
from landfall.month import Month, span

MONTHS = st.builds(Month, st.integers(1000, 3000), st.integers(1, 12))


@given(MONTHS)
def test_a_month_is_read_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month


@pytest.mark.parametrize(
    "text",
    ["", "2013", "2013-3", "2013-13", "2013-00", "13-03", "2013/03", "2013-03-01", "2013-03\n",
     " 2013-03", "２０１３-03", "0000-01", "9999-12", "March"],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="is not a month") as refused:
        Month.parse(text)
    assert "2013-03" in refused.value.fix


@given(MONTHS, st.integers(-500, 500))
def test_adding_months_and_counting_them_are_inverse(month: Month, count: int) -> None:
    later = month.plus(count)
    assert later.since(month) == count
    assert later.plus(-count) == month
    assert (later > month) == (count > 0)
    assert 1 <= later.month <= 12


@given(MONTHS)
def test_a_month_ends_where_the_next_begins(month: Month) -> None:
    assert month.end == month.plus(1).start
    assert Month.of(month.start) == month
    assert Month.of(month.end - timedelta(microseconds=1)) == month
    assert 28 <= (month.end - month.start).days <= 31


def test_a_moment_of_another_zone_belongs_to_its_month_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert Month.of(datetime(2013, 4, 1, 3, tzinfo=tokyo)) == Month(2013, 3)
    assert Month.of(datetime(2013, 4, 1, 3, tzinfo=UTC)) == Month(2013, 4)


def test_a_span_holds_both_ends_and_nothing_where_turned_around() -> None:
    assert [str(m) for m in span(Month(2012, 11), Month(2013, 2))] == [
        "2012-11", "2012-12", "2013-01", "2013-02",
    ]  # fmt: skip
    assert span(Month(2013, 2), Month(2013, 1)) == []
