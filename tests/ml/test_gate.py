"""The gate as a pure function: what it may never do, whatever the predictions are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.intent.ml import Gate, Problem
from ml.bootstrap import mcnemar, paired_difference
from ml.gate import Contender, judge
from ml.problems import Predictions

ROWS = 400


def binary(metric: str = "pr_auc") -> Problem:
    return Problem(
        name="p", kind="binary", table="t", time="time", key=["id"], target="late", metric=metric
    )


def truth_and_score(skill: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truth of a fixed month, and scores that know as much of it as `skill` says (0 to 1)."""
    truth = np.random.default_rng(1).random(ROWS) < 0.3
    noise = np.random.default_rng([seed, 7]).random(ROWS)
    return truth, skill * truth * 0.9 + (1 - skill) * noise


def contender(name: str, skill: float, seed: int = 0, **cost: float) -> Contender:
    score = truth_and_score(skill, seed)[1]
    return Contender(name, Predictions(score, ("0", "1"), float(np.quantile(score, 0.7))), **cost)


TRUTH = truth_and_score(0)[0]
BASELINE = Contender("baseline", Predictions(np.full(ROWS, 0.3), ("0", "1")))
GATE = Gate()
SKILL = st.floats(0, 0.9)


@settings(max_examples=25, deadline=None)
@given(mine=SKILL, theirs=SKILL, seed=st.integers(0, 50))
def test_a_promotion_always_has_every_check_behind_it(mine, theirs, seed):
    champion = contender("champion", theirs, seed + 1)
    verdict = judge(TRUTH, [contender("new", mine, seed)], BASELINE, champion, GATE, binary())
    own = [check for check in verdict.checks if check.candidate == "new"]
    assert {"baseline", "champion", "mistakes", "latency", "size"} <= {check.name for check in own}
    assert (verdict.decision == "PROMOTE") == all(check.passed is not False for check in own)
    assert verdict.decision in ("PROMOTE", "HOLD", "REJECT")
    assert (verdict.winner == "new") == (verdict.decision == "PROMOTE")


@settings(max_examples=15, deadline=None)
@given(skill=SKILL, seed=st.integers(0, 50))
def test_a_model_never_replaces_itself(skill, seed):
    one = contender("new", skill, seed)
    champion = replace(one, name="champion")
    assert judge(TRUTH, [one], BASELINE, champion, GATE, binary()).decision != "PROMOTE"


@settings(max_examples=15, deadline=None)
@given(mine=SKILL, theirs=SKILL)
def test_two_models_never_beat_each_other(mine, theirs):
    first, second = contender("a", mine, 1), contender("b", theirs, 2)
    won = [
        judge(TRUTH, [x], BASELINE, y, GATE, binary()).decision == "PROMOTE"
        for x, y in ((first, second), (second, first))
    ]
    assert not all(won)


@settings(max_examples=10, deadline=None)
@given(skill=SKILL, seed=st.integers(0, 99))
def test_the_same_input_gives_the_same_verdict(skill, seed):
    champion = contender("champion", 0.4, 3)
    args = (TRUTH, [contender("new", skill, seed)], BASELINE, champion, GATE, binary(), seed)
    assert judge(*args) == judge(*args)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99))
def test_the_order_of_the_rows_does_not_change_the_figures(seed):
    order = np.random.default_rng(seed).permutation(ROWS)
    one = contender("new", 0.6)
    mixed = replace(one, found=replace(one.found, values=one.found.values[order]))
    gate = Gate(floors={"pr_auc": 0.2})
    plain = judge(TRUTH, [one], BASELINE, None, gate, binary())
    other = judge(TRUTH[order], [mixed], BASELINE, None, gate, binary())
    figures = [[c.value for c in v.checks if c.name == "floor pr_auc"] for v in (plain, other)]
    assert figures[0] == pytest.approx(figures[1])
    assert plain.decision == other.decision == "PROMOTE"


def test_the_first_champion_must_beat_the_baseline():
    assert (
        judge(TRUTH, [contender("new", 0.8)], BASELINE, None, GATE, binary()).decision == "PROMOTE"
    )
    useless = Contender("new", BASELINE.found)
    verdict = judge(TRUTH, [useless], BASELINE, None, GATE, binary())
    assert (verdict.decision, verdict.winner) == ("REJECT", None)


def test_a_worse_model_is_rejected_and_an_equal_one_held():
    champion = contender("champion", 0.7)
    worse, equal = contender("worse", 0.2), replace(champion, name="equal")
    verdict = judge(TRUTH, [worse, equal], BASELINE, champion, GATE, binary())
    assert verdict.decision == "HOLD"
    assert verdict.outcomes == {"worse": "REJECT", "equal": "HOLD"}


def test_the_best_of_the_winners_wins():
    field = [contender("good", 0.35), contender("better", 0.5), contender("fair", 0.3)]
    verdict = judge(TRUTH, field, BASELINE, contender("champion", 0.1), GATE, binary())
    assert (verdict.decision, verdict.winner) == ("PROMOTE", "better")


