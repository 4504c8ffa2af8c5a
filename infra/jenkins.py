"""How Jenkins comes in without a key: the subjects and audiences of its OIDC tokens, the same on every cloud.

Jenkins signs a token a build whose subject is `landfall:` and the full name of the job (a claim template of the
`oidc-provider` plugin, which refuses a value that a parameter tries to override), and whose audience is that of the
credential which the step asked for. So the subject says what is built, the audience for what; a pull request's job
has another name and is trusted by nobody. The data jobs get no identity of their own: they become the workloads whose
steps they run, as the platform's pods do. Source: the plugin's README and IdTokenCredentials.java, 2026-11.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from landfall.intent import Intent

Role = Literal["preview", "deploy", "data"]
ROLES: tuple[Role, ...] = ("preview", "deploy", "data")
AUDIENCES: dict[Role, str] = {
    "preview": "landfall-preview",
    "deploy": "landfall-deploy",
    "data": "landfall-data",
}
JOBS: dict[Role, tuple[str, ...]] = {
    "preview": ("infra", "nightly", "destroy", "upgrade"),
    "deploy": ("infra", "destroy", "upgrade"),
    "data": ("ml", "pipelines", "rollback"),
}
"""The client's jobs whose builds may ask for the role."""
PREVIEW_GROUP = "landfall-preview"
"""What a cluster calls the preview role where it knows a cloud's identity by a group only."""
SECRETS = ("jenkins-login", "jenkins-read", "jenkins-scm", "jenkins-git")
"""What a person puts into the cloud's secret store before a controller of the platform's own is built."""
BRANCHING = ("infra", "pipelines")
"""Jobs with a job of its own for each branch; of these, one branch alone is trusted."""
ACTS: dict[str, tuple[str, ...]] = {
    "ingest": ("ml", "pipelines"),
    "transform": ("ml", "pipelines"),
    "train": ("ml", "pipelines", "rollback"),
}
"""Workload (`pipelines/orchestration.py`, Task.acts_as) → the data jobs that may become it."""


def subjects(intent: Intent, role: Role) -> dict[str, str]:
    """Job → subject of its tokens, for the intent's client and branch."""
    assert intent.jenkins is not None
    folder = f"landfall:{intent.client.slug}"
    branch = quote(intent.jenkins.branch, safe="-_.")  # as Jenkins writes a branch in a job's name
    return {
        job: f"{folder}/{job}/{branch}" if job in BRANCHING else f"{folder}/{job}"
        for job in JOBS[role]
    }


def workers(intent: Intent, workload: str) -> dict[str, str]:
    """Job → subject, of the data jobs that may become the workload; none where the intent names no Jenkins."""
    if intent.jenkins is None:
        return {}
    return {
        job: subject
        for job, subject in subjects(intent, "data").items()
        if job in ACTS.get(workload, ())
    }
