"""Who applies Snowflake's part, and how: by the environment, with the privileges that the documents list."""

from __future__ import annotations

from pathlib import Path

from infra.plan.quotas import quotas
from infra.release.identity import environment_for
from infra.snowflake.login import PRIVILEGES, by_token, role_name, statements
from tests.infra.samples import PROJECT, plan_of, sample
from tests.infra.snowflake.conftest import wanted

JENKINS = {"issuer": "https://ci.acme.example/oidc"}
MADE_BY = {
    "snowflake:index/database:Database": "CREATE DATABASE",
    "snowflake:index/accountRole:AccountRole": "CREATE ROLE",
    "snowflake:index/serviceUser:ServiceUser": "CREATE USER",
    "snowflake:index/externalVolume:ExternalVolume": "CREATE EXTERNAL VOLUME",
    "snowflake:index/networkPolicy:NetworkPolicy": "CREATE NETWORK POLICY",
}


def test_a_build_signs_in_by_its_token_and_as_a_user_of_its_role(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a.b.c\n", encoding="utf-8")
    found = by_token(wanted("aws", jenkins=JENKINS), "deploy", token)
    assert found["SNOWFLAKE_AUTHENTICATOR"] == "WORKLOAD_IDENTITY"
    assert found["SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER"] == "OIDC"
    assert found["SNOWFLAKE_TOKEN"] == "a.b.c"
    assert found["SNOWFLAKE_USER"] == "ACME_DEV_JENKINS_DEPLOY"
    assert found["SNOWFLAKE_ROLE"] == "ACME_DEV_LANDFALL"
    assert by_token(sample("harbor-gcp-dev"), "deploy", token) == {}


def test_a_release_hands_the_variables_on_beside_the_clouds(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a.b.c", encoding="utf-8")
    role = "arn:aws:iam::123456789012:role/acme-dev-jenkins-deploy"
    intent = wanted("aws", jenkins={**JENKINS, "deploy_identity": role})
    found = environment_for(intent, "deploy", token, tmp_path)
    assert found["AWS_ROLE_ARN"] == role
    assert found["SNOWFLAKE_AUTHENTICATOR"] == "WORKLOAD_IDENTITY"


def test_the_role_may_make_everything_that_a_plan_holds_of_the_account() -> None:
    plan = plan_of("kestrel-gcp-staging")
    assert {right for type_, right in MADE_BY.items() if plan.of_type(type_)} <= set(PRIVILEGES)
    assert any("Integration" in one.type for one in plan.resources)
    assert "CREATE INTEGRATION" in PRIVILEGES


def test_an_administrator_is_told_what_to_run_for_role_and_users() -> None:
    intent = wanted("aws", jenkins=JENKINS)
    told = "\n".join(statements(intent))
    assert f"GRANT {', '.join(PRIVILEGES)} ON ACCOUNT TO ROLE {role_name(intent)};" in told
    assert "SUBJECT = 'landfall:acme/infra/main'" in told
    assert "GRANT ROLE ACCOUNTADMIN TO USER ACME_DEV_JENKINS_DEPLOY;" in told
    assert "JENKINS" not in "\n".join(statements(wanted("aws")))


def test_an_adopted_database_is_opened_to_the_role_that_makes_schemas_in_it() -> None:
    intent = sample("kestrel-gcp-staging")
    told = "\n".join(statements(intent))
    assert (
        f"GRANT CREATE SCHEMA, MONITOR ON DATABASE KESTREL_ANALYTICS TO ROLE {role_name(intent)};"
        in told
    )
    assert "ON DATABASE" not in "\n".join(statements(wanted("aws")))


def test_preflight_prints_the_same_statements() -> None:
    stack = "kestrel-gcp-staging"
    (need,) = (one for one in quotas(plan_of(stack), sample(stack)) if one.code == "snowflake")
    assert need.request == "\n".join(statements(sample(stack)))
    assert not [
        one
        for one in quotas(plan_of("harbor-gcp-dev"), sample("harbor-gcp-dev"))
        if one.code == "snowflake"
    ]


def test_the_page_lists_every_privilege() -> None:
    page = (PROJECT.root / "docs" / "apply.md").read_text(encoding="utf-8")
    assert all(one in page for one in PRIVILEGES)
