"""Jenkins' token becomes what each cloud's providers look for, for the role that was asked for and no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.jenkins import JOBS, ROLES, subjects
from infra.release.identity import environment_for
from landfall.errors import Refused, UsageError
from landfall.intent import Intent, parse_intent
from landfall.project import Project

POOL = "projects/123456789012/locations/global/workloadIdentityPools/harbor-dev-jenkins"
IDENTITY = {
    "harbor-gcp-dev": "jenkins-{}@harbor-data-dev.iam.gserviceaccount.com",
    "northwind-aws-dev": "arn:aws:iam::123456789012:role/northwind-dev-jenkins-{}",
    "fjord-azure-dev": "11111111-2222-3333-4444-55555555555{}",
}


def intent_of(project: Project, stack: str, **jenkins: Any) -> Intent:
    suffix = {"preview": "1", "deploy": "2"} if "azure" in stack else {role: role for role in ROLES}
    named = {f"{role}_identity": IDENTITY[stack].format(suffix[role]) for role in ROLES}
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


def test_a_branch_stands_in_the_subject_as_jenkins_writes_it(project: Project) -> None:
    intent = intent_of(project, "harbor-gcp-dev", branch="release/2026")
    assert subjects(intent, "deploy")["infra"] == "landfall:harbor/infra/release%2F2026"
    assert set(JOBS["deploy"]) < set(JOBS["preview"])
