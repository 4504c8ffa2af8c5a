"""The runner: order, results, and what a failing step leaves behind. The steps here are the test's own."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from landfall.errors import BatchFault, LandfallError, Refused, UsageError
from landfall.lock import only_one
from landfall.month import Month
from pipelines import flow
from pipelines.context import Context, open_context

MARCH = Month(2013, 3)


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    return open_context("demo-local-dev")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Three steps that note their calls; `fail` makes the second raise."""
    seen = SimpleNamespace(calls=[], fail=None)
    module = ModuleType("tests_own_steps")

    def make(name: str) -> Any:
        def step(ctx: Context, month: Month) -> dict[str, Any]:
            seen.calls.append((name, str(month)))
            if name == "two" and seen.fail:
                raise seen.fail
            return {"did": name}

        return step

    for name in ("one", "two", "three"):
        setattr(module, name, make(name))
    monkeypatch.setitem(sys.modules, "tests_own_steps", module)
    chosen = tuple(flow.Step(n, "tests_own_steps", n) for n in ("one", "two", "three"))
    monkeypatch.setattr(flow, "STEPS", chosen)
    return seen


def test_steps_run_in_order_and_their_results_are_kept(
    ctx: Context, steps: SimpleNamespace
) -> None:
    result = flow.run_month(ctx, MARCH)
    assert steps.calls == [("one", "2013-03"), ("two", "2013-03"), ("three", "2013-03")]
    assert [s["name"] for s in result["steps"]] == ["one", "two", "three"]
    kept = ctx.result(MARCH, "two")
    assert kept is not None
    assert kept["did"] == "two"


def test_from_leaves_out_the_steps_before(ctx: Context, steps: SimpleNamespace) -> None:
    flow.run_month(ctx, MARCH, "two")
    assert [name for name, _ in steps.calls] == ["two", "three"]


def test_an_unknown_step_is_refused_before_anything_runs(
    ctx: Context, steps: SimpleNamespace
) -> None:
    with pytest.raises(UsageError) as caught:
        flow.run_month(ctx, MARCH, "tow")
    assert "one, two, three" in caught.value.fix
    assert steps.calls == []


def test_a_failing_step_stops_the_flow_and_says_where(ctx: Context, steps: SimpleNamespace) -> None:
    steps.fail = BatchFault("column 'x' is missing")
    with pytest.raises(BatchFault) as caught:
        flow.run_month(ctx, MARCH)
    assert caught.value.what.startswith("2013-03 two: column 'x'")
    assert [name for name, _ in steps.calls] == ["one", "two"]
    assert ctx.result(MARCH, "one") is not None
    assert ctx.result(MARCH, "two") is None


def test_a_fault_of_the_machine_is_told_as_one(ctx: Context, steps: SimpleNamespace) -> None:
    steps.fail = OSError(28, "No space left on device")
    with pytest.raises(LandfallError) as caught:
        flow.run_month(ctx, MARCH)
    assert "disk is full" in caught.value.what


def test_a_bug_is_not_hidden(ctx: Context, steps: SimpleNamespace) -> None:
    steps.fail = KeyError("ours")
    with pytest.raises(KeyError):
        flow.run_month(ctx, MARCH)


def test_a_home_in_use_is_refused(ctx: Context, steps: SimpleNamespace) -> None:
    with only_one(ctx.project.home, "another flow"), pytest.raises(Refused):
        flow.run_month(ctx, MARCH)
    assert steps.calls == []


def test_an_intent_without_models_runs_only_the_data_steps(ctx: Context) -> None:
    data_only = Context(
        ctx.project, ctx.stack, ctx.intent.model_copy(update={"ml": None}), ctx.platform
    )
    assert [s.name for s in flow.steps_between(data_only, None)] == ["land", "ingest"]


def test_every_step_of_the_real_flow_can_be_imported() -> None:
    for step in flow.STEPS:
        assert callable(step.load()), step.name
