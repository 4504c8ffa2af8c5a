"""Metrics as functions of row weights, so that one definition serves the point value and the bootstrap.

`statistic(...)` prepares once (sorting, losses) and returns `f(weights) -> float`, where `weights` is
how often each row was drawn (all ones for the plain metric). Undefined values are NaN: a ranking of one
class, a precision without a positive. Agrees with scikit-learn's metrics with `sample_weight` (tested).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Statistic = Callable[[np.ndarray], float]
EPSILON = 1e-15


def mean_of(losses: np.ndarray) -> Statistic:
    """The weighted mean of a per-row loss."""
    return lambda weights: float(weights @ losses / weights.sum())


def pr_auc(truth: np.ndarray, score: np.ndarray) -> Statistic:
    """Average precision: the mean, over the positive rows, of the precision at their score.

    Rows of equal score are flagged together. Only one pass goes over all rows; the rest looks at the
    positive ones alone, which is what makes hundreds of resamples cheap.
    """
    order, ends = _ranking(score)
    places = np.flatnonzero(truth[order])
    flagged_at = ends[np.searchsorted(ends, places)]
    hits_at = np.searchsorted(places, flagged_at, side="right") - 1
    rows = order[places]

    def value(weights: np.ndarray) -> float:
        drawn = weights[rows]
        hits = np.cumsum(drawn)
        if len(hits) == 0 or hits[-1] == 0:
            return float("nan")
        flagged = np.cumsum(weights[order])[flagged_at]
        precision = hits[hits_at] / np.maximum(flagged, EPSILON)
        return float(drawn @ precision / hits[-1])

    return value


def roc_auc(truth: np.ndarray, score: np.ndarray) -> Statistic:
    """The chance that a positive row scores above a negative one (ties count half)."""
    order, ends = _ranking(score)
    positive = truth[order].astype(float)

    def value(weights: np.ndarray) -> float:
        drawn = weights[order]
        hits = np.cumsum(drawn * positive)[ends]
        false = np.cumsum(drawn)[ends] - hits
        if hits[-1] == 0 or false[-1] == 0:
            return float("nan")
        gained = np.diff(false, prepend=0.0)
        before = np.concatenate([[0.0], hits[:-1]])
        return float(gained @ (before + hits) / 2 / (hits[-1] * false[-1]))

    return value


def precision_recall_f1(truth: np.ndarray, flagged: np.ndarray, which: str) -> Statistic:
    """`precision`, `recall` or `f1` of a yes/no decision; NaN where its denominator is empty."""
    hit = (truth & flagged).astype(float)
    claimed, there = flagged.astype(float), truth.astype(float)

    def value(weights: np.ndarray) -> float:
        tp = weights @ hit
        below = {
            "precision": weights @ claimed,
            "recall": weights @ there,
            "f1": (weights @ claimed + weights @ there) / 2,
        }[which]
        return float(tp / below) if below > 0 else float("nan")

    return value


def macro(truth: np.ndarray, guess: np.ndarray, classes: int, which: str) -> Statistic:
    """`precision`, `recall` or `f1` averaged over the classes that occur; an empty denominator is 0."""
    cell = truth * classes + guess

    def value(weights: np.ndarray) -> float:
        table = np.bincount(cell, weights, minlength=classes * classes).reshape(classes, classes)
        tp, there, claimed = np.diag(table), table.sum(1), table.sum(0)
        below = {"precision": claimed, "recall": there, "f1": (claimed + there) / 2}[which]
        found = np.divide(tp, below, out=np.zeros(classes), where=below > 0)
        return float(found[(claimed + there) > 0].mean())

    return value


def rmse(errors: np.ndarray) -> Statistic:
    """Root of the mean squared error, in the target's unit."""
    squared = errors**2
    return lambda weights: float(np.sqrt(weights @ squared / weights.sum()))


def r2(truth: np.ndarray, value: np.ndarray) -> Statistic:
    """Share of the target's variance explained; NaN where it does not vary."""
    squared = (truth - value) ** 2

    def found(weights: np.ndarray) -> float:
        mean = weights @ truth / weights.sum()
        spread = weights @ (truth - mean) ** 2
        return float(1 - weights @ squared / spread) if spread > 0 else float("nan")

    return found


def calibration(truth: np.ndarray, probability: np.ndarray, bins: int = 10) -> dict[str, object]:
    """Predicted against observed frequency in equal-width bins, and the expected calibration error."""
    index = np.minimum((probability * bins).astype(int), bins - 1)
    rows = np.bincount(index, minlength=bins)
    predicted = np.bincount(index, probability, minlength=bins)
    observed = np.bincount(index, truth.astype(float), minlength=bins)
    error = float(np.abs(predicted - observed).sum() / max(len(truth), 1))
    table = [
        {
            "from": i / bins,
            "to": (i + 1) / bins,
            "rows": int(rows[i]),
            "predicted": float(predicted[i] / rows[i]),
            "observed": float(observed[i] / rows[i]),
        }
        for i in range(bins)
        if rows[i]
    ]
    return {"ece": error, "bins": table}


def confusion(truth: np.ndarray, guess: np.ndarray, classes: int) -> list[list[int]]:
    """Rows are the truth, columns the answer."""
    table = np.bincount(truth * classes + guess, minlength=classes * classes)
    return table.reshape(classes, classes).astype(int).tolist()


def _ranking(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order by falling score, and the last position of each group of equal scores."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return order, ends
