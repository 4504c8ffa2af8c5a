"""The champion's service: replicas, canary, GPUs and limits follow the intent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from infra.kubernetes.inference import limit
from infra.plan.model import Plan
from tests.infra.kubernetes import hand
from tests.infra.kubernetes.conftest import build
from tests.infra.kubernetes.hand import one

Plans = Callable[..., Plan]
SERVICE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"


def spec(plan: Plan, kind: str, name: str) -> dict[str, Any]:
    return one(plan, kind, name).inputs["spec"]


def test_the_champion_is_served_in_standard_mode_and_scaled_by_keda(plan: Plans) -> None:
    service = one(plan("gcp", "small"), SERVICE, "champion")
    assert service.inputs["metadata"]["annotations"] == {
        "serving.kserve.io/deploymentMode": "Standard",
        "serving.kserve.io/autoscalerClass": "keda",
    }
    assert service.inputs["spec"]["predictor"]["minReplicas"] == 1
    assert "canary" not in service.inputs["spec"]


def test_an_intent_that_predicts_nothing_has_no_service() -> None:
    plan = hand.planned(hand.intent("gcp", ml=None), build)
    assert not plan.of_type(SERVICE)
    assert one(plan, "kubernetes:helm.sh/v3:Release", "kserve")


def test_a_canary_takes_its_share_of_the_route_and_answers_by_the_candidate(plan: Plans) -> None:
    full = plan("azure")
    canary = spec(full, SERVICE, "champion")["canary"]
    assert [one_["trafficPercent"] for one_ in canary] == [10]
    backends = spec(full, ROUTE, "serving-route")["rules"][0]["backendRefs"]
    assert [(b["name"], b["weight"]) for b in backends] == [
        ("late-order-predictor", 90),
        ("late-order-candidate-predictor", 10),
    ]
    files = {
        r.name: yaml.safe_load(r.inputs["data"]["stack.yaml"])["config"]["landfall:intent"]
        for r in full.of_type("kubernetes:core/v1:ConfigMap")
        if r.name.startswith("serving-landfall")
    }
    assert files["serving-landfall"]["serving"]["canary"] == 0
    assert files["serving-landfall-candidate"]["serving"]["canary"] == 1


def test_the_route_waits_for_the_canary_to_be_ready(plan: Plans) -> None:
    service = one(plan("gcp"), SERVICE, "champion")
    annotations = service.inputs["metadata"]["annotations"]
    assert annotations["pulumi.com/waitFor"] == "condition=CanaryPredictorReady"
    assert service.urn in one(plan("gcp"), ROUTE, "serving-route").deps


def test_a_canary_never_has_more_servers_than_the_champions_least() -> None:
    """KServe refuses it (inference_service_validation.go, 0.20)."""
    for replicas in (1, 2, 7):
        wanted = hand.intent("aws", serving={"replicas": replicas, "canary": 0.9})
        service = spec(hand.planned(wanted, build), SERVICE, "champion")
        least = service["canary"][0]["predictor"]["minReplicas"]
        assert 1 <= least <= service["predictor"]["minReplicas"] == replicas


def test_gpu_servers_go_to_none_when_nobody_asks() -> None:
    wanted = hand.full("aws", serving={"replicas": 3})
    predictor = spec(hand.planned(wanted, build), SERVICE, "champion")["predictor"]
    assert predictor["minReplicas"] == 0
    assert predictor["maxReplicas"] == 2
    nodes = predictor["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    chosen = nodes["nodeSelectorTerms"][0]["matchExpressions"][0]
    assert chosen == {
        "key": "eks.amazonaws.com/nodegroup",
        "operator": "In",
        "values": ["serving-spot", "serving-on-demand"],
    }


def test_gpu_servers_ask_for_the_intents_gpus(plan: Plans) -> None:
    runtime = spec(plan("gcp"), "kubernetes:serving.kserve.io/v1alpha1:ServingRuntime", "runtime")
    assert runtime["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    small = spec(
        plan("gcp", "small"), "kubernetes:serving.kserve.io/v1alpha1:ServingRuntime", "runtime"
    )
    assert "nvidia.com/gpu" not in small["containers"][0]["resources"]["limits"]


def test_each_throttled_team_has_its_limit_shared_over_the_envoys(plan: Plans) -> None:
    policy = spec(
        plan("gcp"), "kubernetes:gateway.envoyproxy.io/v1alpha1:BackendTrafficPolicy", "limits"
    )
    limits = {
        rule["clientSelectors"][0]["headers"][0]["value"]: rule["limit"]
        for rule in policy["rateLimit"]["local"]["rules"]
    }
    assert limits == {
        "web": {"requests": 100, "unit": "Second"},  # 200 a second over two Envoys
        "batch": {"requests": 15, "unit": "Minute"},  # one in two seconds over two Envoys
    }


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [(0.001, 3600), (0.01, 3600), (0.5, 60), (1.5, 60), (33.3, 60), (200, 1), (1234.5, 1)],
)
def test_a_limit_is_what_was_asked_in_whole_requests_of_its_unit(rate: float, seconds: int) -> None:
    made = limit(rate)
    assert {"Second": 1, "Minute": 60, "Hour": 3600}[made["unit"]] == seconds
    assert made["requests"] >= 1
    assert abs(made["requests"] - rate * seconds) <= 0.5


def test_servers_are_confined_as_pod_security_wants(plan: Plans) -> None:
    predictor = spec(plan("gcp"), SERVICE, "champion")["predictor"]
    runtime = spec(plan("gcp"), "kubernetes:serving.kserve.io/v1alpha1:ServingRuntime", "runtime")
    context = runtime["containers"][0]["securityContext"]
    assert predictor["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["readOnlyRootFilesystem"]
    assert context["runAsNonRoot"]
    assert predictor["automountServiceAccountToken"] is False


def test_at_most_one_server_is_taken_at_a_time(plan: Plans) -> None:
    budget = [
        r for r in plan("gcp").of_type("kubernetes:policy/v1:PodDisruptionBudget")
        if r.inputs["metadata"]["namespace"] == "serving"
    ]  # fmt: skip
    assert [b.inputs["spec"]["maxUnavailable"] for b in budget] == [1]
