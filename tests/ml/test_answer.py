"""A person's answer to a promotion: on record with who, when and why, and the champion follows it."""

from __future__ import annotations

import pytest

from landfall.errors import Refused
from landfall.month import Month
from ml.answer import keep_answer
from ml.promote import apply_verdict
from ml.record import Record
from ml.registry import champion_version
from ml.verdict import answer_to, heeded, in_short
from pipelines.bus import open_bus
from pipelines.flow import summary
from tests.ml.conftest import month_rows, publish, run_step

FEB = Month(2013, 2)
NAME = "late_arrival"


@pytest.fixture
def ctx(make_context):
    """February's winner waits for a person's word."""
    ctx = make_context()
    publish(ctx, month_rows(Month(2013, 1)), month_rows(FEB))
    run_step(ctx, FEB, "train")
    assert run_step(ctx, FEB, "gate")["decision"] == "PROMOTE"
    return ctx


def test_a_refusal_is_on_record_told_once_and_gives_way_to_a_later_yes(ctx):
    said = keep_answer(ctx, FEB, "refuse", "ann", "Too few rows of EWR.")
    applied = apply_verdict(ctx, FEB)
    assert (applied["applied"], applied["notified"]) == ("held", True)
    (entry,) = Record(ctx.platform, NAME).entries()
    assert (entry["action"], entry["decision"], entry["who"]) == ("hold", "HOLD", "flow (ann)")
    assert entry["why"] == "ann refused the promotion: Too few rows of EWR."
    assert entry["answer"] == {key: said[key] for key in ("said", "who", "why", "time")}
    assert champion_version(ctx.platform, NAME) is None
    assert summary(ctx, FEB, [])["verdict"]["decision"] == "HOLD"
    with open_bus(ctx.platform, "notices") as bus:
        (told,) = bus.receive()
    assert (told.body["month"], told.body["version"]) == ("2013-02", entry["version"])
    assert told.body["why"] == entry["why"]

    assert apply_verdict(ctx, FEB)["record"] == entry["hash"]  # the same again adds nothing

    keep_answer(ctx, FEB, "approve", "bea", "Seen with Ann.")
    assert apply_verdict(ctx, FEB)["applied"] == "promoted"
    entries = Record(ctx.platform, NAME).entries()
    assert [(e["action"], e["answer"]["who"], e["answer"]["why"]) for e in entries] == [
        ("hold", "ann", "Too few rows of EWR."),
        ("promote", "bea", "Seen with Ann."),
    ]
    assert champion_version(ctx.platform, NAME) == entries[-1]["version"]


def test_it_is_too_late_to_refuse_a_champion_and_nothing_is_there_to_refuse_of_a_held_month(ctx):
    apply_verdict(ctx, FEB)
    with pytest.raises(Refused, match="champion already"):
        keep_answer(ctx, FEB, "refuse", "ann", "")
    gate = ctx.result(FEB, "gate")
    ctx.artifacts.write_json(ctx.result_path(FEB, "gate"), {**gate, "decision": "HOLD"})
    with pytest.raises(Refused, match="no promotion to approve"):
        keep_answer(ctx, FEB, "approve", "ann", "")


def test_an_answer_counts_only_for_the_version_that_it_was_about(ctx):
    said = keep_answer(ctx, FEB, "refuse", "ann", "")
    gate = ctx.need(FEB, "gate")
    held = heeded(gate, None, said)
    assert held["reasons"][-1]["sentence"] == "ann refused the promotion, and gave no reason."
    assert heeded(gate, None, {**said, "version": 99}) is gate
    assert answer_to(gate, {**said, "version": 99}) is None


def test_what_a_person_is_asked_fits_a_pods_last_message(ctx):
    import json

    shown = in_short(ctx.need(FEB, "gate"), None, None)
    assert shown["approval"]["needed"] is True
    assert shown["winner"] == "linear"
    assert shown["approval"]["reasons"]
    assert len(json.dumps(shown, indent=1)) < 4000
    failed = {"passed": False, "version": shown["version"], "reasons": ["it answered no request"]}
    held = in_short(ctx.need(FEB, "gate"), failed, None)
    assert (held["decision"], held["approval"]["needed"]) == ("HOLD", False)
    assert held["approval"]["reasons"][-1] == "The canary failed: it answered no request."
