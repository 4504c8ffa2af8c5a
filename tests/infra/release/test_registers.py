"""Each stack's register lies where its intent says, beside the state by default, and is opened as who may read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.release import registers
from infra.release.builds import Build, Builds, address_of, open_builds
from infra.release.identity import TOKEN
from infra.release.registers import Registers
from landfall.cli import build_app
from landfall.errors import UsageError
from landfall.intent import Intent, parse_intent
from landfall.project import Project, environment
from landfall.storage import Store
from tests.infra.release.conftest import ROOT, STACK, Fake, preview, step

AWS = "northwind-aws-dev"
JENKINS = {
    "issuer": "https://jenkins.example.com/oidc",
    "preview_identity": "arn:aws:iam::123456789012:role/northwind-preview",
}


def intent_of(project: Project, stack: str = AWS, **jenkins: Any) -> Intent:
    raw = {**project.read_stack(stack), "jenkins": {**JENKINS, **jenkins}}
    return parse_intent(raw, stack)


@pytest.mark.parametrize(
    ("state", "register"),
    [
        ("gs://acme-state", "gs://acme-state/landfall/builds"),
        ("gs://acme-state/below/", "gs://acme-state/below/landfall/builds"),
        ("s3://acme-state?region=eu-central-1&awssdk=v2", "s3://acme-state/landfall/builds"),
        (
            "azblob://state?storage_account=acmestate",
            "abfss://state@acmestate.dfs.core.windows.net/landfall/builds",
        ),
        ("azblob://state", ""),
        ("https://api.pulumi.com", ""),
        ("file:///srv/state", ""),
    ],
)
def test_it_lies_beside_the_state(
    project: Project, builds: Builds, monkeypatch: pytest.MonkeyPatch, state: str, register: str
) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT", raising=False)
    assert address_of(intent_of(project, state=state)) == register
    monkeypatch.setenv("PULUMI_BACKEND_URL", state)
    assert address_of(intent_of(project)) == register
    assert address_of(intent_of(project, state=state, builds="gs://own/place")) == "gs://own/place"


def test_the_agents_that_plan_and_apply_can_open_it_on_every_cloud(project: Project) -> None:
    """ci/setup.sh infra fills them from this list alone."""
    listed = (ROOT / "requirements" / "infra.txt").read_text(encoding="utf-8")
    for client in ("boto3", "google-cloud-storage", "azure-storage-blob", "azure-identity"):
        assert f"\n{client}==" in listed, client


def test_in_a_build_it_is_never_the_agents_own(
    project: Project, builds: Builds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_builds(project, intent_of(project)).note("drift", STACK, {"drifted": False})
    assert builds.noted("drift", STACK) == {"drifted": False}  # a person's lies in the home
    monkeypatch.setenv("BUILD_URL", "https://jenkins.example.com/job/acme/job/infra/7/")
    with pytest.raises(UsageError, match="every agent reaches") as caught:
        open_builds(project, intent_of(project))
    assert "jenkins.builds" in caught.value.fix
    shared = tmp_path.joinpath("shared").as_uri()
    open_builds(project, intent_of(project, builds=shared)).note("drift", STACK, {"drifted": True})
    assert Store(shared).read_json(f"drift/{STACK}.json") == {"drifted": True}


def test_each_register_is_asked_as_its_own_clouds_reader(
    project: Project, builds: Builds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shared = tmp_path.joinpath("shared").as_uri()
    Store(shared).write_json(f"applied/{AWS}.json", {"version": "0.0.1"})
    token = tmp_path / "token"
    token.write_text("a.b.c", encoding="utf-8")
    monkeypatch.setenv(TOKEN, str(token))
    asked: list[str] = []
    intents = {AWS: intent_of(project, AWS, builds=shared), STACK: parse_intent(project.read_stack(STACK), STACK)}  # fmt: skip
    monkeypatch.setattr(registers, "intent_of", lambda _, stack: intents[stack])
    noted = Builds.noted

    def watched(self: Builds, kind: str, stack: str) -> Any:
        asked.append(environment("AWS_ROLE_ARN"))
        return noted(self, kind, stack)

    monkeypatch.setattr(Builds, "noted", watched)
    assert Registers(project).noted("applied", AWS) == {"version": "0.0.1"}
    assert asked == ["arn:aws:iam::123456789012:role/northwind-preview"]
    assert not environment("AWS_ROLE_ARN")
    assert Registers(project).noted("applied", STACK) is None  # its intent names no Jenkins
    assert len(asked) == 1


def test_the_look_for_drift_notes_in_the_register_as_the_role_that_looked(
    project: Project, builds: Builds, fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import yaml

    shared = tmp_path.joinpath("shared").as_uri()
    file = project.stack_file(AWS)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["config"]["landfall:intent"]["jenkins"] = {**JENKINS, "builds": shared}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    token = tmp_path / "token"
    token.write_text("a.b.c", encoding="utf-8")
    for name, value in {
        TOKEN: str(token), "LANDFALL_PROJECT": str(project.root), "LANDFALL_HOME": str(project.home),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    noted: list[str] = []
    note = Builds.note

    def watched(self: Builds, *given: Any) -> None:
        noted.append(environment("AWS_ROLE_ARN"))
        note(self, *given)

    monkeypatch.setattr(Builds, "note", watched)
    fake.says("refresh", out=preview(step("refresh", f"urn:pulumi:{AWS}::landfall::aws:sns/topic:Topic::a")))  # fmt: skip
    told = CliRunner().invoke(build_app(), ["stack", "drift", AWS, "--output", "json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["drifted"] is False
    assert noted == ["arn:aws:iam::123456789012:role/northwind-preview"]
    assert Store(shared).read_json(f"drift/{AWS}.json")["drifted"] is False
    (call,) = [one for one in fake.details() if one["args"][0] == "refresh"]
    assert call["env"]["AWS_ROLE_ARN"] == "arn:aws:iam::123456789012:role/northwind-preview"


@pytest.mark.parametrize(
    ("lock", "jenkins", "own", "ended"),
    [
        (f"landfall-{STACK}", "https://j.example.com/", "https://j.example.com/job/infra/8/", True),
        ("landfall-other", "https://j.example.com/", "https://j.example.com/job/infra/8/", False),
        ("", "https://j.example.com/", "https://j.example.com/job/infra/8/", False),
        (f"landfall-{STACK}", "", "https://j.example.com/job/infra/8/", False),
        (f"landfall-{STACK}", "https://k.example.com/", "https://k.example.com/job/infra/8/", False),
        (f"landfall-{STACK}", "https://j.example.com/", "https://j.example.com/job/infra/7/", False),
    ],
    ids=["the lock is ours now", "another stack", "no lock", "no Jenkins", "another Jenkins", "this build itself"],
)  # fmt: skip
def test_who_has_jenkins_lock_knows_that_the_build_before_gave_it_back(
    builds: Builds, monkeypatch: pytest.MonkeyPatch, lock: str, jenkins: str, own: str, ended: bool
) -> None:
    from datetime import UTC, datetime

    monkeypatch.delenv("LANDFALL_JENKINS_TOKEN", raising=False)
    monkeypatch.setattr("infra.release.builds._jenkins_says_over", lambda _: False)
    for name, value in {"LANDFALL_LOCK": lock, "JENKINS_URL": jenkins, "BUILD_URL": own}.items():
        monkeypatch.setenv(name, value)
    before = Build(STACK, "jenkins", "pod-1", 12, datetime.now(UTC), "https://j.example.com/job/infra/7/")  # fmt: skip
    assert (builds.ended(before) is not None) is ended
