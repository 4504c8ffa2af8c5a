"""The cluster's kubeconfig: its DNS name, whose certificate is Google's own, and gcloud's login helper; no key.

Whoever uses the file has signed in with gcloud: a person in person, Jenkins with its federated token. Leaves
out rights in the cluster.
"""

from __future__ import annotations

import json

import pulumi
from pulumi_gcp import container


def build_kubeconfig(cluster: container.Cluster) -> pulumi.Output[str]:
    """The kubeconfig as a secret Output."""
    host = cluster.control_plane_endpoints_config.apply(
        lambda it: it.dns_endpoint_config.endpoint if it and it.dns_endpoint_config else ""
    )
    known = pulumi.Output.all(name=cluster.name, host=host)
    return pulumi.Output.secret(
        known.apply(lambda it: kubeconfig(str(it["name"]), str(it["host"])))
    )


def kubeconfig(name: str, host: str) -> str:
    """A kubeconfig without any key, as JSON, which kubectl reads too."""
    helper = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "gke-gcloud-auth-plugin",
        "installHint": "gcloud components install gke-gcloud-auth-plugin",
        "provideClusterInfo": True,
        "interactiveMode": "IfAvailable",
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": f"https://{host}"}}],
            "users": [{"name": name, "user": {"exec": helper}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
