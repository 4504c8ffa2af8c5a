"""The cluster's kubeconfig: its DNS name, whose certificate is Google's own; no key.

Leaves out signing in (`infra/kubeconfig.py`) and rights in the cluster.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import container

from infra.kubeconfig import kubeconfig


def build_kubeconfig(cluster: container.Cluster) -> pulumi.Output[str]:
    """The kubeconfig as a secret Output."""
    host = cluster.control_plane_endpoints_config.apply(
        lambda it: it.dns_endpoint_config.endpoint if it and it.dns_endpoint_config else ""
    )
    known = pulumi.Output.all(name=cluster.name, host=host)
    return pulumi.Output.secret(
        known.apply(lambda it: kubeconfig(str(it["name"]), f"https://{it['host']}", "gke"))
    )
