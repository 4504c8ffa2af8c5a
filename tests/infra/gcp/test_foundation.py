"""The landing zone on Google Cloud: what is there, and what must not be."""

from __future__ import annotations

import pytest
from pulumi._types import resource_types

from infra.gcp.audit import retention_days
from infra.gcp.guardrails import CMEK_SERVICES, guardrails
from infra.gcp.jenkins_roles import DEPLOY, GRANTED, PREVIEW
from infra.gcp.keys import ROTATION
from infra.gcp.private_access import RESTRICTED_RANGE
from infra.plan.model import UNKNOWN, Plan
from infra.plan.sdk import class_of
from tests.infra.gcp.conftest import ADOPTS, DEV, PROD, Planner, intent_of, named, one, plan_of

ANYWHERE = "0.0.0.0/0"
SLIM = {"cidr": "10.64.0.0/18"}


def rules(plan: Plan) -> dict[str, dict]:
    found = named(plan, "compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule")
    return {name.removeprefix("firewall-"): dict(rule.inputs) for name, rule in found.items()}


def test_an_adopted_project_is_imported_and_never_changed(dev: Plan) -> None:
    project = one(dev, "organizations/project:Project")
    assert project.import_id == "harbor-data-dev"
    assert {"name", "orgId", "folderId", "billingAccount", "labels"} <= set(project.ignore_changes)
    assert project.protect
    assert project.retain
    assert not named(dev, "organizations/folder:Folder")


def test_an_import_leaves_every_label_alone_whoever_would_set_it(dev: Plan, adopts: Plan) -> None:
    kinds = set()
    for resource in (*dev.resources, *adopts.resources):
        if resource.import_id and resource.type.startswith("gcp:"):
            kinds.add(resource.type.rpartition(":")[2])
            declared = resource_types(class_of(resource.type) or type)
            labels = {name for name in declared if name.lower().endswith("labels")}
            assert {"labels", "pulumiLabels", "effectiveLabels"} == labels
            assert labels <= set(resource.ignore_changes), resource.urn
    assert kinds == {"Project", "Bucket", "CryptoKey"}


def test_a_created_project_has_a_folder_of_its_own_that_carries_the_policies(prod: Plan) -> None:
    folder = one(prod, "organizations/folder:Folder")
    platform = named(prod, "organizations/project:Project")["platform"]
    assert folder.urn in platform.deps
    assert platform.inputs["autoCreateNetwork"] is False
    for policy in prod.of_type("gcp:orgpolicy/policy:Policy"):
        assert folder.urn in policy.deps


def test_policies_are_set_by_a_provider_that_names_a_project_to_charge(plan: Plan) -> None:
    """A person's credentials are refused without one; the project must be there, its services on."""
    providers = {one.urn: one for one in plan.of_type("pulumi:providers:gcp")}
    kinds = ("gcp:orgpolicy/policy:Policy", "gcp:orgpolicy/customConstraint:CustomConstraint")
    for policy in plan.of_type(*kinds):
        provider = providers[policy.provider]
        assert provider.name == "guardrails"
        assert provider.inputs["userProjectOverride"] in (True, "true")
        assert provider.inputs["billingProject"] == provider.inputs["project"]
        assert named(plan, "projects/service:Service")["orgpolicy"].urn in provider.deps


def test_the_audit_logs_of_a_created_project_lie_outside_its_folder(planned: Planner) -> None:
    plan = planned(PROD, network={**SLIM, "egress": "nat"})
    audit = named(plan, "organizations/project:Project")["audit"]
    assert one(plan, "organizations/folder:Folder").urn not in audit.deps
    bucket = named(plan, "storage/bucket:Bucket")["audit-logs"]
    assert bucket.inputs["project"] == audit.inputs["projectId"]


def test_services_are_switched_on_and_never_off(plan: Plan) -> None:
    services = plan.of_type("gcp:projects/service:Service")
    assert len(services) > 20
    assert all(service.inputs["disableOnDestroy"] is False for service in services)


