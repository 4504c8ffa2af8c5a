"""The first stage of every job: may this build do this to this stack at all. Nothing is begun before the answer.

Judges the words that Jenkins hands over (stack, branch, fork); the clouds judge the token, so a build that lies here
gains nothing. Leaves out approvals (`approval.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from landfall.errors import Refused
from landfall.project import Project, environment

if TYPE_CHECKING:
    from landfall.intent import Intent


class Job(StrEnum):
    """What a build wants."""

    plan = "plan"
    preview = "preview"
    up = "up"
    destroy = "destroy"
    drift = "drift"
    data = "data"
    """A month's steps, or what is done to its models."""


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
    """Which of Jenkins' credentials the job is handed: `landfall-preview`, `landfall-deploy`, `landfall-data`, or none."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return dict(vars(self))


_CREDENTIALS = {
    Job.plan: "", Job.preview: "landfall-preview", Job.drift: "landfall-preview",
    Job.up: "landfall-deploy", Job.destroy: "landfall-deploy", Job.data: "landfall-data",
}  # fmt: skip


def admit(
    intent: Intent, stack: str, job: Job, *, branch: str = "", fork: bool = False
) -> Admitted:
    """The build's admission; raises Refused with the rule that it breaks."""
    local = intent.cloud.provider == "local"
    if local and job is Job.data:
        _keeps_its_home(stack)
    elif job is not Job.plan:
        _credentialed(intent, stack, job, fork)
    if job in (Job.up, Job.destroy):
        _deploys(intent, stack, job, branch)
    if job is Job.data and not local:
        _on_its_branch(
            intent, stack, job, branch, "The clouds trust the data jobs of that branch alone."
        )
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
    _on_its_branch(
        intent,
        stack,
        job,
        branch,
        "The clouds trust the deploy role's tokens of that branch alone.",
    )
    if not jenkins.approvers and (intent.environment == "prod" or job is Job.destroy):
        raise Refused(
            f"{stack} has nobody who may approve.",
            fix="Name them: jenkins.approvers in the intent.",
        )


def _on_its_branch(intent: Intent, stack: str, job: Job, branch: str, so: str) -> None:
    jenkins = intent.jenkins
    assert jenkins is not None
    if branch != jenkins.branch:
        does = "run data steps on" if job is Job.data else str(job)
        raise Refused(
            f"Branch '{branch}' may not {does} {stack}; only '{jenkins.branch}' may.",
            so=so,
            fix=f"Merge into {jenkins.branch}, or preview: landfall stack preview {stack} --release DIR",
        )


def _keeps_its_home(stack: str) -> None:
    """A stage's agent is a new pod: a home inside of it would be gone before the next stage looks for it."""
    if environment("BUILD_URL") and not environment("LANDFALL_HOME"):
        raise Refused(
            f"The home of {stack} would be this agent's own, and be gone with it.",
            so="The next stage, and the next month, would find nothing of this one.",
            fix="Mount one volume in all agents and set LANDFALL_HOME to it (docs/jenkins.md), or name a cloud's stack.",
        )


def knows_its_platform(project: Project, intent: Intent, stack: str) -> None:
    """Raise where a cloud's stack could not be run on: its Platform is not here, or names nobody to become."""
    if intent.cloud.provider == "local":
        return
    from infra.jenkins import ACTS
    from landfall.platform_file import load_platform

    missing = [one for one in ACTS if not load_platform(project, stack).identities.get(one)]
    if missing:
        raise Refused(
            f"The Platform of {stack} does not say what a build becomes to {', '.join(missing)}.",
            so="It was shared by an older version; no cloud would take the build's token.",
            fix=f"Apply the stack with this version, then: landfall platform show {stack} --share",
        )
