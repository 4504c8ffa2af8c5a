"""A plan with the SDKs' modules imported one by one, and positions made once, is the plan with all of them and each made
anew, and much less is imported."""

from __future__ import annotations

import json
import subprocess
import sys
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


def run(code: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=find_project().root,
        capture_output=True, text=True, check=False,
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
