"""Which projects a stack lives in, and what lies above them: known before anything is built.

An adopted project keeps its id; a created one's follows from the intent, so every stack of a client
computes the same. Leaves out making them (`infra/gcp/organization.py`).
"""

from __future__ import annotations

from landfall.errors import LandfallError
from landfall.intent import Intent
from landfall.intent.cloud import Gcp
from landfall.naming import name


def cloud(intent: Intent) -> Gcp:
    """The intent's cloud, which is Google's."""
    if not isinstance(intent.cloud, Gcp):
        raise LandfallError(f"This intent is for {intent.cloud.provider}, not Google Cloud.")
    return intent.cloud


def above(intent: Intent) -> str:
    """What projects are created in: `folders/N` or `organizations/N`; empty where one is adopted."""
    place = cloud(intent)
    return "" if place.project else (place.folder or place.organization or "")


def project_id(intent: Intent, purpose: str = "platform") -> str:
    """The id of the adopted project, or of the one created for `purpose` (`platform`, `audit`)."""
    place = cloud(intent)
    if place.project:
        return place.project
    # Ids are unique among all customers: the digest is salted with who owns the project.
    salt = f"{above(intent)} {place.billing_account}"
    return name("gcp.project", intent.client.slug, intent.environment, purpose, salt)


def strict(intent: Intent) -> bool:
    """Whether the stack is built for production: several zones, long retention, every lock."""
    return intent.environment == "prod"
