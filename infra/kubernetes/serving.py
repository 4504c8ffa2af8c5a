"""KServe in standard mode, KEDA, and the champion's InferenceService with its canary and team limits.

The model server is our own image (`landfall serve`), which follows the registry's champion by itself; a
promotion needs no rollout. Where the intent asks for a canary, `spec.canary` adds servers that answer by
the candidate, and the route shares out requests. The route is ours: KServe 0.20 makes a canary's servers
but weighs no route (kserve/kserve pull 5912 came after it). The share is of requests, not of keys.
Leaves out what the servers are (`inference.py`).
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from infra.contract import Cluster
from infra.kubernetes.certificates import Certificates
from infra.kubernetes.gateway import Gateway, route
from infra.kubernetes.inference import (
    CANDIDATE,
    FORMAT,
    PORT,
    SPACE,
    canary_share,
    candidate,
    container,
    predictor,
    service_name,
    traffic,
)
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import custom, metadata, release
from infra.kubernetes.runtime import Runtime
from infra.scope import Scope


def build_serving(
    scope: Scope,
    cluster: Cluster,
    namespaces: Namespaces,
    certificates: Certificates,
    monitoring: pulumi.Resource,
    gateway: Gateway,
    runtime: Runtime,
) -> Serving:
    """The operators and, where the intent predicts something, its service."""
    return Serving(scope, cluster, namespaces, certificates, monitoring, gateway, runtime)


class Serving(pulumi.ComponentResource):
    """KEDA, KServe, one ServingRuntime and one InferenceService."""

    def __init__(
        self,
        scope: Scope,
        cluster: Cluster,
        namespaces: Namespaces,
        certificates: Certificates,
        monitoring: pulumi.Resource,
        gateway: Gateway,
        runtime: Runtime,
    ) -> None:
        super().__init__("landfall:kubernetes:Serving", "serving", opts=scope.component())
        keda = release(
            scope, self, "keda", "keda",
            {
                "operator": {"replicaCount": 2 if scope.intent.environment == "prod" else 1},
                "prometheus": {"operator": {"enabled": True, "podMonitor": {"enabled": True}}},
            },
            after=[namespaces.of["keda"], monitoring],
        )  # fmt: skip
        operator = self._kserve(scope, namespaces, certificates)
        if scope.intent.ml is not None:
            server = self._service(scope, cluster, runtime, [keda, operator, *runtime.maps])
            self._limits(scope, gateway, server)
            self._watch(scope, monitoring)
        self.register_outputs({})

    def _kserve(
        self, scope: Scope, namespaces: Namespaces, certificates: Certificates
    ) -> pulumi.Resource:
        kinds = release(scope, self, "kserve-crd", "kserve", {}, after=[namespaces.of["kserve"]])
        registry = "docker.io/kserve"  # in full, as admission compares names by their beginning
        return release(
            scope, self, "kserve", "kserve",
            {
                "kserve": {
                    "controller": {
                        "deploymentMode": "Standard",
                        "image": f"{registry}/kserve-controller",
                        "imagePullPolicy": "IfNotPresent",
                        "gateway": {"disableIngressCreation": True},
                    },
                    "agent": {"image": f"{registry}/agent"},
                    "router": {"image": f"{registry}/router"},
                    "storage": {"image": f"{registry}/storage-initializer", "enableModelcar": False},
                }
            },
            after=[kinds, certificates.issuer],
        )  # fmt: skip

    def _service(
        self, scope: Scope, cluster: Cluster, runtime: Runtime, after: list[pulumi.Resource]
    ) -> pulumi.Resource:
        """The runtime, and the service that uses it."""
        kind = custom(
            scope, self, "runtime", "serving.kserve.io/v1alpha1/ServingRuntime",
            metadata(FORMAT, SPACE),
            {
                "supportedModelFormats": [{"name": FORMAT, "version": "1", "autoSelect": True}],
                "protocolVersions": ["v2"],
                "containers": [container(scope, runtime)],
            },
            after=after,
        )  # fmt: skip
        canary = canary_share(scope)
        annotations = {
            "serving.kserve.io/deploymentMode": "Standard",
            "serving.kserve.io/autoscalerClass": "keda",
        }
        if canary:
            # The route sends nothing to a candidate that is not ready.
            annotations["pulumi.com/waitFor"] = "condition=CanaryPredictorReady"
        spec: dict[str, Any] = {"predictor": predictor(scope, cluster, runtime)}
        if canary:
            spec["canary"] = [{"trafficPercent": canary, "predictor": candidate(scope, runtime)}]
        return custom(
            scope, self, "champion", "serving.kserve.io/v1beta1/InferenceService",
            metadata(service_name(scope), SPACE, annotations=annotations), spec, after=[kind],
        )  # fmt: skip

    def _limits(self, scope: Scope, gateway: Gateway, server: pulumi.Resource) -> None:
        """The route, its limits a team, and what a drained node must leave standing."""
        name, canary = service_name(scope), canary_share(scope)
        backends: list[dict[str, object]] = [
            {"name": f"{name}-predictor", "port": 80, "weight": 100 - canary}
        ]
        if canary:
            backends.append({"name": f"{name}-{CANDIDATE}-predictor", "port": 80, "weight": canary})
        way = route(scope, self, gateway, "serving", SPACE, backends, after=[server])
        custom(
            scope, self, "limits", "gateway.envoyproxy.io/v1alpha1/BackendTrafficPolicy",
            metadata("serving", SPACE), traffic(scope), after=[way],
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            "budget",
            metadata=metadata(name, SPACE),
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1,
                selector=LabelSelectorArgs(
                    match_labels={"serving.kserve.io/inferenceservice": name}
                ),
            ),
            opts=scope.child(self, depends_on=[server]),
        )

    def _watch(self, scope: Scope, monitoring: pulumi.Resource) -> None:
        labels = {"serving.kserve.io/inferenceservice": service_name(scope)}
        custom(
            scope, self, "metrics", "monitoring.coreos.com/v1/PodMonitor",
            metadata("serving", SPACE),
            {
                "selector": {"matchLabels": labels},
                "podMetricsEndpoints": [{"portNumber": PORT, "path": "/metrics"}],
            },
            after=[monitoring],
        )  # fmt: skip
