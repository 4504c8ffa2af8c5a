"""Searching a candidate's parameters by cross-validation in time order, then fitting it on the window.

Each fold trains on the past and tests on what follows. `trials` is the bound that decides; `seconds`
is a brake behind it, and where it bites the result says so, because the model then depends on the
machine's speed. Trials train on rows thinned evenly over the window; the final fit takes every row.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from landfall.intent.ml import HIGHER_IS_BETTER, Problem, Tuning
from ml.candidates import BASELINE, DEFAULTS, SPACES, Params, Setup, estimator, preparation
from ml.features import Features
from ml.problems import KINDS, Predictions


@dataclass(frozen=True)
class Training:
    """The rows to learn from, in time order."""

    frame: pd.DataFrame
    truth: np.ndarray
    times: np.ndarray
    labels: tuple[str, ...]
    features: Features
    problem: Problem

    def take(self, index: np.ndarray) -> Training:
        """Only these rows."""
        return Training(
            self.frame.iloc[index], self.truth[index], self.times[index],
            self.labels, self.features, self.problem,
        )  # fmt: skip


@dataclass(frozen=True)
class Fitted:
    """A candidate after search and final fit."""

    name: str
    pipeline: Any
    params: Params
    cv: dict[str, float | None]
    """Mean and spread over the folds of the primary metric: `mean`, `std`."""
    trials: list[dict[str, Any]] = field(default_factory=list)
    threshold: float = 0.5
    braked: bool = False
    """Whether the time budget ended the search before `trials`."""
    seconds: float = 0.0


def fit_candidate(name: str, data: Training, tuning: Tuning, seed: int) -> Fitted:
    """Search, then fit the best parameters on every row."""
    from sklearn.pipeline import Pipeline

    began = time.perf_counter()
    folds = [
        _prepare(name, train, test)
        for train, test in time_folds(thin(data, tuning.sample), tuning.folds)
    ]
    found = _search(name, data, folds, tuning, seed)
    best = found.best()
    prepare = preparation(name, data.features)
    model = estimator(name, Setup(data.problem, data.features, best.params, seed))
    matrix = prepare.fit_transform(data.frame)
    model.fit(matrix, _target(data))
    return Fitted(
        name=name,
        pipeline=Pipeline([("prepare", prepare), ("model", model)]),
        params=best.params,
        cv={"mean": _finite(best.mean), "std": _finite(float(np.std(best.scores)) if best.scores else np.nan)},
        trials=[{"params": t.params, "mean": _finite(t.mean)} for t in found.trials],
        threshold=0.5 if name == BASELINE else _threshold(data.problem, best),
        braked=found.braked,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def thin(data: Training, most: int) -> Training:
    """At most so many rows, spread evenly over the window."""
    rows = len(data.truth)
    if rows <= most:
        return data
    return data.take(np.linspace(0, rows - 1, most).astype(int))


def time_folds(data: Training, folds: int) -> Iterator[tuple[Training, Training]]:
    """Pairs of (past, what follows): the rows in folds + 1 blocks that share no moment in time."""
    rows = len(data.truth)
    cuts = [rows * i // (folds + 1) for i in range(1, folds + 1)]
    starts = [int(np.searchsorted(data.times, data.times[cut])) for cut in cuts]
    index = np.arange(rows)
    for start, stop in zip(starts, [*starts[1:], rows], strict=True):
        if 0 < start < stop:
            yield data.take(index[:start]), data.take(index[start:stop])


@dataclass(frozen=True)
class _Fold:
    """One fold, its columns already prepared: shared by every trial of a candidate."""

    past: np.ndarray
    target: np.ndarray
    future: np.ndarray
    truth: np.ndarray
    enough: bool


@dataclass(frozen=True)
class _Trial:
    params: Params
    scores: list[float]
    outside: list[tuple[np.ndarray, np.ndarray]]
    """(truth, prediction) of each fold's test rows."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores)) if self.scores else float("nan")


@dataclass
class _Search:
    better: Callable[[float], float]
    trials: list[_Trial] = field(default_factory=list)
    braked: bool = False

    def value(self, trial: _Trial) -> float:
        """What is maximised; a trial that could not be scored comes last."""
        return self.better(trial.mean) if np.isfinite(trial.mean) else -np.inf

    def best(self) -> _Trial:
        """The best trial; of equals, the first."""
        return max(self.trials, key=self.value)


