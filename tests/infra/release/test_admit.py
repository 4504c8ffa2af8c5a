"""The first stage refuses what may not go on, with the words a person needs, and begins nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.release.admit import Job, admit, knows_its_platform
from infra.release.touched import not_applied, of_client, of_files, touched
from landfall.cli import build_app
from landfall.errors import Refused, UsageError
from landfall.intent import Intent, parse_intent
from landfall.local import local_platform
from landfall.platform_file import save_platform
from landfall.project import Project
from tests.infra.release.conftest import STACK

JENKINS = {"issuer": "https://jenkins.example.com/oidc", "approvers": ["lead@harbor.example"]}


def intent_of(project: Project, **more: Any) -> Intent:
    raw = {**project.read_stack(STACK), "jenkins": JENKINS, **more}
    return parse_intent({key: value for key, value in raw.items() if value is not None}, STACK)


def test_a_plan_is_open_to_all_and_gets_no_credentials(project: Project) -> None:
    found = admit(intent_of(project, jenkins=None), STACK, Job.plan, branch="PR-1", fork=True)
    assert found.credentials == ""


@pytest.mark.parametrize("job", [Job.preview, Job.up, Job.destroy, Job.drift])
def test_a_fork_gets_no_credentials(project: Project, job: Job) -> None:
    with pytest.raises(Refused, match="fork"):
        admit(intent_of(project), STACK, job, branch="main", fork=True)


@pytest.mark.parametrize("job", [Job.up, Job.destroy])
def test_only_the_intents_branch_deploys(project: Project, job: Job) -> None:
    assert admit(intent_of(project), STACK, job, branch="main").credentials == "landfall-deploy"
    for other in ("", "PR-1", "main2", "Main"):
        with pytest.raises(Refused, match="only 'main' may"):
            admit(intent_of(project), STACK, job, branch=other)


def test_a_preview_of_any_branch_reads_only(project: Project) -> None:
    assert (
        admit(intent_of(project), STACK, Job.preview, branch="x").credentials == "landfall-preview"
    )


def test_a_stack_without_an_approver_is_not_destroyed(project: Project) -> None:
    intent = intent_of(project, jenkins={"issuer": JENKINS["issuer"]})
    assert admit(intent, STACK, Job.up, branch="main").approvers == []
    with pytest.raises(Refused, match="nobody who may approve"):
        admit(intent, STACK, Job.destroy, branch="main")


def test_an_intent_without_jenkins_is_not_applied_by_it(project: Project) -> None:
    with pytest.raises(Refused, match="names no Jenkins"):
        admit(intent_of(project, jenkins=None), STACK, Job.preview)


def test_the_laptops_stack_is_no_business_of_it(project: Project) -> None:
    intent = parse_intent(project.read_stack("demo-local-dev"), "demo-local-dev")
    with pytest.raises(Refused, match="machine's own"):
        admit(intent, "demo-local-dev", Job.up, branch="main")


def test_data_steps_run_on_the_intents_branch_alone(project: Project) -> None:
    found = admit(intent_of(project), STACK, Job.data, branch="main")
    assert found.credentials == "landfall-data"
    with pytest.raises(Refused, match="Branch 'x' may not run data steps on") as caught:
        admit(intent_of(project), STACK, Job.data, branch="x")
    assert "trust the data jobs" in caught.value.so
    with pytest.raises(Refused, match="fork"):
        admit(intent_of(project), STACK, Job.data, branch="main", fork=True)
    with pytest.raises(Refused, match="names no Jenkins"):
        admit(intent_of(project, jenkins=None), STACK, Job.data, branch="main")


def test_a_local_stack_in_a_build_needs_a_home_that_outlives_the_agent(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = parse_intent(project.read_stack("demo-local-dev"), "demo-local-dev")
    monkeypatch.delenv("LANDFALL_HOME", raising=False)
    monkeypatch.delenv("BUILD_URL", raising=False)
    assert admit(local, "demo-local-dev", Job.data).stack == "demo-local-dev"
    monkeypatch.setenv("BUILD_URL", "https://jenkins.example.com/job/ml/1/")
    with pytest.raises(Refused, match="be gone with it"):
        admit(local, "demo-local-dev", Job.data, branch="any")
    monkeypatch.setenv("LANDFALL_HOME", "/volume")
    assert admit(local, "demo-local-dev", Job.data, branch="any").branch == "any"


def test_a_data_job_knows_the_platform_and_whom_it_becomes_before_it_begins(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANDFALL_PLATFORM", raising=False)
    intent = intent_of(project)
    with pytest.raises(UsageError, match="not known here") as caught:
        knows_its_platform(project, intent, STACK)
    assert "--share" in caught.value.fix
    local = parse_intent(project.read_stack("demo-local-dev"), "demo-local-dev")
    knows_its_platform(project, local, "demo-local-dev")
    platform = local_platform(local, STACK, project.home)
    some = platform.model_copy(update={"identities": {"train": "t@x", "ingest": "i@x"}})
    save_platform(project, some, STACK, share=True)
    with pytest.raises(Refused, match="becomes to transform"):
        knows_its_platform(project, intent, STACK)
    whole = platform.model_copy(update={"identities": {**some.identities, "transform": "b@x"}})
    save_platform(project, whole, STACK, share=True)
    knows_its_platform(project, intent, STACK)


def test_a_stack_file_touches_its_stack_and_those_like_it(project: Project) -> None:
    found = of_files(project, ["stacks/Pulumi.meridian-gcp-prod-foundation.yaml"])
    assert set(found) == {f"meridian-gcp-prod-{layer}" for layer in ("foundation", "data", "ml")}
    assert set(of_files(project, [f"stacks/Pulumi.{STACK}.yaml"])) == {STACK}


def test_a_clouds_program_touches_that_clouds_stacks(project: Project) -> None:
    found = of_files(project, ["infra/aws/lake.py"])
    assert found
    assert all("-aws-" in stack for stack in found)


def test_a_shared_part_of_the_program_touches_every_cloud(project: Project) -> None:
    found = of_files(project, ["infra/layers.py"])
    assert {stack.split("-")[1] for stack in found} == {"gcp", "aws", "azure"}


@pytest.mark.parametrize("file", [
    "README.md", "pipelines/ingest.py", "infra/plan/risk.py", "infra/release/apply.py", "landfall/cli/plan.py",
    "stacks/Pulumi.demo-local-dev.yaml", "tests/infra/test_main.py",
])  # fmt: skip
def test_what_is_not_built_touches_no_stack(project: Project, file: str) -> None:
    assert of_files(project, [file]) == {}


def test_a_clients_stacks_are_its_own_and_those_that_do_not_say_whose_they_are(
    project: Project,
) -> None:
    stacks = project.stacks()
    assert of_client(project, stacks, "meridian") == [s for s in stacks if s.startswith("meridian")]
    assert of_client(project, stacks, "nobody") == []
    file = project.stack_file(STACK)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("slug: harbor", "slugg: harbor"), encoding="utf-8")
    assert of_client(project, stacks, "nobody") == [STACK]


def test_what_a_branch_does_not_apply_is_told_with_the_reason(project: Project) -> None:
    assert "names no Jenkins" in str(not_applied(project, STACK, "main"))
    assert not_applied(project, "kestrel-gcp-staging", "main") is None
    assert "applies 'main', this is 'PR-7'" in str(
        not_applied(project, "kestrel-gcp-staging", "PR-7")
    )
    file = project.stack_file("kestrel-gcp-staging")
    text = file.read_text(encoding="utf-8")
    issuer = "issuer: https://ci.kestrel.example/oidc\n"
    file.write_text(text.replace(issuer, issuer + "      branch: release\n"), encoding="utf-8")
    assert not_applied(project, "kestrel-gcp-staging", "release") is None
    assert "applies 'release'" in str(not_applied(project, "kestrel-gcp-staging", "main"))


def _git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def test_the_files_are_those_since_the_common_ancestor(project: Project) -> None:
    root = project.root
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", ".")
    _git(root, "commit", "-q", "-m", "a")
    _git(root, "checkout", "-q", "-b", "change")
    file = project.stack_file(STACK)
    file.write_text(file.read_text(encoding="utf-8") + "# b\n", encoding="utf-8")
    _git(root, "commit", "-q", "-a", "-m", "b")
    _git(root, "checkout", "-q", "main")
    other = project.stack_file("northwind-aws-dev")
    other.write_text(other.read_text(encoding="utf-8") + "# c\n", encoding="utf-8")
    _git(root, "commit", "-q", "-a", "-m", "c")
    _git(root, "checkout", "-q", "change")
    assert touched(project, "main") == {STACK: f"stacks/Pulumi.{STACK}.yaml"}
    for bad in ("no-such-branch", "--output=x"):
        with pytest.raises(UsageError):
            touched(project, bad)


def test_the_command_says_of_one_client_what_a_branch_applies_and_what_it_leaves(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project.root
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", ".")
    _git(root, "commit", "-q", "-m", "a")
    for stack in (STACK, "kestrel-gcp-staging"):
        file = project.stack_file(stack)
        file.write_text(file.read_text(encoding="utf-8") + "# b\n", encoding="utf-8")
    _git(root, "commit", "-q", "-a", "-m", "b")
    monkeypatch.setenv("LANDFALL_PROJECT", str(root))

    def told(*words: str) -> dict[str, Any]:
        line = ["stack", "touched", "--base", "HEAD~1", *words, "--output", "json"]
        return json.loads(CliRunner().invoke(build_app(), line).stdout)

    assert told()["stacks"] == [STACK, "kestrel-gcp-staging"]
    kestrel = told("--client", "kestrel", "--branch", "main")
    assert kestrel["stacks"] == kestrel["deploys"] == ["kestrel-gcp-staging"]
    assert kestrel["left"] == {}
    harbor = told("--client", "harbor", "--branch", "main")
    assert (harbor["stacks"], harbor["deploys"], list(harbor["left"])) == ([STACK], [], [STACK])
