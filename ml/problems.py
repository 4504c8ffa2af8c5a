"""The problem types: how each reads its target, and which metrics and losses it knows.

A type is one object that fulfils `ProblemType`; `KINDS` holds them by the intent's `kind`. Detection
and text join by adding one: nothing else branches on the kind but the candidates' estimators.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from landfall.errors import LandfallError
from landfall.intent.ml import METRICS, Kind, Problem
from ml import metrics
from ml.metrics import Statistic


@dataclass(frozen=True)
class Predictions:
    """What a model says of n rows: (n,) probabilities or values, or (n, classes) for multi-class."""

    values: np.ndarray
    labels: tuple[str, ...] = ()
    threshold: float = 0.5

    def aligned(self, labels: tuple[str, ...]) -> Predictions:
        """The same with columns in the order of `labels`; classes the model does not know get 0."""
        if not self.labels or self.values.ndim == 1 or self.labels == labels:
            return self
        wide = np.zeros((len(self.values), len(labels)))
        for i, label in enumerate(self.labels):
            wide[:, labels.index(label)] = self.values[:, i]
        return Predictions(wide, labels, self.threshold)


class ProblemType(Protocol):
    """What a kind of problem must offer. Arrays have one entry a row unless said otherwise."""

    extra_metrics: tuple[str, ...]
    """Metrics reported besides those that an intent may choose."""

    def labels(self, target: pa.ChunkedArray, problem: Problem, /) -> tuple[str, ...]:
        """The classes of a target, in the order of the model's output."""
        ...

    def truth(
        self, target: pa.ChunkedArray, problem: Problem, labels: tuple[str, ...], /
    ) -> np.ndarray:
        """The target as the metrics take it."""
        ...

    def statistic(self, metric: str, truth: np.ndarray, found: Predictions, /) -> Statistic:
        """The metric as a function of row weights."""
        ...

    def detail(self, truth: np.ndarray, found: Predictions, /) -> dict[str, Any]:
        """What a report shows besides the metrics, JSON-ready."""
        ...

    def correct(self, truth: np.ndarray, found: Predictions, /) -> np.ndarray | None:
        """Whether each row's answer is right; None where that has no meaning."""
        ...


class Binary:
    """Yes or no: probabilities of the positive label, decided at the model's threshold."""

    extra_metrics: tuple[str, ...] = ()

    def labels(self, target: pa.ChunkedArray, problem: Problem) -> tuple[str, ...]:
        positive = _positive(target, problem)
        others = sorted({label for label in set(label_text(target)) if label != positive})
        if len(others) == 1:
            return (others[0], positive)
        return (f"not {positive}", positive)

    def truth(
        self, target: pa.ChunkedArray, problem: Problem, _labels: tuple[str, ...]
    ) -> np.ndarray:
        positive = _positive(target, problem)
        return np.array([label == positive for label in label_text(target)], dtype=bool)

    def statistic(self, metric: str, truth: np.ndarray, found: Predictions) -> Statistic:
        score = found.values
        if metric in ("precision", "recall", "f1"):
            return metrics.precision_recall_f1(truth, score >= found.threshold, metric)
        if metric == "accuracy":
            return metrics.mean_of((truth == (score >= found.threshold)).astype(float))
        if metric == "brier":
            return metrics.mean_of((score - truth) ** 2)
        if metric == "log_loss":
            right = np.where(truth, score, 1 - score)
            return metrics.mean_of(-np.log(np.clip(right, metrics.EPSILON, 1)))
        return {"pr_auc": metrics.pr_auc, "roc_auc": metrics.roc_auc}[metric](truth, score)

    def detail(self, truth: np.ndarray, found: Predictions) -> dict[str, Any]:
        flagged = found.values >= found.threshold
        table = metrics.confusion(truth.astype(int), flagged.astype(int), 2)
        return {
            "threshold": found.threshold,
            "confusion": {"labels": list(found.labels), "table": table},
            "classes": _classes(table, list(found.labels)),
            "calibration": metrics.calibration(truth, found.values),
        }

    def correct(self, truth: np.ndarray, found: Predictions) -> np.ndarray | None:
        return truth == (found.values >= found.threshold)


