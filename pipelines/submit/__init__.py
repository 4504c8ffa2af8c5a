"""A step that needs Spark, run by the Platform's managed service: submit, wait, say where its log is.

The batch's name follows from stack, month, step, code and project, so whoever asks while it runs goes on
waiting for the same one; one that has ended is run again under the next number. Leaves out what is
submitted (batch.py), how each service is spoken to (dataproc.py, emr.py, synapse.py), and steps that need no
Spark, which run where `landfall run` does.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from landfall.errors import LandfallError
from landfall.month import Month
from landfall.platform import Platform
from pipelines.submit.batch import LIMIT_MINUTES, Batch, build_batch

if TYPE_CHECKING:
    from pipelines.context import Context, Json

State = Literal["waiting", "running", "succeeded", "failed", "cancelled"]
POLL_SECONDS = 15.0


@dataclass(frozen=True)
class Run:
    """A batch as its service knows it."""

    id: str
    """The service's own id of this run."""
    state: State
    log: str
    """Where the driver's log is: a URI or an address for a browser; empty where there is none yet."""
    told: str = ""
    """What the service says of the state."""

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state in ("succeeded", "failed", "cancelled")


class Submitter(Protocol):
    """One managed Spark service."""

    def latest(self, name: str) -> tuple[int, Run | None]:
        """How many runs of this batch there were, and the last of them."""
        ...

    def start(self, batch: Batch, number: int) -> Run:
        """Start the batch's run of that number; asked twice for one number, there is one run."""
        ...

    def look(self, run: Run) -> Run:
        """The run as it is now."""
        ...


def open_submitter(platform: Platform) -> Submitter:
    """The Platform's service; raises MissingTool where its client is not installed."""
    kind = platform.spark.kind
    if kind == "dataproc-serverless":
        from pipelines.submit.dataproc import Dataproc

        return Dataproc(platform)
    if kind == "emr-serverless":
        from pipelines.submit.emr import Emr

        return Emr(platform)
    if kind == "synapse-spark":
        from pipelines.submit.synapse import Synapse

        return Synapse(platform)
    raise LandfallError(f"Spark '{kind}' takes no batches.", fix="It opens as a session instead.")


def submit_step(
    ctx: Context, month: Month, step: str, *, limit_minutes: float = LIMIT_MINUTES
) -> Json:
    """Run a step of a month in the managed service and give the result that its driver stored.

    Raises LandfallError, with the log's address, where the batch failed, and where it still runs after
    `limit_minutes`: then the same command goes on waiting for it.
    """
    batch = build_batch(ctx, month, step)
    service = open_submitter(ctx.platform)
    number, run = service.latest(batch.name)
    if run is None or run.over:
        run = service.start(batch, number + 1)
        _say(f"{ctx.platform.spark.kind}: {batch.name} submitted as {run.id}")
    else:
        _say(f"{ctx.platform.spark.kind}: {batch.name} runs already as {run.id}")
    run = _wait(service, run, batch, limit_minutes)
    if run.state != "succeeded":
        raise LandfallError(
            f"{batch.name} {run.state}: {run.told or 'the service gives no reason'}.",
            so="Nothing of the step was published beyond what its tables show; steps are safe to repeat.",
            fix=f"Read the driver's log ({run.log or run.id}), then run the same command again.",
        )
    return {**ctx.need(month, step), "batch": {"name": batch.name, "id": run.id, "log": run.log}}


def _wait(service: Submitter, run: Run, batch: Batch, limit_minutes: float) -> Run:
    deadline = time.monotonic() + 60 * limit_minutes
    told = ""
    while not run.over:
        if time.monotonic() > deadline:
            raise LandfallError(
                f"{batch.name} still is {run.state} after {limit_minutes:.0f} minutes.",
                so=f"It was left alone, as {run.id}.",
                fix=f"Run the same command again to go on waiting; its log: {run.log or '(none yet)'}",
            )
        if run.state != told:
            told = run.state
            _say(f"{batch.name}: {run.state} {run.log}".rstrip())
        time.sleep(POLL_SECONDS)
        run = service.look(run)
    return run


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
