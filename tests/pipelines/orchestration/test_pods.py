"""On a cloud's Platform every task is a pod of our image: what the description says of it, without Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.kubernetes import runtime
from infra.kubernetes.accounts import ACCOUNTS as ON_CLUSTER
from infra.plan.check.manifests import check_manifests
from infra.plan.model import Plan, Resource
from landfall import __version__
from landfall.errors import UsageError
from landfall.intent import intent_of
from landfall.platform_file import save_platform
from landfall.project import Project
from pipelines import pods
from pipelines.orchestration import description, tasks
from tests.infra.samples import PROJECT
from tests.pipelines.cloud.platforms import exported

GKE = "airflow.providers.google.cloud.operators.kubernetes_engine.GKEStartPodOperator"
EKS = "airflow.providers.amazon.aws.operators.eks.EksPodOperator"
KPO = "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator"
STACKS = {"meridian-gcp-prod-ml": GKE, "northwind-aws-prod-ml": EKS, "fjord-azure-dev": KPO}


def described(stack: str, home: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The description of a sample stack, by the Platform that it would export."""
    patch.delenv("LANDFALL_PLATFORM", raising=False)
    patch.setenv("LANDFALL_PROJECT", str(PROJECT.root))
    patch.setenv("LANDFALL_HOME", str(home))
    save_platform(Project(root=PROJECT.root, home=home), exported(stack), stack)
    return description(stack)


@pytest.fixture(params=STACKS)
def flow(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    return described(request.param, tmp_path, monkeypatch)


def found(made: dict[str, Any]) -> list[str]:
    """What the checks of a plan's manifests say of a pod."""
    one = Resource(
        urn="urn:pulumi:x::landfall::kubernetes:core/v1:Pod::x",
        type="kubernetes:core/v1:Pod",
        name="x",
        inputs=made,
    )
    plan = Plan(stack="x", cloud="gcp", resources=(one,))
    return [f"{each.path}: {each.value}, {each.allowed}" for each in check_manifests(plan)]


def test_every_task_with_a_command_is_a_pod_of_our_image_as_its_workload(
    flow: dict[str, Any],
) -> None:
    assert flow["run"]["as"] == "pod"
    assert flow["run"]["operator"] == STACKS[flow["stack"]]
    registry = exported(flow["stack"]).registry
    acts = {"await_month": "ingest", "land": "ingest", "ingest": "ingest", "build": "transform"}
    for task in flow["tasks"]:
        if task["kind"] in ("choose", "ask"):
            assert "pod" not in task
            continue
        made = task["pod"]
        (container,) = made["spec"]["containers"]
        assert container["image"] == f"{registry}/landfall:{__version__}"
        assert container["args"] == task["words"]
        assert made["metadata"]["namespace"] == "training"
        assert made["spec"]["serviceAccountName"] == acts.get(task["name"], "training")


def test_kubernetes_takes_every_pod(flow: dict[str, Any]) -> None:
    for task in flow["tasks"]:
        if "pod" in task:
            assert found(task["pod"]) == [], task["name"]
    spoiled = next(task["pod"] for task in flow["tasks"] if "pod" in task)
    spoiled["spec"]["containers"][0]["imagee"] = "x"
    assert found(spoiled)  # the check is one that can fail


def test_only_training_asks_for_gpus_and_tolerates_their_taint(flow: dict[str, Any]) -> None:
    wanted = intent_of(PROJECT, flow["stack"]).ml
    pool = wanted.training_gpu if wanted else None
    assert (pool is None) == (flow["stack"] == "fjord-azure-dev")
    made = {task["name"]: task["pod"]["spec"] for task in flow["tasks"] if "pod" in task}
    for name, spec in made.items():
        asked = spec["containers"][0]["resources"]["limits"].get("nvidia.com/gpu")
        if name == "train" and pool is not None:
            assert asked == str(pool.count)
            keys = [one["key"] for one in spec["tolerations"]]
            assert keys == ["nvidia.com/gpu", "kubernetes.azure.com/scalesetpriority"]
            assert f"training-{pool.capacity[0]}" in str(spec["affinity"])
            assert "serving" not in str(spec["affinity"])
        else:
            assert asked is None
            assert "tolerations" not in spec


def test_a_pod_is_what_our_other_pods_on_the_cluster_are(flow: dict[str, Any]) -> None:
    other = runtime.Runtime.__new__(runtime.Runtime)
    other.stack = flow["stack"]
    for task in flow["tasks"]:
        if "pod" not in task:
            continue
        spec = task["pod"]["spec"]
        (container,) = spec["containers"]
        assert spec["securityContext"] == runtime.CONFINED_POD
        assert container["securityContext"] == runtime.CONFINED
        assert container["env"] == other.environment
        more = ["catalog"] if flow["stack"] == "fjord-azure-dev" else []
        assert container["volumeMounts"][: len(other.mounts)] == other.mounts
        assert [m["name"] for m in container["volumeMounts"][len(other.mounts) :]] == more
        names = [one["name"] for one in other.volumes()]
        assert [one["name"] for one in spec["volumes"]] == names + more
        assert spec["volumes"][0] == other.volumes()[0]


def test_where_the_catalog_is_signed_in_at_a_pod_has_a_token_of_its_own_account(
    flow: dict[str, Any],
) -> None:
    properties = exported(flow["stack"]).catalog.properties
    for task in flow["tasks"]:
        if "pod" not in task:
            continue
        volumes = {one["name"]: one for one in task["pod"]["spec"]["volumes"]}
        assert ("catalog" in volumes) == ("auth.file" in properties)
        if "catalog" not in volumes:
            continue
        token, trust = volumes["catalog"]["projected"]["sources"]
        assert token["serviceAccountToken"]["audience"] == "landfall-catalog"
        (container,) = task["pod"]["spec"]["containers"]
        at = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}["catalog"]
        assert f"{at}/{token['serviceAccountToken']['path']}" == properties["auth.file"]
        (item,) = trust["secret"]["items"]
        assert f"{at}/{item['path']}" == properties["ssl.cabundle"]


def test_its_accounts_are_on_the_cluster_and_act_as_those_workloads() -> None:
    known = {(one.namespace, one.name): one.workload for one in ON_CLUSTER}
    assert {task.acts_as for task in tasks()} == set(pods.ACCOUNTS)
    for workload, name in pods.ACCOUNTS.items():
        assert known[(pods.NAMESPACE, name)] == workload


def test_a_stack_whose_platform_nobody_saved_is_told_how_to_save_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANDFALL_PLATFORM", raising=False)
    monkeypatch.setenv("LANDFALL_PROJECT", str(PROJECT.root))
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="Platform"):
        description("meridian-gcp-prod-ml")