@pytest.mark.parametrize(
    "constraint",
    [
        "iam.disableServiceAccountKeyCreation",
        "storage.publicAccessPrevention",
        "storage.uniformBucketLevelAccess",
        "compute.requireOsLogin",
        "compute.skipDefaultNetworkCreation",
    ],
)
def test_the_guardrails_of_the_floor_are_enforced(plan: Plan, constraint: str) -> None:
    policies = list(plan.of_type("gcp:orgpolicy/policy:Policy"))
    (found,) = [p for p in policies if p.inputs["name"].endswith(f"/{constraint}")]
    assert found.inputs["spec"]["rules"] == [{"enforce": "TRUE"}]


def test_no_machine_gets_a_public_address_and_no_service_goes_without_a_key(dev: Plan) -> None:
    policies = named(dev, "orgpolicy/policy:Policy")
    assert policies["vmExternalIpAccess"].inputs["spec"]["rules"] == [{"denyAll": "TRUE"}]
    denied = policies["restrictNonCmekServices"].inputs["spec"]["rules"][0]["values"][
        "deniedValues"
    ]
    assert denied == [f"{service}.googleapis.com" for service in CMEK_SERVICES]


def test_locations_follow_the_residency_and_bind_only_where_it_does() -> None:
    bound = {g.constraint: g for g in guardrails(intent_of(DEV))}["gcp.resourceLocations"]
    assert "in:europe-west1-locations" in bound.allowed
    assert not any("us-" in place for place in bound.allowed)
    free = guardrails(intent_of(DEV, residency={}))
    assert "gcp.resourceLocations" not in {g.constraint for g in free}


def test_labels_are_demanded_only_where_the_organization_is_known(
    dev: Plan, prod: Plan, planned: Planner
) -> None:
    kind = "orgpolicy/customConstraint:CustomConstraint"
    assert not named(dev, kind)
    told = one(prod, kind).inputs["name"]
    assert told == "custom.landfallLabelsMeridianProd"
    # Stacks of one organization do not take each other's constraint.
    another = one(planned(PROD, environment="staging"), kind).inputs["name"]
    assert another == "custom.landfallLabelsMeridianStaging"


def test_the_firewall_is_closed_unless_a_rule_opens_it(prod: Plan, dev: Plan) -> None:
    for plan in (prod, dev):
        found = rules(plan)
        for name, direction in (("deny-in", "INGRESS"), ("deny-out", "EGRESS")):
            assert found[name]["action"] == "deny"
            assert found[name]["direction"] == direction
            assert found[name]["enableLogging"] is True
            assert found[name]["priority"] == max(
                rule["priority"] for rule in found.values() if rule["direction"] == direction
            )
        inward = [
            r for r in found.values() if r["direction"] == "INGRESS" and r["action"] == "allow"
        ]
        assert not [rule for rule in inward if ANYWHERE in rule["match"]["srcIpRanges"]]
        networks = named(plan, "compute/network:Network")
        attached = plan.of_type(
            "gcp:compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation"
        )
        assert len(attached) == len(networks)


def test_nothing_but_the_listed_names_is_let_out_of_an_allow_list(prod: Plan) -> None:
    out = [r for r in rules(prod).values() if r["direction"] == "EGRESS" and r["action"] == "allow"]
    assert not [rule for rule in out if ANYWHERE in rule["match"].get("destIpRanges", [])]
    listed = intent_of(PROD).network.egress_domains
    assert "pypi.org" in listed
    assert rules(prod)["to-listed"]["match"]["destFqdns"] == listed


def test_without_egress_there_is_no_nat_no_route_and_no_rule(planned: Planner) -> None:
    plan = planned(DEV, network={**SLIM, "egress": "none"})
    assert not plan.of_type("gcp:compute/routerNat:RouterNat")
    assert {r.inputs["destRange"] for r in plan.of_type("gcp:compute/route:Route")} == {
        RESTRICTED_RANGE
    }
    assert not {"to-internet", "to-listed"} & set(rules(plan))


def test_production_has_a_hub_and_fixed_addresses_and_dev_has_neither(
    prod: Plan, dev: Plan
) -> None:
    assert set(named(prod, "compute/network:Network")) == {"hub", "platform"}
    assert set(named(prod, "compute/networkPeering:NetworkPeering")) == {
        "hub-to-platform",
        "platform-to-hub",
    }
    assert len(one(prod, "compute/routerNat:RouterNat").inputs["natIps"]) == 2
    assert set(named(dev, "compute/network:Network")) == {"platform"}
    assert one(dev, "compute/routerNat:RouterNat").inputs["natIpAllocateOption"] == "AUTO_ONLY"


