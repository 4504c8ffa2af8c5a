"""What an InferenceService says: its servers, its canary's, and the limits before them.

Plain data from the intent; `serving.py` makes the resources. GPU servers go to none when nobody asks, so
the first request after a pause is refused until one is up; a canary keeps one server up, as KServe allows
it no fewer servers than the champion's least. Leaves out servers of language models (vLLM), which the
intent does not describe.
"""

from __future__ import annotations

import math
from typing import Any

import pulumi

from infra.contract import Cluster
from infra.kubernetes import pools
from infra.kubernetes.accounts import account
from infra.kubernetes.basics import SERVING
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.gateway import SERVING_PREFIX, replicas
from infra.kubernetes.monitoring import PROMETHEUS
from infra.kubernetes.runtime import CONFINED, CONFINED_POD, Runtime
from infra.scope import Scope

SPACE, FORMAT, PORT = "serving", "landfall", 8080
CANDIDATE = "candidate"
_RATE = f'sum(rate(envoy_http_downstream_rq_total{{envoy_http_conn_manager_prefix="{SERVING_PREFIX}"}}[2m]))'
_WAITING = "sum(landfall_queue_rows)"


def service_name(scope: Scope) -> str:
    """The service's name: the problem's, as a DNS label."""
    assert scope.intent.ml is not None
    return scope.intent.ml.problem.name.replace("_", "-")[:40].rstrip("-")


def canary_share(scope: Scope) -> int:
    """Per cent of the requests that the candidate answers; what is not nothing is 1 at least."""
    share = scope.intent.serving.canary
    return max(1, round(share * 100)) if share else 0


def container(scope: Scope, runtime: Runtime) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/v2/health/ready", "port": PORT}}
    made: dict[str, Any] = {
        "name": "kserve-container",
        "image": runtime.image,
        "args": ["serve", "--host", "0.0.0.0", "--port", str(PORT), "--grace", "5"],
        "ports": [{"name": "http1", "containerPort": PORT, "protocol": "TCP"}],
        "env": runtime.environment,
        "volumeMounts": runtime.mounts,
        "readinessProbe": {**probe, "periodSeconds": 5},
        "startupProbe": {**probe, "periodSeconds": 5, "failureThreshold": 60},
        "livenessProbe": {
            "httpGet": {"path": "/v2/health/live", "port": PORT}, "periodSeconds": 10
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
        made["resources"] = {
            "requests": {"cpu": "2", "memory": "8Gi", **gpus},
            "limits": {"memory": "16Gi", **gpus},
        }
    return made


def predictor(scope: Scope, cluster: Cluster, runtime: Runtime) -> dict[str, Any]:
    serving, wanted = scope.intent.serving, _gpu(scope)
    least, most = serving.replicas, serving.replicas * 3
    if wanted:
        least, most = (1 if canary_share(scope) else 0), wanted[0].wanted.max_nodes
    query, threshold = (_RATE, "20") if wanted else (_WAITING, str(serving.max_batch))
    made: dict[str, Any] = {
        "annotations": {"landfall.dev/config": runtime.digest},
        "labels": dict(cloud_of(scope).identity_labels),
        "serviceAccountName": account(SPACE).name,
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
            "modelFormat": {"name": FORMAT, "version": "1"},
            "runtime": FORMAT,
            "protocolVersion": "v2",
        },
        "volumes": runtime.volumes(),
    }
    if wanted:
        made.update(_on_gpu(scope, cluster, wanted))
    return made


def candidate(scope: Scope, runtime: Runtime) -> dict[str, Any]:
    """What differs from the champion's servers; KServe lays it over them."""
    share = canary_share(scope) / 100
    replicas_ = 1 if _gpu(scope) else max(1, math.ceil(scope.intent.serving.replicas * share))
    return {
        "name": CANDIDATE,
        "minReplicas": replicas_,
        "model": {
            "name": "kserve-container",
            "modelFormat": {"name": FORMAT, "version": "1"},
            "runtime": FORMAT,
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


def traffic(scope: Scope) -> dict[str, Any]:
    """Limits a team in each Envoy: the intent's rate over the number of Envoys, by header X-Team."""
    rules = [
        {
            "clientSelectors": [{"headers": [{"name": "X-Team", "type": "Exact", "value": team}]}],
            "limit": limit(rate / replicas(scope)),
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


def limit(rate: float) -> dict[str, Any]:
    """A rate a second as Envoy takes it: whole requests, so slow rates are counted by the hour."""
    for unit, seconds in (("Second", 1), ("Minute", 60), ("Hour", 3600)):
        requests = rate * seconds
        if requests >= 1 and (requests == int(requests) or requests >= 100):
            return {"requests": round(requests), "unit": unit}
    return {"requests": max(1, round(rate * 3600)), "unit": "Hour"}
