"""Serverless for Apache Spark (Dataproc): a batch below the Platform's location, by its REST interface.

A batch's id is chosen by us and is unique for good, so a second start of one number finds the first.
Source: https://cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError, MissingTool
from landfall.platform import Platform
from pipelines.submit.batch import ENVIRONMENT, Batch

if TYPE_CHECKING:
    from pipelines.submit import Run, State

API = "https://dataproc.googleapis.com/v1"
_SECONDS = 60
_STATES: dict[str, State] = {
    "STATE_UNSPECIFIED": "waiting", "PENDING": "waiting", "RUNNING": "running",
    "CANCELLING": "running", "CANCELLED": "cancelled", "SUCCEEDED": "succeeded", "FAILED": "failed",
}  # fmt: skip


class Dataproc:
    """See `pipelines.submit.Submitter`. The Platform's `spark.master` is `projects/…/locations/…`."""

    def __init__(self, platform: Platform) -> None:
        try:
            import google.auth
            from google.auth.transport.requests import AuthorizedSession
        except ImportError:
            raise MissingTool(
                "Google's authentication for Python is not installed.",
                fix="Install the project's group `clouds`: uv pip install --group clouds",
            ) from None
        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        credentials, _ = google.auth.default(scopes=scopes)  # pyright: ignore[reportUnknownVariableType]
        self._session = AuthorizedSession(credentials)
        self._place = f"{API}/{platform.spark.master}/batches"

    def latest(self, name: str) -> tuple[int, Run | None]:
        number, found = 0, None
        while (told := self._get(f"{name}-{number + 1}")) is not None:
            number, found = number + 1, _run(told)
        return number, found

    def start(self, batch: Batch, number: int) -> Run:
        identity = f"{batch.name}-{number}"
        told = self._session.post(
            self._place, params={"batchId": identity}, json=create_body(batch), timeout=_SECONDS
        )
        if told.status_code != 409:  # somebody else started this number just now
            _check(told)
        found = self._get(identity)
        if found is None:
            raise LandfallError(f"Dataproc took {identity} and does not know it.")
        return _run(found)

    def look(self, run: Run) -> Run:
        found = self._get(run.id)
        if found is None:
            raise LandfallError(
                f"The batch {run.id} is gone: somebody deleted it.", fix="Run the command again."
            )
        return _run(found)

    def _get(self, identity: str) -> dict[str, Any] | None:
        told = self._session.get(f"{self._place}/{identity}", timeout=_SECONDS)
        if told.status_code == 404:
            return None
        _check(told)
        return told.json()


def create_body(batch: Batch) -> dict[str, Any]:
    """A `Batch` resource: what is sent to create it."""
    it, conf = batch.settings, dict(batch.conf)
    if batch.environment:
        python = f"./{ENVIRONMENT}/bin/python"
        conf |= {
            "spark.dataproc.driverEnv.PYSPARK_PYTHON": python,
            "spark.executorEnv.PYSPARK_PYTHON": python,
        }
    execution: dict[str, Any] = {
        "serviceAccount": it["service-account"],
        "subnetworkUri": it["subnetwork"],
        "kmsKey": it["kms-key"],
        "ttl": f"{60 * batch.limit_minutes}s",
    }
    environment: dict[str, Any] = {"executionConfig": execution}
    if it.get("history-server"):
        history = {"dataprocCluster": it["history-server"]}
        environment["peripheralsConfig"] = {"sparkHistoryServerConfig": history}
    return {
        "labels": batch.labels,
        "pysparkBatch": {
            "mainPythonFileUri": batch.main,
            "args": batch.arguments,
            "pythonFileUris": [batch.wheel],
            "archiveUris": [f"{batch.environment}#{ENVIRONMENT}"] if batch.environment else [],
            "jarFileUris": batch.jars,
        },
        "runtimeConfig": {"version": it["runtime"], "properties": conf},
        "environmentConfig": environment,
    }


def _run(told: dict[str, Any]) -> Run:
    from pipelines.submit import Run

    log = told.get("runtimeInfo", {}).get("outputUri", "")
    identity = told["name"].rpartition("/")[2]
    return Run(identity, _STATES[told["state"]], log, told.get("stateMessage", ""))


def _check(told: Any) -> None:
    if told.status_code >= 400:
        raise LandfallError(
            f"Dataproc refused: {told.status_code} {told.text.strip()[:300]}",
            fix="Check this identity's roles (dataproc.editor, and user of the batch's service account).",
        )
