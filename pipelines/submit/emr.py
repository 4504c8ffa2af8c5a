"""EMR Serverless: a job run of the Platform's application, by boto3.

The names of job runs are free, so a batch's runs are those that carry its name and number. A start is
repeated safely: its client token is made of the same. The driver's log is in the artifacts zone, where the
application writes it. Source: https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_StartJobRun.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError, MissingTool
from landfall.platform import Platform
from pipelines.secret import REGION
from pipelines.submit.batch import ENVIRONMENT, Batch

if TYPE_CHECKING:
    from pipelines.submit import Run, State

LOGS = "spark/logs"
"""Where infra/aws/spark.py lets the application write, in the artifacts zone."""
_STATES: dict[str, State] = {
    "SUBMITTED": "waiting", "PENDING": "waiting", "SCHEDULED": "waiting", "QUEUED": "waiting",
    "RUNNING": "running", "CANCELLING": "running",
    "SUCCESS": "succeeded", "FAILED": "failed", "CANCELLED": "cancelled",
}  # fmt: skip


class Emr:
    """See `pipelines.submit.Submitter`. The Platform's `spark.master` is the application's id."""

    def __init__(self, platform: Platform) -> None:
        try:
            from boto3.session import Session
        except ImportError:
            raise MissingTool(
                "The AWS SDK for Python (boto3) is not installed.",
                fix="Install the project's group `clouds`: uv pip install --group clouds",
            ) from None
        region = platform.storage.options.get(REGION)
        self._client: Any = Session(region_name=region).client("emr-serverless")
        self._platform = platform
        self._application = platform.spark.master

    def latest(self, name: str) -> tuple[int, Run | None]:
        pages = self._client.get_paginator("list_job_runs").paginate(
            applicationId=self._application
        )
        found = [one for page in pages for one in page["jobRuns"] if _batch_of(one) == name]
        if not found:
            return 0, None
        last = max(found, key=lambda one: _number_of(one))
        return _number_of(last), self._run(last, last["id"])

    def start(self, batch: Batch, number: int) -> Run:
        told = self._client.start_job_run(**start_request(self._application, batch, number))
        return self._look(told["jobRunId"])

    def look(self, run: Run) -> Run:
        return self._look(run.id)

    def _look(self, identity: str) -> Run:
        told = self._client.get_job_run(applicationId=self._application, jobRunId=identity)
        return self._run(told["jobRun"], identity)

    def _run(self, told: dict[str, Any], identity: str) -> Run:
        from pipelines.submit import Run

        log = (
            f"{self._platform.storage.artifacts}/{LOGS}/applications/{self._application}"
            f"/jobs/{identity}/SPARK_DRIVER/stderr.gz"
        )
        return Run(identity, _STATES[told["state"]], log, told.get("stateDetails", ""))


def start_request(application: str, batch: Batch, number: int) -> dict[str, Any]:
    """The parameters of StartJobRun."""
    token = f"{batch.name}.{number}"
    return {
        "applicationId": application,
        "clientToken": token,
        "name": token,
        "executionRoleArn": batch.settings["execution-role"],
        "jobDriver": {
            "sparkSubmit": {
                "entryPoint": batch.main,
                "entryPointArguments": batch.arguments,
                "sparkSubmitParameters": _parameters(batch),
            }
        },
        "executionTimeoutMinutes": batch.limit_minutes,
        "tags": batch.labels,
    }


def _parameters(batch: Batch) -> str:
    conf = dict(batch.conf)
    if batch.environment:
        # https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/using-python-libraries.html
        python = f"./{ENVIRONMENT}/bin/python"
        conf |= {
            "spark.archives": f"{batch.environment}#{ENVIRONMENT}",
            "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": python,
            "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": python,
            "spark.executorEnv.PYSPARK_PYTHON": python,
        }
    if batch.jars:
        conf["spark.jars"] = ",".join([*filter(None, [conf.get("spark.jars")]), *batch.jars])
    if spaced := [key for key, value in conf.items() if any(c.isspace() for c in value)]:
        raise LandfallError(f"EMR cannot be given {spaced[0]}: its value has a blank in it.")
    told = [f"--conf {key}={value}" for key, value in sorted(conf.items())]
    return " ".join([f"--py-files {batch.wheel}", *told])


def _batch_of(told: dict[str, Any]) -> str:
    return told.get("name", "").rpartition(".")[0]


def _number_of(told: dict[str, Any]) -> int:
    return int(told["name"].rpartition(".")[2])
