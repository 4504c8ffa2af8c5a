"""MLflow, opened once and kept quiet: the tracking database, experiments, and the client.

The one place that imports MLflow first, because its telemetry and its log lines are turned off by the
environment before the import. Knows nothing of models.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from landfall.platform import Platform

if TYPE_CHECKING:
    from mlflow import MlflowClient

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_SCHEMA_DETAILS": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def quiet_mlflow() -> None:
    """Turn telemetry and chatter off for this process. Call before anything imports mlflow."""
    os.environ.update(_QUIET)
    for name in ("mlflow", "alembic", "optuna"):
        logging.getLogger(name).setLevel(logging.ERROR)


def open_client(platform: Platform) -> MlflowClient:
    """A client of the platform's tracking server, its database there and whole."""
    return _client(platform.tracking.uri)


@lru_cache(maxsize=4)
def _client(uri: str) -> MlflowClient:
    quiet_mlflow()
    import mlflow

    if uri.startswith("sqlite:///"):
        create_database(Path(uri.removeprefix("sqlite:///")))
    quiet_mlflow()  # mlflow sets its own loggers up when it is imported
    return mlflow.MlflowClient(uri, uri)


def import_save_model() -> Callable[..., None]:
    """`mlflow.sklearn.save_model`, imported without the warning about MLflow's own type hints."""
    quiet_mlflow()
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=".*Any type hint is inferred", category=UserWarning
        )
        import mlflow.pyfunc  # noqa: F401  (mlflow.sklearn would import it later, unguarded)
        from mlflow.sklearn import save_model
    return save_model


def create_database(path: Path) -> None:
    """Create MLflow's tables beside `path` and move them there whole.

    Creation runs dozens of migrations (2 to 3 s); killed half-way it would leave a database that no
    later start accepts.
    """
    if path.exists():
        return
    quiet_mlflow()
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mlflow-", dir=path.parent) as folder:
        draft = Path(folder) / path.name
        engine = create_sqlalchemy_engine(f"sqlite:///{draft}")
        quiet_mlflow()
        _initialize_tables(engine)
        engine.dispose()
        draft.replace(path)


def experiment(platform: Platform, problem: str) -> str:
    """The id of the problem's experiment, created on first use; its runs' files lie in tracking.artifacts."""
    from mlflow.exceptions import MlflowException

    client = open_client(platform)
    found = client.get_experiment_by_name(problem)
    if found is not None:
        return found.experiment_id
    try:
        return client.create_experiment(problem, f"{platform.tracking.artifacts}/{problem}")
    except MlflowException:
        found = client.get_experiment_by_name(problem)
        if found is None:
            raise
        return found.experiment_id
