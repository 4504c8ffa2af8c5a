"""Searches are bounded by trials, ordered by time and repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from landfall.intent.ml import ML, Problem, Tuning
from landfall.month import Month
from ml.candidates import DEFAULTS, SPACES
from ml.compiled import CompiledPipeline
from ml.data import in_order
from ml.train import fit_all, prepare
from ml.tuning import Training, proposals, thin, time_folds
from tests.ml.conftest import PROBLEM, month_rows

KINDS = {
    "binary": {"target": "late", "metric": "pr_auc", "exclude": ["delay", "grade"]},
    "multiclass": {"target": "grade", "metric": "macro_f1", "exclude": ["delay", "late"]},
    "regression": {"target": "delay", "metric": "mae", "exclude": ["grade", "late"]},
}
SMALL = Tuning(trials=2, folds=2, sample=300)


def ml_of(kind: str, tuning: Tuning = SMALL) -> ML:
    return ML(problem=Problem.model_validate(PROBLEM | {"kind": kind} | KINDS[kind]), tuning=tuning)


def training(kind: str) -> tuple[Training, ML]:
    ml = ml_of(kind)
    data, unfit = prepare(ml, in_order(month_rows(Month(2013, 3), 600), ml.problem))
    assert unfit == ""
    return data, ml


@pytest.mark.parametrize("kind", KINDS)
def test_every_candidate_learns_every_kind_and_its_quick_form_answers_the_same(kind):
    data, ml = training(kind)
    names = ["baseline", "linear", "boosting", "mlp"]
    fitted = {one.name: one for one in fit_all(names, data, ml)}
    types = {c.name: c.type for c in data.features.columns}
    strange = data.frame.head(40).copy()
    strange.loc[strange.index[:3], "origin"] = ["XXX", None, "EWR"]
    strange.loc[strange.index[:2], "wind"] = np.nan
    for one in fitted.values():
        plain = (
            one.pipeline.predict(strange)
            if kind == "regression"
            else one.pipeline.predict_proba(strange)
        )
        quick = CompiledPipeline(one.pipeline, types)
        found = quick.predict({name: strange[name].tolist() for name in types}, len(strange))
        np.testing.assert_allclose(found, plain, rtol=1e-12, atol=1e-12)
    sign = -1 if kind == "regression" else 1
    for name in names[1:]:
        if name != "mlp":  # so few rows are too few for a network's few epochs
            assert sign * fitted[name].cv["mean"] > sign * fitted["baseline"].cv["mean"]


def test_the_same_rows_and_seed_give_the_same_model_to_the_last_digit():
    data, ml = training("binary")
    names = ["linear", "boosting", "mlp"]
    first, second = fit_all(names, data, ml), fit_all(names[::-1], data, ml)[::-1]
    for one, other in zip(first, second, strict=True):
        assert (one.params, one.cv, one.threshold) == (other.params, other.cv, other.threshold)
        assert (
            one.pipeline.predict_proba(data.frame) == other.pipeline.predict_proba(data.frame)
        ).all()


def test_folds_train_on_the_past_and_test_on_what_follows():
    data, _ = training("binary")
    folds = list(time_folds(data, 3))
    assert len(folds) == 3
    for past, future in folds:
        assert past.times.max() < future.times.min()
    assert sum(len(future.truth) for _, future in folds) + len(folds[0][0].truth) == len(data.truth)


def test_rows_of_one_moment_are_never_split_between_past_and_future():
    data, _ = training("binary")
    coarse = Training(
        data.frame,
        data.truth,
        data.times.astype("datetime64[D]"),
        data.labels,
        data.features,
        data.problem,
    )
    assert all(past.times.max() < future.times.min() for past, future in time_folds(coarse, 4))


def test_thinning_spreads_over_the_whole_window():
    data, _ = training("binary")
    few = thin(data, 50)
    assert len(few.truth) == 50
    assert (few.times[0], few.times[-1]) == (data.times[0], data.times[-1])


@pytest.mark.parametrize("method", ["grid", "random", "bayesian"])
@pytest.mark.parametrize("name", ["linear", "boosting", "mlp"])
def test_a_search_begins_with_the_defaults_stays_in_its_space_and_repeats_itself(method, name):
    tuning = Tuning(method=method, trials=5)

    def run() -> list[dict]:
        tried = []
        for number, (params, tell) in enumerate(proposals(name, tuning, seed=3)):
            tried.append(params)
            tell(float(number))
        return tried

    tried = run()
    assert tried == run()
    assert len(tried) == 5
    assert tried[0] == DEFAULTS[name]
    assert len({str(params) for params in tried}) == 5
    assert all(value in SPACES[name][key] for params in tried for key, value in params.items())


def test_the_time_budget_is_a_brake_that_shows():
    data, ml = training("binary")
    ml = ml.model_copy(update={"tuning": Tuning(trials=50, seconds=1e-9, sample=200)})
    (one,) = fit_all(["linear"], data, ml)
    assert one.braked
    assert len(one.trials) == 1
    assert one.params == DEFAULTS["linear"]
