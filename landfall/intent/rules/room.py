"""Rules on what must fit: nodes into the addresses of their pods, the client's slug into the clouds' names.

Both would otherwise be found in the middle of the program, after half of a plan. Leaves out names themselves
(`landfall/naming.py`: what is cut carries a digest, so two names never meet by being cut).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from landfall import naming
from landfall.intent.rules.base import CLOUD_NAMES, Problem, rule

if TYPE_CHECKING:
    from landfall.intent import Intent

AZURE_NODES = {"dev": 8, "staging": 11, "prod": 28}
"""Nodes of the system and CPU pools when both have grown, and one more of each for an upgrade: a test holds
this to `infra/azure/cluster_config.py`."""
GCP_NODES = {"dev": 8, "staging": 8, "prod": 20}
"""The same of `infra/gcp/cluster.py`, held to it by a test, too."""
_AZURE_BLOCK = 24
"""https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay (read 2026-11): a /24 a node."""


def gcp_block(pods: int) -> int:
    """The prefix that a node gets out of a range of pods of this prefix, as `infra/gcp/addresses.py` sizes them:
    110 pods a node take a /24, 64 a /25, 32 a /26."""
    return 24 if pods <= 18 else 25 if pods == 19 else 26


@rule("network", "cloud", "layout", "ml", "environment")
def _pods_have_room(intent: Intent) -> Iterator[Problem]:
    """The half of `network.cidr` that pods get on Azure and Google Cloud has a block of addresses for every node that
    the pools may grow to. An adopted subnet's own ranges are the client's to size."""
    provider = intent.cloud.provider
    if provider not in ("azure", "gcp") or "ml" not in intent.layout.build:
        return
    whole = ipaddress.IPv4Network(intent.network.cidr)
    if not 12 <= whole.prefixlen <= 20 or (provider == "gcp" and intent.network.adopt.subnets):
        return  # told by the rule on the range itself, or not carved from it
    pools = (
        [one for one in (intent.ml.training_gpu, intent.ml.serving_gpu) if one] if intent.ml else []
    )
    steady = (AZURE_NODES if provider == "azure" else GCP_NODES)[intent.environment]
    nodes = steady + sum(one.max_nodes * len(one.capacity) for one in pools)

    def block(prefix: int) -> int:
        return _AZURE_BLOCK if provider == "azure" else gcp_block(prefix + 1)

    def room(prefix: int) -> int:
        return 2 ** (block(prefix) - prefix - 1)

    most = room(whole.prefixlen)
    if nodes > most:
        fits = next((one for one in range(whole.prefixlen, 11, -1) if room(one) >= nodes), None)
        yield Problem(
            "network.cidr",
            str(whole),
            f"has room for the pods of {most} nodes (half of it, a /{block(whole.prefixlen)} a node), but the pools may grow to {nodes}: "
            + (f"choose a /{fits} or wider, or fewer nodes" if fits else "have fewer nodes"),
            f"10.64.0.0/{fits}" if fits else "max_nodes: 8",
        )


@rule("client", "cloud")
def _slug_in_names(intent: Intent) -> Iterator[Problem]:
    """`client.slug` holds no word that the cloud forbids in names, as `google` in a bucket's or `login` in front
    of a storage account's."""
    provider, slug = intent.cloud.provider, intent.client.slug
    if provider == "local":
        return
    for kind, held in naming.RULES.items():
        begins = f"{re.sub('-+', held.separator, slug)}{held.separator}dev"
        if kind.startswith(f"{provider}.") and held.forbidden and re.search(held.forbidden, begins):
            yield Problem(
                "client.slug",
                slug,
                f"cannot stand in names: {CLOUD_NAMES[provider]} forbids /{held.forbidden}/ in that of a "
                f"{kind.partition('.')[2]}",
                "acme",
            )
            return
