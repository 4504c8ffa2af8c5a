"""What the intent asks for is what AWS's layers build."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from infra.aws.hub import ANYWHERE
from infra.aws.warehouse_sql import statements
from infra.contract import ZONES
from infra.images import IMAGES
from infra.plan.model import SECRET, UNKNOWN, Plan
from landfall.errors import UsageError
from landfall.intent.rules.place import allowed_regions
from tests.infra.aws.conftest import ADOPT, DEV, PROD, intent_of, named, plan_of

NETWORK: dict[str, Any] = {"cidr": "10.192.0.0/16", "avoid": ["10.0.0.0/9"]}


def names(plan: Plan, kind: str) -> set[str]:
    return {one.name for one in plan.of_type(f"aws:{kind}")}


def test_another_client_gets_the_same_urns(dev: Plan) -> None:
    other = plan_of(intent_of(DEV, client={"name": "Someone Else", "slug": "someone"}), DEV)
    # In this file's helper the stack's name is its own; URNs hold it.
    assert {one.urn for one in other.resources} == {one.urn for one in dev.resources}


def test_a_preview_without_answers_builds_the_same_resources(prod: Plan) -> None:
    unknown = plan_of(intent_of(PROD), PROD, known=False)
    assert [one.urn for one in unknown.resources] == [one.urn for one in prod.resources]
    cluster = named(unknown, "eks/cluster:Cluster", "cluster")
    assert cluster.inputs["encryptionConfig"]["provider"]["keyArn"] == UNKNOWN


def test_an_adopted_account_is_pinned_and_left_where_it_is(dev: Plan) -> None:
    assert not dev.of_type(
        "aws:organizations/account:Account", "aws:organizations/policy:Policy",
        "aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions",
    )  # fmt: skip
    (provider,) = dev.of_type("pulumi:providers:aws")
    assert json.loads(provider.inputs["allowedAccountIds"]) == ["123456789012"]
    assert json.loads(provider.inputs["defaultTags"])["tags"]["managed-by"] == "landfall"


def test_a_created_account_lies_in_a_unit_with_its_policies_and_is_entered_by_role(
    prod: Plan,
) -> None:
    unit = named(prod, "organizations/organizationalUnit:OrganizationalUnit", "unit")
    account = named(prod, "organizations/account:Account", "account")
    assert unit.urn in account.property_deps["parentId"]
    assert account.inputs["closeOnDeletion"] is False
    policies = names(prod, "organizations/policy:Policy")
    assert policies == {"watched", "resident", "keyless", "closed", "tagged"}
    # The log archive's unit has the same.
    attached = names(prod, "organizations/policyAttachment:PolicyAttachment")
    assert attached == {*policies, *(f"security-{one}" for one in policies)}
    inside = [one for one in prod.of_type("pulumi:providers:aws") if one.name == "account"]
    (role,) = json.loads(inside[0].inputs["assumeRoles"])
    assert role["roleArn"].endswith(":role/OrganizationAccountAccessRole")
    for one in prod.of_type("aws:ec2/vpc:Vpc"):
        assert one.provider == inside[0].urn


def test_at_most_four_control_policies_hang_beside_awss_own_and_fit_their_size(prod: Plan) -> None:
    control = [
        one for one in prod.of_type("aws:organizations/policy:Policy")
        if one.inputs["type"] == "SERVICE_CONTROL_POLICY"
    ]  # fmt: skip
    assert len(control) == 4
    for one in control:
        assert len(one.inputs["content"]) <= 5120


def test_a_secret_that_a_service_makes_for_its_maker_needs_no_tags_of_ours(prod: Plan) -> None:
    """Redshift and RDS make their administrator's secret in the caller's name, with their own tags."""
    content = json.loads(named(prod, "organizations/policy:Policy", "closed").inputs["content"])
    by_sid = {s["Sid"]: s for s in content["Statement"]}
    assert "secretsmanager:CreateSecret" not in by_sid["TaggedClient"]["Action"]
    secret = by_sid["TaggedClientSecret"]
    assert secret["Action"] == ["secretsmanager:CreateSecret"]
    assert secret["Condition"] == {
        "Null": {"aws:RequestTag/client": "true"},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
    }


def test_regions_are_those_of_the_residency_and_no_other(prod: Plan) -> None:
    content = json.loads(named(prod, "organizations/policy:Policy", "resident").inputs["content"])
    condition = content["Statement"][0]["Condition"]["StringNotEquals"]
    allowed = allowed_regions(intent_of(PROD))
    assert condition["aws:RequestedRegion"] == sorted(allowed or [])


def test_development_has_one_nat_and_no_hub_and_endpoints_in_one_zone(dev: Plan) -> None:
    assert names(dev, "ec2/natGateway:NatGateway") == {"platform"}
    assert not dev.of_type("aws:ec2transitgateway/transitGateway:TransitGateway")
    assert len(named(dev, "ec2/vpcEndpoint:VpcEndpoint", "keys").inputs["subnetIds"]) == 1
    assert len([n for n in names(dev, "ec2/subnet:Subnet") if n.startswith("private-")]) == 3


def test_production_leaves_by_a_hub_with_a_nat_a_zone_past_the_firewall(prod: Plan) -> None:
    assert names(prod, "ec2/natGateway:NatGateway") == {"hub-1", "hub-2", "hub-3"}
    firewall = named(prod, "networkfirewall/firewall:Firewall", "firewall")
    assert len(firewall.inputs["availabilityZoneMappings"]) == 3
    routes = {one.name: one for one in prod.of_type("aws:ec2transitgateway/route:Route")}
    out = routes["spoke-out"]
    assert out.inputs["destinationCidrBlock"] == ANYWHERE
    assert firewall.urn in out.property_deps["transitGatewayAttachmentId"]
    assert firewall.urn in routes["hub-back"].property_deps["transitGatewayAttachmentId"]
    for one in prod.of_type("aws:ec2/route:Route"):
        if one.name.startswith("private-"):
            assert one.inputs.get("transitGatewayId")
            assert not one.inputs.get("natGatewayId")
    assert len(named(prod, "ec2/vpcEndpoint:VpcEndpoint", "keys").inputs["subnetIds"]) == 3


def test_the_allow_list_is_the_intents_domains_and_everything_else_is_dropped(prod: Plan) -> None:
    group = named(prod, "networkfirewall/ruleGroup:RuleGroup", "allow-list").inputs["ruleGroup"]
    listed = group["rulesSource"]["rulesSourceList"]
    assert listed["generatedRulesType"] == "ALLOWLIST"
    assert "pypi.org" in listed["targets"]
    assert ".pkg.dev" in listed["targets"]  # *.pkg.dev
    policy = named(prod, "networkfirewall/firewallPolicy:FirewallPolicy", "allow-list")
    assert "aws:drop_established" in policy.inputs["firewallPolicy"]["statefulDefaultActions"]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_without_egress_nothing_leads_to_the_internet(environment: str) -> None:
    plan = plan_of(intent_of(DEV, environment=environment, network={**NETWORK, "egress": "none"}))
    assert not plan.of_type(
        "aws:ec2/natGateway:NatGateway", "aws:ec2/internetGateway:InternetGateway", "aws:ec2/eip:Eip"
    )  # fmt: skip
    assert all(
        one.inputs["destinationCidrBlock"] != ANYWHERE
        for one in plan.of_type("aws:ec2/route:Route")
    )
    assert not any(
        one.inputs.get("cidrIpv4") == ANYWHERE
        for one in plan.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    )


def test_a_small_allow_list_passes_a_firewall_both_ways() -> None:
    network = {**NETWORK, "egress": "allow-list", "egress_domains": ["pypi.org"]}
    plan = plan_of(intent_of(DEV, network=network))
    firewall = named(plan, "networkfirewall/firewall:Firewall", "firewall")
    through = {
        one.name for one in plan.of_type("aws:ec2/route:Route")
        if firewall.urn in one.property_deps.get("vpcEndpointId", ())
    }  # fmt: skip
    assert through == {f"{way}-{i}{end}" for i in (1, 2, 3) for way, end in
                       (("private", "-1"), ("public-back", ""))}  # fmt: skip


def test_every_network_records_who_talked_to_whom_unless_the_intent_says_no(prod: Plan) -> None:
    assert names(prod, "ec2/flowLog:FlowLog") == {"network", "hub"}
    plan = plan_of(intent_of(DEV, network={**NETWORK, "flow_logs": False}))
    assert not plan.of_type("aws:ec2/flowLog:FlowLog")


def test_what_is_adopted_is_used_or_imported_and_not_built(adopt: Plan) -> None:
    assert not adopt.of_type(
        "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/natGateway:NatGateway"
    )
    key = named(adopt, "kms/key:Key", "data")
    assert key.import_id == "11111111-2222-3333-4444-555555555555"
    assert "policy" in key.ignore_changes
    landing = named(adopt, "s3/bucket:Bucket", "landing")
    assert (landing.import_id, landing.inputs["bucket"]) == (
        "northwind-ehr-drop",
        "northwind-ehr-drop",
    )
    assert "landing" not in names(adopt, "s3/bucketPolicy:BucketPolicy")
    assert not adopt.of_type("aws:s3/bucketNotification:BucketNotification")
    nodes = named(adopt, "eks/nodeGroup:NodeGroup", "system")
    assert nodes.inputs["subnetIds"][0] == "subnet-0a1b2c3d4e5f67890"


def test_an_adopted_network_without_subnets_is_refused_with_what_to_do() -> None:
    network = {**NETWORK, "adopt": {"network": "vpc-0a1b2c3d4e5f67890"}}
    with pytest.raises(UsageError, match=r"network\.adopt\.subnets: .* one a zone"):
        intent_of(DEV, network=network)


def test_six_zones_keep_former_versions_and_only_landing_lets_objects_go(prod: Plan) -> None:
    assert set(ZONES) <= names(prod, "s3/bucket:Bucket")
    days = intent_of(PROD).lake.retention_days
    for zone in ZONES:
        kind = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
        (rule,) = named(prod, kind, zone).inputs["rules"]
        assert rule["expiration"].get("days") == (days["landing"] if zone == "landing" else None)
        if zone != "landing":
            kept = rule["noncurrentVersionExpiration"]["noncurrentDays"]
            assert kept == days[zone]  # pyright: ignore[reportArgumentType]
        assert named(prod, "s3/bucketLogging:BucketLogging", zone)


def test_the_landing_zone_is_locked_where_the_intent_says_so(dev: Plan, prod: Plan) -> None:
    lock = "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    assert "landing" not in names(dev, lock)
    retention = named(prod, lock, "landing").inputs["rule"]["defaultRetention"]
    assert retention == {"mode": "COMPLIANCE", "days": 2555}


def test_a_new_file_reaches_the_queue_and_a_bad_message_is_set_aside(dev: Plan) -> None:
    (topic,) = named(dev, "s3/bucketNotification:BucketNotification", "landing").inputs["topics"]
    assert topic["events"] == ["s3:ObjectCreated:*"]
    redrive = json.loads(named(dev, "sqs/queue:Queue", "flow").inputs["redrivePolicy"])
    assert redrive["maxReceiveCount"] == 5
    assert redrive["deadLetterTargetArn"].endswith("flow-dead")


def test_lake_formation_is_administered_by_whoever_applies_and_bi_has_no_grant(prod: Plan) -> None:
    settings = named(prod, "lakeformation/dataLakeSettings:DataLakeSettings", "catalog")
    jenkins, person = settings.inputs["admins"]
    assert jenkins.endswith("jenkins-deploy")
    assert person.endswith(":role/OrganizationAccountAccessRole")  # the account is created
    granted = {
        one.name.partition("-")[0]
        for one in prod.of_type("aws:lakeformation/permissions:Permissions")
    }
    assert granted == {"ingest", "transform", "train", "orchestrate", "warehouse"}


def test_whoever_opens_the_catalog_sees_its_namespaces_and_makes_none(dev: Plan) -> None:
    from pipelines.catalog import NAMESPACES

    assert names(dev, "glue/catalogDatabase:CatalogDatabase") == set(NAMESPACES)
    for workload in ("ingest", "transform", "train", "orchestrate"):
        policy = json.loads(
            named(dev, "iam/rolePolicy:RolePolicy", f"{workload}-catalog").inputs["policy"]
        )
        (see,) = [s for s in policy["Statement"] if s["Sid"] == "See"]
        assert see["Action"] == ["glue:GetDatabase"]
        for namespace in NAMESPACES:
            assert any(arn.endswith(f":database/{namespace}") for arn in see["Resource"])
        assert not any("glue:CreateDatabase" in s["Action"] for s in policy["Statement"])


def test_the_warehouse_grows_with_its_size_and_stops_where_spending_must(
    dev: Plan, prod: Plan
) -> None:
    sizes = {}
    for name, plan in {"dev": dev, "prod": prod}.items():
        group = named(plan, "redshiftserverless/workgroup:Workgroup", "warehouse")
        assert group.inputs["publiclyAccessible"] is False
        limit = named(plan, "redshiftserverless/usageLimit:UsageLimit", "warehouse")
        sizes[name] = (group.inputs["baseCapacity"], limit.inputs["breachAction"])
    assert sizes == {"dev": (8, "emit-metric"), "prod": (32, "deactivate")}


def test_dashboards_enter_the_marts_and_nothing_else_inside_the_warehouse() -> None:
    for name, sql in statements().items():
        if "TO ROLE reader" in sql:
            assert "marts" in sql, name
            assert "CREATE" not in sql.replace("CREATE ROLE", ""), name


def test_statements_run_one_after_the_other(dev: Plan) -> None:
    order = list(statements())
    for before, after in pairwise(order):
        earlier = named(dev, "redshiftdata/statement:Statement", before)
        assert earlier.urn in named(dev, "redshiftdata/statement:Statement", after).deps


def test_gpu_groups_follow_the_intents_order_of_capacity_from_zero(prod: Plan) -> None:
    groups = {one.name: one.inputs for one in prod.of_type("aws:eks/nodeGroup:NodeGroup")}
    gpus = {name: held for name, held in groups.items() if "NVIDIA" in held["amiType"]}
    assert set(gpus) == {
        "training-reservation",
        "training-spot",
        "training-on-demand",
        "serving-on-demand",
    }
    for name, held in gpus.items():
        assert held["scalingConfig"]["minSize"] == 0
        assert held["scalingConfig"]["desiredSize"] == 0
        assert held["taints"] == [
            {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
        ]
        assert held["capacityType"] == ("SPOT" if name.endswith("spot") else "ON_DEMAND")
    assert gpus["training-spot"]["instanceTypes"] == ["g6.12xlarge"]
    assert gpus["serving-on-demand"]["instanceTypes"] == ["g6.xlarge"]
    assert groups["system"]["amiType"] == groups["cpu"]["amiType"] == "AL2023_x86_64_STANDARD"
    assert (
        groups["system"]["scalingConfig"]["minSize"],
        groups["cpu"]["scalingConfig"]["minSize"],
    ) == (3, 0)


def test_a_reserved_group_takes_reservations_only(prod: Plan) -> None:
    preferences = {
        one.name: one.inputs["capacityReservationSpecification"]["capacityReservationPreference"]
        for one in prod.of_type("aws:ec2/launchTemplate:LaunchTemplate")
    }
    assert preferences["training-reservation"] == "capacity-reservations-only"
    assert {p for name, p in preferences.items() if name != "training-reservation"} == {"open"}


def test_nodes_have_encrypted_disks_and_metadata_out_of_pods_reach(any_sample: Plan) -> None:
    for one in any_sample.of_type("aws:ec2/launchTemplate:LaunchTemplate"):
        (disk,) = one.inputs["blockDeviceMappings"]
        assert disk["ebs"]["encrypted"] == "true"
        assert disk["ebs"]["kmsKeyId"]
        assert one.inputs["metadataOptions"]["httpTokens"] == "required"
        assert one.inputs["metadataOptions"]["httpPutResponseHopLimit"] == 1


def test_a_gpu_that_the_region_sells_only_in_larger_machines_is_refused() -> None:
    raw = {"accelerator": "H100", "count": 1, "capacity": ["spot"]}
    problem = json.loads(json.dumps(intent_of(PROD).model_dump(mode="json")["ml"]["problem"]))
    with pytest.raises(UsageError, match=r"p5\.4xlarge, which us-west-1 does not sell"):
        intent_of(
            DEV,
            cloud={"provider": "aws", "region": "us-west-1", "account": "123456789012"},
            ml={"problem": problem, "training_gpu": raw},
        )


def test_the_clusters_address_is_private_but_for_listed_ranges_and_access_is_by_entries(
    any_sample: Plan,
) -> None:
    cluster = named(any_sample, "eks/cluster:Cluster", "cluster").inputs
    assert cluster["vpcConfig"]["endpointPrivateAccess"] is True
    # The sample of development is applied from an office.
    outside = ["203.0.113.7/32"] if any_sample.stack == DEV else None
    assert cluster["vpcConfig"]["endpointPublicAccess"] is bool(outside)
    assert cluster["vpcConfig"].get("publicAccessCidrs") == outside
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert set(cluster["enabledClusterLogTypes"]) >= {"api", "audit", "authenticator"}


def test_those_who_apply_by_hand_administer_cluster_and_lake_formation_beside_jenkins(
    adopt: Plan,
) -> None:
    entries = "eks/accessPolicyAssociation:AccessPolicyAssociation"
    (by_hand,) = intent_of(ADOPT).model_dump()["cloud"]["administrators"]
    entry = named(adopt, entries, "administrator-platform-engineer").inputs
    assert entry["principalArn"] == by_hand
    assert entry["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    assert named(adopt, entries, "jenkins-deploy")
    settings = named(adopt, "lakeformation/dataLakeSettings:DataLakeSettings", "catalog").inputs
    assert settings["admins"][1:] == [by_hand]
    cluster = named(adopt, "eks/cluster:Cluster", "cluster").inputs
    assert cluster["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] is False


def test_the_maker_of_a_cluster_administers_it_only_where_nobody_else_is_named(dev: Plan) -> None:
    flag = "bootstrapClusterCreatorAdminPermissions"
    cluster = named(dev, "eks/cluster:Cluster", "cluster")
    assert cluster.inputs["accessConfig"][flag] is True
    # A later change would replace the cluster.
    assert f"accessConfig.{flag}" in cluster.ignore_changes
    raw = intent_of(DEV).model_dump(mode="json", exclude_defaults=True)["cloud"]
    role = "arn:aws:iam::123456789012:role/engineer"
    plan = plan_of(intent_of(DEV, cloud={**raw, "administrators": [role]}), DEV)
    assert named(plan, "eks/cluster:Cluster", "cluster").inputs["accessConfig"][flag] is False


def test_every_image_of_ours_has_a_repository_as_ecr_makes_none_by_itself(any_sample: Plan) -> None:
    names = {one.inputs["name"] for one in any_sample.of_type("aws:ecr/repository:Repository")}
    (prefix,) = {name.rpartition("/")[0] for name in names}
    assert names == {f"{prefix}/{image}" for image in IMAGES}


def test_addons_are_pinned_to_the_clusters_version(dev: Plan) -> None:
    version = named(dev, "eks/cluster:Cluster", "cluster").inputs["version"]
    pinned = {one.name: one.inputs["addonVersion"] for one in dev.of_type("aws:eks/addon:Addon")}
    assert {
        "vpc-cni",
        "coredns",
        "kube-proxy",
        "eks-pod-identity-agent",
        "aws-ebs-csi-driver",
    } <= set(pinned)
    assert pinned["kube-proxy"].startswith(f"v{version}.")


def test_the_database_is_private_and_doubled_in_production(dev: Plan, prod: Plan) -> None:
    for plan, doubled in ((dev, False), (prod, True)):
        held = named(plan, "rds/instance:Instance", "database").inputs
        assert held["publiclyAccessible"] is False
        assert held["deletionProtection"] is True
        assert held["multiAz"] is doubled


def test_a_hard_stop_runs_at_the_whole_budget_and_alerts_go_to_the_billing_contact(
    prod: Plan,
) -> None:
    budget = named(prod, "budgets/budget:Budget", "month").inputs
    assert (budget["limitAmount"], budget["limitUnit"]) == ("42000.00", "USD")
    # AWS takes one topic a notification.
    assert all(len(n["subscriberSnsTopicArns"]) == 1 for n in budget["notifications"])
    stop = named(prod, "sns/topic:Topic", "stop").inputs["name"]
    stops = [n for n in budget["notifications"] if n["subscriberSnsTopicArns"][0].endswith(stop)]
    assert [(n["threshold"], n["notificationType"]) for n in stops] == [(100, "ACTUAL")]
    for notice in budget["notifications"]:
        assert notice["subscriberEmailAddresses"] == ["it@northwind.example"]
    function = named(prod, "lambda/function:Function", "stop-gpus").inputs
    cluster = named(prod, "eks/cluster:Cluster", "cluster").inputs["name"]
    assert function["environment"]["variables"]["CLUSTER"] == cluster
    assert "def handle" in json.dumps(function["code"])
    # An account that may run ten functions at once has nothing to reserve.
    assert "reservedConcurrentExecutions" not in function


def test_without_a_hard_stop_there_is_no_function(dev: Plan) -> None:
    assert not dev.of_type("aws:lambda/function:Function")


def test_compliance_chooses_the_standards_and_how_long_proof_is_locked(
    prod: Plan, dev: Plan
) -> None:
    kind = "securityhub/standardsSubscription:StandardsSubscription"
    assert names(prod, kind) == {
        "aws-foundational-security-best-practices", "cis-aws-foundations-benchmark", "nist-800-53",
    }  # fmt: skip
    assert not dev.of_type(f"aws:{kind}")
    lock = "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    days = [
        named(plan, lock, name).inputs["rule"]["defaultRetention"]["days"]
        for plan, name in ((prod, "log-archive"), (dev, "audit"))
    ]
    assert days == [6 * 365, 30]  # HIPAA's six years; a month in development


def test_managed_airflow_is_private_and_comes_only_where_asked_for(dev: Plan, prod: Plan) -> None:
    assert not dev.of_type("aws:mwaa/environment:Environment")
    held = named(prod, "mwaa/environment:Environment", "airflow").inputs
    assert held["webserverAccessMode"] == "PRIVATE_ONLY"
    assert len(held["networkConfiguration"]["subnetIds"]) == 2
    endpoints = names(prod, "ec2/vpcEndpoint:VpcEndpoint")
    assert {"airflow-api", "airflow-env", "airflow-ops"} <= endpoints
    assert not {"airflow-api"} & names(dev, "ec2/vpcEndpoint:VpcEndpoint")


def test_spark_is_the_line_that_the_pipelines_are_written_on(dev: Plan) -> None:
    held = named(dev, "emrserverless/application:Application", "spark").inputs
    assert held["releaseLabel"] == "emr-spark-8.1.0"
    assert held["maximumCapacity"] == {"cpu": "16 vCPU", "memory": "64 GB", "disk": "200 GB"}
    assert (
        held["monitoringConfiguration"]["managedPersistenceMonitoringConfiguration"]["enabled"]
        is True
    )


def test_the_history_of_spark_passes_the_gateway_and_only_the_service_writes_it(prod: Plan) -> None:
    policy = json.loads(named(prod, "ec2/vpcEndpoint:VpcEndpoint", "storage").inputs["policy"])
    (history,) = [s for s in policy["Statement"] if s["Sid"] == "SparkHistory"]
    bucket = "arn:aws:s3:::prod.us-east-1.appinfo.src"
    assert history["Resource"] == [bucket, f"{bucket}/*"]
    assert history["Action"] == ["s3:PutObject", "s3:PutObjectAcl"]
    same = history["Condition"]["StringEquals"]
    assert same["aws:PrincipalServiceName"] == "emr-serverless.amazonaws.com"
    assert same["aws:SourceVpc"]


def test_whoever_writes_to_a_bucket_waits_for_the_policy_that_lets_it_in(prod: Plan) -> None:
    policies = {one.name: one.urn for one in prod.of_type("aws:s3/bucketPolicy:BucketPolicy")}
    trail = named(prod, "cloudtrail/trail:Trail", "audit")
    assert policies["log-archive"] in trail.property_deps["s3BucketName"]
    channel = named(prod, "cfg/deliveryChannel:DeliveryChannel", "config")
    assert policies["records"] in channel.property_deps["s3BucketName"]
    logged = prod.of_type("aws:s3/bucketLogging:BucketLogging")
    assert {one.name for one in logged} == {*policies} - {"access-logs", "archive-access-logs"}
    for one in logged:
        # S3 logs into a bucket of the same account only.
        target = "archive-access-logs" if one.name == "log-archive" else "access-logs"
        assert policies[target] in one.property_deps["targetBucket"], one.name
    # A policy that keeps proof refuses a change of versioning to everybody.
    for one in prod.of_type("aws:s3/bucketPolicy:BucketPolicy"):
        assert named(prod, "s3/bucketVersioning:BucketVersioning", one.name).urn in one.deps


def test_reads_and_writes_of_an_adopted_landing_zone_are_in_the_trail(
    adopt: Plan, prod: Plan
) -> None:
    def begin(plan: Plan) -> list[str]:
        selectors = named(plan, "cloudtrail/trail:Trail", "audit").inputs["advancedEventSelectors"]
        fields = {field["field"]: field for field in selectors[1]["fieldSelectors"]}
        return fields["resources.ARN"]["startsWiths"]

    assert begin(prod) == ["arn:aws:s3:::northwind-prod-"]
    assert begin(adopt) == ["arn:aws:s3:::northwind-prod-", "arn:aws:s3:::northwind-ehr-drop/"]


def test_the_warehouses_grants_wait_for_the_databases(prod: Plan) -> None:
    for name in ("silver", "gold"):
        database = named(prod, "glue/catalogDatabase:CatalogDatabase", name)
        kind = "lakeformation/permissions:Permissions"
        granted = named(prod, kind, f"warehouse-{name}")
        assert granted.inputs["database"]["name"] == name
        assert database.urn in granted.property_deps["database"]
        tables = named(prod, kind, f"warehouse-{name}-tables")
        assert tables.inputs["table"]["databaseName"] == name
        assert database.urn in tables.property_deps["table"]


def test_a_source_gets_a_secret_without_a_value(prod: Plan) -> None:
    secret = named(prod, "secretsmanager/secret:Secret", "source-admissions")
    assert secret.inputs["name"] == "northwind-prod/ehr-reader-password"
    assert not prod.of_type("aws:secretsmanager/secretVersion:SecretVersion")
    assert SECRET not in secret.inputs.values()


def test_adopting_an_audit_bucket_makes_none(adopt: Plan) -> None:
    assert "audit" not in names(adopt, "s3/bucket:Bucket")
    assert intent_of(ADOPT).network.adopt.log_bucket == "northwind-org-audit"
