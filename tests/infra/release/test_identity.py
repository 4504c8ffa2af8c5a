"""Jenkins' token becomes what each cloud's providers look for, for the role that was asked for and no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.jenkins import ACTS, JOBS, subjects, workers
from infra.release.identity import TOKEN, acting, environment_for, environment_of
from landfall import buckets
from landfall.errors import Refused, UsageError
from landfall.intent import Intent, parse_intent
from landfall.local import local_platform
from landfall.platform import Platform
from landfall.project import Project, environment
from pipelines.orchestration import tasks

POOL = "projects/123456789012/locations/global/workloadIdentityPools/harbor-dev-jenkins"
IDENTITY = {
    "harbor-gcp-dev": "jenkins-{}@harbor-data-dev.iam.gserviceaccount.com",
    "northwind-aws-dev": "arn:aws:iam::123456789012:role/northwind-dev-jenkins-{}",
    "fjord-azure-dev": "11111111-2222-3333-4444-55555555555{}",
}


def intent_of(project: Project, stack: str, **jenkins: Any) -> Intent:
    roles = ("preview", "deploy")
    suffix = {"preview": "1", "deploy": "2"} if "azure" in stack else {role: role for role in roles}
    named = {f"{role}_identity": IDENTITY[stack].format(suffix[role]) for role in roles}
    if "gcp" in stack:
        named["pool"] = POOL
    raw = {"issuer": "https://jenkins.example.com/oidc", "approvers": ["a@example.com"], **named, **jenkins}  # fmt: skip
    return parse_intent({**project.read_stack(stack), "jenkins": raw}, stack)


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("a.b.c\n", encoding="utf-8")
    return file


def test_google_is_told_by_a_file_that_holds_no_secret(
    project: Project, token: Path, tmp_path: Path
) -> None:
    found = environment_for(intent_of(project, "harbor-gcp-dev"), "preview", token, tmp_path)
    told = json.loads(Path(found["GOOGLE_APPLICATION_CREDENTIALS"]).read_text(encoding="utf-8"))
    assert told["audience"] == f"//iam.googleapis.com/{POOL}/providers/landfall-preview"
    assert "jenkins-preview@" in told["service_account_impersonation_url"]
    assert told["credential_source"]["file"] == str(token)
    assert "a.b.c" not in json.dumps(told)


def test_amazon_is_told_role_and_file(project: Project, token: Path, tmp_path: Path) -> None:
    intent = intent_of(project, "northwind-aws-dev", state="s3://northwind-state")
    found = environment_for(intent, "deploy", token, tmp_path)
    assert found["AWS_ROLE_ARN"].endswith("jenkins-deploy")
    assert found["AWS_WEB_IDENTITY_TOKEN_FILE"] == str(token)
    assert found["PULUMI_BACKEND_URL"] == "s3://northwind-state"


def test_azure_is_told_in_the_words_of_providers_and_state(
    project: Project, token: Path, tmp_path: Path
) -> None:
    found = environment_for(intent_of(project, "fjord-azure-dev"), "deploy", token, tmp_path)
    assert found["ARM_USE_OIDC"] == "true"
    assert (
        found["ARM_CLIENT_ID"] == found["AZURE_CLIENT_ID"] == "11111111-2222-3333-4444-555555555552"
    )
    assert found["ARM_OIDC_TOKEN"] == "a.b.c"


def test_before_the_foundation_stands_nothing_is_pretended(
    project: Project, token: Path, tmp_path: Path
) -> None:
    raw = {
        **project.read_stack("harbor-gcp-dev"),
        "jenkins": {"issuer": "https://j.example.com/oidc"},
    }
    with pytest.raises(Refused, match=r"jenkins\.deploy_identity is not set"):
        environment_for(parse_intent(raw, "a"), "deploy", token, tmp_path)


def test_a_token_that_is_not_there_is_told(project: Project, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no token"):
        environment_for(intent_of(project, "harbor-gcp-dev"), "deploy", tmp_path / "none", tmp_path)


def platform_of(project: Project, stack: str, **identities: str) -> Platform:
    """Some whole Platform of the stack, with these workloads' identities."""
    local = parse_intent(project.read_stack("demo-local-dev"), "demo-local-dev")
    made = local_platform(local, stack, project.home)
    return made.model_copy(update={"identities": identities})


