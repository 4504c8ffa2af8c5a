"""Organization policies: what nobody in the project can do, whoever they are.

A pure table from the intent; `infra/gcp/organization.py` attaches it to the folder that was created or
to the project that was adopted. Source: https://cloud.google.com/resource-manager/docs/organization-policy/
org-policy-constraints, as of 2026-11-24. Leaves out `iam.allowedPolicyMemberDomains` and the other
constraints whose values only the client knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from landfall.intent import Intent
from landfall.intent.rules.place import allowed_regions

ENFORCED = (
    # No long-lived keys.
    "iam.disableServiceAccountKeyCreation",
    "iam.disableServiceAccountKeyUpload",
    # Google would otherwise make its default service accounts editors of the project.
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    # Nothing public.
    "storage.publicAccessPrevention",
    "storage.uniformBucketLevelAccess",
    "sql.restrictPublicIp",
    "sql.restrictAuthorizedNetworks",
    # Machines.
    "compute.requireOsLogin",
    "compute.requireShieldedVm",
    "compute.disableSerialPortAccess",
    "compute.disableNestedVirtualization",
    "compute.skipDefaultNetworkCreation",
)
CMEK_SERVICES = (
    "artifactregistry", "bigquery", "composer", "pubsub", "secretmanager", "sqladmin", "storage",
)  # fmt: skip
"""Where every resource must have a customer-managed key. Left out are services in which Google's own
machinery makes resources without one: disks of clusters (`compute`) and batches (`dataproc`)."""


@dataclass(frozen=True)
class Guardrail:
    """One constraint: enforced where no list is given."""

    constraint: str
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    deny_all: bool = False

    @property
    def logical_name(self) -> str:
        return self.constraint.rpartition(".")[2]


def guardrails(intent: Intent) -> list[Guardrail]:
    """The constraints in force for this intent."""
    found = [Guardrail(constraint) for constraint in ENFORCED]
    found.append(Guardrail("compute.vmExternalIpAccess", deny_all=True))
    found.append(Guardrail("gcp.restrictTLSVersion", denied=("TLS_VERSION_1", "TLS_VERSION_1_1")))
    found.append(
        Guardrail(
            "gcp.restrictNonCmekServices",
            denied=tuple(f"{one}.googleapis.com" for one in CMEK_SERVICES),
        )
    )
    regions = allowed_regions(intent)
    if regions is not None:
        found.append(
            Guardrail(
                "gcp.resourceLocations",
                allowed=tuple(f"in:{region}-locations" for region in sorted(regions)),
            )
        )
    return found
