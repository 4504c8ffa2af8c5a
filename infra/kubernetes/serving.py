"""KServe in standard mode, KEDA, and the champion's InferenceService with its canary and team limits.

The model server is our own image (`landfall serve`), which follows the registry's champion by itself; a
promotion needs no rollout. Where the intent asks for a canary, `spec.canary` adds servers that answer by
the candidate, and the route shares out requests. The route is ours: KServe 0.20 makes a canary's servers
but weighs no route (kserve/kserve pull 5912 came after it). The share is of requests, not of keys.

GPU servers go to none when nobody asks, so the first request after a pause is refused until one is up;
a canary keeps one server up, as KServe allows it no fewer servers than the champion's least.
Leaves out servers of language models (vLLM), which the intent does not describe.
"""

from __future__ import annotations

import math
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from infra.contract import Cluster
from infra.kubernetes import pools
from infra.kubernetes.accounts import account
from infra.kubernetes.basics import SERVING
from infra.kubernetes.certificates import Certificates
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.gateway import SERVING_PREFIX, Gateway, replicas, route
from infra.kubernetes.monitoring import PROMETHEUS
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import custom, metadata, release
from infra.kubernetes.runtime import CONFINED, CONFINED_POD, Runtime
from infra.scope import Scope

_SPACE, _FORMAT, _PORT = "serving", "landfall", 8080
_CANDIDATE = "candidate"
_RATE = f'sum(rate(envoy_http_downstream_rq_total{{envoy_http_conn_manager_prefix="{SERVING_PREFIX}"}}[2m]))'
_WAITING = "sum(landfall_queue_rows)"


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
            metadata(_FORMAT, _SPACE),
            {
                "supportedModelFormats": [{"name": _FORMAT, "version": "1", "autoSelect": True}],
                "protocolVersions": ["v2"],
                "containers": [_container(scope, runtime)],
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
        spec: dict[str, Any] = {"predictor": _predictor(scope, cluster, runtime)}
        if canary:
            spec["canary"] = [{"trafficPercent": canary, "predictor": _candidate(scope, runtime)}]
        return custom(
            scope, self, "champion", "serving.kserve.io/v1beta1/InferenceService",
            metadata(service_name(scope), _SPACE, annotations=annotations), spec, after=[kind],
        )  # fmt: skip

    def _limits(self, scope: Scope, gateway: Gateway, server: pulumi.Resource) -> None:
        """The route, its limits a team, and what a drained node must leave standing."""
        name, canary = service_name(scope), canary_share(scope)
        backends: list[dict[str, object]] = [
            {"name": f"{name}-predictor", "port": 80, "weight": 100 - canary}
        ]
        if canary:
            backends.append(
                {"name": f"{name}-{_CANDIDATE}-predictor", "port": 80, "weight": canary}
            )
        way = route(scope, self, gateway, "serving", _SPACE, backends, after=[server])
        custom(
            scope, self, "limits", "gateway.envoyproxy.io/v1alpha1/BackendTrafficPolicy",
            metadata("serving", _SPACE), _traffic(scope), after=[way],
        )  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            "budget",
            metadata=metadata(name, _SPACE),
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
            metadata("serving", _SPACE),
            {
                "selector": {"matchLabels": labels},
                "podMetricsEndpoints": [{"portNumber": _PORT, "path": "/metrics"}],
            },
            after=[monitoring],
        )  # fmt: skip


def service_name(scope: Scope) -> str:
    """The service's name: the problem's, as a DNS label."""
    assert scope.intent.ml is not None
    return scope.intent.ml.problem.name.replace("_", "-")[:40].rstrip("-")


def canary_share(scope: Scope) -> int:
    """Per cent of the requests that the candidate answers; what is not nothing is 1 at least."""
    share = scope.intent.serving.canary
    return max(1, round(share * 100)) if share else 0


def _container(scope: Scope, runtime: Runtime) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/v2/health/ready", "port": _PORT}}
    container: dict[str, Any] = {
        "name": "kserve-container",
        "image": runtime.image,
        "args": ["serve", "--host", "0.0.0.0", "--port", str(_PORT), "--grace", "5"],
        "ports": [{"name": "http1", "containerPort": _PORT, "protocol": "TCP"}],
        "env": runtime.environment,
        "volumeMounts": runtime.mounts,
        "readinessProbe": {**probe, "periodSeconds": 5},
        "startupProbe": {**probe, "periodSeconds": 5, "failureThreshold": 60},
        "livenessProbe": {
            "httpGet": {"path": "/v2/health/live", "port": _PORT}, "periodSeconds": 10
        },
        "resources": {
            "requests": {"cpu": "500m", "memory": "1Gi"},
            "limits": {"memory": "2Gi"},
        },
        "securityContext": CONFINED,
    }  # fmt: skip
    wanted = _gpu(scope)
    if wanted:
        gpus = {"nvidia.com/gpu": str(wanted[0].wanted.count)}
        container["resources"] = {
            "requests": {"cpu": "2", "memory": "8Gi", **gpus},
            "limits": {"memory": "16Gi", **gpus},
        }
    return container


