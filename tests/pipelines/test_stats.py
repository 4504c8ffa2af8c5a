from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.stats import (
    CAP,
    bin_numbers,
    cohens_h,
    correlation_ratio,
    cramers_v,
    distances,
    pairwise_correlation,
    psi,
    ranks,
)

counts = st.lists(st.integers(0, 10_000), min_size=2, max_size=12)
finite = st.floats(-1e300, 1e300, allow_nan=False)


@given(counts, st.integers(1, 50))
def test_psi_of_equal_counts_is_zero_and_of_any_others_not_negative_and_finite(values, seed):
    here = np.array(values, float)
    other = np.random.default_rng(seed).permutation(here)
    assert psi(here, here) == pytest.approx(0, abs=1e-12)
    assert 0 <= psi(here, other) < 50
    assert psi(here, other) == pytest.approx(psi(other, here))


def test_psi_matches_the_textbook_sum_where_no_bin_is_empty():
    r, c = np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.3, 0.4])
    by_hand = float(np.sum((c - r) * np.log(c / r)))
    assert psi(r * 1e7, c * 1e7) == pytest.approx(by_hand, rel=1e-4)


def test_wasserstein_and_d_agree_on_a_pure_shift_and_only_wasserstein_sees_a_wider_spread():
    x = np.random.default_rng(1).normal(size=4000)
    shifted, wider = distances(x, x + 0.5), distances(x, x * 3)
    assert shifted["d"] == pytest.approx(0.5, abs=0.02)
    assert shifted["wasserstein"] == pytest.approx(shifted["d"], abs=0.01)
    assert abs(wider["d"]) < 0.1
    assert wider["wasserstein"] > 0.3


def test_one_absurd_value_among_thousands_does_not_make_a_distance():
    x = np.random.default_rng(2).normal(size=5000)
    y = x.copy()
    y[0] = 1e300
    assert distances(x, y)["wasserstein"] < 0.01


@given(st.lists(finite, min_size=1, max_size=60), st.lists(finite, min_size=1, max_size=60))
@settings(max_examples=60)
def test_distances_stay_finite_and_within_their_caps_for_any_numbers(a, b):
    found = distances(np.array(a), np.array(b))
    assert all(np.isfinite(value) for value in found.values())
    assert abs(found["d"]) <= CAP
    assert 0 <= found["wasserstein"] <= CAP
    assert 0 <= found["ks"] <= 1


def test_a_constant_that_moves_is_as_far_as_can_be():
    assert distances(np.full(100, 5.0), np.full(100, 6.0))["d"] == CAP
    before, now = bin_numbers(np.full(100, 5.0), np.full(100, 6.0))
    assert psi(before, now) > 1


def test_few_distinct_values_are_bins_of_their_own():
    before, now = bin_numbers(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.5, 2.0]))
    assert before.tolist() == [0, 2, 0, 1, 0]
    assert now.tolist() == [0, 1, 1, 0, 1]


def test_cramers_v_is_one_for_full_and_zero_for_no_association():
    assert cramers_v(np.array([[500.0, 0], [0, 500]])) == pytest.approx(1, abs=1e-3)
    assert cramers_v(np.array([[250.0, 250], [250, 250]])) == 0
    assert cramers_v(np.array([[10.0, 0], [7, 0]])) == 0


def test_cohens_h_is_signed_and_zero_for_equal_shares():
    assert cohens_h(0.2, 0.2) == 0
    assert cohens_h(0, 1) == pytest.approx(np.pi)
    assert cohens_h(1, 0) == pytest.approx(-np.pi)


def test_correlations_match_numpy_where_nothing_is_missing_and_use_common_rows_where_something_is():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 3))
    x[:, 1] += x[:, 0]
    r, n = pairwise_correlation(x)
    assert np.allclose(r, np.corrcoef(x, rowvar=False))
    x[:100, 1] = np.nan
    r, n = pairwise_correlation(x)
    assert n[0, 1] == 400
    assert r[0, 1] == pytest.approx(np.corrcoef(x[100:, 0], x[100:, 1])[0, 1])


def test_a_constant_correlates_with_nothing():
    r, _ = pairwise_correlation(np.column_stack([np.arange(10.0), np.full(10, 4.0)]))
    assert np.isnan(r[0, 1])


def test_ties_share_their_rank_and_missing_values_get_none():
    assert ranks(np.array([3.0, 1.0, 3.0, np.nan]))[:3].tolist() == [2.5, 1.0, 2.5]
    assert np.isnan(ranks(np.array([3.0, np.nan]))[1])


def test_eta_is_one_where_the_category_fixes_the_number():
    codes = np.array([0, 0, 1, 1])
    assert correlation_ratio(codes, np.array([1.0, 1, 2, 2])) == pytest.approx(1)
    assert correlation_ratio(codes, np.array([1.0, 2, 1, 2])) == pytest.approx(0)
