"""The step `train`: every candidate on the window before a month. Judges nothing.

A candidate whose rows, configuration and code are unchanged is not trained again. The same rows,
configuration, code and library versions give the same model to the last digit: each fit uses one core,
because the order in which threads add up changes the last digits. Candidates are fitted one after
another: in threads beside each other they wait for Python's lock, and boosting, given a second core,
gains a fifth on an idle machine (1.4 s in place of 1.7) and loses many times that on a busy one.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from landfall.intent.ml import ML
from landfall.month import Month
from ml.candidates import BASELINE
from ml.data import MONTH, content_digest, current_snapshot, read_rows
from ml.features import choose_features, to_frame
from ml.problems import KINDS
from ml.registry import sync_alias
from ml.store import find_version, fingerprint, store_candidate
from ml.tracking import quiet_mlflow
from ml.tuning import Fitted, Training, fit_candidate
from ml.windows import is_due, missing_months, months_told, training_window
from pipelines.context import Context, Json, code_version

MIN_ROWS = 100
"""Fewer rows than this in a whole window teach nothing."""


def train_month(ctx: Context, month: Month) -> Json:
    """Train the candidates that are judged on `month`, or say why not.

    Returns `status` (`trained`, `skipped`), `reason`, `candidates` (each with `name`, `version`, `run_id`,
    `params`, `cv`, `trials`, `threshold`, `reused`, …), `window` (YYYY-MM), `snapshot`, `rows`.
    Raises LandfallError where the feature table is missing or useless.
    """
    quiet_mlflow()
    problem = ctx.ml.problem
    sync_alias(ctx.platform, problem.name)
    snapshot = current_snapshot(ctx)
    window = training_window(month, ctx.ml.cadence)
    head = {
        "window": [str(one) for one in window],
        "snapshot": snapshot,
        "rows": 0,
        "candidates": [],
    }
    alarm = bool((ctx.result(month, "drift") or {}).get("alarm"))
    due = is_due(month, ctx.ml.cadence, _trained_months(ctx), alarm)
    if not due.now:
        return {**head, "status": "skipped", "reason": due.reason}
    rows = read_rows(ctx, window, snapshot)
    lacking = missing_months(window, _by_month(rows))
    if lacking:
        reason = (
            f"a model trains on the {len(window)} months before, "
            f"and there is no {months_told(lacking)}"
        )
        return {**head, "status": "skipped", "reason": reason}
    data, unfit = prepare(ctx.ml, rows)
    if unfit:
        return {**head, "status": "skipped", "reason": unfit}
    facts = {**head, "month": str(month), "rows": rows.num_rows, "problem": problem.name,
             "code": code_version(ctx.project.root), "data": content_digest(seen_columns(rows, data)),
             "config": config_of(ctx.ml)}  # fmt: skip
    del facts["candidates"]
    return {
        **head,
        "status": "trained",
        "reason": due.reason,
        "rows": rows.num_rows,
        "code": facts["code"],
        "features": [column.name for column in data.features.columns],
        "left_out": data.features.left_out,
        "candidates": _train_all(ctx, data, month, facts),
    }


def config_of(ml: ML) -> Json:
    """The part of the intent that decides a model, JSON-ready; from it a training is repeated."""
    return {
        "problem": ml.problem.model_dump(mode="json"),
        "tuning": ml.tuning.model_dump(mode="json"),
        "seed": ml.seed,
    }


def prepare(ml: ML, rows: pa.Table) -> tuple[Training, str]:
    """Rows (in their order) as training data, and why they will not do (empty where they do)."""
    problem, kind = ml.problem, KINDS[ml.problem.kind]
    labels = kind.labels(rows[problem.target], problem)
    truth = kind.truth(rows[problem.target], problem, labels)
    features = choose_features(rows, problem)
    frame = to_frame(rows, features.columns)
    data = Training(frame, truth, rows[problem.time].to_numpy(), labels, features, problem)
    if rows.num_rows < MIN_ROWS:
        return data, f"{rows.num_rows} rows with a target are too few to learn from"
    if problem.kind != "regression" and len(set(truth.tolist())) < 2:
        return data, f"the target '{problem.target}' has one class only in the window"
    return data, ""


def fit_all(names: Sequence[str], data: Training, ml: ML) -> list[Fitted]:
    """Fit these candidates, in this order."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):
        # Iterations are bounded on purpose, and categories may be new in a later fold.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="Found unknown categories", category=UserWarning)
        return [fit_candidate(name, data, ml.tuning, ml.seed) for name in names]


def _train_all(ctx: Context, data: Training, month: Month, facts: Json) -> list[Json]:
    names = [BASELINE, *dict.fromkeys(ctx.ml.candidates)]
    decisive = {key: facts[key] for key in ("month", "window", "data", "code", "config")}
    marks = {name: fingerprint(name, decisive) for name in names}
    known = {name: find_version(ctx.platform, data.problem.name, marks[name]) for name in names}
    missing = [name for name in names if known[name] is None]
    fitted = {one.name: one for one in fit_all(missing, data, ctx.ml)}
    results = []
    for name in names:
        info = known[name]
        reused = info is not None
        if info is None:
            info = store_candidate(ctx.platform, fitted[name], data, month, marks[name], facts)
        results.append(_summary(info, reused))
    return results


def _summary(info: Json, reused: bool) -> Json:
    keys = ("version", "run_id", "params", "cv", "trials", "threshold", "braked", "fit_seconds", "fingerprint")  # fmt: skip
    return {"name": info["candidate"], "reused": reused, **{key: info[key] for key in keys}}


def seen_columns(rows: pa.Table, data: Training) -> pa.Table:
    """The columns that decide a model: features, time, key and target."""
    problem = data.problem
    names = [c.name for c in data.features.columns] + [problem.time, *problem.key, problem.target]
    return rows.select(list(dict.fromkeys(names)))


def _by_month(rows: pa.Table) -> dict[str, int]:
    return {str(one["values"]): one["counts"] for one in rows[MONTH].value_counts().to_pylist()}


def _trained_months(ctx: Context) -> list[Month]:
    """The months that the step trained for, by its stored results."""
    folder = f"runs/{ctx.ml.problem.name}"
    found: list[Month] = []
    for path in ctx.artifacts.list(folder):
        if path.endswith("/train.json"):
            result: dict[str, Any] = ctx.artifacts.read_json(path)
            if result.get("status") == "trained":
                found.append(Month.parse(path.split("/")[-2]))
    return found