def test_no_network_makes_routes_or_subnets_of_its_own(plan: Plan) -> None:
    for network in plan.of_type("gcp:compute/network:Network"):
        assert network.inputs["autoCreateSubnetworks"] is False
        assert network.inputs["deleteDefaultRoutesOnCreate"] is True


def test_subnets_are_private_and_watched_whole_in_production(prod: Plan) -> None:
    for name, subnet in named(prod, "compute/subnetwork:Subnetwork").items():
        if name == "proxies":
            continue
        assert subnet.inputs["privateIpGoogleAccess"] is True
        assert subnet.inputs["logConfig"]["flowSampling"] == 1


def test_flow_logs_can_be_left_out(planned: Planner) -> None:
    plan = planned(DEV, network={**SLIM, "flow_logs": False})
    subnets = plan.of_type("gcp:compute/subnetwork:Subnetwork")
    assert subnets
    assert not any("logConfig" in subnet.inputs for subnet in subnets)


def test_googles_services_resolve_to_the_restricted_addresses(dev: Plan) -> None:
    records = named(dev, "dns/recordSet:RecordSet")
    assert records["googleapis-addresses"].inputs["name"] == "restricted.googleapis.com."
    assert len(records["googleapis-addresses"].inputs["rrdatas"]) == 4
    assert records["images-names"].inputs["name"] == "*.pkg.dev."
    for zone in dev.of_type("gcp:dns/managedZone:ManagedZone"):
        assert zone.inputs["visibility"] == "private"


def test_an_adopted_network_is_used_and_left_alone(adopts: Plan) -> None:
    kinds = ("network:Network", "subnetwork:Subnetwork", "route:Route", "router:Router")
    assert not adopts.of_type(*(f"gcp:compute/{kind}" for kind in kinds))
    assert not adopts.of_type("gcp:dns/managedZone:ManagedZone")
    cluster = one(adopts, "container/cluster:Cluster")
    assert cluster.inputs["subnetwork"].endswith("/subnetworks/cluster")
    # In another project's subnet GKE makes no ranges: both are the client's own.
    assert cluster.inputs["ipAllocationPolicy"] == {
        "clusterSecondaryRangeName": "cluster-pods",
        "servicesSecondaryRangeName": "cluster-services",
    }
    shared = named(adopts, "compute/subnetworkIAMMember:SubnetworkIAMMember")
    assert {member.inputs["project"] for member in shared.values()} == {"kestrel-net"}


def test_in_a_subnet_of_its_own_project_gke_makes_the_ranges(planned: Planner) -> None:
    project = "projects/harbor-data-dev"
    adopt = {
        "network": f"{project}/global/networks/own",
        "subnets": [f"{project}/regions/europe-west1/subnetworks/all"],
    }
    plan = planned(DEV, network={**SLIM, "adopt": adopt})
    ranges = one(plan, "container/cluster:Cluster").inputs["ipAllocationPolicy"]
    assert ranges["clusterIpv4CidrBlock"] == "10.64.0.0/19"
    assert not named(plan, "compute/subnetworkIAMMember:SubnetworkIAMMember")


@pytest.mark.parametrize(("airflow", "asked"), [("managed", True), ("cluster", False)])
def test_on_a_shared_network_googles_agents_are_let_in_once_they_exist(
    planned: Planner, airflow: str, asked: bool
) -> None:
    plan = planned(ADOPTS, orchestration={"airflow": airflow, "size": "small"})
    members = named(plan, "projects/iAMMember:IAMMember")
    on_host = {
        name: member.inputs["role"]
        for name, member in members.items()
        if member.inputs["project"] == "kestrel-net"
    }
    gke = {"host-container": "roles/container.hostServiceAgentUser"}
    composer = {"host-composer": "roles/composer.sharedVpcAgent"}
    assert on_host == ({**gke, **composer} if asked else gke)
    for name in on_host:
        service = name.removeprefix("host-")
        assert any(urn.endswith(f"::agent-{service}") for urn in members[name].deps), name


