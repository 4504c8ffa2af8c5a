"""After an apply, and after a crash: whole or not, drifted or not, and the way back."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

from infra.release.after import drift, verify
from infra.release.builds import Builds
from infra.release.engine import Engine
from infra.release.recover import recover
from infra.release.state import parse_state, read_state
from landfall.errors import LandfallError, Refused
from landfall.intent import Intent, parse_intent
from landfall.local import local_platform
from landfall.platform_file import save_platform
from landfall.project import Project
from tests.infra.release.conftest import (
    BUCKET,
    STACK,
    TOPIC,
    Fake,
    held,
    locked,
    preview,
    state,
    step,
)


@pytest.fixture
def intent(project: Project) -> Intent:
    return parse_intent(project.read_stack("meridian-gcp-prod-foundation"), "a")


def told(checks: list[Any]) -> dict[str, bool]:
    return {one.name: one.ok for one in checks}


def test_a_whole_stack_is_proven(
    project: Project, engine: Engine, fake: Fake, intent: Intent
) -> None:
    fake.says("stack", "output", out={"foundation": {}, "release": {}})
    found = told(verify(project, engine, STACK, intent))
    assert found == {
        "nothing pending": True,
        "outputs": True,
        "a second up would change nothing": True,
    }


def test_what_is_missing_pending_or_moving_is_named(
    project: Project, engine: Engine, fake: Fake, intent: Intent
) -> None:
    fake.says("stack", "output", out={"release": {}})
    fake.says("stack", "export", out=state(pending=[{"type": "updating", "resource": held(TOPIC)}]))
    fake.says("preview", out=preview(step("update", TOPIC)), code=1)
    found = verify(project, engine, STACK, intent)
    assert told(found) == dict.fromkeys(told(found), False)
    words = " ".join(one.told for one in found)
    assert "landed (updating)" in words
    assert "foundation" in words
    assert "update landed" in words


def test_a_data_layer_must_export_a_whole_platform(
    engine: Engine, fake: Fake, project: Project
) -> None:
    intent = parse_intent(project.read_stack(STACK), STACK)
    layers = {layer: {} for layer in intent.layout.build}
    fake.says("stack", "output", out={**layers, "release": {}, "platform": {"stack": STACK}})
    assert told(verify(project, engine, STACK, intent))["platform"] is False


def test_a_shared_platform_that_is_out_of_date_is_told_and_the_stack_is_whole_all_the_same(
    engine: Engine, fake: Fake, project: Project
) -> None:
    intent = parse_intent(project.read_stack(STACK), STACK)
    local = parse_intent(project.read_stack("demo-local-dev"), "demo-local-dev")
    platform = local_platform(local, STACK, project.home)
    layers = {layer: {} for layer in intent.layout.build}
    told_ = {**layers, "release": {}, "platform": platform.model_dump(mode="json")}
    fake.says("stack", "output", out=told_)
    assert "shared platform" not in told(verify(project, engine, STACK, intent))
    save_platform(project, platform, STACK, share=True)
    assert told(verify(project, engine, STACK, intent))["shared platform"] is True
    older = platform.model_copy(update={"registry": "elsewhere"})
    save_platform(project, older, STACK, share=True)
    (check,) = [
        one for one in verify(project, engine, STACK, intent) if one.name == "shared platform"
    ]
    assert (check.ok, check.must) == (False, False)
    assert f"landfall platform show {STACK} --share" in check.told


def test_drift_is_told_gone_and_data_first(engine: Engine, fake: Fake) -> None:
    changed = step("update", BUCKET, diffReasons=["labels"], detailedDiff={"labels.team": {}})
    fake.says(
        "refresh", out=preview(step("refresh", TOPIC), changed, step("delete", TOPIC)), code=7
    )
    found = drift(engine, STACK)
    assert [(one["op"], one["name"], one["properties"], one["holds_data"]) for one in found] == [
        ("gone", "landed", [], False),
        ("changed", "bronze", ["labels"], True),
    ]
    assert all("--preview-only" in one for one in fake.calls())


def test_a_look_for_drift_reads_no_secret_of_the_cluster(engine: Engine, fake: Fake) -> None:
    """Helm's records lie in Secrets. The pattern as the CLI reads it: `**` is anything, `*` all but a colon."""
    fake.says("refresh", out=preview())
    drift(engine, STACK)
    (call,) = fake.calls()
    pattern = call[call.index("--exclude") + 1]
    assert "*" not in pattern.replace("**", "")
    left_out = re.compile(".*".join(re.escape(part) for part in pattern.split("**")))
    stem = f"urn:pulumi:{STACK}::landfall::landfall:kubernetes:Certificates$kubernetes:"
    assert left_out.fullmatch(f"{stem}helm.sh/v3:Release::cert-manager")
    assert not left_out.fullmatch(f"{stem}core/v1:Namespace::cert-manager")


