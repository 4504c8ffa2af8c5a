"""Writing a fitted candidate: its run in MLflow, its files, its version; once each, whatever was killed.

A fingerprint of everything that decides a model (rows, problem, tuning, seed, code, library versions)
is a tag of the run and of the version. A version exists only after all its files do, so one that is
found by its fingerprint is whole and is used again; a run without a version was killed, and is deleted.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from landfall.month import Month
from landfall.platform import Platform
from ml.model import MODEL_FILE, SIGNATURE_FILE, TRUSTED, Signature, load_model
from ml.registry import version_info, write_pointer
from ml.tracking import experiment, import_save_model, open_client
from ml.tuning import Fitted, Training

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

PINNED = ("scikit-learn", "numpy", "scipy", "pandas", "skops")
EXAMPLE_ROWS = 3


def fingerprint(candidate: str, facts: dict[str, Any]) -> str:
    """24 hex digits over everything that decides a model; `facts` is JSON-ready."""
    installed = {name: importlib.metadata.version(name) for name in (*PINNED, "optuna")}
    text = json.dumps([candidate, facts, installed], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def find_version(platform: Platform, problem: str, mark: str) -> dict[str, Any] | None:
    """What is known of the version with this fingerprint, or None. Mends its pointer where a kill left none."""
    client = open_client(platform)
    query = f"name = '{problem}' and tags.fingerprint = '{mark}'"
    found = client.search_model_versions(query)
    if not found:
        return None
    version = min(found, key=lambda one: int(one.version))
    info = json.loads(version.tags["facts"])
    info["version"] = int(version.version)
    write_pointer(platform, problem, info)
    return version_info(platform, problem, info["version"])


def store_candidate(
    platform: Platform,
    fitted: Fitted,
    data: Training,
    month: Month,
    mark: str,
    facts: dict[str, Any],
) -> dict[str, Any]:
    """Write run, files and version of a candidate; returns the version's facts (`ml.registry.version_info`)."""
    problem = data.problem.name
    client = open_client(platform)
    where = experiment(platform, problem)
    for orphan in client.search_runs([where], f"tags.fingerprint = '{mark}'"):
        client.delete_run(orphan.info.run_id)
    run = client.create_run(
        where,
        start_time=_moment(month),
        run_name=f"{month}-{fitted.name}",
        tags={"fingerprint": mark, "candidate": fitted.name, **_tags(facts)},
    )
    run_id = run.info.run_id
    _log(client, run_id, fitted, month)
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder) / "model", fitted, data)
        client.log_artifacts(run_id, str(Path(folder) / "model"), "model")
    client.set_terminated(run_id)
    info = {
        **facts,
        "candidate": fitted.name,
        "fingerprint": mark,
        "run_id": run_id,
        "folder": f"{problem}/{run_id}/artifacts/model",
        "params": fitted.params,
        "cv": fitted.cv,
        "trials": fitted.trials,
        "threshold": fitted.threshold,
        "braked": fitted.braked,
        "fit_seconds": round(fitted.seconds, 3),
    }
    info["version"] = _register(client, problem, run_id, mark, info)
    write_pointer(platform, problem, info)
    return info


def _log(client: MlflowClient, run_id: str, fitted: Fitted, month: Month) -> None:
    from mlflow.entities import Metric, Param

    values = {f"cv_{name}": value for name, value in fitted.cv.items() if value is not None}
    values["fit_seconds"] = fitted.seconds
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, _moment(month), 0) for name, value in values.items()],
        params=[
            *(Param(name, str(value)) for name, value in fitted.params.items()),
            Param("threshold", str(fitted.threshold)),
            Param("trials", str(len(fitted.trials))),
            Param("braked", str(fitted.braked).lower()),
        ],
    )


def log_month(
    platform: Platform, run_id: str, month: Month, metrics: dict[str, float | None]
) -> None:
    """Add what a model reached on the judged month to its run; the same values twice are one."""
    from mlflow.entities import Metric

    moment = _moment(month)
    found = [Metric(f"month_{n}", v, moment, 0) for n, v in metrics.items() if v is not None]
    open_client(platform).log_batch(run_id, metrics=found)


def _register(
    client: MlflowClient, problem: str, run_id: str, mark: str, info: dict[str, Any]
) -> int:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(problem)
    except MlflowException:
        client.create_registered_model(problem)
    version = client.create_model_version(
        problem,
        source=f"{client.get_run(run_id).info.artifact_uri}/model",
        run_id=run_id,
        tags={"fingerprint": mark, "candidate": info["candidate"], "facts": json.dumps(info)},
    )
    return int(version.version)


def write_files(folder: Path, fitted: Fitted, data: Training) -> None:
    """MLflow's layout and the signature; the model is read back once, so that what is stored serves."""
    kind = data.problem.kind
    example = data.frame.iloc[:: max(1, len(data.frame) // EXAMPLE_ROWS)].iloc[:EXAMPLE_ROWS]
    raw = fitted.pipeline.predict(example) if kind == "regression" else fitted.pipeline.predict_proba(example)  # fmt: skip
    expected = np.asarray(raw[:, 1] if kind == "binary" else raw, dtype=float)
    import_save_model()(
        fitted.pipeline,
        str(folder),
        signature=_mlflow_signature(data, np.asarray(raw, dtype=float)),
        input_example=example,
        pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in PINNED],
        pyfunc_predict_fn="predict" if kind == "regression" else "predict_proba",
        serialization_format="skops",
        skops_trusted_types=TRUSTED,
    )
    signature = Signature(
        problem=data.problem.name,
        kind=kind,
        columns=data.features.columns,
        labels=list(data.labels),
        threshold=fitted.threshold,
        example=_plain(example),
        expected=expected.tolist(),
    )
    (folder / SIGNATURE_FILE).write_text(signature.model_dump_json(indent=1), encoding="utf-8")
    load_model((folder / MODEL_FILE).read_bytes(), (folder / SIGNATURE_FILE).read_bytes())


def _mlflow_signature(data: Training, raw: np.ndarray) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [
        ColSpec(c.type, c.name, required=False) for c in data.features.columns
    ]
    output = TensorSpec(np.dtype(float), (-1, *raw.shape[1:]))
    return ModelSignature(Schema(columns), Schema([output]))


def _plain(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """The rows by column as JSON takes them: missing is null."""
    return {
        str(name): [None if value is None or value != value else value for value in values]
        for name, values in frame.to_dict("list").items()
    }


def _tags(facts: dict[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in facts.items()
        if name != "features"
    }


def _moment(month: Month) -> int:
    """Milliseconds of the month's end: metrics belong to the month, not to when they were computed."""
    from datetime import UTC

    return int(month.end.replace(tzinfo=UTC).timestamp() * 1000)
