"""`landfall plan`, `check` and `platform show` as a person or a script meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.plan.load import dump
from infra.plan.stacks import plan_stack
from landfall.project import find_project

PROJECT = find_project(Path(__file__).parent)
STACK = "meridian-gcp-prod-data"
KEYS = {"stack", "cloud", "resources", "outputs", "findings", "violations", "cost", "quotas", "risks", "parity", "refused"}  # fmt: skip
RESOURCE = {"urn", "type", "name", "inputs", "parent", "provider", "deps", "propertyDependencies", "protect", "retain", "source"}  # fmt: skip


def landfall(*words: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("LANDFALL_")}
    if path is not None:
        env["PATH"] = path
    return subprocess.run(
        [sys.executable, "-m", "landfall.cli", *map(str, words)],
        cwd=PROJECT.root, env=env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], int]:
    file = tmp_path_factory.mktemp("plan") / "plan.json"
    done = landfall("plan", STACK, "--output", "json", "--save", file)
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(done.stdout)
    return file, json.loads(done.stdout), done.returncode


def test_the_plan_has_the_keys_that_scripts_build_on(saved: Any):
    _, value, code = saved
    assert set(value) >= KEYS
    assert all(set(one) >= RESOURCE for one in value["resources"])
    assert value["stack"] == STACK
    assert value["findings"] == []
    assert code == (3 if value["refused"] else 0)


def test_a_plan_against_itself_holds_no_risk(saved: Any):
    file, _, _ = saved
    done = landfall("plan", STACK, "--against", file, "--output", "json")
    assert json.loads(done.stdout)["risks"] == []


def test_a_plan_tells_a_person_what_it_found():
    done = landfall("plan", STACK)
    for word in (STACK, "resources", "values:", "policies:", "cost:", "USD a month"):
        assert word in done.stdout
    assert done.returncode in (0, 3)
    assert ("REFUSED" in done.stdout) == (done.returncode == 3)


def test_check_finds_in_a_saved_plan_what_was_broken_by_hand(saved: Any, tmp_path: Path):
    file, _, _ = saved
    assert json.loads(landfall("check", file).stdout)["findings"] == []
    plan = dump(plan_stack(PROJECT, STACK))
    broken = next(
        r for r in plan["resources"] if r["type"] == "gcp:pubsub/subscription:Subscription"
    )
    broken["inputs"]["ackDeadlineSeconds"] = 5
    other = tmp_path / "broken.json"
    other.write_text(json.dumps(plan), encoding="utf-8")
    done = landfall("check", other)
    (one,) = json.loads(done.stdout)["findings"]
    assert (one["property"], one["allowed"]) == ("ackDeadlineSeconds", "10 to 600")
    assert one["source"].startswith("infra/gcp/events.py:")
    assert done.returncode in (1, 3)


def test_check_refuses_what_breaks_a_mandatory_policy(tmp_path: Path):
    file = tmp_path / "one.json"
    file.write_text(json.dumps([{"type": "aws:s3/bucket:Bucket", "name": "b", "inputs": {}}]), encoding="utf-8")  # fmt: skip
    done = landfall("check", file)
    assert done.returncode == 3
    assert json.loads(done.stdout)["violations"]
    text = landfall("check", file, "--output", "text")
    assert text.returncode == 3
    assert "REFUSED" in text.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "nowhere"), "There is no stack 'nowhere'"),
        (("plan", "demo-local-dev"), "nothing to plan"),
        (("plan", STACK, "--against", "nowhere.json"), "cannot be read"),
        (("plan", STACK, "--save", "/nowhere/plan.json"), "cannot be written"),
        (("check", "nowhere.json"), "cannot be read"),
        (("check", "pyproject.toml"), "is not JSON"),
        (("platform", "show", "nowhere"), "There is no stack 'nowhere'"),
        (("platform", "show", STACK, "--file", "pyproject.toml"), "is not JSON"),
    ],
)
def test_bad_input_is_told_and_prints_no_traceback(words: tuple[str, ...], told: str):
    done = landfall(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_platform_is_read_from_what_a_stack_exports(tmp_path: Path):
    outputs = json.loads(json.dumps(plan_stack(PROJECT, STACK).outputs))
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(outputs), encoding="utf-8")
    done = landfall("platform", "show", STACK, "--file", file, "--output", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["stack"] == STACK
    assert outputs["platform"]["storage"]["gold"] in landfall("platform", "show", STACK, "--file", file).stdout  # fmt: skip
    del outputs["platform"]["storage"]["gold"]
    file.write_text(json.dumps(outputs), encoding="utf-8")
    done = landfall("platform", "show", STACK, "--file", file)
    assert done.returncode == 2
    assert "storage.gold: Field required" in done.stderr


def test_a_platform_is_asked_of_the_cli_where_there_is_one(tmp_path: Path):
    assert "no `pulumi` on PATH" in landfall("platform", "show", STACK, path="/nowhere").stderr
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho 'error: no stack named x' >&2\nexit 255\n", encoding="utf-8")  # fmt: skip
    (tmp_path / "pulumi").chmod(0o755)
    done = landfall("platform", "show", STACK, path=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 1
    assert "no stack named x" in done.stderr
