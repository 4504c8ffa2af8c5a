"""Windows end before the month they are judged on, and the cadence decides the same again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from landfall.intent.ml import Cadence
from landfall.month import Month
from ml.windows import is_due, missing_months, months_told, training_window

MONTHS = st.builds(Month, st.integers(2000, 2030), st.integers(1, 12))


@given(month=MONTHS, k=st.integers(1, 24))
def test_the_window_is_the_k_months_before(month, k):
    window = training_window(month, Cadence(window_months=k))
    assert len(window) == k
    assert window == sorted(window)
    assert window[-1] == month.plus(-1)


@given(month=MONTHS, every=st.integers(1, 6), gap=st.integers(1, 12), alarm=st.booleans())
def test_a_training_is_due_by_the_cadence_or_an_alarm(month, every, gap, alarm):
    due = is_due(month, Cadence(every_months=every), [month.plus(-gap)], alarm)
    assert due.now == (gap >= every or alarm)


@given(month=MONTHS, later=st.integers(0, 5))
def test_the_month_itself_and_later_ones_do_not_count(month, later):
    assert is_due(month, Cadence(every_months=3), [month.plus(later)], False).now


def test_an_alarm_is_not_heard_where_the_intent_says_so():
    month = Month(2013, 5)
    cadence = Cadence(every_months=3, on_drift=False)
    assert not is_due(month, cadence, [Month(2013, 4)], alarm=True).now


def test_months_without_rows_are_named():
    window = [Month(2013, 1), Month(2013, 2)]
    assert missing_months(window, {"2013-02": 5}) == ["2013-01"]


def test_months_are_told_by_the_ends_of_their_runs():
    year = [f"2012-{number:02d}" for number in range(1, 13)]
    assert months_told(year) == "2012-01 to 2012-12"
    assert months_told([*year[:3], *year[5:7]]) == "2012-01 to 2012-03 or 2012-06 or 2012-07"
    assert months_told(["2012-12", "2013-01", "2013-02"]) == "2012-12 to 2013-02"
