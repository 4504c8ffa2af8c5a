"""Killed at any effect of any step and run again: the same tables, models and verdicts as undisturbed.

One undisturbed run of two months is the truth, and its counted effects say where to kill. Each test is a
chain of kills through every step, each run going on from where the last was killed; after each kill the
readers' tables are as before the month or as after it, never between, and nothing is torn. The run that
ends the chain must reach the truth. February promotes a model; March, whose labels are turned round,
rejects one and tells the engineers.
"""

from __future__ import annotations

import signal

import pytest

from landfall.month import Month
from tests.faults import facts
from tests.faults.conftest import MODEL_STEPS, STEPS, Truth, harness
from tests.faults.kill_at import Target
from tests.faults.shop import FEBRUARY, MARCH, landfall

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def points(truth: Truth, month: Month, step: str, kind: str) -> list[Target]:
    """Where to die in a step, by the effects that were counted.

    `early`: before the first, then half-way through the middle one. `late`: after the last but two,
    by when what the step makes is there in part. The last effect is the first one's eve of the next step.
    """
    name = f"{month}/{step}"
    effects = truth.effects[name]
    if kind == "late":
        return [Target(name, max(1, len(effects) - 2), "after")]
    middle = max(1, len(effects) // 2)
    half = f"{effects[middle - 1][1] / 2:.6f}"
    return [Target(name, 1, "before"), Target(name, middle, half)]


def check_killed(truth: Truth, month: Month, target: Target) -> None:
    """Right after a kill: no table between its two states, no torn file, a record that holds."""
    before, after = truth.held[f"{month} before"], truth.held[f"{month} after"]
    for table, state in facts.tables(truth.project).items():
        allowed = (before["tables"].get(table), after["tables"].get(table))
        assert state in allowed, f"{target}: {table} is {state}, allowed: {allowed}"
    entries = facts.record(truth.project)
    assert entries in (before["record"], after["record"]), str(target)
    facts.results(facts.shop_context(truth.project))


def chain(truth: Truth, month: Month, steps: tuple[str, ...], kind: str) -> None:
    """Kill in each step, then let the month run to its end, and compare."""
    truth.restore(f"{month} before")
    start = steps[0]
    for step in steps:
        for target in points(truth, month, step, kind):
            words = ("run", "--month", str(month), "--from", start)
            done = harness(truth.project, "kill", str(target), "--", *words)
            assert done.returncode == -signal.SIGKILL, f"{target}: {done.returncode} {done.stderr}"
            check_killed(truth, month, target)
            start = step
    last = landfall(truth.project, "run", "--month", str(month))
    assert last.returncode == 0, last.stderr
    found, wanted = facts.everything(truth.project), truth.held[f"{month} after"]
    for what in wanted:
        assert found[what] == wanted[what], what


@pytest.mark.parametrize("kind", ["early", "late"])
def test_killed_in_every_step_the_month_ends_as_undisturbed(truth: Truth, kind: str) -> None:
    chain(truth, FEBRUARY, STEPS, kind)
    told = facts.messages(truth.project.home)
    repeated = [one for one in told if told.count(one) > 1]
    # Only where it died after an event went out and before that was noted, it goes out once more
    # (at least once, as every bus promises); the flow takes the two for one.
    assert len(repeated) == (2 if kind == "late" else 0)


@pytest.mark.parametrize("kind", ["early", "late"])
def test_killed_while_a_model_is_rejected_it_ends_as_undisturbed(truth: Truth, kind: str) -> None:
    chain(truth, MARCH, MODEL_STEPS, kind)


def test_the_harness_counts_effects_in_every_step_and_both_verdicts_occur(truth: Truth) -> None:
    assert set(truth.effects) == {
        *(f"{FEBRUARY}/{step}" for step in STEPS),
        *(f"{MARCH}/{step}" for step in MODEL_STEPS),
    }
    decisions = [entry["decision"] for entry in truth.held[f"{MARCH} after"]["record"]]
    assert decisions == ["PROMOTE", "REJECT"]
    names = {name for effects in truth.effects.values() for name, _ in effects}
    assert {"LakeTable.publish", "SqlCatalog.commit_table", "SqliteBus.publish"} <= names
