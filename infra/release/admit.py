"""The first stage of every job: may this build do this to this stack at all. Nothing is begun before the answer.

Judges the words that Jenkins hands over (stack, branch, fork); the clouds judge the token, so a build that lies here
gains nothing. Leaves out approvals (`approval.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from landfall.errors import Refused

if TYPE_CHECKING:
    from landfall.intent import Intent


class Job(StrEnum):
    """What a build wants."""

    plan = "plan"
    preview = "preview"
    up = "up"
    destroy = "destroy"
    drift = "drift"


@dataclass(frozen=True)
class Admitted:
    """A build that may go on. JSON as `landfall stack admit --output json` prints it."""

    stack: str
    job: str
    client: str
    environment: str
    cloud: str
    branch: str
    approvers: list[str]
    credentials: str
    """Which of Jenkins' credentials the job is handed: `landfall-preview`, `landfall-deploy`, or none."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return dict(vars(self))


_CREDENTIALS = {
    Job.plan: "", Job.preview: "landfall-preview", Job.drift: "landfall-preview",
    Job.up: "landfall-deploy", Job.destroy: "landfall-deploy",
}  # fmt: skip


def admit(
    intent: Intent, stack: str, job: Job, *, branch: str = "", fork: bool = False
) -> Admitted:
    """The build's admission; raises Refused with the rule that it breaks."""
    if job is not Job.plan:
        _credentialed(intent, stack, job, fork)
    if job in (Job.up, Job.destroy):
        _deploys(intent, stack, job, branch)
    return Admitted(
        stack, str(job), intent.client.slug, intent.environment, intent.cloud.provider, branch,
        sorted(intent.jenkins.approvers) if intent.jenkins else [], _CREDENTIALS[job],
    )  # fmt: skip


def _credentialed(intent: Intent, stack: str, job: Job, fork: bool) -> None:
    if fork:
        raise Refused(
            f"A fork's change may not {job} {stack}: it would be handed credentials.",
            so="It is planned only, which needs none.",
            fix="A maintainer reviews the change and pushes it to a branch of this repository.",
        )
    if intent.cloud.provider == "local":
        raise Refused(
            f"{stack} is a machine's own stack: there is nothing to {job}.",
            fix=f"Run it: landfall run --all --stack {stack}",
        )
    if intent.jenkins is None:
        raise Refused(
            f"The intent of {stack} names no Jenkins.",
            so="No identity of the cloud trusts this build.",
            fix="Add `jenkins` to the intent (docs/intent.md) and apply it once by hand.",
        )


def _deploys(intent: Intent, stack: str, job: Job, branch: str) -> None:
    jenkins = intent.jenkins
    assert jenkins is not None
    if branch != jenkins.branch:
        raise Refused(
            f"Branch '{branch}' may not {job} {stack}; only '{jenkins.branch}' may.",
            so="The clouds trust the deploy role's tokens of that branch alone.",
            fix=f"Merge into {jenkins.branch}, or preview: landfall stack preview {stack} --release DIR",
        )
    if not jenkins.approvers and (intent.environment == "prod" or job is Job.destroy):
        raise Refused(
            f"{stack} has nobody who may approve.",
            fix="Name them: jenkins.approvers in the intent.",
        )