def test_a_network_without_subnets_is_given_ours(planned: Planner) -> None:
    adopt = {"network": "projects/harbor-data-dev/global/networks/hub"}
    plan = planned(DEV, network={**SLIM, "adopt": adopt})
    subnets = named(plan, "compute/subnetwork:Subnetwork")
    assert set(subnets) == {"workloads", "cluster", "proxies"}
    assert {one.inputs["network"] for one in subnets.values()} == {adopt["network"]}
    assert not plan.of_type("gcp:compute/network:Network")


def test_every_key_turns_within_ninety_days_and_is_kept(prod: Plan) -> None:
    keys = named(prod, "kms/cryptoKey:CryptoKey")
    assert {"data", "logs", "secrets", "cluster"} <= set(keys)
    for key in keys.values():
        assert key.inputs["rotationPeriod"] == ROTATION == "7776000s"
        assert key.inputs["versionTemplate"]["protectionLevel"] == "HSM"
        assert key.protect
        assert key.retain


def test_no_person_and_no_workload_may_use_a_key(plan: Plan) -> None:
    for grant in plan.of_type("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"):
        account = grant.inputs["member"].removeprefix("serviceAccount:")
        assert account.startswith(("service-", "bq-", "cmek-p")), account


def test_agents_that_google_makes_when_asked_are_asked_for_before_they_are_granted(
    prod: Plan,
) -> None:
    grants = named(prod, "kms/cryptoKeyIAMMember:CryptoKeyIAMMember")
    on = named(prod, "projects/service:Service")
    for grant, service in (
        ("data-storage", "storage"),
        ("data-bigquery", "bigquery"),
        ("logs-storage", "audit-storage"),
        ("logs-logging", "logging"),
    ):
        # Nobody is asked in a project that is not made yet, or whose services are off.
        assert on[service].urn in grants[grant].deps, grant
    assert grants["logs-logging"].inputs["member"].startswith("serviceAccount:cmek-p")
    asked = {
        name.removeprefix("agent-")
        for name in named(prod, "projects/serviceIdentity:ServiceIdentity")
    }
    assert not asked & {"storage", "bigquery", "logging", "compute"}


def test_in_a_preview_of_what_is_not_there_yet_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(token: str, _: object) -> None:
        raise AssertionError(token)

    monkeypatch.setattr("infra.plan.record.answer", refuse)
    grants = named(
        plan_of(intent_of(PROD), known=False), "kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
    )
    assert grants["data-storage"].inputs["member"] == UNKNOWN


def test_an_adopted_key_is_imported_as_the_client_has_it(adopts: Plan) -> None:
    key = named(adopts, "kms/cryptoKey:CryptoKey")["data"]
    assert key.import_id.endswith("/keyRings/data/cryptoKeys/lake")
    assert key.inputs["keyRing"] == "projects/kestrel-keys/locations/us-central1/keyRings/data"
    assert {"rotationPeriod", "versionTemplate", "labels"} <= set(key.ignore_changes)


def test_audit_logs_are_locked_and_their_writer_cannot_delete(dev: Plan) -> None:
    bucket = named(dev, "storage/bucket:Bucket")["audit-logs"]
    assert bucket.inputs["retentionPolicy"] == {"isLocked": True, "retentionPeriod": "2592000"}
    (grant,) = [
        member
        for member in dev.of_type("gcp:storage/bucketIAMMember:BucketIAMMember")
        if bucket.urn in member.deps
    ]
    assert grant.inputs["role"] == "roles/storage.objectCreator"


@pytest.mark.parametrize(
    ("environment", "compliance", "days"),
    [
        ("dev", [], 30),
        ("prod", [], 400),
        ("dev", ["pci-dss"], 366),
        ("prod", ["hipaa", "cis"], 2192),
    ],
)
def test_logs_are_kept_as_long_as_the_standards_ask(
    environment: str, compliance: list[str], days: int
) -> None:
    intent = intent_of(DEV, environment=environment, compliance=compliance)
    assert retention_days(intent) == days


