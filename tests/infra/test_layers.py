"""What every cloud's layers keep to, over every sample stack: one suite, whatever the cloud.

A cloud whose package is not there is skipped, and says so.
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import importlib.util
import inspect
import json
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import pytest
import yaml

from infra import contract
from infra.contract import Data, Foundation, Ml, NotOffered
from infra.images import IMAGES
from infra.kubernetes.pools import gpu_pools
from infra.plan.model import SECRET, UNKNOWN, Plan, Resource
from infra.plan.policies import judge
from infra.plan.stacks import plan_stack
from landfall.intent.layout import Layer
from landfall.platform import Platform
from landfall.project import CONFIG_KEY, Project
from tests.infra.samples import CLOUDS, PROJECT, plan_changed, plan_of, sample, sample_stacks

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "organization": ("scope",),
    "network": ("scope", "organization"),
    "security": ("scope", "organization", "network"),
    "identity": ("scope", "organization", "security"),
    "budget": ("scope", "organization", "identity"),
    "lake": ("scope", "foundation"),
    "events": ("scope", "foundation", "lake"),
    "spark": ("scope", "foundation", "lake"),
    "warehouse": ("scope", "foundation", "lake"),
    "bi": ("scope", "foundation", "warehouse"),
    "orchestration": ("scope", "foundation", "lake"),
    "cluster": ("scope", "foundation", "data"),
    "database": ("scope", "foundation"),
}
"""Module → the arguments of its one builder."""
KINDS: dict[str, type] = {one.NAME: one for one in (Foundation, Data, Ml)}
TODAY = datetime.date(2026, 11, 24)
OPAQUE = {"kubernetes", "snowflake"}
"""Packages whose own suites judge their values."""


def built(cloud: str) -> bool:
    return all(importlib.util.find_spec(f"infra.{cloud}.{one}") for one in FUNCTIONS)


def needs(cloud: str) -> None:
    if not built(cloud):
        missing = [m for m in FUNCTIONS if not importlib.util.find_spec(f"infra.{cloud}.{m}")]
        pytest.skip(f"infra/{cloud}/ IS NOT WHOLE YET: it lacks {', '.join(missing)}")


@pytest.fixture(params=sample_stacks(*CLOUDS))
def stack(request: pytest.FixtureRequest) -> str:
    needs(sample(request.param).cloud.provider)
    return request.param


@pytest.fixture
def plan(stack: str) -> Plan:
    return plan_of(stack)


def own(plan: Plan) -> list[Resource]:
    """What the plan makes: no component, no provider, no reference."""
    return [r for r in plan.resources if r.custom and not r.type.startswith("pulumi:")]


def test_a_preview_without_answers_registers_the_same(stack: str, plan: Plan) -> None:
    unknown = plan_of(stack, known=False)
    assert [one.urn for one in unknown.resources] == [one.urn for one in plan.resources]


def test_nothing_runs_on_a_default_provider(plan: Plan) -> None:
    assert [one.urn for one in own(plan) if not one.provider] == []


def test_every_resource_lies_in_a_component_of_landfall(plan: Plan) -> None:
    tokens = {one.urn: one.type for one in plan.resources}
    astray = [one.urn for one in own(plan) if not _component(one, plan, tokens)]
    assert astray == []


def _component(one: Resource, plan: Plan, tokens: dict[str, str]) -> bool:
    parents = {resource.urn: resource.parent for resource in plan.resources}
    above = one.parent
    while above:
        if tokens[above].startswith("landfall:"):
            return True
        above = parents[above]
    return False


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Plan]:
    """The plans of the samples, each recorded once, as those of a client of another name, and so what they build on."""
    project = Project(tmp_path_factory.mktemp("another"), PROJECT.home)
    project.stacks_dir.mkdir()
    for stack in PROJECT.stacks():
        path = PROJECT.stack_file(stack)
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "client" in told["config"][CONFIG_KEY]:
            told["config"][CONFIG_KEY]["client"] = {"name": "Quite Another", "slug": "another"}
        (project.stacks_dir / path.name).write_text(yaml.safe_dump(told), encoding="utf-8")
    return cache(partial(plan_stack, project))


def test_no_logical_name_derives_from_what_the_client_is_called(
    stack: str, plan: Plan, renamed: Callable[[str], Plan]
) -> None:
    assert {one.urn for one in renamed(stack).resources} == {one.urn for one in plan.resources}


def test_no_name_in_the_cloud_is_shared_with_another_client(
    stack: str, plan: Plan, renamed: Callable[[str], Plan]
) -> None:
    assert not _containers(plan) & _containers(renamed(stack))


def _containers(plan: Plan) -> set[str]:
    """The names that must be unique among all customers, but for adopted ones."""
    keys = ("bucket", "name", "accountName")
    buckets = plan.of_type(
        "gcp:storage/bucket:Bucket", "aws:s3/bucket:Bucket", "azure-native:storage:StorageAccount"
    )
    return {
        str(next(one.inputs[key] for key in keys if key in one.inputs))
        for one in buckets
        if not one.import_id
    }


def test_what_is_drawn_from_our_registry_is_built_and_has_a_place_there(plan: Plan) -> None:
    if "ml" not in plan.outputs:
        return
    registry = plan.outputs["ml"]["cluster"]["registry"]
    told = json.dumps([dict(one.inputs) for one in own(plan)], default=str)
    drawn = set(re.findall(f"{re.escape(registry)}/([a-z0-9-]+)", told))
    assert {"mlflow"} <= drawn <= set(IMAGES)
    places = {one.inputs["name"] for one in plan.of_type("aws:ecr/repository:Repository")}
    assert {place.rpartition("/")[2] for place in places} in (set(), set(IMAGES))
    assert all(f"/{place.rpartition('/')[0]}" in registry for place in places)


def test_what_a_stack_builds_it_exports_whole(stack: str, plan: Plan) -> None:
    for layer in sample(stack).layout.build:
        assert layer in plan.outputs
        assert list(_holes(KINDS[layer], plan.outputs[layer], layer)) == []
    for layer in set(get_args(Layer)) - set(sample(stack).layout.build):
        assert layer not in plan.outputs


def _holes(kind: type, value: Any, path: str) -> list[str]:
    """Fields of the contract that an export lacks."""
    if value is None:
        return [path]
    found: list[str] = []
    hints = get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        inner = value.get(field.name)
        hint = hints[field.name]
        nested = [p for p in (hint, *get_args(hint)) if dataclasses.is_dataclass(p)]
        if nested:
            optional = type(None) in get_args(hint)
            if not (optional and inner is None):
                found += _holes(nested[0], inner, f"{path}.{field.name}")  # pyright: ignore[reportArgumentType]
        elif hasattr(hint, "__metadata__"):
            found += [
                f"{path}.{field.name}.{k}" for k in hint.__metadata__[0] if not (inner or {}).get(k)
            ]
        elif inner is None:
            found.append(f"{path}.{field.name}")
    return found


def test_the_exported_platform_is_one(stack: str, plan: Plan) -> None:
    if "platform" not in plan.outputs:
        assert "data" not in sample(stack).layout.build
        return
    platform = Platform.model_validate(plan.outputs["platform"])
    assert platform.client == sample(stack).client.slug
    assert UNKNOWN not in json.dumps(plan.outputs["platform"])


def test_no_mandatory_policy_is_broken(stack: str, plan: Plan) -> None:
    found = judge(plan, sample(stack), TODAY)
    types = {one.urn: one.type for one in plan.resources}
    broken = [
        one
        for one in found
        if one.severity == "mandatory" and not one.waived
        if types.get(one.urn, "").split(":")[0] not in OPAQUE
    ]
    assert broken == []


def test_no_password_stands_in_the_plan(plan: Plan) -> None:
    words = ("password", "secretdata", "secretstring", "privatekey", "kubeconfig")
    bare = [
        f"{one.urn} {key}"
        for one in own(plan)
        for key, value in one.inputs.items()
        if one.type.split(":")[0] not in OPAQUE
        if key.lower() in words and value not in (SECRET, "", None)
    ]
    assert bare == []


def test_the_kubeconfig_is_exported_as_a_secret(stack: str, plan: Plan) -> None:
    if "ml" in sample(stack).layout.build:
        assert plan.outputs["ml"]["cluster"]["kubeconfig"] == SECRET


def test_gpu_pools_are_named_in_the_intents_order(stack: str, plan: Plan) -> None:
    if "ml" in sample(stack).layout.build:
        wanted = gpu_pools(sample(stack))
        assert len(plan.outputs["ml"]["cluster"]["gpu_pools"]) == len(wanted)


def test_each_resource_says_where_it_was_made(plan: Plan) -> None:
    assert [one.urn for one in own(plan) if not one.source.startswith("infra/")] == []


@pytest.mark.parametrize("module", FUNCTIONS)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_offers_the_same_builder_or_says_why_not(cloud: str, module: str) -> None:
    needs(cloud)
    found = importlib.import_module(f"infra.{cloud}.{module}")
    offered = found.OFFERED
    assert offered is True or isinstance(offered, NotOffered)
    builder = getattr(found, f"build_{module}")
    assert tuple(inspect.signature(builder).parameters) == FUNCTIONS[module]
    returns = get_type_hints(builder)["return"]
    assert issubclass(returns, getattr(contract, module.capitalize()))
    public = [n for n, f in inspect.getmembers(found, inspect.isfunction) if _public(n, f, found)]
    assert [name for name in public if name.startswith("build_")] == [f"build_{module}"]


def _public(name: str, function: Any, module: ModuleType) -> bool:
    return not name.startswith("_") and function.__module__ == module.__name__


@pytest.mark.parametrize("cloud", CLOUDS)
def test_only_the_provider_module_constructs_providers(cloud: str) -> None:
    needs(cloud)
    package = importlib.import_module(f"infra.{cloud}")
    folder = next(iter(package.__path__))
    makers = [
        path.name for path in sorted(Path(folder).glob("*.py")) if ".Provider(" in path.read_text()
    ]
    assert makers == ["provider.py"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_layers_split_over_stacks_build_what_one_stack_builds(cloud: str) -> None:
    needs(cloud)
    split = [one for one in sample_stacks(cloud) if len(sample(one).layout.build) == 1]
    if not split:
        pytest.skip(f"NO SAMPLE ON {cloud} SPLITS ITS LAYERS YET")
    first = next(one for one in split if sample(one).layout.build == ["foundation"])
    whole = plan_changed(first, layout={})
    parts = {one.urn.partition("::")[2] for name in split for one in own(plan_of(name))}
    assert parts == {one.urn.partition("::")[2] for one in own(whole)}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_small_stack_is_smaller_than_a_strict_one(cloud: str) -> None:
    needs(cloud)
    dev = [one for one in sample_stacks(cloud) if sample(one).environment == "dev"]
    prod = [
        one
        for one in sample_stacks(cloud)
        if sample(one).environment == "prod" and "foundation" in sample(one).layout.build
        if not sample(one).network.adopt.network
    ]
    if not dev or not prod:
        pytest.skip(f"{cloud} HAS NO SAMPLES OF BOTH SIZES YET")

    def made(stack: str) -> int:
        """Resources of the landing zone."""
        tokens = ("Organization$", "Network$", "Security$")
        return sum(any(f":{t}" in r.urn for t in tokens) for r in own(plan_of(stack)))

    assert made(dev[0]) < made(prod[0])
