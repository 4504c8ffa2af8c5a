"""What the scheduler's tasks ask of the command line: whether a month is there, and a notice on the queue."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from landfall.cli import main
from landfall.month import Month
from landfall.storage import Store
from ml.record import Record
from pipelines.bus import open_bus
from pipelines.context import open_context
from pipelines.land import arrived, landed

STACK = "demo-local-dev"


def call(*words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["landfall", *words])
        with pytest.raises(SystemExit) as ended:
            main()
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))


def test_a_month_is_there_once_every_source_holds_it_and_asking_lands_nothing() -> None:
    with open_context(STACK) as ctx:
        assert arrived(ctx, Month(2013, 3)) == {"flights": True, "weather": True}
        assert arrived(ctx, Month(2015, 3)) == {"flights": False, "weather": False}
        store = Store(ctx.platform.storage.landing, ctx.platform.storage.options)
        assert landed(store, "flights", "2013-03") == []


def test_the_exit_code_tells_the_sensor_to_look_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("land", "--ask", "--month", "2015-03", "--stack", STACK, "--output", "json") == 3
    assert json.loads(capsys.readouterr().out)["datasets"]["flights"] is False
    assert call("land", "--ask", "--month", "March", "--stack", STACK) == 2


def test_a_notice_goes_to_the_queue_only_where_it_is_sent() -> None:
    assert call("notice", "failed", STACK) == 0
    with open_context(STACK) as ctx, open_bus(ctx.platform, "notices") as bus:
        assert bus.receive() == []
        assert call("notice", "failed", STACK, "--send") == 0
        (told,) = bus.receive()
    assert told.subject == "failed"


def test_a_notice_of_a_held_model_names_month_model_and_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("notice", "held", STACK) == 1
    assert "No model of 'demo-local-dev' was held" in capsys.readouterr().err
    facts = {
        "month": "2013-03", "decision": "HOLD", "version": 4, "candidate": "boosting", "metrics": {},
    }  # fmt: skip
    with open_context(STACK) as ctx:
        record = Record(ctx.platform, ctx.ml.problem.name)
        record.append("hold", "flow (ann)", "ann refused the promotion: too few rows.", facts)
        promoted = {**facts, "month": "2013-04", "decision": "PROMOTE", "version": 5}
        record.append("promote", "flow (ann)", "better", promoted)
    assert call("notice", "held", STACK) == 0
    body = capsys.readouterr().out
    for words in ("month: 2013-03", "late_arrival, boosting", "version: 4", "ann refused"):
        assert words in body
    assert "2013-04" not in body