def test_an_organizations_own_log_bucket_is_used_instead(prod: Plan) -> None:
    assert "audit-logs" not in named(prod, "storage/bucket:Bucket")
    sink = named(prod, "logging/projectSink:ProjectSink")["audit"]
    assert sink.inputs["destination"] == "storage.googleapis.com/meridian-org-audit"


def test_reads_of_data_are_recorded_in_production(prod: Plan, dev: Plan) -> None:
    def kinds(plan: Plan) -> set[str]:
        config = named(plan, "projects/iAMAuditConfig:IAMAuditConfig")["audit"]
        assert config.inputs["service"] == "allServices"
        return {entry["logType"] for entry in config.inputs["auditLogConfigs"]}

    assert kinds(prod) == {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}
    assert kinds(dev) == {"ADMIN_READ", "DATA_WRITE"}


def test_findings_are_told_where_there_is_an_organization(prod: Plan, dev: Plan) -> None:
    kind = "securitycenter/v2ProjectNotificationConfig:V2ProjectNotificationConfig"
    assert named(prod, kind)
    assert not named(dev, kind)


def test_the_security_contact_hears_of_what_an_intruder_would_change(plan: Plan) -> None:
    alerts = named(plan, "monitoring/alertPolicy:AlertPolicy")
    assert {"alert-owners", "alert-audit-config", "alert-firewall", "alert-keys"} <= set(alerts)
    channels = named(plan, "monitoring/notificationChannel:NotificationChannel")
    assert channels["security"].inputs["labels"]["email_address"].startswith("soc@")


def test_nobody_holds_a_key_file_or_a_basic_role(plan: Plan) -> None:
    assert not plan.of_type("gcp:serviceaccount/key:Key", "gcp:storage/hmacKey:HmacKey")
    roles = {r.inputs["role"] for r in plan.resources if "role" in r.inputs and "IAM" in r.type}
    assert not roles & {"roles/owner", "roles/editor", "roles/viewer"}


def test_no_grant_is_given_to_everybody(plan: Plan) -> None:
    members = [str(r.inputs.get("member", "")) for r in plan.resources]
    assert not [
        m for m in members if m in ("allUsers", "allAuthenticatedUsers") or m.endswith("/*")
    ]


