"""Secrets that must lie in the store before the apply: read from the plan, looked for by name, never read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from infra.plan.quotas import Need, quotas
from infra.plan.quotas.live import look
from landfall.intent import Intent
from tests.infra.quotas.test_permissions import path  # noqa: F401 (a fixture)
from tests.infra.quotas.test_preflight import GCP, cli
from tests.infra.samples import changed, plan_changed, plan_of, sample, sample_stacks

JENKINS = {
    "issuer": "https://ci.client.example/oidc",
    "approvers": ["lead@client.example"],
    "controller": {
        "repository": "https://github.com/client/platform",
        "login": "https://login.client.example/.well-known/openid-configuration",
        "smtp": "smtp.client.example",
    },
}
STACKS = ("harbor-gcp-dev", "northwind-aws-dev", "fjord-azure-dev")


@cache
def needed(stack: str) -> tuple[Need, ...]:
    plan, intent = plan_changed(stack, jenkins=JENKINS), changed(stack, jenkins=JENKINS)
    return tuple(one for one in quotas(plan, intent) if one.kind == "secret")


def there(stack: str, intent: Intent | None = None) -> dict[str, Need]:
    looked = look(list(needed(stack)), intent or changed(stack, jenkins=JENKINS), timeout=10)
    assert looked.live, looked.said
    return {one.code: one for one in looked.needs}


@pytest.mark.parametrize("stack", STACKS)
def test_a_jenkins_on_the_cluster_needs_its_four_secrets(stack: str) -> None:
    needs = {one.code: one for one in needed(stack)}
    # On AWS the stack's own secrets begin with its name, and no other may be read.
    own = "northwind-dev/" if stack == "northwind-aws-dev" else ""
    keys = ("jenkins-login", "jenkins-read", "jenkins-git", "jenkins-scm")
    assert set(needs) == {f"{own}{key}" for key in keys}
    assert "JSON with client_id, client_secret" in needs[f"{own}jenkins-login"].text
    assert "JSON with password, username" in needs[f"{own}jenkins-git"].text
    assert "as text" in needs[f"{own}jenkins-scm"].text
    for one in needs.values():
        assert one.code in one.request
        assert one.to_ask
    readme = Path(__file__).parents[3] / "ci/jenkins/README.md"
    told = readme.read_text(encoding="utf-8")
    assert all(f"`{key}`" in told for key in keys)


@pytest.mark.parametrize("stack", sample_stacks("gcp", "aws", "azure"))
def test_what_the_plan_makes_itself_is_not_asked_for(stack: str) -> None:
    assert [one for one in quotas(plan_of(stack), sample(stack)) if one.kind == "secret"] == []


def test_google_says_whether_a_secret_has_a_value(path: Path) -> None:  # noqa: F811
    cli(path, "gcloud", {
        **GCP,
        "versions list jenkins-login": [{"name": "projects/1/secrets/jenkins-login/versions/1"}],
        "versions list jenkins-git": [],
    })  # fmt: skip
    found = there("harbor-gcp-dev")
    assert found["jenkins-login"].state == "enough"
    assert found["jenkins-git"].state == "short"
    assert found["jenkins-read"].state == "unknown"  # the command failed, and not for want of it
    script = path / "gcloud"
    script.write_text(script.read_text().replace("unknown: $*", "ERROR: NOT_FOUND: Secret"))
    assert there("harbor-gcp-dev")["jenkins-read"].state == "short"


def test_aws_says_whether_a_secret_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    intent = changed("northwind-aws-dev", jenkins=JENKINS)
    own = intent.model_copy(
        update={"cloud": intent.cloud.model_copy(update={"account": "123456789012"})}
    )
    with mock_aws():
        boto3.client(
            "secretsmanager", region_name=str(getattr(own.cloud, "region", ""))
        ).create_secret(Name="northwind-dev/jenkins-login", SecretString="{}")
        found = there("northwind-aws-dev", own)
    assert found["northwind-dev/jenkins-login"].state == "enough"
    missing = found["northwind-dev/jenkins-git"]
    assert (missing.state, missing.said) == ("short", "not there")


def test_azure_lists_the_names_in_the_vault_of_the_plan(path: Path) -> None:  # noqa: F811
    [vault] = {one.service for one in needed("fjord-azure-dev")}
    assert vault
    cli(path, "az", {
        "account show": {"id": "x"},
        f"keyvault secret list --vault-name {vault}": [{"name": "jenkins-scm"}],
    })  # fmt: skip
    found = there("fjord-azure-dev")
    assert found["jenkins-scm"].state == "enough"
    assert found["jenkins-login"].state == "short"
