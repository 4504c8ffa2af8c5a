"""Training a version again from what is recorded of it, and saying whether it comes out the same.

The rows come from the Iceberg snapshot, the configuration from the version; the code is the one here,
so where its digest differs that is said first. Stores nothing and promotes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from landfall.errors import LandfallError
from landfall.intent.ml import Problem, Tuning
from landfall.month import Month
from ml.data import content_digest, read_rows
from ml.features import to_frame
from ml.problems import KINDS, Predictions, score
from ml.registry import load_version, version_info
from ml.train import config_of, fit_all, prepare, seen_columns
from pipelines.context import Context, Json, code_version


def reproduce(ctx: Context, version: int) -> Json:
    """Train a version again and compare.

    Returns `equal` (every figure to the last digit), `differences` (sentences), `code` (`recorded`,
    `here`), `cv` and `metrics` (of the judged month, null where it has no rows), each `recorded` and
    `again`. Raises LandfallError where the snapshot was expired, UsageError for an unknown version.
    """
    info = version_info(ctx.platform, ctx.ml.problem.name, version)
    ctx = _as_configured(ctx, info["config"])
    window = [Month.parse(one) for one in info["window"]]
    rows = read_rows(ctx, window, info["snapshot"])
    data, unfit = prepare(ctx.ml, rows)
    if unfit:
        raise LandfallError(f"Version {version} cannot be trained again: {unfit}.")
    differences = []
    if content_digest(seen_columns(rows, data)) != info["data"]:
        differences.append("the snapshot no longer holds the rows it was trained on")
    (fitted,) = fit_all([info["candidate"]], data, ctx.ml)
    stored = load_version(ctx.platform, ctx.ml.problem.name, version)
    judged = read_rows(ctx, [Month.parse(info["month"])], info["snapshot"])
    metrics: dict[str, Any] = {"recorded": None, "again": None}
    if judged.num_rows:
        frame = to_frame(judged, stored.signature.columns)
        raw = stored.pipeline, fitted.pipeline
        labels, kind = data.labels, KINDS[ctx.ml.problem.kind]
        every = tuple(
            sorted({*labels, *kind.labels(judged[ctx.ml.problem.target], ctx.ml.problem)})
        )
        every = labels if ctx.ml.problem.kind != "multiclass" else every
        truth = kind.truth(judged[ctx.ml.problem.target], ctx.ml.problem, every)
        for side, pipeline, threshold in zip(
            ("recorded", "again"), raw, (stored.signature.threshold, fitted.threshold), strict=True
        ):
            values = _predict(pipeline, frame, ctx.ml.problem.kind)
            found = Predictions(values, labels, threshold).aligned(every)
            metrics[side] = score(ctx.ml.problem, truth, found)
    differences += _compare("cross-validation", info["cv"], fitted.cv)
    differences += _compare("parameter", info["params"], fitted.params)
    differences += _compare("month's", metrics["recorded"] or {}, metrics["again"] or {})
    return {
        "version": version,
        "candidate": info["candidate"],
        "equal": not differences,
        "differences": differences,
        "snapshot": info["snapshot"],
        "window": info["window"],
        "code": {"recorded": info["code"], "here": code_version(ctx.project.root)},
        "cv": {"recorded": info["cv"], "again": fitted.cv},
        "metrics": metrics,
    }


def _as_configured(ctx: Context, config: Json) -> Context:
    """A context whose intent is the one the version was trained by."""
    ml = ctx.ml.model_copy(
        update={
            "problem": Problem.model_validate(config["problem"]),
            "tuning": Tuning.model_validate(config["tuning"]),
            "seed": config["seed"],
        }
    )
    again = replace(ctx, intent=ctx.intent.model_copy(update={"ml": ml}))
    if config_of(ml) != config:
        raise LandfallError("The version's configuration is of another release and cannot be read.")
    return again


def _predict(pipeline: Any, frame: Any, kind: str) -> np.ndarray:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        if kind == "regression":
            return np.asarray(pipeline.predict(frame), dtype=float)
        raw = pipeline.predict_proba(frame)
    return raw[:, 1] if kind == "binary" else raw


def _compare(what: str, recorded: Json, again: Json) -> list[str]:
    return [
        f"{what} {name}: recorded {recorded.get(name)!r}, again {again.get(name)!r}"
        for name in sorted({*recorded, *again})
        if recorded.get(name) != again.get(name)
    ]