def test_jenkins_comes_in_by_its_own_jobs_and_one_branch(prod: Plan) -> None:
    providers = named(prod, "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    for role in ("preview", "deploy"):
        told = providers[f"jenkins-{role}"].inputs
        assert told["attributeMapping"] == {"google.subject": f"'{role}:' + assertion.sub"}
        assert told["oidc"] == {
            "issuerUri": "https://jenkins.meridian.example/oidc",
            "allowedAudiences": [f"landfall-{role}"],
        }
        assert "'landfall:meridian/infra/main'" in told["attributeCondition"]
    assert "nightly" not in providers["jenkins-deploy"].inputs["attributeCondition"]
    trusts = named(prod, "serviceaccount/iAMMember:IAMMember")
    deploys = {
        trust.inputs["member"].partition("/subject/")[2]
        for name, trust in trusts.items()
        if name.startswith("jenkins-deploy-")
    }
    assert deploys == {
        f"deploy:landfall:meridian/{job}" for job in ("infra/main", "destroy", "upgrade")
    }


def test_jenkins_data_jobs_become_the_workloads_of_their_steps_and_no_other(prod: Plan) -> None:
    providers = named(prod, "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    told = providers["jenkins-data"].inputs
    assert told["oidc"]["allowedAudiences"] == ["landfall-data"]
    assert told["attributeMapping"] == {"google.subject": "'data:' + assertion.sub"}
    trusted = ("ml", "pipelines/main", "rollback")
    condition = ", ".join(f"'landfall:meridian/{job}'" for job in trusted)
    assert told["attributeCondition"] == f"assertion.sub in [{condition}]"
    accounts = named(prod, "serviceaccount/account:Account")
    becomes: dict[str, set[str]] = {}
    for trust in named(prod, "serviceaccount/iAMMember:IAMMember").values():
        who = trust.inputs["member"].partition("/subject/data:")[2]
        if who:
            assert trust.inputs["role"] == "roles/iam.workloadIdentityUser"
            becomes.setdefault(trust.inputs["serviceAccountId"], set()).add(who)
    of = {account.inputs["accountId"]: name for name, account in accounts.items()}
    found = {
        of[next(one for one in of if f"/{one}@" in account)]: jobs
        for account, jobs in becomes.items()
    }
    every = {f"landfall:meridian/{job}" for job in trusted}
    assert found == {
        "ingest": every - {"landfall:meridian/rollback"},
        "transform": every - {"landfall:meridian/rollback"},
        "train": every,
    }


def test_a_quote_in_a_branch_does_not_end_the_condition(planned: Planner) -> None:
    jenkins = {"issuer": "https://ci.harbor.example/oidc", "branch": "it's' || true || '"}
    plan = planned(DEV, jenkins=jenkins)
    providers = named(plan, "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    told = providers["jenkins-deploy"].inputs["attributeCondition"].replace("\\'", "")
    assert told.count("'") == 6


def test_preview_reads_and_deploy_grants_only_landfalls_roles(prod: Plan) -> None:
    reading = ("viewer", "reader", "browser", "Viewer", "Reviewer", "Consumer")
    assert all(role.endswith(reading) for role in PREVIEW)
    assert not {"roles/resourcemanager.projectIamAdmin", "roles/iam.securityAdmin"} & set(DEPLOY)
    grant = named(prod, "projects/iAMMember:IAMMember")["jenkins-deploy-grants"]
    assert "modifiedGrantsByRole" in grant.inputs["condition"]["expression"]


def test_every_role_that_is_granted_on_a_project_may_be_granted_by_jenkins(plan: Plan) -> None:
    members = [
        member
        for name, member in named(plan, "projects/iAMMember:IAMMember").items()
        if not name.startswith(("jenkins-", "host-", "stop-clusters"))
    ]
    assert members
    assert {member.inputs["role"] for member in members} <= set(GRANTED)


def test_without_jenkins_nothing_of_it_is_built(dev: Plan) -> None:
    assert not [r.urn for r in dev.resources if "jenkins" in r.urn.lower()]


def test_the_budget_tells_at_every_share_and_at_the_forecast(prod: Plan) -> None:
    budget = one(prod, "billing/budget:Budget")
    shares = [rule["thresholdPercent"] for rule in budget.inputs["thresholdRules"]]
    assert shares == [0.5, 0.8, 1, 1.2, 1]
    amount = budget.inputs["amount"]["specifiedAmount"]
    assert amount == {"currencyCode": "EUR", "units": "18000"}


def test_cents_are_not_lost(planned: Planner) -> None:
    plan = planned(DEV, budget={"amount": 99.25, "currency": "EUR"})
    amount = one(plan, "billing/budget:Budget").inputs["amount"]["specifiedAmount"]
    assert amount == {"currencyCode": "EUR", "units": "99", "nanos": 250_000_000}


def test_the_stop_is_built_only_where_it_is_asked_for(adopts: Plan, dev: Plan) -> None:
    kind = "cloudfunctionsv2/function:Function"
    assert not named(dev, kind)
    function = one(adopts, kind)
    assert function.inputs["serviceConfig"]["ingressSettings"] == "ALLOW_INTERNAL_ONLY"
    cluster = one(adopts, "container/cluster:Cluster")
    told = function.inputs["serviceConfig"]["environmentVariables"]
    assert told == {"PROJECT": "kestrel-data-staging", "CLUSTER": cluster.inputs["name"]}
    role = named(adopts, "projects/iAMCustomRole:IAMCustomRole")["stop"]
    assert all(permission.startswith("container.") for permission in role.inputs["permissions"])


def test_the_account_that_builds_the_warehouse_may_become_itself_and_no_other(prod: Plan) -> None:
    creators = [
        one
        for one in named(prod, "serviceaccount/iAMMember:IAMMember").values()
        if one.inputs["role"] == "roles/iam.serviceAccountTokenCreator"
    ]
    (own,) = creators
    account = own.inputs["serviceAccountId"].rpartition("/")[2]
    assert own.inputs["member"] == f"serviceAccount:{account}"
    assert "transform" in account
