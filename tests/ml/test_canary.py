"""The canary for real: a server process of its own, asked for rows of the month."""

from __future__ import annotations

import shutil
from pathlib import Path

from landfall.month import Month
from ml.canary import judge, try_canary
from ml.promote import apply_verdict
from ml.registry import champion_version, version_info
from ml.verdict import heeded
from pipelines.flow import summary
from tests.ml.conftest import month_rows, publish, run_loop, run_step

JAN, FEB, MARCH = (Month(2013, number) for number in range(1, 4))
NAME = "late_arrival"


def contested(make_context):
    """Version 2 is champion; March's winner waits for the gate's word to be applied."""
    ctx = make_context(gate={"min_rows": 50, "max_latency_ms": 5000, "confidence": 0.51})
    publish(ctx, month_rows(JAN), month_rows(FEB, strength=0.3), month_rows(MARCH, 900, strength=6))
    run_loop(ctx, FEB)
    return ctx


def folder(ctx, version: int) -> Path:
    root = Path(ctx.platform.tracking.artifacts.removeprefix("file://"))
    return root / version_info(ctx.platform, NAME, version)["folder"]


def test_the_first_winner_is_tried_alone_and_then_promoted(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_step(ctx, FEB, "train")
    run_step(ctx, FEB, "gate")
    tried = try_canary(ctx, FEB, rows=60)
    assert (tried["passed"], tried["reasons"], tried["answers"]) == (True, [], 60)
    assert tried["champion"] is None
    assert apply_verdict(ctx, FEB)["applied"] == "promoted"


def test_a_winner_whose_files_are_no_longer_what_was_judged_is_held(make_context):
    ctx = make_context()
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_step(ctx, FEB, "train")
    gate = run_step(ctx, FEB, "gate")
    assert gate["winner"] == "linear"
    shutil.rmtree(folder(ctx, 2))
    shutil.copytree(folder(ctx, 1), folder(ctx, 2))  # the baseline's, under the winner's version
    tried = try_canary(ctx, FEB, rows=60)
    assert tried["passed"] is False
    assert tried["reasons"] == ["60 of 60 answers are not what the gate saw"]
    assert apply_verdict(ctx, FEB)["applied"] == "held"
    assert summary(ctx, FEB, [])["verdict"]["decision"] == "HOLD"
    assert champion_version(ctx.platform, NAME) is None


def test_nothing_is_tried_where_the_gate_promotes_nothing(make_context):
    ctx = make_context(gate={"min_rows": 50, "max_latency_ms": 5000, "floors": {"pr_auc": 0.999}})
    publish(ctx, month_rows(JAN), month_rows(FEB))
    run_step(ctx, FEB, "train")
    run_step(ctx, FEB, "gate")
    assert try_canary(ctx, FEB)["passed"] is None


def test_both_answer_their_share_where_there_is_a_champion(make_context):
    ctx = contested(make_context)
    assert champion_version(ctx.platform, NAME) is not None
    run_step(ctx, MARCH, "train")
    gate = run_step(ctx, MARCH, "gate")
    winner = gate["candidates"][0]
    gate |= {
        "decision": "PROMOTE",
        "winner": winner["name"],
    }  # whatever the rows said: the canary asks no more
    ctx.artifacts.write_json(ctx.result_path(MARCH, "gate"), gate)
    tried = try_canary(ctx, MARCH, rows=120)
    assert tried["champion"] == champion_version(ctx.platform, NAME) != tried["version"]
    assert tried["passed"] is True, tried
    assert 30 < tried["answers"] < 90  # half of the keys
    assert tried["p99_ms"]["champion"] > 0


def answer(version: int, ms: float = 2.0, status: int = 200, *, differs: bool = False) -> dict:
    return {"version": version, "status": status, "ms": ms, "differs": differs}


def test_failures_slowness_and_silence_each_fail_it():
    fine = [answer(1), answer(2)] * 50
    assert judge(fine, 0, 2, 0.02)["passed"] is True
    assert judge(fine, 1, 2, 0.02)["passed"] is True  # 1 of 51: below the bound
    assert judge(fine, 2, 2, 0.02)["reasons"] == [
        "it failed 2 of 52 requests; the champion answered them"
    ]
    slow = [answer(1), answer(2, ms=40)] * 50
    assert judge(slow, 0, 2, 0.02)["reasons"] == [
        "its p99 is 40.0 ms against the champion's 2.0 ms"
    ]
    assert judge([answer(1)] * 9, 0, 2, 0.02)["reasons"] == ["it answered no request"]
    silent = [*fine, {**answer(2, status=503), "version": None}]
    assert judge(silent, 0, 2, 0.02)["reasons"] == ["1 requests got no answer"]


def test_a_failed_canary_counts_only_for_the_version_that_failed():
    gate = {
        "decision": "PROMOTE", "winner": "linear", "reasons": [],
        "candidates": [{"name": "linear", "version": 4, "outcome": "PROMOTE"}],
    }  # fmt: skip
    failed = {"passed": False, "version": 4, "reasons": ["it failed 9 of 60 requests"]}
    held = heeded(gate, failed)
    assert (held["decision"], held["candidates"][0]["outcome"]) == ("HOLD", "HOLD")
    assert held["reasons"][-1]["sentence"] == "The canary failed: it failed 9 of 60 requests."
    assert heeded(gate, {**failed, "version": 3}) is gate
    assert heeded(gate, {**failed, "passed": True}) is gate
    assert heeded(gate, None) is gate
