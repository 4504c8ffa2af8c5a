"""What must hold of every cluster, and what must not be there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from infra.kubernetes.accounts import ACCOUNTS
from infra.kubernetes.clouds import CLOUDS as WORDS
from infra.plan.model import SECRET, Plan, Resource
from landfall.intent import parse_intent
from tests.infra.kubernetes import hand
from tests.infra.kubernetes.conftest import build
from tests.infra.kubernetes.hand import CLOUDS, one

Plans = Callable[..., Plan]
RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def in_cluster(plan: Plan) -> list[Resource]:
    return [r for r in plan.resources if r.type.startswith("kubernetes:") and r.custom]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_everything_is_built_by_the_clusters_own_provider_and_none_by_a_default_one(
    plan: Plans, cloud: str
) -> None:
    for resource in in_cluster(plan(cloud)):
        assert resource.provider.endswith("pulumi:providers:kubernetes::cluster"), resource.urn


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_provider_applies_on_the_server_and_its_kubeconfig_is_a_secret(
    plan: Plans, cloud: str
) -> None:
    provider = one(plan(cloud), "pulumi:providers:kubernetes", "cluster")
    assert provider.inputs["kubeconfig"] == SECRET
    assert json.loads(provider.inputs["enableServerSideApply"])


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_namespace_denies_by_default_and_says_its_pod_security(
    plan: Plans, cloud: str
) -> None:
    denied = {
        p.inputs["metadata"]["namespace"]
        for p in plan(cloud).of_type(POLICY)
        if p.inputs["metadata"]["name"] == "deny"
    }
    for space in plan(cloud).of_type(NAMESPACE):
        labels = space.inputs["metadata"]["labels"]
        level = labels["pod-security.kubernetes.io/enforce"]
        assert space.inputs["metadata"]["name"] in denied
        if level != "restricted":
            assert space.inputs["metadata"]["annotations"]["landfall.dev/reason"]
        if labels["landfall.dev/images"] == "ours":
            assert level == "restricted"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_network_policy_opens_every_port_to_everyone(plan: Plans, cloud: str) -> None:
    for policy in plan(cloud).of_type(POLICY):
        spec = policy.inputs["spec"]
        for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
            assert rule.get("from") or rule.get("to") or rule.get("ports"), policy.name


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_is_exposed_but_by_an_internal_load_balancer(plan: Plans, cloud: str) -> None:
    proxy = plan(cloud).of_type("kubernetes:gateway.envoyproxy.io/v1alpha1:EnvoyProxy")[0]
    service = proxy.inputs["spec"]["provider"]["kubernetes"]["envoyService"]
    inside = dict(WORDS[cloud].load_balancer)
    assert inside
    assert inside.items() <= service["annotations"].items()
    assert not plan(cloud).of_type("kubernetes:networking.k8s.io/v1:Ingress")
    assert not plan(cloud).of_type("kubernetes:core/v1:Service")
    for quota in plan(cloud).of_type("kubernetes:core/v1:ResourceQuota"):
        hard = quota.inputs["spec"]["hard"]
        assert hard["services.loadbalancers"] == hard["services.nodeports"] == "0"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_service_accounts_act_as_the_identity_that_the_table_says(plan: Plans, cloud: str) -> None:
    annotation = WORDS[cloud].identity_annotation
    made = {
        (r.inputs["metadata"]["namespace"], r.inputs["metadata"]["name"]): r
        for r in plan(cloud).of_type("kubernetes:core/v1:ServiceAccount")
    }
    for account in ACCOUNTS:
        found = made.pop((account.namespace, account.name)).inputs["metadata"]
        if annotation:
            expected = hand.WORKLOAD[cloud].format(account.workload)
            assert found["annotations"][annotation] == expected
        else:
            assert "annotations" not in found
    # What else there is acts on the cluster only.
    assert [(*key, "annotations" in one.inputs["metadata"]) for key, one in made.items()] == (
        [("catalog", "prepare", False)] if cloud == "azure" else []
    )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_secret_stands_in_the_plan(plan: Plans, cloud: str) -> None:
    assert not plan(cloud).of_type("kubernetes:core/v1:Secret")
    text = json.dumps([r.inputs for r in plan(cloud).resources])
    assert "PRIVATE KEY" not in text


def test_images_of_our_namespaces_come_from_the_registry_only(plan: Plans) -> None:
    maps = {r.name: r for r in plan("gcp").of_type("kubernetes:core/v1:ConfigMap")}
    assert maps["ours"].inputs["data"]["prefixes"] == "registry.acme.example/landfall/"
    upstream = maps["upstream"].inputs["data"]["prefixes"].split()
    assert all(prefix.endswith("/") for prefix in upstream)
    bindings = plan("gcp").of_type(
        "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding"
    )
    for binding in bindings:
        assert binding.inputs["spec"]["validationActions"] == ["Deny", "Audit"]
        assert binding.inputs["spec"]["paramRef"]["parameterNotFoundAction"] == "Deny"


def test_our_own_pods_run_images_of_the_registry(plan: Plans) -> None:
    runtime = plan("aws").of_type("kubernetes:serving.kserve.io/v1alpha1:ServingRuntime")[0]
    job = plan("aws").of_type("kubernetes:batch/v1:Job")[0]
    images = [runtime.inputs["spec"]["containers"][0]["image"]]
    images += [c["image"] for c in job.inputs["spec"]["template"]["spec"]["containers"]]
    for chart, where in (("mlflow", ("image",)), ("airflow", ("images", "airflow"))):
        values: Any = one(plan("aws"), RELEASE, chart).inputs["values"]
        for key in where:
            values = values[key]
        images.append(f"{values['repository']}:{values['tag']}")
    assert all(image.startswith("registry.acme.example/landfall/") for image in images), images
    assert not any(image.endswith(":latest") for image in images)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_chart_installs_a_gpu_driver(plan: Plans, cloud: str) -> None:
    words = WORDS[cloud]
    values = one(plan(cloud), RELEASE, words.gpu_chart).inputs["values"]
    if words.gpu_chart == "gpu-operator":
        assert values["driver"] == {"enabled": False}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_stack_without_gpus_has_no_gpu_parts(plan: Plans, cloud: str) -> None:
    small = plan(cloud, "small")
    assert not {"gpu-operator", "dcgm-exporter"} & {r.name for r in small.of_type(RELEASE)}
    flavors = small.of_type("kubernetes:kueue.x-k8s.io/v1beta2:ResourceFlavor")
    assert [f.inputs["metadata"]["name"] for f in flavors] == ["any"]


def test_teams_share_the_gpus_equally_and_lose_none() -> None:
    pool = {"accelerator": "L4", "count": 1, "max_nodes": 5, "capacity": ["spot"]}
    base = hand.intent("gcp").model_dump(mode="json", exclude_unset=True)
    wanted = hand.intent(
        "gcp",
        ml={**base["ml"], "training_gpu": pool},
        serving={"throttle": {"web": 5, "batch": 5}},
    )
    queues = hand.planned(wanted, build).of_type("kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue")
    quotas = [
        int(q.inputs["spec"]["resourceGroups"][1]["flavors"][0]["resources"][0]["nominalQuota"])
        for q in queues
    ]
    assert sorted(quotas) == [2, 3]


def test_flavors_are_tried_in_the_intents_order_of_capacity(plan: Plans) -> None:
    queue = plan("aws").of_type("kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue")[0]
    flavors = queue.inputs["spec"]["resourceGroups"][1]["flavors"]
    assert [f["name"] for f in flavors] == ["training-spot", "training-on-demand"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_airflow_runs_on_the_cluster_only_where_asked(plan: Plans, cloud: str) -> None:
    assert not [r for r in plan(cloud, "small").of_type(RELEASE) if r.name == "airflow"]
    values = one(plan(cloud), RELEASE, "airflow").inputs["values"]
    assert values["executor"] == "KubernetesExecutor"
    bundles = json.loads(values["config"]["dag_processor"]["dag_bundle_config_list"])
    assert bundles[0]["kwargs"]["prefix"] == "dags"
    assert "artifacts" in json.dumps(bundles)


def test_pods_find_an_intent_that_is_valid_and_a_platform_that_is_whole(plan: Plans) -> None:
    from landfall.platform import Platform

    maps = plan("gcp").of_type("kubernetes:core/v1:ConfigMap")
    data = next(r for r in maps if r.name == "serving-landfall").inputs["data"]
    intent = parse_intent(yaml.safe_load(data["stack.yaml"])["config"]["landfall:intent"], "a pod")
    assert intent.ml is not None
    assert intent.serving.canary == 0
    known = json.loads(data["platform.json"])
    assert set(known) == set(Platform.model_fields)
    # People call it by the gateway, pods by its Service: their network policy lets them.
    assert known["endpoints"]["mlflow"].startswith("https://mlflow.")
    assert known["tracking"]["uri"] == "http://mlflow.mlflow.svc"
    assert one(plan("gcp"), "kubernetes:networking.k8s.io/v1:NetworkPolicy", "mlflow-callers")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_names_of_resources_do_not_depend_on_the_client(plan: Plans, cloud: str) -> None:
    other = hand.full(cloud, client={"name": "Zeta Works", "slug": "zeta-works"})
    ours = {r.urn for r in plan(cloud).resources}
    assert {r.urn for r in hand.planned(other, build).resources} == ours


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_known_only_after_apply_changes_no_resource(plan: Plans, cloud: str) -> None:
    assert {r.urn for r in plan(cloud, known=False).resources} == {
        r.urn for r in plan(cloud).resources
    }


@pytest.mark.parametrize("name", ["gpu", "serving"])
def test_dashboards_hold_panels_with_queries(plan: Plans, name: str) -> None:
    board = one(plan("gcp"), "kubernetes:core/v1:ConfigMap", f"dashboard-{name}")
    panels = json.loads(board.inputs["data"][f"{name}.json"])["panels"]
    assert len(panels) == 9
    assert len({p["id"] for p in panels}) == 9
    assert all(target["expr"] for panel in panels for target in panel["targets"])


@pytest.mark.parametrize(
    ("cloud", "installed", "field"), [("gcp", [], None), ("aws", ["cluster-autoscaler"], "password"),
                                      ("azure", [], None)],
)  # fmt: skip
def test_what_only_one_cloud_needs_is_there_on_that_cloud_only(
    plan: Plans, cloud: str, installed: list[str], field: str | None
) -> None:
    found = [r.name for r in plan(cloud).of_type(RELEASE) if r.name == "cluster-autoscaler"]
    assert found == installed
    drawn = one(plan(cloud), "kubernetes:external-secrets.io/v1:ExternalSecret", "mlflow-database")
    assert drawn.inputs["spec"]["data"][0]["remoteRef"].get("property") == field
