"""The only constructor of Kubernetes providers: by the cluster's own kubeconfig, server-side apply.

The kubeconfig holds an address and the cloud's login helper, no key; it is a secret all the same.
"""

from __future__ import annotations

import pulumi_kubernetes as kubernetes

from infra.contract import Cluster
from infra.scope import Scope


def open_cluster(scope: Scope, cluster: Cluster) -> Scope:
    """The same stack, with resources built inside the cluster."""
    provider = kubernetes.Provider(
        "cluster",
        kubeconfig=cluster.kubeconfig,
        # The same cluster under a renewed address or certificate is no reason to rebuild what it runs.
        cluster_identifier=cluster.name,
        enable_server_side_apply=True,
        # A cluster that is gone must not look like an empty one.
        skip_update_unreachable=False,
        delete_unreachable=False,
    )
    return scope.entering(provider)
