"""Every manifest is one that the API server would take: built-in kinds and custom ones."""

from __future__ import annotations

from collections.abc import Callable

import jsonschema
import kubernetes_validate
import pytest

from infra.kubernetes import crds
from infra.kubernetes.charts import CHARTS
from infra.plan.model import Plan, Resource
from tests.infra.kubernetes.hand import CLOUDS, one

SIZES = ("small", "full")


def manifests(plan: Plan) -> list[Resource]:
    return [
        r for r in plan.resources if r.type.startswith("kubernetes:") and "apiVersion" in r.inputs
    ]


def custom(resource: Resource) -> bool:
    return (resource.inputs["apiVersion"], resource.inputs["kind"]) in crds.kinds()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_built_in_kinds_fit_the_schemas_of_kubernetes_1_37(
    plan: Callable[..., Plan], cloud: str, size: str
) -> None:
    built_in = [r for r in manifests(plan(cloud, size)) if not custom(r)]
    assert len(built_in) > 60
    for resource in built_in:
        kubernetes_validate.validate(dict(resource.inputs), "1.37", strict=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_custom_resources_fit_their_definitions(
    plan: Callable[..., Plan], cloud: str, size: str
) -> None:
    found = [r for r in manifests(plan(cloud, size)) if custom(r)]
    assert len(found) > 15
    for resource in found:
        schema = crds.schema(resource.inputs["apiVersion"], resource.inputs["kind"])
        jsonschema.validate(dict(resource.inputs), schema or {}, jsonschema.Draft7Validator)


def test_every_definition_is_used_by_some_stack(plan: Callable[..., Plan]) -> None:
    used = {(r.inputs["apiVersion"], r.inputs["kind"]) for c in CLOUDS for r in manifests(plan(c))}
    assert set(crds.kinds()) <= used


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("serving.kserve.io/v1beta1:InferenceService", {"canery": []}),
        ("serving.kserve.io/v1beta1:InferenceService",
         {"canary": [{"trafficPercent": 5, "predictor": {"model": {}}}]}),
        ("kueue.x-k8s.io/v1beta2:LocalQueue", {"clusterQueue": 3}),
        ("gateway.networking.k8s.io/v1:HTTPRoute", {"rules": [{"backendRefs": [{"port": 80}]}]}),
    ],
)  # fmt: skip
def test_a_custom_resource_with_a_mistake_is_refused(
    plan: Callable[..., Plan], kind: str, change: dict[str, object]
) -> None:
    resource = plan("gcp").of_type(f"kubernetes:{kind}")[0]
    schema = crds.schema(resource.inputs["apiVersion"], resource.inputs["kind"])
    wrong = {**resource.inputs, "spec": {**resource.inputs["spec"], **change}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema or {}, jsonschema.Draft7Validator)


def test_a_kind_that_is_not_described_has_no_schema() -> None:
    assert crds.schema("example.com/v1", "Thing") is None


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_chart_is_pinned_in_the_table_and_installed_whole_or_not_at_all(
    plan: Callable[..., Plan], cloud: str
) -> None:
    releases = plan(cloud).of_type("kubernetes:helm.sh/v3:Release")
    assert len(releases) >= 10
    for release in releases:
        assert release.inputs["version"] == CHARTS[release.name].version
        assert release.inputs["atomic"] is True
        oci = str(release.inputs["chart"]).startswith("oci://")
        assert oci != bool(release.inputs.get("repositoryOpts"))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_metadata_of_a_chart_release_names_a_namespace_that_we_make_or_the_systems_own(
    plan: Callable[..., Plan], cloud: str
) -> None:
    ours = {
        r.inputs["metadata"]["name"] for r in plan(cloud).of_type("kubernetes:core/v1:Namespace")
    }
    for release in plan(cloud).of_type("kubernetes:helm.sh/v3:Release"):
        assert release.inputs["namespace"] in ours | {"kube-system"}
    assert one(plan(cloud), "kubernetes:core/v1:Namespace", "serving").provider
