from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.report import charts, svg

sane = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(sane, sane)
def test_ticks_are_round_rising_few_and_enclose_the_range(a, b):
    low, high = min(a, b), max(a, b)
    found = svg.ticks(low, high)
    assert found == sorted(found)
    assert 2 <= len(found) <= 9
    slack = abs(high - low) * 1e-6 + 1e-9
    assert found[0] <= low + slack
    assert found[-1] >= high - slack


def test_a_scale_without_width_maps_to_the_middle():
    assert svg.scale(3, 3, 0, 10)(3) == 5
    assert svg.scale(0, 2, 0, 10)(1) == 5


def test_text_and_attributes_are_escaped():
    written = svg.drawing(10, 10, 'a "b" <c>', [svg.text(0, 0, "<script>")])
    assert "<script>" not in written
    assert ElementTree.fromstring(written).get("aria-label") == 'a "b" <c>'


def test_a_picture_without_a_label_is_hidden_from_screen_readers():
    assert ElementTree.fromstring(svg.drawing(1, 1, "", [])).get("aria-hidden") == "true"


def test_bars_are_never_of_negative_size():
    drawn = ElementTree.fromstring(svg.bar(0, 0, -3, -1, "fill"))
    assert (drawn.get("width"), drawn.get("height")) == ("0", "0")


@pytest.mark.parametrize("shape", ["circle", "square", "triangle", "diamond"])
def test_every_marker_is_drawn(shape):
    assert (
        ElementTree.fromstring(svg.marker(shape, 1, 1, 2, "mark", "tip")).find("title") is not None
    )


def points(drawn, class_):
    return [e for e in ElementTree.fromstring(drawn).iter() if e.get("class") == class_]


def test_the_metric_chart_draws_a_mark_a_value_and_breaks_the_champion_where_there_was_none():
    series = [
        charts.Series("baseline", "Baseline", [0.2, 0.2, 0.2, 0.2, 0.2]),
        charts.Series("linear", "Linear", [None, 0.4, None, 0.5, 0.6]),
    ]
    drawn = charts.metric_chart(list("abcde"), series, [None, 0.4, 0.4, None, 0.5], [1], "label")
    assert len(points(drawn, "mark linear")) == 3 + 1  # and the legend's
    lines = [e.get("points") for e in points(drawn, "line champion") if e.get("points")]
    assert len(lines) == 1
    assert len(points(drawn, "champion-dot")) == 1
    assert len(points(drawn, "promoted-band")) == 1


def test_charts_of_nothing_are_empty():
    assert charts.metric_chart([], [], [], [], "x") == ""
    assert charts.stacked_seconds([("Jan", {})], ["land"], "x") == ""


def test_legend_labels_keep_their_distance():
    series = [charts.Series(n, n, [0.4]) for n in ("linear", "boosting", "mlp", "baseline")]
    drawn = charts.metric_chart(["Jan"], series, [0.4], [], "x")
    at = sorted(float(e.get("y") or 0) for e in points(drawn, "legend"))
    assert all(b - a >= 18 for a, b in pairwise(at))
