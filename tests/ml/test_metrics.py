"""Every metric against scikit-learn's, with and without weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from ml import metrics

CASES = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed))


@settings(max_examples=40, deadline=None)
@given(random=CASES, ties=st.sampled_from([3, 20, 10_000]))
def test_rankings_agree_with_scikit_learn_under_ties_and_weights(random, ties):
    truth = random.random(200) < 0.3
    truth[:2] = [True, False]
    score = np.round(random.random(200) * ties) / ties
    weights = random.integers(0, 4, 200).astype(float)
    weights[:2] = 1
    for ours, theirs in (
        (metrics.pr_auc, sk.average_precision_score),
        (metrics.roc_auc, sk.roc_auc_score),
    ):
        found = ours(truth, score)
        assert found(weights) == pytest.approx(theirs(truth, score, sample_weight=weights))
        assert found(np.ones(200)) == pytest.approx(theirs(truth, score))


@settings(max_examples=40, deadline=None)
@given(random=CASES)
def test_decisions_agree_with_scikit_learn(random):
    truth, flagged = random.random(100) < 0.4, random.random(100) < 0.4
    truth[0] = flagged[0] = True
    weights = random.integers(1, 4, 100).astype(float)
    for name in ("precision", "recall", "f1"):
        theirs = getattr(sk, f"{name}_score")(truth, flagged, sample_weight=weights)
        assert metrics.precision_recall_f1(truth, flagged, name)(weights) == pytest.approx(theirs)


@settings(max_examples=40, deadline=None)
@given(random=CASES)
def test_macro_averages_agree_with_scikit_learn(random):
    truth, guess = random.integers(0, 4, 80), random.integers(0, 4, 80)
    for name in ("precision", "recall", "f1"):
        theirs = getattr(sk, f"{name}_score")(truth, guess, average="macro", zero_division=0)
        assert metrics.macro(truth, guess, 4, name)(np.ones(80)) == pytest.approx(theirs)


@settings(max_examples=40, deadline=None)
@given(random=CASES)
def test_errors_of_numbers_agree_with_scikit_learn(random):
    truth, value = random.normal(size=90), random.normal(size=90)
    weights = random.integers(1, 4, 90).astype(float)
    rmse = sk.root_mean_squared_error(truth, value, sample_weight=weights)
    assert metrics.rmse(truth - value)(weights) == pytest.approx(rmse)
    assert metrics.r2(truth, value)(weights) == pytest.approx(
        sk.r2_score(truth, value, sample_weight=weights)
    )


def test_what_is_undefined_is_not_a_number():
    nobody, score = np.zeros(5, dtype=bool), np.linspace(0, 1, 5)
    ones = np.ones(5)
    assert np.isnan(metrics.pr_auc(nobody, score)(ones))
    assert np.isnan(metrics.roc_auc(nobody, score)(ones))
    assert np.isnan(metrics.precision_recall_f1(nobody, nobody, "recall")(ones))
    assert np.isnan(metrics.r2(np.ones(5), score)(ones))


def test_a_calibrated_forecast_has_no_calibration_error():
    probability = np.repeat([0.25, 0.75], 400)
    truth = np.concatenate([np.arange(400) < 100, np.arange(400) < 300])
    found = metrics.calibration(truth, probability)
    assert found["ece"] == pytest.approx(0)
    assert metrics.calibration(~truth, probability)["ece"] == pytest.approx(0.5)