@pytest.mark.parametrize("stack", IDENTITY)
def test_a_step_is_its_workload_to_each_cloud_and_nobody_else(
    project: Project, token: Path, tmp_path: Path, stack: str
) -> None:
    platform = platform_of(project, stack, train=f"{stack}-train", ingest=f"{stack}-ingest")
    intent = intent_of(project, stack)
    found = environment_of(intent, platform, "train", token, tmp_path)
    told = json.dumps(found)
    if "gcp" in stack:
        told = Path(found["GOOGLE_APPLICATION_CREDENTIALS"]).read_text(encoding="utf-8")
        assert json.loads(told)["audience"].endswith("/providers/landfall-data")
    assert f"{stack}-train" in told
    assert intent.jenkins is not None
    others = (f"{stack}-ingest", intent.jenkins.preview_identity, intent.jenkins.deploy_identity)
    assert not any(str(one) in told for one in others)
    assert "PULUMI_BACKEND_URL" not in found  # the state is no business of a data job
    with pytest.raises(Refused, match="becomes to transform") as caught:
        environment_of(intent_of(project, stack), platform, "transform", token, tmp_path)
    assert f"landfall platform show {stack} --share" in caught.value.fix


def test_google_without_its_pool_is_not_asked(
    project: Project, token: Path, tmp_path: Path
) -> None:
    none = {"preview_identity": None, "deploy_identity": None, "pool": None}
    intent = intent_of(project, "harbor-gcp-dev", **none)
    platform = platform_of(project, "harbor-gcp-dev", train="t@x")
    with pytest.raises(Refused, match=r"jenkins\.pool is not set"):
        environment_of(intent, platform, "train", token, tmp_path)


def test_within_the_block_this_process_is_somebody_else(
    project: Project, token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = intent_of(project, "northwind-aws-dev")
    platform = platform_of(project, "northwind-aws-dev", train="arn:aws:iam::1:role/train")
    forgotten: list[int] = []
    monkeypatch.setattr(buckets, "forget", lambda: forgotten.append(1))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:of-before")
    with acting(intent, "data", platform, "train"):  # no token: whoever runs it is who they are
        assert environment("AWS_ROLE_ARN") == "arn:of-before"
    assert not forgotten
    monkeypatch.setenv(TOKEN, str(token))
    with acting(intent, "data", platform, "train"):
        assert environment("AWS_ROLE_ARN") == "arn:aws:iam::1:role/train"
        assert environment("AWS_WEB_IDENTITY_TOKEN_FILE") == str(token)
    assert environment("AWS_ROLE_ARN") == "arn:of-before"
    assert not environment("AWS_WEB_IDENTITY_TOKEN_FILE")
    assert (
        len(forgotten) == 2
    )  # a bucket opened before is not the workload's, nor one of the workload's ours


def test_on_a_machine_of_ones_own_a_token_changes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "/nowhere")
    local = parse_intent(project.read_stack("demo-local-dev"), "demo-local-dev")
    with acting(local, "data", platform_of(project, "demo-local-dev"), "train"):
        assert not environment("AWS_ROLE_ARN")


def test_the_data_jobs_become_the_workloads_of_the_steps_and_no_other(project: Project) -> None:
    intent = intent_of(project, "harbor-gcp-dev")
    assert set(ACTS) == {task.acts_as for task in tasks()}
    assert workers(intent, "train") == {
        "ml": "landfall:harbor/ml",
        "pipelines": "landfall:harbor/pipelines/main",
        "rollback": "landfall:harbor/rollback",
    }
    assert set(workers(intent, "ingest")) == {"ml", "pipelines"}
    assert workers(intent, "serve") == workers(intent, "orchestrate") == {}
    assert not set(JOBS["data"]) & (set(JOBS["preview"]) | set(JOBS["deploy"]))


def test_a_branch_stands_in_the_subject_as_jenkins_writes_it(project: Project) -> None:
    intent = intent_of(project, "harbor-gcp-dev", branch="release/2026")
    assert subjects(intent, "deploy")["infra"] == "landfall:harbor/infra/release%2F2026"
    assert subjects(intent, "data")["pipelines"] == "landfall:harbor/pipelines/release%2F2026"
    assert set(JOBS["deploy"]) < set(JOBS["preview"])