class Multiclass:
    """One of several labels: probabilities of each, decided by the greatest."""

    extra_metrics: tuple[str, ...] = ("macro_precision", "macro_recall", "macro_pr_auc")

    def labels(self, target: pa.ChunkedArray, _problem: Problem) -> tuple[str, ...]:
        return tuple(sorted(set(label_text(target))))

    def truth(
        self, target: pa.ChunkedArray, _problem: Problem, labels: tuple[str, ...]
    ) -> np.ndarray:
        position = {label: i for i, label in enumerate(labels)}
        return np.array([position[label] for label in label_text(target)], dtype=int)

    def statistic(self, metric: str, truth: np.ndarray, found: Predictions) -> Statistic:
        guess, count = found.values.argmax(axis=1), found.values.shape[1]
        if metric == "accuracy":
            return metrics.mean_of((truth == guess).astype(float))
        if metric == "log_loss":
            right = found.values[np.arange(len(truth)), truth]
            return metrics.mean_of(-np.log(np.clip(right, metrics.EPSILON, 1)))
        if metric == "macro_pr_auc":
            present = [i for i in range(count) if (truth == i).any()]
            each = [metrics.pr_auc(truth == i, found.values[:, i]) for i in present]
            return lambda weights: float(np.mean([one(weights) for one in each]))
        return metrics.macro(truth, guess, count, metric.removeprefix("macro_"))

    def detail(self, truth: np.ndarray, found: Predictions) -> dict[str, Any]:
        guess, count = found.values.argmax(axis=1), found.values.shape[1]
        table = metrics.confusion(truth, guess, count)
        return {
            "confusion": {"labels": list(found.labels), "table": table},
            "classes": _classes(table, list(found.labels)),
            "calibration": metrics.calibration(truth == guess, found.values.max(axis=1)),
        }

    def correct(self, truth: np.ndarray, found: Predictions) -> np.ndarray | None:
        return truth == found.values.argmax(axis=1)


class Regression:
    """A number, in the target's unit."""

    extra_metrics: tuple[str, ...] = ()

    def labels(self, _target: pa.ChunkedArray, _problem: Problem) -> tuple[str, ...]:
        return ()

    def truth(
        self, target: pa.ChunkedArray, problem: Problem, _labels: tuple[str, ...]
    ) -> np.ndarray:
        if not (_is_number(target.type) or pa.types.is_boolean(target.type)):
            raise LandfallError(
                f"The target '{problem.target}' is {target.type}, not a number.",
                fix="Set ml.problem.kind to multiclass or binary, or make the target a number.",
            )
        return np.array(target.cast(pa.float64()).to_numpy(), dtype=float)

    def statistic(self, metric: str, truth: np.ndarray, found: Predictions) -> Statistic:
        if metric == "mae":
            return metrics.mean_of(np.abs(truth - found.values))
        if metric == "rmse":
            return metrics.rmse(truth - found.values)
        return metrics.r2(truth, found.values)

    def detail(self, truth: np.ndarray, found: Predictions) -> dict[str, Any]:
        errors = found.values - truth
        points = (5, 25, 50, 75, 95)
        return {
            "bias": float(errors.mean()),
            "error_percentiles": {
                str(p): float(v) for p, v in zip(points, np.percentile(errors, points), strict=True)
            },
        }

    def correct(self, _truth: np.ndarray, _found: Predictions) -> np.ndarray | None:
        return None


KINDS: dict[Kind, ProblemType] = {
    "binary": Binary(),
    "multiclass": Multiclass(),
    "regression": Regression(),
}


def score(problem: Problem, truth: np.ndarray, found: Predictions) -> dict[str, float | None]:
    """Every metric of the problem's kind; undefined ones are None."""
    kind = KINDS[problem.kind]
    ones = np.ones(len(truth))
    values = {
        name: kind.statistic(name, truth, found)(ones)
        for name in (*METRICS[problem.kind], *kind.extra_metrics)
    }
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def label_text(target: pa.ChunkedArray) -> list[str]:
    """Labels as text: true and false are 1 and 0, whole numbers have no decimals."""
    if pa.types.is_boolean(target.type):
        target = target.cast(pa.int8())
    elif pa.types.is_floating(target.type) or pa.types.is_decimal(target.type):
        numbers = target.cast(pa.float64()).to_numpy()
        if np.isfinite(numbers).all() and (numbers == np.round(numbers)).all():
            target = pa.chunked_array([pa.array(numbers.astype(np.int64))])
    return target.cast(pa.string()).to_pylist()


def _positive(target: pa.ChunkedArray, problem: Problem) -> str:
    if pa.types.is_boolean(target.type):
        return {"true": "1", "false": "0"}.get(problem.positive.lower(), problem.positive)
    return problem.positive


def _is_number(dtype: pa.DataType) -> bool:
    return pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_decimal(dtype)


def _classes(table: list[list[int]], labels: list[str]) -> dict[str, dict[str, float | int | None]]:
    """Precision, recall, F1 and rows a class, from a confusion table; None where undefined."""
    found: dict[str, dict[str, float | int | None]] = {}
    for i, label in enumerate(labels):
        hit, there, claimed = table[i][i], sum(table[i]), sum(row[i] for row in table)
        found[label] = {
            "precision": hit / claimed if claimed else None,
            "recall": hit / there if there else None,
            "f1": 2 * hit / (there + claimed) if there + claimed else None,
            "rows": there,
        }
    return found
