"""A home with a gold table of made-up months, on which the model loop runs for real but quickly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from landfall.intent import parse_intent
from landfall.intent.ml import Problem
from landfall.local import local_platform
from landfall.month import Month
from landfall.project import Project
from pipelines.context import Context, Json

PROBLEM: dict[str, Any] = {
    "name": "late_arrival", "kind": "binary", "table": "features_flights", "time": "time_hour",
    "key": ["time_hour", "origin", "flight"], "target": "late", "positive": "1", "metric": "pr_auc",
}  # fmt: skip


def month_rows(month: Month, rows: int = 400, seed: int = 0, strength: float = 3.0) -> pa.Table:
    """Flights of a month: late more often in wind, in the evening and with one carrier of the origin."""
    random = np.random.default_rng([seed, month.year, month.month])
    hour = random.integers(5, 23, rows)
    wind = random.gamma(3, 4, rows)
    origin = random.choice(["EWR", "JFK", "LGA"], rows)
    logit = -2.5 + strength * (0.06 * (wind - 12) + 0.08 * (hour - 14) + 0.3 * (origin == "EWR"))
    late = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype("int32")
    delay = 10 * logit + random.normal(0, 5, rows)
    wind_null = np.where(random.random(rows) < 0.05, np.nan, wind)
    start = np.datetime64(month.start, "us")
    when = start + (np.arange(rows) * (27 * 86400 // rows)).astype("timedelta64[s]")
    return pa.table(
        {
            "month": pa.array([str(month)] * rows),
            "time_hour": pa.array(when),
            "origin": pa.array(origin.tolist()),
            "flight": pa.array(np.arange(rows)),
            "hour": pa.array(hour),
            "wind": pa.array(wind_null, from_pandas=True),
            "late": pa.array(late),
            "grade": pa.array(np.digitize(delay, [-30, 0]).astype(str).tolist()),
            "delay": pa.array(delay),
        }
    )


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh MLflow database: its migrations take seconds, so homes of these tests start with a copy."""
    from ml.tracking import create_database

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    create_database(path)
    return path


@pytest.fixture
def make_context(tmp_path: Path, empty_mlflow: Path) -> Callable[..., Context]:
    """A function that gives a context: `make_context(home="x", problem={...}, gate={...}, cadence={...})`."""

    def make(home: str = "home", problem: Json | None = None, **ml: Any) -> Context:
        raw = {
            "client": {"name": "Test", "slug": "test"},
            "environment": "dev",
            "cloud": {"provider": "local"},
            "ml": {
                "problem": PROBLEM | (problem or {}),
                "tuning": {"trials": 1, "folds": 2, "sample": 400},
                "gate": {"min_rows": 50, "max_latency_ms": 5000},
                "candidates": ["linear"],
                "cadence": {"window_months": 1},
                **ml,
            },
        }
        root = tmp_path / home
        root.mkdir(exist_ok=True)
        shutil.copy(empty_mlflow, root / "mlflow.db")
        project = Project(root=root, home=root)
        return Context(
            project,
            "test",
            intent := parse_intent(raw, "test"),
            local_platform(intent, "test", root),
        )

    return make


@pytest.fixture
def problem() -> Problem:
    return Problem.model_validate(PROBLEM)


def publish(ctx: Context, *tables: pa.Table) -> None:
    """Append rows to the gold feature table, which is created on first use."""
    name = f"gold.{ctx.ml.problem.table}"
    for rows in tables:
        if not ctx.catalog.table_exists(name):
            ctx.catalog.create_table(name, schema=rows.schema)
        ctx.catalog.load_table(name).append(rows)


def run_step(ctx: Context, month: Month, step: str) -> Json:
    """Run a step of the model loop and keep its result, as the runner does."""
    from ml.decide import decide_month
    from ml.promote import apply_verdict
    from ml.train import train_month

    function = {"train": train_month, "gate": decide_month, "promote": apply_verdict}[step]
    result = function(ctx, month)
    ctx.artifacts.write_json(ctx.result_path(month, step), result)
    return result


def run_loop(ctx: Context, month: Month) -> tuple[Json, Json, Json]:
    """train, gate and promote of a month."""
    return (
        run_step(ctx, month, "train"),
        run_step(ctx, month, "gate"),
        run_step(ctx, month, "promote"),
    )
