"""The monthly flow: the order of the steps, and running them. The Airflow DAG runs the same list.

Holds no scheduler and no logic of a step: a step decides for itself whether there is anything to do,
so running a month again is safe and quick.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import NamedTuple

from landfall.errors import UsageError
from landfall.faults import translate
from landfall.lock import only_one
from landfall.month import Month
from pipelines.context import Context, Json, StepFunction
from pipelines.recover import check_catalog

Progress = Callable[[Month, str, str, float], None]
"""Told of every step: month, step, state (`started`, `done`, `failed`), seconds."""


class Step(NamedTuple):
    """One step: its name and where its function lies (imported when it runs)."""

    name: str
    module: str
    function: str
    needs_model: bool = True

    def load(self) -> StepFunction:
        """The step's function."""
        return getattr(importlib.import_module(self.module), self.function)


STEPS = (
    Step("land", "pipelines.land", "land_month", needs_model=False),
    Step("ingest", "pipelines.ingest", "ingest_month", needs_model=False),
    Step("build", "warehouse.build", "build_month"),
    Step("profile", "pipelines.profile", "profile_month"),
    Step("drift", "pipelines.drift", "detect_drift"),
    Step("train", "ml.train", "train_month"),
    Step("gate", "ml.decide", "decide_month"),
    Step("promote", "ml.promote", "apply_verdict"),
)


def steps_between(ctx: Context, start_at: str | None, end_at: str | None = None) -> list[Step]:
    """The steps to run, from `start_at` to `end_at` (all unless told); raises UsageError for what is no step of the flow."""
    steps = [step for step in STEPS if ctx.intent.ml is not None or not step.needs_model]
    names = [step.name for step in steps]
    for asked in (start_at, end_at):
        if asked is not None and asked not in names:
            raise UsageError(
                f"There is no step '{asked}'.", fix=f"Choose one of: {', '.join(names)}."
            )
    first = names.index(start_at) if start_at else 0
    last = names.index(end_at) if end_at else len(names) - 1
    if last < first:
        raise UsageError(
            f"The step '{end_at}' comes before '{start_at}'.", fix=f"The order: {', '.join(names)}."
        )
    return steps[first : last + 1]


def run_month(
    ctx: Context,
    month: Month,
    start_at: str | None = None,
    end_at: str | None = None,
    *,
    progress: Progress = lambda *_: None,
    wait: float = 0,
) -> Json:
    """Run a month's steps in order and say what came of it (the JSON of `landfall run`).

    Raises what a step raises, with the month and step named; steps before it stay as published.
    """
    chosen = steps_between(ctx, start_at, end_at)
    done: list[Json] = []
    check_catalog(ctx.platform)
    with only_one(ctx.project.home, f"landfall run --month {month} --stack {ctx.stack}", wait):
        for step in chosen:
            done.append(_run_step(ctx, month, step, progress))
    return summary(ctx, month, done)


def _run_step(ctx: Context, month: Month, step: Step, progress: Progress) -> Json:
    progress(month, step.name, "started", 0.0)
    began = time.monotonic()
    try:
        result = step.load()(ctx, month)
    except Exception as error:
        progress(month, step.name, "failed", time.monotonic() - began)
        known = translate(error)
        if known is None:
            raise
        known.what = f"{month} {step.name}: {known.what}"
        raise known from error
    seconds = round(time.monotonic() - began, 3)
    ctx.artifacts.write_json(ctx.result_path(month, step.name), {**result, "seconds_step": seconds})
    progress(month, step.name, "done", seconds)
    return {"name": step.name, "status": "done", "seconds": seconds}


def summary(ctx: Context, month: Month, steps: list[Json]) -> Json:
    """What `landfall run` prints for a month, from the steps' stored results."""
    from ml.verdict import heeded

    gate = ctx.result(month, "gate")
    said = [ctx.result(month, name) for name in ("canary", "answer")]
    verdict = heeded(gate, *said) if gate else {}
    return {
        "month": str(month),
        "stack": ctx.stack,
        "steps": steps,
        "counts": (ctx.result(month, "ingest") or {}).get("counts", {}),
        "drift": ctx.result(month, "drift"),
        "verdict": {
            name: verdict.get(name)
            for name in ("decision", "winner", "metric", "reasons", "champion", "candidates")
        }
        if verdict
        else None,
    }
