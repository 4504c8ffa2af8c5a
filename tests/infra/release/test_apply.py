"""What is applied is what was looked at and approved, by those who may, or nothing at all."""

from __future__ import annotations

import datetime
import getpass
import json
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.load import parse as parse_plan
from infra.plan.report import Assessment
from infra.release.apply import apply
from infra.release.approval import answer
from infra.release.builds import Builds
from infra.release.engine import Engine
from infra.release.masking import Masker
from infra.release.release import FILE, Release, make, read, write
from landfall.errors import LandfallError, Refused, UsageError
from landfall.intent import Intent, parse_intent
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

TODAY = datetime.date(2026, 11, 27)
APPROVER = "lead@harbor.example"


@pytest.fixture(autouse=True)
def _recorded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorded plan of these tests is empty and nothing is wrong with it: what they try is the engine's side."""
    import infra.plan.stacks
    import infra.release.release as module

    plan = parse_plan({"stack": STACK, "cloud": "gcp", "resources": []})
    monkeypatch.setattr(infra.plan.stacks, "plan_intent", lambda *_, **__: plan)
    monkeypatch.setattr(module, "assess", lambda *_: Assessment(plan, [], []))


def intent_of(project: Project, **more: Any) -> Intent:
    raw = dict(project.read_stack(STACK))
    raw["jenkins"] = {"issuer": "https://jenkins.example.com/oidc", "approvers": [APPROVER]}
    return parse_intent({**raw, **more}, STACK)


class Desk:
    """A release's folder, and the calls on it."""

    def __init__(self, project: Project, engine: Engine, builds: Builds, folder: Path) -> None:
        self.project, self.engine, self.builds, self.folder = project, engine, builds, folder

    def release(self, kind: Any = "up", **intent: Any) -> Release:
        made, looked, assessed = make(
            self.project, self.engine, STACK, intent_of(self.project, **intent), TODAY, kind=kind
        )
        write(made, looked, assessed, self.folder, Masker({}))
        return made

    def approve(self, made: Release, **more: Any) -> None:
        given = {"by": APPROVER, "digest": made.digest, "yes": True, "why": "", "build": "", **more}
        answer(self.folder, made, given.pop("by"), given.pop("digest"), **given)

    def up(self, kind: str = "up") -> Any:
        return apply(self.project, self.engine, self.builds, self.folder, kind)


@pytest.fixture
def desk(project: Project, engine: Engine, builds: Builds, tmp_path: Path, fake: Fake) -> Desk:
    fake.says("stack", "export", out=state(held(TOPIC)))  # something is applied already
    fake.says("up", out=json.dumps({"summaryEvent": {"resourceChanges": {"same": 1, "update": 1}}}) + "\n")  # fmt: skip
    return Desk(project, engine, builds, tmp_path / "release")


def label(fake: Fake, value: str = "a") -> None:
    """From now on the engine would change a label."""
    fake.says("preview", out=preview(step("update", TOPIC, newState=held(TOPIC, inputs={"labels": {"x": value}}), detailedDiff={"labels.x": {}})))  # fmt: skip


def test_a_safe_change_is_applied_without_asking(desk: Desk, fake: Fake) -> None:
    label(fake)
    made = desk.release()
    assert not made.approval.needed
    assert desk.up().result == "succeeded"
    up = next(one for one in fake.calls() if one[0] == "up")
    assert "--plan" in up
    assert "--yes" in up
    assert not list(desk.folder.glob("bound-plan*"))


def unseen(*urns: str, more: str = "", adopted: str = BUCKET) -> str:
    """What the engine says in an apply that adopts, and was not asked for all that its plan allows."""
    told = [f"expected resource operations for {urn} but none were seen\n" for urn in urns]
    lines = [
        {"diagnosticEvent": {"severity": "error", "prefix": "error: ", "message": one}}
        for one in (*told, *([more] if more else []))
    ]
    done = {"resOutputsEvent": {"metadata": {"op": "import", "urn": adopted}}}
    end = {"summaryEvent": {"resourceChanges": {"import": 1}, "result": "failed"}}
    return "".join(json.dumps(one) + "\n" for one in (done, *lines, end))


def adopting(desk: Desk, fake: Fake) -> None:
    """The bucket is adopted and, for all that is known before, changed."""
    fake.says("preview", out=preview(step("import", BUCKET), step("update", BUCKET)))
    made = desk.release()
    if made.approval.needed:
        desk.approve(made)