def test_no_drift_is_no_drift(engine: Engine, fake: Fake) -> None:
    fake.says("refresh", out=preview(step("refresh", TOPIC)))
    assert drift(engine, STACK) == []


def test_a_look_that_failed_is_no_drift(engine: Engine, fake: Fake) -> None:
    fake.says("refresh", err="error: could not find default credentials\n", code=1)
    with pytest.raises(LandfallError, match="look for drift") as caught:
        drift(engine, STACK)
    assert "credentials" in caught.value.fix


def test_drift_that_the_cli_does_not_explain_is_an_error(engine: Engine, fake: Fake) -> None:
    fake.says("refresh", out=preview(), code=7)
    with pytest.raises(LandfallError, match="not how"):
        drift(engine, STACK)


def test_each_pending_operation_has_a_way_out() -> None:
    pending = [
        {"type": "creating", "resource": held(TOPIC)},
        {"type": "deleting", "resource": held(BUCKET)},
    ]
    creating, deleting = parse_state(state(pending=pending), STACK).pending
    assert "--none-exist" in creating.way_out
    assert deleting.way_out == f"landfall stack recover {STACK}"


def test_a_killed_update_is_settled_by_asking_the_cloud(
    engine: Engine, fake: Fake, builds: Builds
) -> None:
    fake.says("stack", "export", out=state(pending=[{"type": "updating", "resource": held(TOPIC)}]))
    fake.says("refresh")
    assert recover(engine, builds, STACK, none_exist=False).settled == ["updating landed"]
    assert "--clear-pending-creates" not in next(one for one in fake.calls() if one[0] == "refresh")


def test_a_killed_creation_waits_for_a_person(engine: Engine, fake: Fake, builds: Builds) -> None:
    fake.says("stack", "export", out=state(pending=[{"type": "creating", "resource": held(TOPIC)}]))
    fake.says("refresh")
    with pytest.raises(Refused, match="killed while it created 'landed'"):
        recover(engine, builds, STACK, none_exist=False)
    assert not fake.ran("refresh")
    recover(engine, builds, STACK, none_exist=True)
    assert "--clear-pending-creates" in next(one for one in fake.calls() if one[0] == "refresh")


def test_an_apply_that_runs_is_not_called_killed(
    engine: Engine, fake: Fake, builds: Builds
) -> None:
    """Its state has operations under way, as a killed one's has."""
    fake.says("stack", "export", out=state(pending=[{"type": "creating", "resource": held(TOPIC)}]))
    with builds.running(STACK, os.getpid()), pytest.raises(Refused, match="is being applied by"):
        recover(engine, builds, STACK, none_exist=False)
    assert not fake.ran("refresh")
    with pytest.raises(Refused, match="was killed"):
        recover(engine, builds, STACK, none_exist=False)


def test_a_lock_of_somebody_else_is_in_the_way_of_recovery_too(
    engine: Engine, fake: Fake, builds: Builds
) -> None:
    fake.says("refresh", err=locked(), code=1)
    with pytest.raises(Refused, match="is locked by"):
        recover(engine, builds, STACK, none_exist=False)
    assert not fake.ran("cancel")


def test_a_state_that_is_none_is_an_error(engine: Engine, fake: Fake) -> None:
    for out in ("", "[]", json.dumps({"deployment": None})):
        fake.says("stack", "export", out=out)
        with pytest.raises(LandfallError):
            read_state(engine, STACK)
