"""The one way in, from inside the network: Envoy Gateway behind an internal load balancer.

Two ports: 443 for predictions, 8443 for people's tools, so that looking at Grafana never wakes a GPU.
Names end in `<client>-<environment>.internal`; `*.` of it leads to the load balancer by the network's private
DNS, and by the client's where the network is the client's. Where the load balancer has a name only once it stands
(AWS), the Gateway is waited for until Envoy Gateway tells that name in `status.addresses`, and the record is made of it.
Certificates are the platform's own (`certificates.py`). Only the network's own range and the ranges that
the intent lists are let in. Leaves out routes, which stand with what they lead to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from infra.contract import Foundation
from infra.kubernetes.certificates import ISSUER, Certificates
from infra.kubernetes.clouds import NameGateway, cloud_of
from infra.kubernetes.domain import SERVING, TOOLS, domain
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import custom, metadata, release
from infra.scope import Scope

SPACE, NAME = "gateway", "landfall"
SERVING_PREFIX = "https-10443"
"""How Envoy's statistics name the serving port (Envoy Gateway adds 10000 to ports below 1024)."""
_API = "gateway.networking.k8s.io/v1"
_ENVOY = "gateway.envoyproxy.io/v1alpha1"
# An address is there before Envoy is. Sources: pulumi/pulumi-kubernetes CHANGELOG.md (4.18.0, 4.24.0), provider/pkg/await;
# envoyproxy/gateway tag v1.9.0 internal/gatewayapi/status/gateway.go.
_WAITS = {"pulumi.com/waitFor": "jsonpath={.status.addresses[0].value}"}


def replicas(scope: Scope) -> int:
    """Envoy's replicas; fixed, because limits a team are counted in each."""
    return 2 if scope.intent.environment == "prod" else 1


def build_gateway(
    scope: Scope, namespaces: Namespaces, certificates: Certificates, monitoring: pulumi.Resource
) -> Gateway:
    """The operator, the gateway and who may come in; routes wait for `gateway`."""
    return Gateway(scope, namespaces, certificates, monitoring)


def name_gateway(scope: Scope, gateway: Gateway, foundation: Foundation) -> None:
    """Lead the platform's names to the gateway's load balancer, where that is left to do; `scope` builds on the cloud."""
    lead = _lead(scope)
    if lead is not None:
        # Below the Gateway itself, so that an apply of all but what runs on the cluster leaves both out (docs/apply.md).
        lead(scope, gateway.gateway, foundation.network, gateway.balancer())


def _lead(scope: Scope) -> NameGateway | None:
    """What makes the record, where it is made of the load balancer's name and the network's DNS is ours."""
    return None if scope.intent.network.adopt.network else cloud_of(scope).name_gateway


