"""The cluster's kubeconfig: its address and its authority; no key in it.

Azure gives the authority's certificate by a call only, which a plan cannot make; an empty ARM deployment
whose outputs make that call (`listClusterUserCredential`) is a resource, and can be planned. Leaves out signing in
(`infra/kubeconfig.py`) and rights in the cluster.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import containerservice, resources

from infra.contract import Text
from infra.kubeconfig import kubeconfig
from infra.scope import Scope

_API = "2025-05-01"
_MARK = "certificate-authority-data: "


def build_kubeconfig(
    scope: Scope, parent: pulumi.Resource, group: Text, cluster: containerservice.ManagedCluster
) -> Text:
    """The kubeconfig as a secret Output, in JSON, which kubectl reads as YAML."""
    credential = (
        "base64ToString(listClusterUserCredential(resourceId('Microsoft.ContainerService/"
        f"managedClusters', parameters('cluster')), '{_API}').kubeconfigs[0].value)"
    )
    authority = f"[trim(first(split(last(split({credential}, '{_MARK}')), '\n')))]"
    asked = resources.Deployment(
        "authority",
        resources.DeploymentArgs(
            deployment_name=scope.name("deployment", "authority"),
            resource_group_name=group,
            properties=resources.DeploymentPropertiesArgs(
                mode=resources.DeploymentMode.INCREMENTAL,
                parameters={"cluster": resources.DeploymentParameterArgs(value=cluster.name)},
                template={
                    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                    "contentVersion": "1.0.0.0",
                    "parameters": {"cluster": {"type": "string"}},
                    "resources": [],
                    "outputs": {"authority": {"type": "string", "value": authority}},
                },
            ),
        ),
        scope.child(parent),
    )
    found = asked.properties.apply(lambda made: made.outputs["authority"]["value"])
    # A cluster whose API has a public address has no private name.
    host = pulumi.Output.all(cluster.private_fqdn, cluster.fqdn).apply(lambda it: it[0] or it[1])
    known = pulumi.Output.all(cluster.name, host, found)
    return pulumi.Output.secret(
        known.apply(lambda it: kubeconfig(it[0], f"https://{it[1]}:443", "aks", authority=it[2]))
    )