def _predictor(scope: Scope, cluster: Cluster, runtime: Runtime) -> dict[str, Any]:
    serving, wanted = scope.intent.serving, _gpu(scope)
    least, most = serving.replicas, serving.replicas * 3
    if wanted:
        least, most = (1 if canary_share(scope) else 0), wanted[0].wanted.max_nodes
    query, threshold = (_RATE, "20") if wanted else (_WAITING, str(serving.max_batch))
    predictor: dict[str, Any] = {
        "annotations": {"landfall.dev/config": runtime.digest},
        "labels": dict(cloud_of(scope).identity_labels),
        "serviceAccountName": account(_SPACE).name,
        "automountServiceAccountToken": False,
        "priorityClassName": SERVING,
        "securityContext": CONFINED_POD,
        "terminationGracePeriodSeconds": 45,
        "minReplicas": least,
        "maxReplicas": max(most, least, 1),
        "autoScaling": {
            "metrics": [
                {
                    "type": "External",
                    "external": {
                        "metric": {
                            "backend": "prometheus",
                            "serverAddress": PROMETHEUS,
                            "query": query,
                        },
                        "target": {"type": "AverageValue", "value": threshold},
                    },
                }
            ]
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {
                    "matchLabels": {"serving.kserve.io/inferenceservice": service_name(scope)}
                },
            }
        ],
        "model": {
            "name": "kserve-container",
            "modelFormat": {"name": _FORMAT, "version": "1"},
            "runtime": _FORMAT,
            "protocolVersion": "v2",
        },
        "volumes": runtime.volumes(),
    }
    if wanted:
        predictor.update(_on_gpu(scope, cluster, wanted))
    return predictor


def _candidate(scope: Scope, runtime: Runtime) -> dict[str, Any]:
    """What differs from the champion's servers; KServe lays it over them."""
    share = canary_share(scope) / 100
    replicas_ = 1 if _gpu(scope) else max(1, math.ceil(scope.intent.serving.replicas * share))
    return {
        "name": _CANDIDATE,
        "minReplicas": replicas_,
        "model": {
            "name": "kserve-container",
            "modelFormat": {"name": _FORMAT, "version": "1"},
            "runtime": _FORMAT,
        },
        "volumes": runtime.volumes("landfall-candidate"),
    }


def _gpu(scope: Scope) -> list[pools.Pool]:
    return [pool for pool in pools.gpu_pools(scope.intent) if pool.use == "serving"]


def _on_gpu(scope: Scope, cluster: Cluster, wanted: list[pools.Pool]) -> dict[str, Any]:
    """On nodes of the serving pools only, sooner on those that the intent names first."""
    cloud = cloud_of(scope)
    names = [cluster.gpu_pools.apply(lambda all_, place=pool.place: all_[place]) for pool in wanted]

    def on(values: list[pulumi.Output[str]]) -> dict[str, Any]:
        return {"matchExpressions": [{"key": cloud.pool_label, "operator": "In", "values": values}]}

    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    key, value = cloud.spot
    if key and any(pool.capacity == "spot" for pool in wanted):
        tolerations.append(
            {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
        )
    preferred = [
        {"weight": 100 - 10 * place, "preference": on([name])} for place, name in enumerate(names)
    ]
    return {
        "tolerations": tolerations,
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [on(names)]
                },
                "preferredDuringSchedulingIgnoredDuringExecution": preferred,
            }
        },
    }


def _traffic(scope: Scope) -> dict[str, Any]:
    """Limits a team in each Envoy: the intent's rate over the number of Envoys, by header X-Team."""
    rules = [
        {
            "clientSelectors": [{"headers": [{"name": "X-Team", "type": "Exact", "value": team}]}],
            "limit": _limit(rate / replicas(scope)),
        }
        for team, rate in sorted(scope.intent.serving.throttle.items())
    ]
    target = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "serving"}
    spec: dict[str, Any] = {
        "targetRefs": [target],
        "circuitBreaker": {"maxPendingRequests": scope.intent.serving.queue},
        "timeout": {"http": {"requestTimeout": "30s"}},
    }
    if rules:
        spec["rateLimit"] = {"type": "Local", "local": {"rules": rules}}
    return spec


def _limit(rate: float) -> dict[str, Any]:
    """A rate a second as Envoy takes it: whole requests, so slow rates are counted by the hour."""
    for unit, seconds in (("Second", 1), ("Minute", 60), ("Hour", 3600)):
        requests = rate * seconds
        if requests >= 1 and (requests == int(requests) or requests >= 100):
            return {"requests": round(requests), "unit": unit}
    return {"requests": max(1, round(rate * 3600)), "unit": "Hour"}
