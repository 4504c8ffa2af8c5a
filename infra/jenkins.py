"""How Jenkins comes in without a key: the subjects and audiences of its OIDC tokens, the same on every cloud.

Jenkins signs a token a build whose subject is `landfall:` and the full name of the job (a claim template of the
`oidc-provider` plugin, which refuses a value that a parameter tries to override), and whose audience is that of the
credential which the step asked for. So the subject says what is built, the audience for what; a pull request's job
has another name and is trusted by nobody. Source: the plugin's README and IdTokenCredentials.java, 2026-11.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from landfall.intent import Intent

Role = Literal["preview", "deploy"]
ROLES: tuple[Role, ...] = ("preview", "deploy")
AUDIENCES: dict[Role, str] = {"preview": "landfall-preview", "deploy": "landfall-deploy"}
JOBS: dict[Role, tuple[str, ...]] = {
    "preview": ("infra", "nightly", "destroy", "upgrade"),
    "deploy": ("infra", "destroy", "upgrade"),
}
"""The client's jobs whose builds may ask for the role; of `infra`, which builds every branch, one branch alone."""


def subjects(intent: Intent, role: Role) -> dict[str, str]:
    """Job → subject of its tokens, for the intent's client and branch."""
    assert intent.jenkins is not None
    folder = f"landfall:{intent.client.slug}"
    branch = quote(intent.jenkins.branch, safe="-_.")  # as Jenkins writes a branch in a job's name
    return {
        job: f"{folder}/infra/{branch}" if job == "infra" else f"{folder}/{job}"
        for job in JOBS[role]
    }
