"""Which workload a command is to the cloud, where Jenkins handed it a token: the step's own, as on the cluster.

On the cluster each step is a pod of its own and has its workload's identity from there. A build has one token, by which
the cloud lets it become any of the workloads that its job may (`infra/jenkins.py`): here one is taken. Steps of several
workloads are run as several processes, since SDKs, Spark's JVM and dbt's worker keep whom they began as. Without a token,
and on a machine of one's own, nothing of this happens. Leaves out the exchange itself (`infra/release/identity.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from infra.release.identity import TOKEN, acting
from landfall.errors import BatchFault, LandfallError, MissingTool, Refused, UsageError
from landfall.project import environment
from pipelines.context import Context, Json, open_context
from pipelines.flow import Step
from pipelines.orchestration import Workload, workload_of

_KINDS = {
    one.__name__: one for one in (BatchFault, LandfallError, MissingTool, Refused, UsageError)
}


class Stretch(NamedTuple):
    """Steps in a row that one workload runs."""

    workload: Workload
    start: str
    end: str


@contextmanager
def open_as(stack: str, workload: Workload) -> Iterator[Context]:
    """The stack's Context, within which this process is the workload to the cloud."""
    ctx = open_context(stack)
    with acting(ctx.intent, "data", ctx.platform, workload), ctx:
        yield ctx


def stretches(steps: Sequence[Step]) -> list[Stretch]:
    """The steps, parted where the workload changes."""
    found: list[Stretch] = []
    for step in steps:
        workload = workload_of(step.name)
        if found and found[-1].workload == workload:
            found[-1] = found[-1]._replace(end=step.name)
        else:
            found.append(Stretch(workload, step.name, step.name))
    return found


def becomes_several(ctx: Context, steps: Sequence[Step]) -> bool:
    """Whether these steps need more than one process: a token, a cloud, and more than one workload."""
    token = bool(environment(TOKEN)) and ctx.intent.cloud.provider != "local"
    return token and len(stretches(steps)) > 1


def run_apart(month: str, stack: str, steps: Sequence[Step], wait: float) -> Json:
    """Run a month's steps, each stretch by a command of its own; gives what one `landfall run` would have printed.

    Raises what the first command that failed told of; those after it are not begun.
    """
    done: list[Json] = []
    told: Json = {}
    for part in stretches(steps):
        words = ["--month", month, "--from", part.start, "--to", part.end, "--stack", stack]
        told = _run([*words, "--wait", str(wait), "--output", "json"])
        done += told["steps"]
    return {**told, "steps": done}


def _run(words: list[str]) -> Json:
    made = subprocess.run(
        [sys.executable, "-m", "landfall.cli", "run", *words],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    try:
        value = json.loads(made.stdout)
    except ValueError:
        value = {}
    if made.returncode == 0 and value:
        return value
    if "error" in value:
        kind = _KINDS.get(value["error"], LandfallError)
        raise kind(value["what"], so=value["so"], fix=value["fix"])
    raise LandfallError(
        f"`landfall run {' '.join(words)}` ended with exit code {made.returncode} and no reason.",
        so="What was published stays.",
        fix="Run it again; its own words, if any, stand above.",
    )
