"""Customer-managed keys: one a domain, rotated every 90 days, used by Google's agents and nobody else.

People and workloads hold no right on a key: the services encrypt for them. Leaves out the key of the audit
logs, which lies with them (`infra/gcp/audit.py`), and that of the budget's messages (`infra/gcp/budget.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import kms, projects

from infra import contract
from infra.gcp.agents import MADE, USES_KEY, key_user
from infra.gcp.provider import LABELS_OF_ADOPTED
from infra.gcp.tenancy import cloud, strict
from infra.gcp.waiting import after
from infra.scope import Scope
from landfall.intent import Intent

ROTATION = "7776000s"
"""90 days: CIS Google Cloud 1.10."""
KEPT = "2592000s"
"""30 days between asking for a key version's destruction and its end; Google's longest is 120."""


def agents_for(intent: Intent, domain: str) -> list[str]:
    """The services whose agent uses a domain's key, without those that the intent does not ask for."""
    unused = set()
    if intent.warehouse.engine != "bigquery":
        unused.add("bigquery")
    if intent.orchestration.airflow != "managed":
        unused.add("composer")
    return [one for one in USES_KEY[domain] if one not in unused]


def ask_for_agents(
    scope: Scope,
    parent: pulumi.Resource,
    organization: contract.Organization,
    wanted: set[str],
) -> dict[str, projects.ServiceIdentity]:
    """Have Google make the agents that a new project lacks; service → agent. Asking twice does no harm."""
    return {
        one: projects.ServiceIdentity(
            f"agent-{one}",
            project=organization.tenancy,
            service=f"{one}.googleapis.com",
            opts=scope.child(parent),
        )
        for one in sorted(wanted & MADE)
    }


def ring(
    scope: Scope, parent: pulumi.Resource, purpose: str, project: pulumi.Input[str]
) -> kms.KeyRing:
    """A key ring in the stack's region."""
    return kms.KeyRing(
        purpose,
        name=scope.name("key-ring", purpose),
        project=project,
        location=cloud(scope.intent).region,
        opts=scope.stateful(parent),
    )


def key(
    scope: Scope,
    parent: pulumi.Resource,
    domain: str,
    key_ring: kms.KeyRing,
    users: Sequence[tuple[str, pulumi.Input[str]]],
    waits: Sequence[pulumi.Resource] = (),
) -> pulumi.Output[str]:
    """A key and the grants on it; `users` are (logical name, member). Its id comes after the grants."""
    made = kms.CryptoKey(
        domain,
        name=scope.name("key", domain),
        key_ring=key_ring.id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=ROTATION,
        destroy_scheduled_duration=KEPT,
        version_template=kms.CryptoKeyVersionTemplateArgs(
            algorithm="GOOGLE_SYMMETRIC_ENCRYPTION",
            protection_level="HSM" if strict(scope.intent) else "SOFTWARE",
        ),
        labels=scope.labels,
        opts=scope.stateful(parent),
    )
    return _granted(scope, parent, domain, made.id, users, waits)


def adopted_key(
    scope: Scope,
    parent: pulumi.Resource,
    users: Sequence[tuple[str, pulumi.Input[str]]],
    waits: Sequence[pulumi.Resource],
) -> pulumi.Output[str]:
    """The client's own key for the lake: imported, its rotation and protection left as they are."""
    whole = scope.intent.network.adopt.key or ""
    key_ring, _, name = whole.partition("/cryptoKeys/")
    made = kms.CryptoKey(
        "data",
        name=name,
        key_ring=key_ring,
        opts=scope.stateful(
            parent,
            import_=whole,
            ignore_changes=[
                *LABELS_OF_ADOPTED, "rotationPeriod", "versionTemplate", "destroyScheduledDuration", "purpose",
                "importOnly", "cryptoKeyBackend", "keyAccessJustificationsPolicy", "deletionPolicy",
            ],
        ),
    )  # fmt: skip
    return _granted(scope, parent, "data", made.id, users, waits)


def _granted(
    scope: Scope,
    parent: pulumi.Resource,
    domain: str,
    key_id: pulumi.Output[str],
    users: Sequence[tuple[str, pulumi.Input[str]]],
    waits: Sequence[pulumi.Resource],
) -> pulumi.Output[str]:
    grants = [
        kms.CryptoKeyIAMMember(
            f"{domain}-{logical}",
            crypto_key_id=key_id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=member,
            opts=scope.child(parent, depends_on=list(waits)),
        )
        for logical, member in users
    ]
    return after(key_id, grants)


def platform_keys(
    scope: Scope, parent: pulumi.Resource, organization: contract.Organization
) -> dict[str, pulumi.Output[str]]:
    """The keys of every domain but the logs', each usable by its services' agents."""
    used = {one for domain in USES_KEY for one in agents_for(scope.intent, domain)}
    made = ask_for_agents(scope, parent, organization, used)
    key_ring = ring(scope, parent, "platform", organization.tenancy)
    keys: dict[str, pulumi.Output[str]] = {}
    for domain in contract.KEY_DOMAINS:
        if domain == "logs":
            continue
        wanted = agents_for(scope.intent, domain)
        users = [
            (one, key_user(scope, one, organization.tenancy, organization.number)) for one in wanted
        ]
        waits = [made[one] for one in wanted if one in made]
        if domain == "data" and scope.intent.network.adopt.key:
            keys[domain] = adopted_key(scope, parent, users, waits)
        else:
            keys[domain] = key(scope, parent, domain, key_ring, users, waits)
    return keys