def _prepare(name: str, past: Training, future: Training) -> _Fold:
    prepare = preparation(name, past.features)
    enough = past.problem.kind == "regression" or len(np.unique(past.truth)) == len(past.labels)
    return _Fold(
        prepare.fit_transform(past.frame), _target(past),
        prepare.transform(future.frame), future.truth, enough,
    )  # fmt: skip


def _search(name: str, data: Training, folds: list[_Fold], tuning: Tuning, seed: int) -> _Search:
    sign = 1.0 if HIGHER_IS_BETTER[data.problem.metric] else -1.0
    search = _Search(lambda value: sign * value)
    began = time.perf_counter()
    for params, tell in proposals(name, tuning, seed):
        if search.trials and time.perf_counter() - began > tuning.seconds:
            search.braked = True
            break
        trial = _try(name, data, folds, params, seed)
        search.trials.append(trial)
        tell(search.value(trial))
    return search


def proposals(
    name: str, tuning: Tuning, seed: int
) -> Iterator[tuple[Params, Callable[[float], None]]]:
    """Parameters to try, the defaults first, each with a function that takes its value (maximised)."""
    space = SPACES[name]
    most = min(tuning.trials, int(np.prod([len(values) for values in space.values()])))
    if tuning.method == "grid":
        grid = (
            dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())
        )
        others = (params for params in grid if params != DEFAULTS[name])
        for params in itertools.islice(itertools.chain([DEFAULTS[name]], others), most):
            yield dict(params), lambda _: None
        return
    yield from _sampled(name, tuning, most, seed)


def _sampled(
    name: str, tuning: Tuning, most: int, seed: int
) -> Iterator[tuple[Params, Callable[[float], None]]]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = (
        optuna.samplers.RandomSampler(seed=seed)
        if tuning.method == "random"
        else optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(2, min(10, most // 3)))
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.enqueue_trial(DEFAULTS[name])
    seen: dict[str, float] = {}
    asked = given = 0
    while given < most and asked < 4 * most:
        asked += 1
        trial = study.ask()
        params = {
            key: trial.suggest_categorical(key, values) for key, values in SPACES[name].items()
        }
        if str(params) in seen:
            study.tell(trial, seen[str(params)])
            continue
        given += 1

        def tell(value: float, trial: Any = trial, params: Params = params) -> None:
            seen[str(params)] = value if np.isfinite(value) else -1e9
            study.tell(trial, seen[str(params)])

        yield params, tell


def _try(name: str, data: Training, folds: list[_Fold], params: Params, seed: int) -> _Trial:
    kind = KINDS[data.problem.kind]
    scores: list[float] = []
    outside: list[tuple[np.ndarray, np.ndarray]] = []
    for fold in folds:
        if not fold.enough:
            continue
        model = estimator(name, Setup(data.problem, data.features, params, seed))
        model.fit(fold.past, fold.target)
        found = predict(model, fold.future, data)
        value = kind.statistic(data.problem.metric, fold.truth, found)(np.ones(len(fold.truth)))
        outside.append((fold.truth, found.values))
        if np.isfinite(value):
            scores.append(value)
    return _Trial(params, scores, outside)


def predict(model: Any, matrix: np.ndarray, data: Training) -> Predictions:
    """An estimator's answers to prepared rows."""
    if data.problem.kind == "regression":
        return Predictions(np.asarray(model.predict(matrix), dtype=float))
    raw = model.predict_proba(matrix)
    return Predictions(raw[:, 1] if data.problem.kind == "binary" else raw, data.labels)


def _target(data: Training) -> np.ndarray:
    return data.truth.astype(int) if data.problem.kind == "binary" else data.truth


def _threshold(problem: Problem, trial: _Trial) -> float:
    """Binary: the probability that flags as many rows outside training as there were positive ones.

    Precision and recall then balance. The threshold with the best F1 flags nearly every row where
    the classes are hard to tell apart, which helps nobody.
    """
    if problem.kind != "binary" or not trial.outside:
        return 0.5
    truth = np.concatenate([t for t, _ in trial.outside])
    score = np.concatenate([s for _, s in trial.outside])
    return float(np.quantile(score, 1 - truth.mean()).round(4))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
