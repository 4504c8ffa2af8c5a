"""A policy on what the cluster must be able to fetch: the images of its charts, through the client's allow-list.

Read from the charts that the plan installs and the table of registries, so a chart that is added is asked for by itself.
Leaves out our own images, which come from the platform's registry, and networks that are adopted, whose ways out are
the client's to open.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.kubernetes.charts import CHARTS
from infra.kubernetes.registries import hosts, lets_out
from infra.plan.model import Plan
from infra.plan.policies.base import Fault, over
from landfall.intent import Intent

RELEASE = "kubernetes:helm.sh/v3:Release"
_ALSO = {"cluster-autoscaler": ("registry.k8s.io",)}
"""Charts in namespaces of the cloud's own, for which the table of charts admits nothing."""


def registries(plan: Plan) -> set[str]:
    """The public registries that the plan's charts take images from."""
    found: set[str] = set()
    for release in plan.of_type(RELEASE):
        chart = CHARTS.get(release.name)
        found |= {image.partition("/")[0] for image in (chart.images if chart else ())}
        found |= set(_ALSO.get(release.name, ()))
    return found


@over(
    RELEASE,
    id="images-reachable",
    title="The cluster may fetch the images of its charts",
    rationale="What cannot be fetched never starts: the apply would wait for the first chart and fail.",
    controls={"nist-800-53-r5": ("CM-7", "SC-7"), "iso-27001-2022": ("A.8.20", "A.8.32")},
)
def _images(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    if intent is None or intent.network.adopt.network or intent.network.egress == "nat":
        return
    wanted = hosts(registries(plan), intent.cloud.provider)
    if intent.network.egress == "none":
        if wanted:
            yield Fault(
                None,
                "the charts' images come from public registries, and network.egress 'none' lets nothing out: "
                "choose allow-list with " + ", ".join(wanted),
            )
        return
    lacking = [one for one in wanted if not lets_out(intent.network.egress_domains, one)]
    if lacking:
        yield Fault(
            None,
            "the charts' images cannot be fetched: add to network.egress_domains "
            + ", ".join(lacking),
        )
