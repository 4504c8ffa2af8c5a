"""Azure's built-in policies that guard the subscription: which, with what effect, and where each id is from.

As of 2026-11-24. Ids and names: https://learn.microsoft.com/azure/governance/policy/samples/built-in-policies
and …/built-in-initiatives, each found again in public repositories that assign it. Leaves out HIPAA's
initiative, whose parameters (certificate thumbprints, names of local administrators) have no default and
concern virtual machines that we do not build, and policies of our own (`infra/plan/policies/` checks the plan).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from landfall.intent import Intent
from landfall.intent.rules.place import allowed_regions

AS_OF = "2026-11-24"
_DEFINITION = "/providers/Microsoft.Authorization/policyDefinitions/"
_INITIATIVE = "/providers/Microsoft.Authorization/policySetDefinitions/"


@dataclass(frozen=True)
class Guardrail:
    """One assignment: its logical name, the built-in definition, the parameters."""

    name: str
    title: str
    definition: str
    parameters: dict[str, Any] = field(default_factory=dict)
    identity: bool = False
    """Whether the initiative holds effects that act, for which Azure demands an identity. It gets no
    role, so nothing is changed: the initiative only reports."""
    spares_managed_groups: bool = False
    """Whether groups that managed services make for themselves are left out."""


def _deny(name: str, title: str, definition: str, effect: str = "Deny") -> Guardrail:
    return Guardrail(name, title, _DEFINITION + definition, {"effect": effect})


ALWAYS: tuple[Guardrail, ...] = (
    Guardrail(
        "no-public-addresses",
        "Network interfaces should not have public IPs",
        _DEFINITION + "83a86a26-fd1f-447c-b59d-e51f44264114",
    ),
    _deny(
        "no-anonymous-blobs",
        "Storage account public access should be disallowed",
        "4fa4b6c0-31ca-4c0d-b10d-24b96f62a751",
        "deny",
    ),
    _deny(
        "no-public-storage",
        "Storage accounts should disable public network access",
        "b2982f36-99f2-4db5-8eff-283140c09693",
    ),
    _deny(
        "no-storage-keys",
        "Storage accounts should prevent shared key access",
        "8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54",
    ),
    _deny(
        "storage-by-https",
        "Secure transfer to storage accounts should be enabled",
        "404c3081-a854-4457-ae30-26a93ef643f9",
    ),
    # The built-in knows Audit and Disabled only.
    _deny(
        "storage-own-key",
        "Storage accounts should use customer-managed key for encryption",
        "6fac406b-40ca-413b-bf8e-0bf964659c25",
        "Audit",
    ),
    _deny(
        "vaults-keep-deleted",
        "Key vaults should have deletion protection enabled",
        "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
    ),
    _deny(
        "no-public-vaults",
        "Azure Key Vault should disable public network access",
        "405c5871-3e91-4644-8a63-58e19d68ff5b",
    ),
    _deny(
        "private-clusters",
        "Azure Kubernetes Service Private Clusters should be enabled",
        "040732e8-d947-40b8-95d6-854c95024bf8",
    ),
    _deny(
        "no-cluster-passwords",
        "Azure Kubernetes Service Clusters should have local authentication methods disabled",
        "993c2fcd-2b29-49d2-9eb0-df2c3a730c32",
    ),
    _deny(
        "cluster-disks-own-key",
        "Both operating systems and data disks in AKS clusters should be encrypted by customer-managed keys",
        "7d7be79c-23ba-4033-84dd-45e2a5ccdd67",
    ),
    # Pod Security admission in the namespaces refuses; this reports what slipped past it.
    Guardrail(
        "pods-baseline",
        "Kubernetes cluster pod security baseline standards for Linux-based workloads",
        _INITIATIVE + "a8640138-9b0a-4a28-b8cb-1666c838647d",
        {"effect": "audit"},
    ),
    Guardrail(
        "groups-say-whose",
        "Require a tag on resource groups",
        _DEFINITION + "96670d01-0a4d-4649-9c89-2d3abc0a5025",
        {"tagName": "managed-by"},
        spares_managed_groups=True,
    ),
)

STANDARDS: dict[str, Guardrail] = {
    "cis": Guardrail(
        "cis",
        "CIS Microsoft Azure Foundations Benchmark v2.0.0",
        _INITIATIVE + "06f19060-9e68-4070-92ca-f15cc126059e",
        identity=True,
    ),
    "iso-27001": Guardrail(
        "iso-27001",
        "ISO/IEC 27001:2022",
        _INITIATIVE + "5e4ff661-23bf-42fa-8e3a-309a55091cc7",
        identity=True,
    ),
    "pci-dss": Guardrail(
        "pci-dss", "PCI DSS v4", _INITIATIVE + "c676748e-3af9-4e22-bc28-50feed564afb", identity=True
    ),
    "soc2": Guardrail(
        "soc2",
        "SOC 2 Type 2",
        _INITIATIVE + "4054785f-702b-4a98-9215-009cbd58b141",
        identity=True,
    ),
}
"""Azure's own initiative of a standard, which audits; GDPR has none."""


def guardrails(intent: Intent) -> list[Guardrail]:
    """What the intent asks for: the residency's regions, what always holds, and the standards named."""
    wanted: list[Guardrail] = []
    allowed = allowed_regions(intent)
    if allowed is not None:
        regions = {"listOfAllowedLocations": sorted(allowed)}
        wanted += [
            Guardrail(
                "regions",
                "Allowed locations",
                _DEFINITION + "e56962a6-4747-49cd-b67b-bf8b01975c4c",
                regions,
            ),
            Guardrail(
                "group-regions",
                "Allowed locations for resource groups",
                _DEFINITION + "e765b5de-1225-4ba3-bd56-1ac6695af988",
                regions,
            ),
        ]
    # An API that `network.api_from` opens is no private cluster's; authorized ranges hold it instead.
    wanted += [
        one for one in ALWAYS if one.name != "private-clusters" or not intent.network.api_from
    ]
    wanted += [STANDARDS[name] for name in intent.compliance if name in STANDARDS]
    return wanted
