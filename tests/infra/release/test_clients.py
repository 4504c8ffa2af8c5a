"""Who runs what, the order of an upgrade, and what people are written."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import infra.plan.stacks
from infra.plan.load import parse
from infra.plan.model import Plan
from infra.plan.report import Assessment
from infra.release import campaign as module
from infra.release.builds import Builds
from infra.release.campaign import campaign
from infra.release.clients import rows
from infra.release.notice import Event, notice
from landfall.cli import build_app
from landfall.errors import UsageError
from landfall.intent import parse_intent
from landfall.project import Project
from tests.infra.release.conftest import STACK, held

TODAY = datetime.date(2026, 11, 27)


def applied(builds: Builds, stack: str, *resources: dict[str, Any]) -> None:
    builds.note(
        "applied", stack, {"version": "0.0.1", "at": "2026-11-01T00:00:00+00:00", "cost": 700.0}
    )
    builds.note("plan", stack, {"stack": stack, "cloud": "gcp", "resources": list(resources)})


def one(stack: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return held(f"urn:pulumi:{stack}::landfall::{kind}::{name}", name=name, **more)


def test_stacks_are_listed_by_client_with_what_the_register_knows(
    project: Project, builds: Builds
) -> None:
    applied(builds, STACK)
    builds.note("drift", STACK, {"drifted": True, "at": "2026-11-26T02:00:00+00:00"})
    found = {row.stack: row for row in rows(project, builds)}
    assert "demo-local-dev" not in found
    row = found[STACK]
    assert (row.client, row.version, row.current, row.drifted, row.cost) == (
        "harbor",
        "0.0.1",
        False,
        True,
        700.0,
    )
    assert found["northwind-aws-dev"].applied is None
    clients = [row.client for row in rows(project, builds)]
    assert clients == sorted(clients)
    own = rows(project, builds, "kestrel")
    assert [(row.stack, row.jenkins) for row in own] == [("kestrel-gcp-staging", True)]
    assert row.jenkins is False


TOPIC, BUCKET, NETWORK = (
    "gcp:pubsub/topic:Topic",
    "gcp:storage/bucket:Bucket",
    "gcp:compute/network:Network",
)


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> dict[str, Plan]:
    """What this version plans for each stack."""
    made: dict[str, Plan] = {}
    monkeypatch.setattr(infra.plan.stacks, "plan_intent", lambda _p, _i, stack, **_: made[stack])
    monkeypatch.setattr(module, "assess", lambda plan, *_: Assessment(plan, [], []))
    return made


def test_the_mildest_goes_first_and_the_first_surprise_stops_it(
    project: Project, builds: Builds, plans: dict[str, Plan]
) -> None:
    prod, dev, lost = "meridian-gcp-prod-foundation", STACK, "kestrel-gcp-staging"
    for stack in (prod, dev, lost):
        applied(builds, stack, one(stack, BUCKET, "bronze"), one(stack, NETWORK, "hub", inputs={"name": "a"}))  # fmt: skip
    plans[prod] = parse(
        [one(prod, BUCKET, "bronze"), one(prod, NETWORK, "hub", inputs={"name": "a"})]
    )
    plans[dev] = parse([one(dev, BUCKET, "bronze"), one(dev, NETWORK, "hub", inputs={"name": "b"})])
    plans[lost] = parse([one(lost, NETWORK, "hub", inputs={"name": "a"})])
    made = campaign(project, builds, TODAY)
    assert [(step.stack, step.verdict) for step in made.steps] == [
        (prod, "go"), (dev, "ask"), (lost, "surprise"),
    ]  # fmt: skip
    assert made.stopped_at == lost
    assert made.ready == [prod]
    assert made.by_hand == (
        dev,
    )  # its intent names no Jenkins: it is planned, told, and not Jenkins' to apply
    assert "holds data and would be deleted" in made.steps[-1].reasons[0]
    assert "northwind-aws-dev" in made.unknown


def test_within_one_risk_development_and_foundations_come_first(
    project: Project, builds: Builds, plans: dict[str, Plan]
) -> None:
    names = [
        "meridian-gcp-prod-ml",
        "meridian-gcp-prod-data",
        "meridian-gcp-prod-foundation",
        STACK,
    ]
    for stack in names:
        applied(builds, stack)
        plans[stack] = parse([])
    made = campaign(project, builds, TODAY)
    assert [step.stack for step in made.steps] == [
        STACK, "meridian-gcp-prod-foundation", "meridian-gcp-prod-data", "meridian-gcp-prod-ml",
    ]  # fmt: skip
    assert made.ready == [step.stack for step in made.steps if step.stack != STACK]
    assert {step.client for step in campaign(project, builds, TODAY, "harbor").steps} == {"harbor"}


def test_the_commands_say_the_same(
    project: Project, builds: Builds, plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_PROJECT", str(project.root))
    monkeypatch.setenv("LANDFALL_HOME", str(project.home))
    applied(builds, STACK, one(STACK, BUCKET, "bronze"))
    plans[STACK] = parse([])
    run = CliRunner().invoke
    listed = json.loads(run(build_app(), ["clients", "--output", "json"]).stdout)
    assert any(row["stack"] == STACK and row["version"] == "0.0.1" for row in listed["stacks"])
    assert "0.0.1 (behind)" in run(build_app(), ["clients"]).stdout
    applied(builds, "kestrel-gcp-staging")
    night = json.loads(run(build_app(), ["clients", "--output", "json"]).stdout)
    assert (night["watched"], night["by_hand"]) == (["kestrel-gcp-staging"], [STACK])
    stopped = run(build_app(), ["clients", "upgrade", "--client", "harbor"])
    assert stopped.exit_code == 3
    assert f"STOPS at {STACK}" in stopped.stdout
    assert isinstance(
        run(build_app(), ["clients", "upgrade", "--client", "nobody"]).exception, UsageError
    )


def test_each_event_reaches_those_who_can_act_on_it(project: Project) -> None:
    raw = {**project.read_stack(STACK), "jenkins": {"issuer": "https://jenkins.example.com/oidc", "approvers": ["lead@harbor.example"]}}  # fmt: skip
    intent = parse_intent(raw, STACK)
    to = {event: notice(event, STACK, intent, details={"what": "x"}).to for event in Event}
    assert to[Event.approval] == ["lead@harbor.example"]
    assert to[Event.drift] == ["data@harbor.example", "soc@harbor.example"]
    assert to[Event.over_budget] == ["data@harbor.example", "it@harbor.example"]
    assert to[Event.held] == ["data@harbor.example"]


def test_a_notice_tells_what_was_found_and_where(project: Project) -> None:
    intent = parse_intent(project.read_stack(STACK), STACK)
    found = {"changes": [{"op": "gone", "name": "landed", "properties": []}]}
    made = notice(
        Event.drift,
        STACK,
        intent,
        details=found,
        build="https://jenkins.example.com/job/nightly/3/",
    )
    assert made.subject == f"[landfall] {STACK}: the cloud is no longer as it was applied"
    assert "op gone, name landed" in made.body
    assert "job/nightly/3" in made.body


def test_where_no_stack_is_known_all_of_a_clients_technical_contacts_are_written_to(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project.stack_file(STACK)
    wrong = file.read_text(encoding="utf-8").replace("environment: dev", "environment: devel")
    file.write_text(wrong, encoding="utf-8")  # what does not hold keeps nobody from being told
    monkeypatch.setenv("LANDFALL_PROJECT", str(project.root))
    found = tmp_path / "failed.json"
    found.write_text('{"what": "harbor/nightly 7: FAILURE."}', encoding="utf-8")
    run = CliRunner().invoke
    line = ["notice", "failed", "--client", "harbor", "--file", str(found), "--output", "json"]
    told = json.loads(run(build_app(), line).stdout)
    assert told["to"] == ["data@harbor.example"]
    assert told["subject"] == "[landfall] harbor: a build failed"
    assert "harbor/nightly 7: FAILURE." in told["body"]
    for words in (["notice", "failed"], ["notice", "failed", "--client", "harbor", "--send"]):
        assert isinstance(run(build_app(), words).exception, UsageError)


def test_a_file_with_nothing_to_tell_is_refused(project: Project, tmp_path: Path) -> None:
    intent = parse_intent(project.read_stack(STACK), STACK)
    with pytest.raises(UsageError, match="nothing to tell"):
        notice(Event.failed, STACK, intent, details={"a": 1})
