"""A version comes out of its recorded snapshot, configuration and code to the last digit."""

from __future__ import annotations

import pytest

from landfall.errors import LandfallError
from landfall.month import Month
from ml.reproduce import reproduce
from tests.ml.conftest import month_rows, publish, run_loop

JAN, FEB, MARCH = (Month(2013, number) for number in (1, 2, 3))


@pytest.mark.parametrize("candidate", ["linear", "boosting"])
def test_training_again_gives_the_same_figures_though_data_and_intent_moved_on(
    make_context, candidate
):
    ctx = make_context(candidates=[candidate])
    publish(ctx, month_rows(JAN), month_rows(FEB))
    _, gate, _ = run_loop(ctx, FEB)
    table = ctx.catalog.load_table("gold.features_flights")
    table.delete("month = '2013-01'")
    publish(ctx, month_rows(JAN, seed=9), month_rows(MARCH))
    changed = make_context(candidates=[candidate], seed=5, tuning={"trials": 2})
    found = reproduce(changed, 2)
    assert found["equal"], found["differences"]
    assert found["metrics"]["again"] == found["metrics"]["recorded"]
    assert found["metrics"]["recorded"] == gate["candidates"][0]["metrics"]


def test_a_difference_is_named(make_context, monkeypatch):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_loop(ctx, FEB)
    monkeypatch.setitem(
        __import__("ml.candidates").candidates.DEFAULTS["linear"], "strength", 0.003
    )
    found = reproduce(ctx, 2)
    assert not found["equal"]
    assert any("strength" in difference for difference in found["differences"])


def test_an_expired_snapshot_is_said_plainly(make_context, monkeypatch):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_loop(ctx, FEB)
    monkeypatch.setattr("ml.reproduce.version_info", _with_snapshot(ctx, 1))
    with pytest.raises(LandfallError, match="Snapshot 1 of gold"):
        reproduce(ctx, 2)


def _with_snapshot(ctx, snapshot):
    from ml.registry import version_info

    info = version_info(ctx.platform, "late_arrival", 2)
    return lambda *_: {**info, "snapshot": snapshot}
