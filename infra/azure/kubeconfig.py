"""The cluster's kubeconfig: its private address, its authority, Azure's login helper; no key in it.

Azure gives the authority's certificate by a call only, which a plan cannot make; an empty ARM deployment
whose outputs make that call (`listClusterUserCredential`) is a resource, and can be planned. Whoever uses the
file has run `az login`: a person in person, Jenkins with its federated token. Leaves out rights in the cluster.
"""

from __future__ import annotations

import json

import pulumi
from pulumi_azure_native import containerservice, resources

from infra.contract import Text
from infra.scope import Scope

ENTRA_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The application that every AKS API server answers as: https://azure.github.io/kubelogin/concepts/aks.html"""
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
    known = pulumi.Output.all(cluster.name, cluster.private_fqdn, found)
    return pulumi.Output.secret(known.apply(lambda all_: _written(*all_)))


def _written(name: str, host: str, authority: str) -> str:
    login = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "kubelogin",
        "args": ["get-token", "--login", "azurecli", "--server-id", ENTRA_SERVER],
        "interactiveMode": "Never",
        "provideClusterInfo": False,
        "installHint": "Install kubelogin: az aks install-cli",
    }
    cluster = {"server": f"https://{host}:443", "certificate-authority-data": authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "users": [{"name": name, "user": {"exec": login}}],
        }
    )
