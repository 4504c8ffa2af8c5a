"""A plan with the SDKs' modules imported one by one, and positions made once, is the plan with all of them and each made
anew, and much less is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from landfall.project import find_project

STACKS = ("kestrel-gcp-staging", "northwind-aws-adopt", "fjord-azure-dev")
PLANNED = """
import hashlib, json, sys
from infra.plan import record, sdk, sparing
if sys.argv[1] == "whole":
    record.spare_imports = sdk.spare_imports = record.cheap_positions = lambda: None
from infra.plan.load import dump
from infra.plan.stacks import plan_stack
from landfall.project import find_project
plans = {name: dump(plan_stack(find_project(), name)) for name in sys.argv[2:]}
modules = sum(name.startswith("pulumi_") for name in sys.modules)
digests = {name: hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest() for name, plan in plans.items()}
print(json.dumps({"modules": modules, "plans": digests}))
"""
LOOKED_UP = """
from infra.plan.sparing import spare_imports
spare_imports()
import pulumi_gcp.storage as storage
bucket = __import__("pulumi_gcp.storage.bucket", fromlist=["Bucket"])
assert storage.Bucket is bucket.Bucket and storage.BucketArgs is bucket.BucketArgs
assert storage.bucket is bucket and storage.get_bucket.__module__ == "pulumi_gcp.storage.get_bucket"
assert storage.BucketCorArgs.__module__ == "pulumi_gcp.storage._inputs"
try:
    storage.Bukket
except AttributeError as error:
    print(error)
"""
MADE = """
from infra.plan.sparing import spare_imports
spare_imports()
import pulumi
from pulumi import _types
from pulumi_gcp import orgpolicy
args = orgpolicy.PolicySpecArgs(rules=[orgpolicy.PolicySpecRuleArgs(enforce="TRUE")])
module = orgpolicy._inputs
assert args.rules[0].enforce == "TRUE" and type(args).__module__ == module.__name__
kinds = _types.input_type_types(type(args))
assert kinds["rules"] is not None and "PolicySpecRuleArgs" in repr(kinds["rules"])
assert issubclass(orgpolicy.outputs.PolicySpec, dict) and _types.is_output_type(orgpolicy.outputs.PolicySpec)
assert orgpolicy._inputs.PolicySpecArgsDict.__total__
made = len([name for name in vars(module) if name.startswith("Policy")])
from infra.plan import slices
cached = bool(slices._modules[module.__name__].bodies)
print(made, cached, sorted(orgpolicy._inputs.PolicySpecArgsDict.__required_keys__))
for wrong in ("Any", "overload", "pulumi"):
    try:
        getattr(orgpolicy, wrong)
    except AttributeError:
        continue
    raise SystemExit(f"{wrong} is no name of the package")
"""
KUBERNETES = """
from infra.plan.sparing import spare_imports
spare_imports()
from pulumi_kubernetes.core import v1
assert v1.PodSpecArgs.__module__ == "pulumi_kubernetes.core.v1._inputs"
try:
    v1.PodSpec
except AttributeError as error:
    print(error)
"""
FOUND_BEFORE = """
from pulumi_gcp import orgpolicy  # found, and not run: the SDK imports its packages when they are asked for something
from infra.plan.sparing import spare_imports
spare_imports()
print(orgpolicy.PolicySpecArgs.__name__)
"""


def run(code: str, *words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=find_project().root,
        capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def both() -> tuple[dict[str, Any], dict[str, Any]]:
    spared, whole = (json.loads(run(PLANNED, how, *STACKS)) for how in ("spared", "whole"))
    return spared, whole


def test_the_plans_are_equal(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    spared, whole = both
    assert spared["plans"] == whole["plans"]
    assert len(set(spared["plans"].values())) == len(STACKS)


def test_far_fewer_modules_are_imported(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    spared, whole = both
    assert spared["modules"] < whole["modules"] / 2, (spared["modules"], whole["modules"])


def test_a_name_is_what_the_sdk_gives_and_a_wrong_one_is_an_error() -> None:
    assert run(LOOKED_UP).strip() == "module 'pulumi_gcp.storage' has no attribute 'Bukket'"


@pytest.mark.parametrize("cached", [True, False], ids=["of Python's cache", "of the source"])
def test_of_a_large_module_only_the_classes_asked_for_are_made(
    cached: bool, tmp_path: Path
) -> None:
    run("import pulumi_gcp.orgpolicy as all; all.Policy")
    elsewhere = {} if cached else {"PYTHONPYCACHEPREFIX": str(tmp_path)}
    # As by the SDK's own import, no key is required: from source the annotations must not become text.
    assert run(MADE, **elsewhere).strip() == f"3 {cached} []"


def test_a_kubernetes_class_of_outputs_is_no_name_of_its_package() -> None:
    assert "has no attribute 'PodSpec'" in run(KUBERNETES)


def test_a_package_that_was_found_before_is_imported_whole() -> None:
    assert run(FOUND_BEFORE).strip() == "PolicySpecArgs"
