"""Versions of a problem's models: finding the champion, loading a version, registering a new one.

Who is champion is derived from the promotion record (`ml/record.py`), not from MLflow's alias, so that
serving neither imports MLflow (1 to 4 s) nor believes an alias that a kill left behind. Beside MLflow's
registry a small JSON a version says where its files lie. Leaves out judging and promoting.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from landfall.errors import UsageError
from landfall.platform import Platform
from landfall.storage import Store
from ml.record import Record

if TYPE_CHECKING:
    from ml.model import Model

ALIAS = "champion"


def champion_version(platform: Platform, problem: str) -> int | None:
    """The version that answers now, or None before the first promotion. Reads one small file."""
    return Record(platform, problem).champion()


def candidate_version(platform: Platform, problem: str) -> int | None:
    """The version that a canary may try: the one the newest verdict held, until something else happens.

    None where the newest entry of the record is no HOLD: what was rejected never comes back.
    """
    entries = Record(platform, problem).entries()
    held = bool(entries) and entries[-1]["action"] == "hold"
    return entries[-1]["version"] if held else None


def version_info(platform: Platform, problem: str, version: int) -> dict[str, Any]:
    """Where a version comes from: `version`, `run_id`, `candidate`, `folder`, `month`, `window`,
    `snapshot`, `code`, `config`, `metrics`, `fingerprint`. Raises UsageError for an unknown version."""
    store = _store(platform)
    path = _pointer(problem, version)
    if not store.exists(path):
        known = versions(platform, problem)
        raise UsageError(
            f"Problem '{problem}' has no model version {version}.",
            fix=f"Choose one of: {', '.join(map(str, known)) or '(none yet)'}.",
        )
    return store.read_json(path)


def versions(platform: Platform, problem: str) -> list[int]:
    """Every version of the problem, ascending."""
    prefix = f"{problem}/versions"
    found = []
    for path in _store(platform).list(prefix):
        with contextlib.suppress(ValueError):
            found.append(int(path.rsplit("/", 1)[-1].removesuffix(".json")))
    return sorted(found)


def load_version(platform: Platform, problem: str, version: int) -> Model:
    """A version, ready to predict (see `ml.model.Model`).

    Raises UsageError for an unknown version, LandfallError for files that are gone or not to be trusted.
    """
    from ml.model import MODEL_FILE, SIGNATURE_FILE, load_model

    store = _store(platform)
    folder = version_info(platform, problem, version)["folder"]
    return load_model(
        store.read(f"{folder}/{MODEL_FILE}"), store.read(f"{folder}/{SIGNATURE_FILE}"), version
    )


def write_pointer(platform: Platform, problem: str, info: dict[str, Any]) -> None:
    """Say where a version's files lie; `folder` is relative to tracking.artifacts."""
    _store(platform).write_json(_pointer(problem, info["version"]), info)


def sync_alias(platform: Platform, problem: str) -> int | None:
    """Make MLflow's alias say what the record says (a kill may have come between), and return it."""
    from mlflow.exceptions import MlflowException

    from ml.tracking import open_client

    wanted = champion_version(platform, problem)
    client = open_client(platform)
    try:
        aliases = client.get_registered_model(problem).aliases
    except MlflowException:
        return wanted
    found = aliases.get(ALIAS)
    if wanted is not None and str(found) != str(wanted):
        client.set_registered_model_alias(problem, ALIAS, str(wanted))
    elif wanted is None and found is not None:
        client.delete_registered_model_alias(problem, ALIAS)
    return wanted


def _store(platform: Platform) -> Store:
    return Store(platform.tracking.artifacts, platform.storage.options)


def _pointer(problem: str, version: int) -> str:
    return f"{problem}/versions/{version}.json"
