"""From where a stack that builds a cluster can be applied: charts go through the cluster's API, which most networks hide.

Read from plan and intent alone, so nothing is asked of an account. Google's clusters have a DNS name at which IAM decides;
they need nothing. Leaves out whether a machine stands inside the network: nobody but its owner knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.plan.model import Plan
from infra.plan.policies.network import AKS, EKS
from infra.plan.query import every
from infra.plan.quotas.base import Need

if TYPE_CHECKING:
    from landfall.intent import Intent

_SHOW = {
    EKS: "aws eks describe-cluster --name {name} --query cluster.resourcesVpcConfig --region {region}",
    AKS: "az aks list --query \"[?name=='{name}'].apiServerAccessProfile\"",
}
_ENTRIES = "aws eks list-access-entries --cluster-name {name} --region {region}"
_RANGES = {EKS: "vpcConfig.publicAccessCidrs", AKS: "apiServerAccessProfile.authorizedIPRanges"}


def needs(plan: Plan, intent: Intent) -> Iterator[Need]:
    """Where the cluster's API lets in whoever applies, and on AWS as whom; nothing for a stack without a cluster."""
    found = plan.of_type(*_RANGES)
    if not found:
        return
    clusters = tuple(one.name for one in found)
    listed = ", ".join(
        str(text) for one in found for text in every(dict(one.inputs), _RANGES[one.type])
    )
    # AKS with listed ranges has no address inside the network.
    inside = " and from inside the network" if found[0].type == EKS else " only"
    region = str(getattr(intent.cloud, "region", ""))
    named = {
        "name": found[0].inputs.get("name") or found[0].inputs.get("resourceName") or "NAME",
        "region": region,
    }
    yield Need(
        "reach", "the cluster's API", "api", region, why=clusters, show=_SHOW[found[0].type].format(**named),
        said=f"from {listed}{inside}" if listed else "from inside the network only",
        text="" if listed else "Whoever applies this stack stands inside its network (a VPN, a machine there, a Jenkins "
        "with agents there), or network.api_from names the public ranges that the apply comes from: else it ends where the "
        "first chart is installed.",
    )  # fmt: skip
    yield from _administrators(clusters, intent, _ENTRIES.format(**named))


def _administrators(clusters: tuple[str, ...], intent: Intent, show: str) -> Iterator[Need]:
    """EKS lets in nobody but whom an entry names, not even the account's own administrator."""
    cloud = intent.cloud
    if cloud.provider != "aws" or not cloud.account or intent.jenkins is None:
        return
    people = [one.rpartition("/")[2] for one in cloud.administrators]
    yield Need(
        "reach", "who administers the cluster", "administrators", cloud.region, why=clusters, show=show,
        said=" and ".join(["jenkins-deploy", *people]) if people else "jenkins-deploy alone",
        text="" if people else "Jenkins' deploy role alone is let in, which the foundation has to have made before: for a "
        "first apply by a person, cloud.administrators names that person's role.",
    )  # fmt: skip
