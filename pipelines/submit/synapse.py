"""Synapse Spark: a Livy batch of the Platform's pool, by its REST interface.

Livy gives every batch a number of its own and knows no idempotent start: two that start the same batch in
the same second get two runs, of which the second finds the month done. The pool has no token of its own that the
catalog takes (Synapse makes tokens for a few services of Azure only), so the batch is given that of the pod that
asks for it, which ends with the pod. Source:
https://learn.microsoft.com/rest/api/synapse/data-plane/spark-batch/create-spark-batch-job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError, MissingTool
from landfall.platform import Platform
from pipelines.sign_in import spark_conf
from pipelines.submit.batch import ENVIRONMENT, Batch

if TYPE_CHECKING:
    from pipelines.submit import Run, State

SCOPE = "https://dev.azuresynapse.net/.default"
_SECONDS = 60
_PAGE = 100
_SIZE = {
    "driverMemory": "28g", "driverCores": 4, "executorMemory": "28g", "executorCores": 4,
    "numExecutors": 2,
}  # fmt: skip
"""What a node of the size Small holds, the least that the stack makes: https://learn.microsoft.com/azure/
synapse-analytics/spark/apache-spark-pool-configurations."""
_STATES: dict[str, State] = {
    "not_started": "waiting", "starting": "waiting", "recovering": "waiting", "idle": "running",
    "running": "running", "busy": "running", "shutting_down": "running", "success": "succeeded",
    "error": "failed", "dead": "failed", "killed": "cancelled",
}  # fmt: skip


class Synapse:
    """See `pipelines.submit.Submitter`. The Platform's `spark.master` is the pool's Livy address."""

    def __init__(self, platform: Platform) -> None:
        try:
            import requests
            from azure.identity import DefaultAzureCredential
        except ImportError as error:
            raise MissingTool(
                f"Azure's client for Python is not installed ({error.name}).",
                fix="Install the project's group `clouds`: uv pip install --group clouds",
            ) from None
        self._session = requests.Session()
        self._credential = DefaultAzureCredential()
        self._place = f"{platform.spark.master}/batches"
        self._platform = platform

    def latest(self, name: str) -> tuple[int, Run | None]:
        found: list[dict[str, Any]] = []
        start = 0
        while True:
            page = self._ask("GET", "", params={"from": start, "size": _PAGE, "detailed": "true"})
            sessions = page.get("sessions") or []
            found += [one for one in sessions if _batch_of(one) == name]
            start += len(sessions)
            if len(sessions) < _PAGE:
                break
        if not found:
            return 0, None
        last = max(found, key=lambda one: int(one["id"]))
        return int(last["name"].rpartition(".")[2]), _run(last)

    def start(self, batch: Batch, number: int) -> Run:
        body = create_body(batch, number)
        # Not among the batch's own settings: they are compared and told, and this is a secret.
        body["conf"] |= spark_conf(self._platform)
        return _run(self._ask("POST", "", params={"detailed": "true"}, json=body))

    def look(self, run: Run) -> Run:
        return _run(self._ask("GET", f"/{run.id}", params={"detailed": "true"}))

    def _ask(self, verb: str, path: str, **parts: Any) -> dict[str, Any]:
        token = self._credential.get_token(SCOPE).token
        told = self._session.request(
            verb, self._place + path, headers={"Authorization": f"Bearer {token}"},
            timeout=_SECONDS, **parts,
        )  # fmt: skip
        if told.status_code >= 400:
            raise LandfallError(
                f"Synapse refused: {told.status_code} {told.text.strip()[:300]}",
                fix="Check that this identity has Synapse's role Compute Operator in the workspace.",
            )
        return told.json()


def create_body(batch: Batch, number: int) -> dict[str, Any]:
    """What is sent to create the batch."""
    conf = dict(batch.conf)
    if batch.environment:
        python = f"./{ENVIRONMENT}/bin/python"
        conf |= {
            "spark.yarn.appMasterEnv.PYSPARK_PYTHON": python,
            "spark.executorEnv.PYSPARK_PYTHON": python,
        }
    conf.pop("spark.jars", None)  # the same jars, which `jars` names
    return {
        "name": f"{batch.name}.{number}",
        "file": batch.main,
        "args": batch.arguments,
        "pyFiles": [batch.wheel],
        "archives": [f"{batch.environment}#{ENVIRONMENT}"] if batch.environment else [],
        "jars": batch.jars,
        "conf": conf,
        "tags": batch.labels,
        **_SIZE,
    }


def _batch_of(told: dict[str, Any]) -> str:
    return (told.get("name") or "").rpartition(".")[0]


def _run(told: dict[str, Any]) -> Run:
    from pipelines.submit import Run

    info = told.get("appInfo") or {}
    reasons = [one.get("message", "") for one in told.get("errorInfo") or []]
    log = info.get("driverLogUrl") or info.get("sparkUiUrl") or ""
    return Run(str(told["id"]), _STATES[told["state"]], log, "; ".join(filter(None, reasons)))
