"""The few questions that a program may put to a cloud while it is planned, and what a plan answers.

Each makes something that must be there first: Google makes a service's agent when somebody looks up who it is
(`infra/gcp/agents.py`). Reviewed one by one; every other question is an error, because a plan is made with no
cloud. Leaves out stack references, which are answered by the stacks' own plans.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.plan.outputs import ACCOUNT

_AGENTS = {
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": (
        f"service-{ACCOUNT}@gs-project-accounts.iam.gserviceaccount.com"
    ),
    "gcp:bigquery/getDefaultServiceAccount:getDefaultServiceAccount": (
        f"bq-{ACCOUNT}@bigquery-encryption.iam.gserviceaccount.com"
    ),
    "gcp:logging/getProjectSettings:getProjectSettings": (
        f"cmek-p{ACCOUNT}@gcp-sa-logging.iam.gserviceaccount.com"
    ),
}


def answer(token: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the cloud would say, in wire names; None where the question is not one of the few."""
    email = _AGENTS.get(token)
    if email is None:
        return None
    return {
        **given,
        "id": email,
        "email": email,
        "emailAddress": email,
        "member": f"serviceAccount:{email}",
        "kmsServiceAccountId": email,
    }
