"""What webhooks and custom resources' own rules refuse, each with a manifest that they take and one change."""

from __future__ import annotations

from typing import Any

import pytest

from infra.plan.check.manifests import check_manifests
from infra.plan.model import UNKNOWN, Plan
from tests.infra.plan.made import resource

NETWORK = "networking.k8s.io/v1 NetworkPolicy"
SERVED = "serving.kserve.io/v1beta1 InferenceService"
QUEUE = "kueue.x-k8s.io/v1beta2 ClusterQueue"
SECRET = "external-secrets.io/v1 ExternalSecret"
ROUTE = "gateway.networking.k8s.io/v1 HTTPRoute"
GATE = "gateway.networking.k8s.io/v1 Gateway"


def outward(*left_out: str) -> dict[str, Any]:
    blocks = [{"ipBlock": {"cidr": "10.0.0.0/8", "except": list(left_out)}}]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": blocks}]}


def served(**more: Any) -> dict[str, Any]:
    return {"predictor": {"model": {"modelFormat": {"name": "mlflow"}}, **more}}


def queue(*covered: str) -> dict[str, Any]:
    quotas = [{"name": name, "nominalQuota": "8"} for name in ("cpu", "memory")]
    flavors = [{"name": "cpu", "resources": quotas}]
    return {"resourceGroups": [{"coveredResources": list(covered), "flavors": flavors}]}


def secret(**target: str) -> dict[str, Any]:
    return {"target": target, "data": [{"secretKey": "a", "remoteRef": {"key": "b"}}]}


def route(rule: dict[str, Any]) -> dict[str, Any]:
    return {"parentRefs": [{"name": "inside"}], "rules": [rule]}


def gate(*doors: dict[str, Any]) -> dict[str, Any]:
    return {"gatewayClassName": "envoy", "listeners": list(doors)}


HTTPS = {"name": "a", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "c"}]}}
BACK = [{"name": "tracking", "port": 5000}]
MOVED = [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (NETWORK, outward("10.96.0.0/12"), outward("192.168.0.0/16"), "spec.egress[0].to[0].ipBlock.except[0]"),
    (NETWORK, outward(), outward("10.0.0.0/8"), "spec.egress[0].to[0].ipBlock.except[0]"),
    (SERVED, served(minReplicas=1, maxReplicas=3), served(minReplicas=5, maxReplicas=3), "spec.predictor.minReplicas"),
    (SERVED, served(canaryTrafficPercent=10), served(canaryTrafficPercent=110), "spec.predictor.canaryTrafficPercent"),
    (QUEUE, queue("cpu", "memory"), queue("cpu"), "spec.resourceGroups[0].coveredResources"),
    (SECRET, secret(creationPolicy="Owner", deletionPolicy="Delete"), secret(creationPolicy="Merge", deletionPolicy="Delete"), "spec.target.creationPolicy"),
    (ROUTE, route({"matches": [{"path": {"value": "/a"}}], "backendRefs": BACK}), route({"matches": [{"path": {"value": "a"}}], "backendRefs": BACK}), "spec.rules[0].matches[0].path.value"),
    (ROUTE, route({"filters": MOVED}), route({"filters": MOVED, "backendRefs": BACK}), "spec.rules[0].backendRefs"),
    (ROUTE, route({"backendRefs": [{**BACK[0], "weight": 1}]}), route({"backendRefs": [{**BACK[0], "weight": 0}]}), "spec.rules[0].backendRefs"),
    (GATE, gate(HTTPS, {**HTTPS, "name": "b", "hostname": "a.example"}), gate(HTTPS, {**HTTPS, "name": "b"}), "spec.listeners[1].port"),
    (GATE, gate(HTTPS), gate({"name": "a", "port": 443, "protocol": "HTTPS"}), "spec.listeners[0].tls"),
    (GATE, gate({"name": "a", "port": 80, "protocol": "HTTP"}), gate({**HTTPS, "protocol": "HTTP"}), "spec.listeners[0].tls"),
]  # fmt: skip


def found(kind: str, spec: Any) -> list[str]:
    version, name = kind.split()
    manifest = {"apiVersion": version, "kind": name, "metadata": {"name": "it"}, "spec": spec}
    one = resource(f"kubernetes:{version}:{name}", manifest)
    return [f.path for f in check_manifests(Plan("dev", "", (one,)))]


@pytest.mark.parametrize(("kind", "sound", "wrong", "path"), CASES)
def test_a_manifest_is_taken_and_refused_after_one_change(
    kind: str, sound: dict[str, Any], wrong: dict[str, Any], path: str
) -> None:
    assert found(kind, sound) == []
    assert path in found(kind, wrong)


@pytest.mark.parametrize("kind", sorted({case[0] for case in CASES}))
def test_what_nobody_knows_yet_is_let_pass(kind: str) -> None:
    assert found(kind, UNKNOWN) == []
