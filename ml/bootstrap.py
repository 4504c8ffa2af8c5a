"""Is a difference real? A paired bootstrap of any metric, and McNemar's test.

Rows are drawn with replacement, the same draw for every model; a model's metric is then computed from
how often each row was drawn, so nothing is sorted twice. Rows are taken as independent: where they
come in clumps (one storm, many flights) the true uncertainty is greater.
Sources: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 16; McNemar, Psychometrika 12
(1947), with the exact binomial test below 25 discordant rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.metrics import Statistic


def resample(statistics: Sequence[Statistic], rows: int, draws: int, seed: int) -> np.ndarray:
    """Each statistic on the same `draws` bootstrap samples of n rows: shape (statistics, draws).

    Repeatable by seed; NaN where a statistic is undefined on a sample.
    """
    random = np.random.Generator(np.random.SFC64(seed))
    found = np.empty((len(statistics), draws))
    for draw in range(draws):
        index = random.integers(0, rows, rows, dtype=np.int32)
        weights = np.bincount(index, minlength=rows).astype(float)
        for i, statistic in enumerate(statistics):
            found[i, draw] = statistic(weights)
    return found


@dataclass(frozen=True)
class Difference:
    """A paired difference, turned so that more is better."""

    better: float
    """Share of the samples in which the first is better, shrunk so that it never reaches 0 or 1."""
    worse: float
    low: float
    """2.5 % of the samples lie below."""
    high: float

    def surely_better(self, confidence: float) -> bool:
        return self.better >= confidence

    def surely_worse(self, confidence: float) -> bool:
        return self.worse >= confidence


def paired_difference(first: np.ndarray, second: np.ndarray, sign: float) -> Difference:
    """Compare two models' values on the same samples; `sign` is -1 where less is better.

    Equal values count for neither side, samples where either is undefined against both.
    """
    gain = sign * (first - second)
    count = len(gain)
    gain = np.where(np.isfinite(gain), gain, 0.0)
    low, high = np.percentile(gain, [2.5, 97.5])
    return Difference(
        better=float((gain > 0).sum() / (count + 1)),
        worse=float((gain < 0).sum() / (count + 1)),
        low=float(low),
        high=float(high),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p-value for rows on which only one of two models is right."""
    from scipy.stats import binomtest, chi2

    discordant = only_first + only_second
    if discordant == 0:
        return 1.0
    if discordant < 25:
        return float(binomtest(only_first, discordant, 0.5).pvalue)
    statistic = (abs(only_first - only_second) - 1) ** 2 / discordant
    return float(chi2.sf(max(statistic, 0.0), 1))