def test_an_adopted_resource_may_turn_out_to_be_as_the_intent_wants_it(
    desk: Desk, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    adopting(desk, fake)
    fake.says("up", out=unseen(BUCKET), code=255)
    done = desk.up()
    assert (done.result, done.changes) == ("succeeded", {"import": 1})
    assert "wanted no change after all: bronze" in capsys.readouterr().err
    assert desk.builds.noted("applied", STACK) is not None


@pytest.mark.parametrize(
    "said",
    [
        {"out": unseen(TOPIC)},
        {"out": unseen(BUCKET, TOPIC)},
        {"out": unseen(BUCKET, more="the bucket is gone")},
        {"out": unseen(BUCKET, adopted=TOPIC)},
        {"out": unseen(BUCKET), "err": "error: the state could not be saved\n"},
        {"out": ""},
    ],
    ids=["of what is not adopted", "of another too", "and another error", "never imported", "and an error beside", "nothing"],
)  # fmt: skip
def test_no_other_failure_is_taken_for_that(desk: Desk, fake: Fake, said: dict[str, str]) -> None:
    adopting(desk, fake)
    fake.says("up", code=255, **said)
    with pytest.raises(LandfallError, match="The up of"):
        desk.up()
    assert desk.builds.noted("applied", STACK) is None


def test_the_register_knows_what_is_applied(desk: Desk, fake: Fake) -> None:
    label(fake)
    made = desk.release()
    desk.up()
    applied = desk.builds.noted("applied", STACK)
    assert applied is not None
    assert (applied["digest"], applied["version"], applied["client"]) == (
        made.digest,
        made.version,
        "harbor",
    )
    assert desk.builds.noted("plan", STACK) is not None
    (run,) = desk.builds.of(STACK)
    assert run.ended is not None


def test_a_risky_change_waits_for_a_yes(desk: Desk, fake: Fake) -> None:
    urn = f"urn:pulumi:{STACK}::landfall::gcp:compute/network:Network::hub"
    fake.says("preview", out=preview(step("replace", urn, replaceReasons=["name"])))
    made = desk.release()
    assert made.approval.needed
    with pytest.raises(Refused, match="needs a yes"):
        desk.up()
    assert not fake.ran("up")
    desk.approve(made)
    assert desk.up().approved_by == APPROVER


@pytest.mark.parametrize("lost", ["protect", "retainOnDelete"])
def test_protection_that_is_lifted_waits_for_a_yes_though_the_engine_calls_it_the_same(
    desk: Desk, fake: Fake, lost: str
) -> None:
    both = {"protect": True, "retainOnDelete": True}
    unchanged = desk.release().digest
    fake.says("preview", out=preview(
        step("same", BUCKET, oldState=held(BUCKET, **both), newState=held(BUCKET, **{**both, lost: False})),
        step("same", TOPIC, oldState=held(TOPIC, **both), newState=held(TOPIC, **both)),
    ))  # fmt: skip
    made = desk.release()
    assert [(one["op"], one["name"]) for one in made.steps] == [("update", "bronze")]
    assert any("no longer kept from deletion" in reason for reason in made.approval.reasons)
    assert made.digest != unchanged
    with pytest.raises(Refused, match="needs a yes"):
        desk.up()
    assert not fake.ran("up")


def test_the_first_apply_of_production_waits_for_a_yes(desk: Desk, fake: Fake) -> None:
    fake.says("stack", "export", out=state())
    fake.says("preview", out=preview(step("create", TOPIC)))
    assert desk.release(environment="prod").approval.needed
    assert not desk.release(environment="dev").approval.needed


def test_nobody_else_may_say_yes(desk: Desk, fake: Fake) -> None:
    label(fake)
    made = desk.release()
    with pytest.raises(Refused, match="may not approve"):
        desk.approve(made, by="intern@harbor.example")
    with pytest.raises(Refused, match="may not approve"):
        desk.approve(made, by="")


def test_a_yes_is_bound_to_its_digest(desk: Desk, fake: Fake) -> None:
    label(fake)
    made = desk.release()
    with pytest.raises(Refused, match="not what would be applied"):
        desk.approve(made, digest="0" * 64)


def test_a_no_is_final_even_where_none_was_due(desk: Desk, fake: Fake) -> None:
    label(fake)
    made = desk.release()
    desk.approve(made, yes=False, why="not on a Friday")
    with pytest.raises(Refused, match="not on a Friday"):
        desk.up()
    assert not fake.ran("up")


def test_a_yes_to_another_release_does_not_count(desk: Desk, fake: Fake) -> None:
    fake.says("preview", out=preview(step("delete", TOPIC)))
    made = desk.release(kind="up")
    approval = desk.folder / "approval.json"
    desk.approve(made)
    old = approval.read_text(encoding="utf-8")
    fake.says("destroy", out=preview(step("delete", TOPIC)))
    desk.release(kind="destroy")
    assert not approval.exists()  # a new release begins without one
    approval.write_text(old, encoding="utf-8")
    with pytest.raises(Refused, match="another release"):
        desk.up("destroy")


def test_a_release_that_changed_after_the_yes_is_refused(desk: Desk, fake: Fake) -> None:
    label(fake, "a")
    made = desk.release()
    desk.approve(made)
    label(fake, "b")
    with pytest.raises(Refused, match="has changed since"):
        desk.up()
    assert not fake.ran("up")


def test_a_stack_file_that_changed_after_the_yes_is_refused(desk: Desk, fake: Fake) -> None:
    label(fake)
    desk.release()
    file = desk.project.stack_file(STACK)
    file.write_text(file.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    with pytest.raises(Refused, match="has changed since"):
        desk.up()
    assert not fake.ran("up")


def test_the_time_and_the_stack_trace_are_no_change(desk: Desk, fake: Fake) -> None:
    def told(at: str) -> dict[str, Any]:
        now = held(TOPIC, inputs={"a": 1}, modified=at, sourcePosition=at, stackTrace=[at])
        return preview(step("update", TOPIC, newState=now))

    fake.says("preview", out=told("first"))
    made = desk.release()
    fake.says("preview", out=told("second"))
    assert desk.release().digest == made.digest


def test_data_goes_in_two_releases(desk: Desk, fake: Fake) -> None:
    fake.says("preview", out=preview(step("delete", BUCKET)))
    made = desk.release()
    assert any("did not mark it" in one for one in made.refused)
    with pytest.raises(Refused, match="did not mark it"):
        desk.up()
    fake.says("stack", "export", out=state(held(BUCKET), release={"version": "1", "retiring": ["bronze"]}))  # fmt: skip
    made = desk.release()
    assert not made.refused
    assert made.approval.needed  # marked or not, somebody says yes
    desk.approve(made)
    desk.up()


def test_a_mark_on_another_resource_is_no_mark(desk: Desk, fake: Fake) -> None:
    fake.says("preview", out=preview(step("replace", BUCKET, replaceReasons=["location"])))
    fake.says("stack", "export", out=state(held(BUCKET), release={"retiring": ["silver"]}))
    assert any("would be replaced" in one for one in desk.release().refused)


def test_destroying_always_waits_for_a_yes_and_for_the_marks(desk: Desk, fake: Fake) -> None:
    fake.says("destroy", out=preview(step("delete", TOPIC), step("delete", BUCKET)))
    made = desk.release(kind="destroy")
    assert made.approval.needed
    assert made.refused
    fake.says("stack", "export", out=state(held(BUCKET), release={"retiring": ["*"]}))
    made = desk.release(kind="destroy")
    assert not made.refused
    desk.approve(made)
    with pytest.raises(Refused, match="not for `up`"):
        desk.up("up")
    assert not any("--preview-only" not in one for one in fake.calls() if one[0] == "destroy")
    fake.says("destroy", "--skip-preview", out="")
    assert desk.up("destroy").kind == "destroy"


def test_what_is_pending_is_listed_with_the_way_out_and_nothing_is_applied(
    desk: Desk, fake: Fake
) -> None:
    label(fake)
    desk.release()
    pending = [{"type": "updating", "resource": held(TOPIC)}]
    fake.says("stack", "export", out=state(held(TOPIC), pending=pending))
    with pytest.raises(Refused, match="left pending") as caught:
        desk.up()
    assert caught.value.fix == f"landfall stack recover {STACK}"
    assert not fake.ran("up")


def test_a_failed_apply_is_told_with_what_it_left_pending(desk: Desk, fake: Fake) -> None:
    label(fake)
    desk.release()
    error = {"diagnosticEvent": {"severity": "error", "message": "error: quota CPUS exceeded\n"}}
    fake.says("up", out=json.dumps(error) + "\n", code=1)
    with pytest.raises(LandfallError, match="quota CPUS exceeded"):
        desk.up()
    kept = json.loads((desk.folder / "outcome.json").read_text(encoding="utf-8"))
    assert kept["result"] == "failed"
    assert desk.builds.noted("applied", STACK) is None


def test_a_live_lock_stops_the_apply(desk: Desk, fake: Fake) -> None:
    label(fake)
    desk.release()
    fake.says("up", err=locked(), code=1)
    with pytest.raises(Refused, match="is locked by ci@agent-1"):
        desk.up()
    assert not fake.ran("cancel")


def test_a_stale_lock_of_ours_is_recovered_and_the_change_looked_at_again(
    desk: Desk, fake: Fake
) -> None:
    label(fake)
    desk.release()
    with desk.builds.running(STACK, 4242):
        pass
    now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    fake.says("cancel")
    fake.says(
        "up", err=locked(getpass.getuser(), socket.gethostname(), 4242, now), code=1, once=True
    )
    before = len([one for one in fake.calls() if one[0] == "preview"])
    outcome = desk.up()
    assert outcome.recovered
    assert len([one for one in fake.calls() if one[0] == "preview"]) == before + 2


def test_a_protected_resource_is_told_with_the_way_to_retire_it(desk: Desk, fake: Fake) -> None:
    message = f'unable to replace resource "{BUCKET}"\nas it is currently marked for protection. To unprotect …'
    told = {**preview(), "diagnostics": [{"severity": "error", "message": message}]}
    fake.says("preview", out=told, code=1)
    with pytest.raises(Refused, match="'bronze' of harbor-gcp-dev is protected") as caught:
        desk.release()
    assert "retiring" in caught.value.fix


@pytest.mark.parametrize(("said", "advice"), [
    ("error: no stack named 'harbor-gcp-dev' found", "pulumi stack init --secrets-provider KEY harbor-gcp-dev"),
    ("error: constructing secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE", "docs/state.md"),
    ("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", "PULUMI_BACKEND_URL"),
])  # fmt: skip
def test_what_the_cli_refuses_is_told_with_what_to_type(
    desk: Desk, fake: Fake, said: str, advice: str
) -> None:
    fake.says("stack", "export", err=said + "\n", code=255)
    with pytest.raises(UsageError) as caught:
        desk.release()
    assert advice in caught.value.fix


def test_a_cost_that_rises_waits_for_a_yes(
    desk: Desk, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    import infra.release.release as module

    label(fake)
    now = {"amount_usd": 1000.0}
    monkeypatch.setattr(module, "cost_of", lambda *_: {"delta": 49.0, "after": 60.0, "budget": now, "unpriced": {"before": 0, "after": 0}})  # fmt: skip
    assert not desk.release().approval.needed
    monkeypatch.setattr(module, "cost_of", lambda *_: {"delta": 51.0, "after": 60.0, "budget": now, "unpriced": {"before": 0, "after": 0}})  # fmt: skip
    assert "rises by 51" in desk.release().approval.reasons[0]
    monkeypatch.setattr(module, "cost_of", lambda *_: {"delta": 0.0, "after": 60.0, "budget": now, "unpriced": {"before": 0, "after": 2}})  # fmt: skip
    assert "not known" in desk.release().approval.reasons[0]


def test_a_broken_policy_refuses_the_release(
    desk: Desk, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    import infra.release.release as module
    from infra.plan.policies import Violation

    broken = Violation(
        "no-public-buckets", "mandatory", "is public", BUCKET, "bronze", "infra/x.py:1"
    )
    plan = parse_plan([])
    monkeypatch.setattr(module, "assess", lambda *_: Assessment(plan, [], [broken]))
    monkeypatch.setattr(module, "cost_of", lambda *_: {"delta": 0, "after": 0, "budget": None, "unpriced": {"before": 0, "after": 0}})  # fmt: skip
    label(fake)
    made = desk.release()
    assert made.refused == ["policy no-public-buckets: is public"]
    with pytest.raises(Refused, match="no-public-buckets"):
        desk.up()
    assert not fake.ran("up")


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"stack": "a", "digest": 7}'])
def test_a_damaged_release_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="not a release"):
        read(tmp_path)


def test_a_damaged_approval_is_refused(desk: Desk, fake: Fake) -> None:
    label(fake)
    desk.release()
    (desk.folder / "approval.json").write_text("yes", encoding="utf-8")
    with pytest.raises(UsageError, match="no approval"):
        desk.up()


def test_no_release_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no release"):
        read(tmp_path)


def test_secrets_of_the_preview_stay_out_of_the_folder(desk: Desk, fake: Fake) -> None:
    now = held(TOPIC, inputs={"note": "AKIAABCDEFGHIJKLMNOP"})
    fake.says("preview", out=preview(step("update", TOPIC, newState=now)))
    desk.release()
    for file in desk.folder.iterdir():
        assert "AKIAABCDEFGHIJKLMNOP" not in file.read_text(encoding="utf-8"), file


def test_the_samples_are_readable_as_stacks_of_the_project(project: Project) -> None:
    content = yaml.safe_load(project.stack_file(STACK).read_text(encoding="utf-8"))
    assert content["config"]["landfall:intent"]["client"]["slug"] == "harbor"