def test_where_less_is_better_less_wins():
    verdict = judge(
        TRUTH, [contender("new", 0.8)], BASELINE, contender("champion", 0.3), GATE, binary("brier")
    )
    assert verdict.decision == "PROMOTE"


@pytest.mark.parametrize(
    ("gate", "cost", "broken"),
    [
        ({"floors": {"pr_auc": 0.999}}, {}, "floor pr_auc"),
        ({"floors": {"brier": 0.0001}}, {}, "floor brier"),
        ({"class_floors": {"late": {"recall": 1.0}}}, {}, "floor late recall"),
        ({"class_floors": {"0": {"precision": 1.0}}}, {}, "floor 0 precision"),
        ({}, {"latency_ms": 51.0}, "latency"),
        ({}, {"size_mb": 101.0}, "size"),
    ],
)
def test_a_broken_floor_or_budget_rejects_however_good_the_rest_is(gate, cost, broken):
    one = contender("new", 0.45, **cost)
    verdict = judge(TRUTH, [one], BASELINE, contender("champion", 0.05), Gate(**gate), binary())
    assert verdict.decision == "REJECT"
    assert [c.name for c in verdict.checks if c.passed is False] == [broken]


def test_a_floor_of_an_unknown_class_holds_and_names_the_classes():
    gate = Gate(class_floors={"tardy": {"recall": 0.1}})
    verdict = judge(TRUTH, [contender("new", 0.8)], BASELINE, None, gate, binary())
    assert verdict.decision == "HOLD"
    assert "0, 1, late" in next(c.sentence for c in verdict.checks if c.passed is False)


def test_a_class_without_rows_is_not_judged():
    problem = binary().model_copy(update={"kind": "multiclass", "metric": "macro_f1"})
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, ROWS)
    score = np.column_stack([truth == 0, truth == 1, np.zeros(ROWS)]).astype(float)
    one = Contender("new", Predictions(score, ("a", "b", "c")))
    prior = Contender("baseline", Predictions(np.tile([0.5, 0.5, 0], (ROWS, 1)), ("a", "b", "c")))
    gate = Gate(class_floors={"c": {"recall": 0.5}})
    verdict = judge(truth, [one], prior, None, gate, problem)
    assert verdict.decision == "PROMOTE"
    assert [c.passed for c in verdict.checks if c.name == "floor c recall"] == [None]


def test_too_few_rows_or_one_class_decide_nothing():
    one = contender("new", 0.9)
    assert judge(TRUTH, [one], BASELINE, None, Gate(min_rows=ROWS + 1), binary()).decision == "HOLD"
    nobody = np.zeros(ROWS, dtype=bool)
    assert judge(nobody, [one], BASELINE, None, GATE, binary()).decision == "HOLD"


def test_a_better_ranking_that_makes_more_mistakes_is_held():
    good = contender("new", 0.6)
    trigger_happy = replace(good, found=replace(good.found, threshold=0.0))
    verdict = judge(TRUTH, [trigger_happy], BASELINE, contender("champion", 0.2), GATE, binary())
    assert verdict.decision == "HOLD"
    assert [c.name for c in verdict.checks if c.passed is False] == ["mistakes"]


def test_latency_leaves_no_trace_in_the_verdict_while_it_keeps_its_budget():
    first, second = (contender("new", 0.7, latency_ms=ms) for ms in (1.0, 2.0))
    assert judge(TRUTH, [first], BASELINE, None, GATE, binary()) == judge(
        TRUTH, [second], BASELINE, None, GATE, binary()
    )


def test_regression_is_judged_by_its_errors():
    problem = binary().model_copy(update={"kind": "regression", "metric": "mae"})
    random = np.random.default_rng(0)
    truth = random.normal(size=ROWS)
    near, far = (Predictions(truth + random.normal(0, spread, ROWS)) for spread in (0.1, 0.8))
    flat = Contender("baseline", Predictions(np.zeros(ROWS)))
    assert judge(truth, [Contender("new", near)], flat, Contender("champion", far), GATE, problem).decision == "PROMOTE"  # fmt: skip
    assert judge(truth, [Contender("new", far)], flat, Contender("champion", near), GATE, problem).decision == "REJECT"  # fmt: skip


def test_mcnemar_agrees_with_the_binomial_test_and_its_own_symmetry():
    assert mcnemar(0, 0) == 1
    assert mcnemar(0, 10) == pytest.approx(2 * 0.5**10)
    assert mcnemar(40, 90) == mcnemar(90, 40) < 0.001
    assert mcnemar(50, 50) > 0.9


def test_an_undefined_sample_counts_for_nobody():
    found = paired_difference(np.array([np.nan, 1.0]), np.array([0.0, 0.0]), 1.0)
    assert (found.better, found.worse) == (pytest.approx(1 / 3), 0)
