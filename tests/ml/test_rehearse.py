"""A rehearsal finds in seconds what would end a training, and keeps nothing."""

from __future__ import annotations

import pytest

from landfall.errors import LandfallError
from landfall.month import Month
from ml.registry import versions
from ml.rehearse import rehearse
from tests.ml.conftest import month_rows, publish

JAN, FEB = Month(2013, 1), Month(2013, 2)


def test_every_candidate_is_fitted_and_read_back_and_nothing_is_kept(make_context):
    ctx = make_context(candidates=["linear", "boosting"])
    publish(ctx, month_rows(JAN), month_rows(FEB))
    told = rehearse(ctx, FEB, 200)
    assert [one["name"] for one in told["candidates"]] == ["baseline", "linear", "boosting"]
    assert (told["ok"], told["rows"]) == (True, 200)
    assert all(one["peak_mb"] > 0 and one["seconds"] > 0 for one in told["candidates"])
    assert versions(ctx.platform, "late_arrival") == []
    assert ctx.result(FEB, "train") is None


def test_a_candidate_that_cannot_be_trained_is_named(make_context, monkeypatch):
    import ml.rehearse

    real = ml.rehearse.fit_all

    def out_of_memory(names, data, ml):
        if names == ["linear"]:
            raise MemoryError("unable to allocate 80 GiB")
        return real(names, data, ml)

    monkeypatch.setattr(ml.rehearse, "fit_all", out_of_memory)
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    told = rehearse(ctx, FEB, 200)
    assert told["ok"] is False
    assert {one["name"]: one["reason"] for one in told["candidates"]} == {
        "baseline": "", "linear": "MemoryError: unable to allocate 80 GiB"
    }  # fmt: skip


def test_a_window_with_too_little_says_what_to_do(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN, 15), month_rows(FEB))
    with pytest.raises(LandfallError, match="nothing to rehearse 2013-02") as found:
        rehearse(ctx, FEB, 200)
    assert "--rows 2000" in found.value.fix
