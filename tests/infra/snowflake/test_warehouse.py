"""Snowflake on each cloud: kept, braked, least privilege, and the lake's handshake."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.plan.model import Plan, Resource
from infra.snowflake import bi, warehouse
from infra.snowflake.credits import SHARES, monthly_credits
from infra.snowflake.login import ADMINISTRATOR
from infra.snowflake.provider import open_provider
from landfall.errors import LandfallError
from tests.infra.kubernetes import hand
from tests.infra.kubernetes.hand import CLOUDS, one
from tests.infra.samples import plan_changed, plan_of, sample
from tests.infra.snowflake.conftest import ACCOUNT, build, wanted

Plans = Callable[..., Plan]
_STEM = "snowflake:index/"
GRANT = f"{_STEM}grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole"
INHERIT = f"{_STEM}grantAccountRole:GrantAccountRole"
STATEFUL = {"Database", "Schema", "ExternalVolume", "StorageIntegrationAws",
            "StorageIntegrationGcs", "StorageIntegrationAzure"}  # fmt: skip


def kind(resource: Resource) -> str:
    return resource.type.rpartition(":")[2]


def test_snowflake_is_offered() -> None:
    assert warehouse.OFFERED is True
    assert bi.OFFERED is True


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_holds_data_is_protected_and_kept_and_nothing_else_is(plan: Plans, cloud: str) -> None:
    for resource in plan(cloud).resources:
        if resource.type.startswith(_STEM):
            held = kind(resource) in STATEFUL
            assert (resource.protect, resource.retain) == (held, held), resource.urn


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_resource_has_an_explicit_provider_of_its_own_package(
    plan: Plans, cloud: str
) -> None:
    for resource in plan(cloud).resources:
        if resource.custom and not resource.type.startswith("pulumi:"):
            package = resource.type.partition(":")[0]
            assert f"pulumi:providers:{package}::" in resource.provider, resource.urn


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_password_is_anywhere(plan: Plans, cloud: str) -> None:
    for resource in plan(cloud).resources:
        assert not {key for key in resource.inputs if "password" in key.lower()}, resource.urn
    provider = one(plan(cloud), "pulumi:providers:snowflake", "snowflake")
    assert not {"privateKey", "token", "user"} & set(provider.inputs)


@pytest.mark.parametrize("jenkins", [None, {"issuer": "https://ci.acme.example/oidc"}])
def test_how_one_signs_in_is_the_environments_so_that_people_and_jenkins_run_one_program(
    jenkins: dict[str, str] | None,
) -> None:
    made = hand.planned(wanted("aws", jenkins=jenkins), build)
    for provider in made.of_type("pulumi:providers:snowflake"):
        assert not {"authenticator", "workloadIdentityProvider"} & set(provider.inputs)


def test_what_only_an_administrator_may_make_has_a_provider_of_its_own(plan: Plans) -> None:
    made = plan("aws")
    roles = {p.urn: p.inputs.get("role") for p in made.of_type("pulumi:providers:snowflake")}
    for resource in made.resources:
        if resource.type.startswith(_STEM) and resource.custom:
            acts = roles[resource.provider]
            privileged = kind(resource) in {"ResourceMonitor", "Warehouse"} or (
                (resource.inputs.get("onAccountObject") or {}).get("objectType") == "WAREHOUSE"
            )
            assert (acts == ADMINISTRATOR) == privileged, resource.urn


@pytest.mark.parametrize("cloud", CLOUDS)
def test_compute_sleeps_after_a_minute_wakes_when_asked_and_has_a_brake(
    plan: Plans, cloud: str
) -> None:
    monitors = {
        r.inputs["name"] for r in plan(cloud).of_type(f"{_STEM}resourceMonitor:ResourceMonitor")
    }
    made = plan(cloud).of_type(f"{_STEM}warehouse:Warehouse")
    assert {r.name: r.inputs["warehouseSize"] for r in made} == {
        "bi": "XSMALL",
        "transform": "SMALL",
    }
    for one_ in made:
        assert one_.inputs["autoSuspend"] == 60
        assert one_.inputs["autoResume"] == "true"
        assert one_.inputs["initiallySuspended"] is True
        assert one_.inputs["statementTimeoutInSeconds"] == 1800
        assert one_.inputs["resourceMonitor"] in monitors


def test_the_monitor_stops_compute_only_where_the_budget_stops_hard() -> None:
    soft = hand.planned(wanted("aws"), build)
    hard = hand.planned(
        wanted("aws", budget={"amount": 6000, "currency": "USD", "hard_stop": True}), build
    )
    for plan_, stops in ((soft, None), (hard, 100)):
        for monitor in plan_.of_type(f"{_STEM}resourceMonitor:ResourceMonitor"):
            assert monitor.inputs.get("suspendTrigger") == stops
            assert monitor.inputs["notifyTriggers"] == [50, 80, 100]
    assert one(hard, f"{_STEM}resourceMonitor:ResourceMonitor", "bi").inputs["creditQuota"] == 200
    assert (
        one(hard, f"{_STEM}resourceMonitor:ResourceMonitor", "transform").inputs["creditQuota"]
        == 400
    )


def test_credits_follow_the_edition_and_a_currency_without_a_rate_is_an_error() -> None:
    budget = {"amount": 6000, "currency": "USD"}
    quotas = [
        monthly_credits(wanted("aws", budget=budget), edition, "transform")
        for edition in ("standard", "enterprise", "business-critical")
    ]
    assert quotas == [600, 400, 300]
    few = wanted("aws", budget={"amount": 1, "currency": "USD"})
    assert monthly_credits(few, "standard", "bi") == 1
    assert sum(SHARES.values()) == pytest.approx(0.3)
    with pytest.raises(LandfallError, match="no rate for XAF"):
        monthly_credits(wanted("gcp", budget={"amount": 100, "currency": "XAF"}), "standard", "bi")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_dashboards_read_the_marts_and_nothing_more(plan: Plans, cloud: str) -> None:
    taken = {
        g.inputs["roleName"]
        for g in plan(cloud).of_type(INHERIT)
        if g.inputs.get("parentRoleName") == "ACME_DEV_BI"
    }
    assert taken == {"ACME_DEV_MARTS_READ"}
    own = [g for g in plan(cloud).of_type(GRANT) if g.inputs["accountRoleName"] == "ACME_DEV_BI"]
    assert [(g.inputs["privileges"], g.inputs["onAccountObject"]["objectType"]) for g in own] == [
        (["USAGE"], "WAREHOUSE")
    ]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_role_is_given_everything_ownership_or_the_right_to_grant(
    plan: Plans, cloud: str
) -> None:
    for grant in plan(cloud).of_type(GRANT):
        assert not grant.inputs.get("allPrivileges")
        assert not grant.inputs.get("withGrantOption")
        assert not {"OWNERSHIP", "MANAGE GRANTS", "ALL"} & set(grant.inputs["privileges"])
    readers = [
        g for g in plan(cloud).of_type(GRANT) if g.inputs["accountRoleName"].endswith("_READ")
    ]
    assert {p for g in readers for p in g.inputs["privileges"]} == {"USAGE", "SELECT"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_service_users_come_from_the_platforms_network_with_one_role(
    plan: Plans, cloud: str
) -> None:
    users = plan(cloud).of_type(f"{_STEM}serviceUser:ServiceUser")
    assert {u.name for u in users} == {"transform", "train", "bi"}
    for user in users:
        assert user.inputs["networkPolicy"]
        assert user.inputs["defaultSecondaryRolesOption"] == "NONE"
        assert "rsaPublicKey" in user.ignore_changes
        assert bool(user.inputs.get("defaultWorkloadIdentity")) == (cloud != "gcp")


@pytest.mark.parametrize(
    ("edition", "public", "allowed"),
    [
        ("enterprise", ["203.0.113.7"], ["203.0.113.7"]),
        ("business-critical", ["203.0.113.7"], ["10.64.0.0/16", "203.0.113.7"]),
    ],
)
def test_who_may_come_in_is_named_by_what_the_network_goes_out_by(
    edition: str, public: list[str], allowed: list[str]
) -> None:
    import dataclasses

    import pulumi

    def build_with(scope: Any, layers: Any) -> None:
        foundation = layers["foundation"]
        network = dataclasses.replace(
            foundation.network, egress_addresses=pulumi.Output.from_input(public)
        )
        build(scope, {**layers, "foundation": dataclasses.replace(foundation, network=network)})

    account = {"engine": "snowflake", "snowflake": {**ACCOUNT, "edition": edition}}
    made = hand.planned(wanted("aws", warehouse=account), build_with)
    rule = one(made, f"{_STEM}networkRule:NetworkRule", "platform")
    assert rule.inputs["valueLists"] == allowed
    assert rule.inputs["mode"] == "INGRESS"


def test_dashboards_come_from_their_own_ranges_too_and_nobody_else_does() -> None:
    account = {**ACCOUNT, "dashboards_from": ["203.0.113.8/29"]}
    made = hand.planned(
        wanted("aws", warehouse={"engine": "snowflake", "snowflake": account}), build
    )
    rules = {r.name: r for r in made.of_type(f"{_STEM}networkRule:NetworkRule")}
    assert rules["dashboards"].inputs["valueLists"] == ["203.0.113.8/29"]
    assert "203.0.113.8/29" not in rules["platform"].inputs["valueLists"]
    policies = made.of_type(f"{_STEM}networkPolicy:NetworkPolicy")
    lets_in = {p.name: len(p.inputs["allowedNetworkRuleLists"]) for p in policies}
    assert lets_in == {"platform": 1, "dashboards": 2}
    users = {u.name: u for u in made.of_type(f"{_STEM}serviceUser:ServiceUser")}
    held = {name: user.inputs["networkPolicy"] for name, user in users.items()}
    assert held["transform"] == held["train"] != held["bi"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_ranges_dashboards_come_from_the_platforms_network(plan: Plans, cloud: str) -> None:
    assert len(plan(cloud).of_type(f"{_STEM}networkPolicy:NetworkPolicy")) == 1


def test_a_network_that_tells_no_address_lets_nobody_in_and_is_refused() -> None:
    import dataclasses

    import pulumi

    def build_with(scope: Any, layers: Any) -> None:
        foundation = layers["foundation"]
        silent = dataclasses.replace(
            foundation.network, egress_addresses=pulumi.Output.from_input([])
        )
        build(scope, {**layers, "foundation": dataclasses.replace(foundation, network=silent)})

    with pytest.raises(LandfallError, match="no public address"):
        hand.planned(wanted("aws"), build_with)


@pytest.mark.parametrize(
    ("stack", "fixed"),
    [
        ("harbor-gcp-dev", "gcp:compute/address:Address"),
        ("northwind-aws-dev", "aws:ec2/eip:Eip"),
        ("fjord-azure-dev", "azure-native:network:PublicIPAddress"),
    ],
)
def test_a_small_stack_has_a_fixed_address_that_snowflake_knows(stack: str, fixed: str) -> None:
    # On Azure the edition is one whose policy lets the private range in besides.
    edition = "business-critical" if "azure" in stack else "enterprise"
    account = {**ACCOUNT, "edition": edition}
    made = plan_changed(stack, warehouse={"engine": "snowflake", "snowflake": account})
    assert made.of_type(fixed)
    rule = one(made, f"{_STEM}networkRule:NetworkRule", "platform")
    assert len(rule.inputs["valueLists"]) >= (2 if "azure" in stack else 1)
    assert sample(stack).network.cidr not in rule.inputs["valueLists"]


def test_an_adopted_network_is_let_in_by_the_addresses_that_the_intent_gives() -> None:
    rule = one(plan_of("kestrel-gcp-staging"), f"{_STEM}networkRule:NetworkRule", "platform")
    given = sample("kestrel-gcp-staging").network.adopt.egress_addresses
    assert given
    assert rule.inputs["valueLists"] == given


def test_the_role_of_the_lake_trusts_snowflake_only_by_an_external_id(plan: Plans) -> None:
    role = one(plan("aws"), "aws:iam/role:Role", "snowflake-lake")
    trust = json.loads(role.inputs["assumeRolePolicy"])
    for statement in trust["Statement"]:
        assert statement["Principal"]["AWS"] != "*"
        assert statement["Condition"]["StringEquals"]["sts:ExternalId"]
    shared = one(plan("aws"), f"{_STEM}storageIntegrationAws:StorageIntegrationAws", "lake").inputs
    assert (
        trust["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"]
        == (shared["storageAwsExternalId"])
    )
    assert shared["storageAwsRoleArn"].endswith(f":role/{role.inputs['name']}")
    # Jenkins makes no role without it.
    assert role.inputs["permissionsBoundary"].endswith("-boundary")


def test_the_role_of_the_lake_only_reads_silver_gold_and_their_catalog(plan: Plans) -> None:
    policy = json.loads(
        one(plan("aws"), "aws:iam/rolePolicy:RolePolicy", "snowflake-lake").inputs["policy"]
    )
    actions = {action for s in policy["Statement"] for action in s["Action"]}
    assert all(a.split(":")[1].startswith(("Get", "List", "Decrypt")) for a in actions), actions
    resources = [r for s in policy["Statement"] for r in s["Resource"]]
    assert "*" not in resources
    assert not [r for r in resources if "s3" in r and not ("silver" in r or "gold" in r)]


def test_on_gcp_snowflakes_accounts_may_only_view(plan: Plans) -> None:
    members = plan("gcp").of_type("gcp:storage/bucketIAMMember:BucketIAMMember")
    assert {m.inputs["role"] for m in members} == {
        "roles/storage.objectViewer", "roles/storage.legacyBucketReader",
    }  # fmt: skip
    assert {m.inputs["bucket"] for m in members} == {"acme-silver", "acme-gold"}
    assert all(m.inputs["member"].startswith("serviceAccount:") for m in members)


def test_on_azure_the_consent_that_a_person_gives_is_an_output(plan: Plans) -> None:
    settings = plan("azure").outputs["settings"]
    assert settings["consent_integration"].startswith("https://")
    assert settings["consent_volume"].startswith("https://")
    assert settings["assign"].startswith("az role assignment create")
    for cloud in ("aws", "gcp"):
        assert not [key for key in plan(cloud).outputs["settings"] if key.startswith("consent")]


@pytest.mark.parametrize(
    ("cloud", "url"),
    [
        ("aws", "s3://acme-silver/"),
        ("gcp", "gcs://acme-silver/"),
        ("azure", "azure://acme.blob.core.windows.net/silver/"),
    ],
)
def test_stages_volume_and_integration_name_the_same_zones(
    plan: Plans, cloud: str, url: str
) -> None:
    stage = next(r for r in plan(cloud).resources if r.name == "silver-lake")
    volume = one(plan(cloud), f"{_STEM}externalVolume:ExternalVolume", "lake")
    places = [place["storageBaseUrl"] for place in volume.inputs["storageLocations"]]
    integration = next(r for r in plan(cloud).resources if kind(r).startswith("StorageIntegration"))
    assert stage.inputs["url"] == url == places[0]
    assert integration.inputs["storageAllowedLocations"] == places
    assert volume.inputs["allowWrites"] == "false"


def test_iceberg_tables_in_silver_find_their_volume_and_catalog(plan: Plans) -> None:
    for cloud, catalog in (
        ("aws", "CatalogIntegrationAwsGlue"),
        ("gcp", "CatalogIntegrationObjectStorage"),
    ):
        made = next(r for r in plan(cloud).resources if kind(r) == catalog)
        schema = one(plan(cloud), f"{_STEM}schema:Schema", "silver").inputs
        assert schema["catalog"] == made.inputs["name"]
        assert schema["externalVolume"] == "ACME_DEV_LAKE"
    writes = [
        g for g in plan("aws").of_type(GRANT) if "CREATE ICEBERG TABLE" in g.inputs["privileges"]
    ]
    assert [g.inputs["accountRoleName"] for g in writes] == ["ACME_DEV_SILVER_WRITE"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_contract_says_what_dbt_and_dashboards_type_in(plan: Plans, cloud: str) -> None:
    outputs = plan(cloud).outputs
    assert outputs["engine"] == "snowflake"
    assert {"account", "user", "role", "warehouse", "database", "schema", "authenticator"} <= set(
        outputs["settings"]
    )
    assert set(outputs["connections"]) == {"looker", "quicksight", "power-bi", "tableau"}
    typed = json.loads(outputs["connections"]["tableau"])
    assert typed["server"] == "acmeorg-data-dev.snowflakecomputing.com"
    assert typed["schema"] == "ACME_DEV_MARTS"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_names_of_resources_do_not_depend_on_the_client(plan: Plans, cloud: str) -> None:
    other = wanted(cloud, client={"name": "Zeta Works", "slug": "zeta-works"})
    ours = {r.urn for r in plan(cloud).resources}
    assert {r.urn for r in hand.planned(other, build).resources} == ours
    assert {r.urn for r in plan(cloud, known=False).resources} == ours


def test_without_an_account_nothing_is_built() -> None:
    with pytest.raises(LandfallError, match="names no Snowflake account"):
        hand.planned(hand.intent("aws"), lambda scope, _: open_provider(scope, "snowflake"))
