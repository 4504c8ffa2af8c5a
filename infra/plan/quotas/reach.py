"""From where a stack that builds a cluster can be applied: charts go through the cluster's API, which most networks hide.

Read from plan and intent alone, so nothing is asked of an account. Google's clusters have a DNS name at which IAM decides;
they need nothing. Leaves out whether a machine stands inside the network: nobody but its owner knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.plan.model import Plan
from infra.plan.policies.network import AKS, EKS
from infra.plan.quotas.base import Need

if TYPE_CHECKING:
    from landfall.intent import Intent


def needs(plan: Plan, intent: Intent) -> Iterator[Need]:
    """Where the cluster's API lets in whoever applies, and on AWS as whom; nothing for a stack without a cluster."""
    clusters = tuple(one.name for one in plan.of_type(EKS, AKS))
    if not clusters:
        return
    listed = ", ".join(intent.network.api_from)
    yield Need(
        "reach", "the cluster's API", "api", str(getattr(intent.cloud, "region", "")), why=clusters,
        said=f"from {listed} and from inside the network" if listed else "from inside the network only",
        text="" if listed else "Whoever applies this stack stands inside its network (a VPN, a machine there, a Jenkins "
        "with agents there), or network.api_from names the public ranges that the apply comes from: else it ends where the "
        "first chart is installed.",
    )  # fmt: skip