class Listening(pulumi.CustomResource):
    """The Gateway with its `status`, which the SDK's class of custom resources does not give back."""

    status: pulumi.Output[dict[str, Any]]

    def __init__(
        self, meta: ObjectMetaArgs, spec: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        given = {
            "apiVersion": _API, "kind": "Gateway", "metadata": meta, "spec": dict(spec), "status": None
        }  # fmt: skip
        super().__init__(f"kubernetes:{_API}:Gateway", "gateway", given, opts)


class Gateway(pulumi.ComponentResource):
    """Envoy Gateway, its class, one Gateway with two listeners."""

    def __init__(
        self,
        scope: Scope,
        namespaces: Namespaces,
        certificates: Certificates,
        monitoring: pulumi.Resource,
    ) -> None:
        super().__init__("landfall:kubernetes:Gateway", "gateway", opts=scope.component())
        operator = release(
            scope, self, "gateway", SPACE,
            {
                "deployment": {"replicas": replicas(scope)},
                "podDisruptionBudget": {"minAvailable": replicas(scope) - 1},
            },
            after=[namespaces.of[SPACE]],
        )  # fmt: skip
        proxy = custom(
            scope, self, "proxy", f"{_ENVOY}/EnvoyProxy", metadata(NAME, SPACE), _proxy(scope),
            after=[operator],
        )  # fmt: skip
        kind = custom(
            scope, self, "class", f"{_API}/GatewayClass", metadata(NAME),
            {
                "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                "parametersRef": {
                    "group": "gateway.envoyproxy.io",
                    "kind": "EnvoyProxy",
                    "name": NAME,
                    "namespace": SPACE,
                },
            },
            after=[proxy],
        )  # fmt: skip
        certificate = custom(
            scope, self, "certificate", "cert-manager.io/v1/Certificate",
            metadata("gateway-tls", SPACE),
            {
                "secretName": "gateway-tls",
                "dnsNames": [domain(scope), f"*.{domain(scope)}"],
                "duration": "2160h",
                "renewBefore": "720h",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"name": ISSUER, "kind": "ClusterIssuer"},
            },
            after=[certificates.issuer],
        )  # fmt: skip
        tools = ["mlflow", "monitoring", "airflow"]
        if scope.intent.jenkins and scope.intent.jenkins.controller:
            tools.append("jenkins")
        if cloud_of(scope).catalog is not None:
            tools.append("catalog")
        self.gateway = Listening(
            metadata(NAME, SPACE, annotations=_WAITS if _lead(scope) else None),
            {
                "gatewayClassName": NAME,
                "listeners": [
                    _listener(scope, *SERVING, ["serving"]),
                    _listener(scope, *TOOLS, tools),
                ],
            },
            scope.child(self, depends_on=[kind, certificate]),
        )
        self._guards(scope)
        custom(
            scope, self, "metrics", "monitoring.coreos.com/v1/PodMonitor",
            metadata("envoy", SPACE),
            {
                "selector": {"matchLabels": {"app.kubernetes.io/component": "proxy"}},
                "podMetricsEndpoints": [{"port": "metrics", "path": "/stats/prometheus"}],
            },
            after=[monitoring],
        )  # fmt: skip
        self.register_outputs({})

    def balancer(self) -> pulumi.Output[str]:
        """The load balancer's name or address, told where the Gateway is waited for; empty where it was left out."""
        return self.gateway.status.apply(lambda told: told["addresses"][0]["value"] if told else "")

    def _guards(self, scope: Scope) -> None:
        """Who may come in, and how: from known ranges, by TLS 1.2 at least."""
        target = [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": NAME}]
        custom(
            scope, self, "callers", f"{_ENVOY}/SecurityPolicy", metadata("callers", SPACE),
            {
                "targetRefs": target,
                "authorization": {
                    "defaultAction": "Deny",
                    "rules": [
                        {
                            "name": "inside",
                            "action": "Allow",
                            "principal": {"clientCIDRs": known_ranges(scope)},
                        }
                    ],
                },
            },
            after=[self.gateway],
        )  # fmt: skip
        custom(
            scope, self, "clients", f"{_ENVOY}/ClientTrafficPolicy", metadata("clients", SPACE),
            {"targetRefs": target, "tls": {"minVersion": "1.2"}}, after=[self.gateway],
        )  # fmt: skip


def known_ranges(scope: Scope) -> list[str]:
    """Where callers may come from: the network's own range and those that the intent lists."""
    network = scope.intent.network
    return sorted({str(network.cidr), *map(str, network.avoid)})


def route(
    scope: Scope,
    parent: pulumi.Resource,
    gateway: Gateway,
    service: str,
    namespace: str,
    backends: list[dict[str, object]],
    *,
    after: list[pulumi.Resource],
) -> pulumi.Resource:
    """The route of `<service>.<domain>` to backends (`name`, `port` and, to share out, `weight`)."""
    listener = SERVING if service == SERVING[0] else TOOLS
    return custom(
        scope, parent, f"{service}-route", f"{_API}/HTTPRoute", metadata(service, namespace),
        {
            "parentRefs": [{"name": NAME, "namespace": SPACE, "sectionName": listener[0]}],
            "hostnames": [f"{service}.{domain(scope)}"],
            "rules": [{"backendRefs": backends}],
        },
        after=[gateway.gateway, *after],
    )  # fmt: skip


def _proxy(scope: Scope) -> dict[str, object]:
    service = {
        "type": "LoadBalancer",
        "annotations": {**cloud_of(scope).load_balancer, **cloud_of(scope).gateway(scope)},
        "externalTrafficPolicy": "Local",  # keeps the caller's address, which `callers` judges
    }
    deployment = {
        "replicas": replicas(scope),
        "container": {
            "resources": {
                "requests": {"cpu": "250m", "memory": "256Mi"},
                "limits": {"memory": "1Gi"},
            }
        },
    }
    made: dict[str, object] = {"envoyService": service, "envoyDeployment": deployment}
    if replicas(scope) > 1:
        made["envoyPDB"] = {"minAvailable": 1}
    return {"provider": {"type": "Kubernetes", "kubernetes": made}}


def _listener(scope: Scope, name: str, port: int, spaces: list[str]) -> dict[str, object]:
    chosen = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": spaces}
    return {
        "name": name,
        "port": port,
        "protocol": "HTTPS",
        "hostname": f"*.{domain(scope)}",
        "tls": {
            "mode": "Terminate",
            "certificateRefs": [{"kind": "Secret", "name": "gateway-tls"}],
        },
        "allowedRoutes": {
            "namespaces": {"from": "Selector", "selector": {"matchExpressions": [chosen]}}
        },
    }
