"""What must hold in every stack on AWS, and what must not be there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.contract import KEY_DOMAINS, WORKLOADS, ZONES
from infra.plan.model import Plan, Resource
from tests.infra.aws.conftest import named

STATEFUL = (
    "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:rds/instance:Instance", "aws:ecr/repository:Repository",
    "aws:redshiftserverless/namespace:Namespace", "aws:glue/catalogDatabase:CatalogDatabase",
    "aws:secretsmanager/secret:Secret", "aws:cloudtrail/trail:Trail",
    "aws:organizations/account:Account",
)  # fmt: skip


def statements(one: Resource, key: str = "policy") -> list[dict[str, Any]]:
    return json.loads(one.inputs[key])["Statement"]


def test_nothing_runs_on_a_default_provider(any_sample: Plan) -> None:
    for one in any_sample.resources:
        if one.custom and not one.type.startswith("pulumi:providers:"):
            assert one.provider, one.urn


def test_what_holds_data_keys_or_proof_is_protected_and_kept(any_sample: Plan) -> None:
    held = any_sample.of_type(*STATEFUL)
    assert held
    for one in held:
        assert one.protect, one.urn
        assert one.retain, one.urn


def test_no_bucket_is_public_and_each_refuses_old_tls(any_sample: Plan) -> None:
    buckets = {one.name for one in any_sample.of_type("aws:s3/bucket:Bucket")}
    blocks = any_sample.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    assert {one.name for one in blocks} == buckets
    for one in blocks:
        assert all(one.inputs[key] for key in ("blockPublicAcls", "blockPublicPolicy"))
        assert all(one.inputs[key] for key in ("ignorePublicAcls", "restrictPublicBuckets"))
    for one in any_sample.of_type("aws:s3/bucketPolicy:BucketPolicy"):
        assert {"TlsOnly", "Tls12", "OwnAccountOnly"} <= {s["Sid"] for s in statements(one)}


def test_every_bucket_of_ours_has_our_key_but_the_one_that_s3_logs_to(any_sample: Plan) -> None:
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    for one in any_sample.of_type(kind):
        rule = one.inputs["rules"][0]
        default = rule["applyServerSideEncryptionByDefault"]
        if one.name in ("access-logs", "archive-access-logs"):
            assert default == {"sseAlgorithm": "AES256"}
        else:
            assert default["sseAlgorithm"] == "aws:kms"
            assert default["kmsMasterKeyId"]
            assert rule["bucketKeyEnabled"]


def test_nothing_is_given_a_public_address_but_nat(any_sample: Plan) -> None:
    for one in any_sample.of_type("aws:ec2/subnet:Subnet"):
        assert one.inputs["mapPublicIpOnLaunch"] is False
    for one in any_sample.of_type("aws:ec2/eip:Eip"):
        assert one.name.startswith(("hub-", "platform"))
    assert not any_sample.of_type("aws:ec2/instance:Instance", "aws:lb/loadBalancer:LoadBalancer")


def test_no_security_group_lets_the_world_in(any_sample: Plan) -> None:
    for one in any_sample.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        assert one.inputs.get("cidrIpv4") != "0.0.0.0/0"
        assert "cidrIpv6" not in one.inputs


def test_nobody_has_a_long_lived_key_or_a_password(any_sample: Plan) -> None:
    assert not any_sample.of_type(
        "aws:iam/user:User",
        "aws:iam/accessKey:AccessKey",
        "aws:secretsmanager/secretVersion:SecretVersion",
    )
    database = named(any_sample, "rds/instance:Instance", "database")
    assert "password" not in database.inputs
    assert database.inputs["manageMasterUserPassword"] is True


def test_no_grant_takes_a_whole_service_and_no_trust_everybody(any_sample: Plan) -> None:
    for one in any_sample.of_type("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"):
        for statement in statements(one):
            if statement["Effect"] == "Allow":
                assert not any(a == "*" or a.endswith(":*") for a in statement["Action"]), one.urn
    for one in any_sample.of_type("aws:iam/role:Role"):
        for statement in statements(one, "assumeRolePolicy"):
            assert statement["Principal"] != "*"


def test_every_role_lies_below_the_boundary_but_jenkins_own_and_the_recorder(
    any_sample: Plan,
) -> None:
    above = {"jenkins-preview", "jenkins-deploy", "config-recorder"}
    for one in any_sample.of_type("aws:iam/role:Role"):
        if one.name not in above:
            assert one.inputs["permissionsBoundary"].endswith("-boundary"), one.urn


def test_a_workloads_grants_fit_under_the_boundary(any_sample: Plan) -> None:
    """A grant that the boundary does not hold would be refused when it is used, and nobody would know why."""
    from fnmatch import fnmatchcase

    ceiling = [
        action.lower()
        for statement in statements(named(any_sample, "iam/policy:Policy", "boundary"))
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    ]
    bounded = {
        one.inputs["name"]
        for one in any_sample.of_type("aws:iam/role:Role")
        if one.inputs.get("permissionsBoundary")
    }
    for one in any_sample.of_type("aws:iam/rolePolicy:RolePolicy"):
        if one.inputs["role"] not in bounded:
            continue
        for statement in statements(one):
            for action in statement["Action"]:
                fits = any(
                    fnmatchcase(action.lower(), held) or action.lower() == held for held in ceiling
                )
                assert fits, (one.name, action)


def test_a_key_a_domain_rotates_and_its_services_act_for_this_account_only(prod: Plan) -> None:
    keys = prod.of_type("aws:kms/key:Key")
    assert {one.name for one in keys} == {*KEY_DOMAINS, "log-archive"}
    for one in keys:
        assert one.inputs["enableKeyRotation"] is True
        for statement in statements(one):
            if statement["Principal"] == {"AWS": "*"}:
                assert "kms:CallerAccount" in statement["Condition"]["StringEquals"]


def test_the_audit_logs_are_locked_and_nobody_deletes_them(any_sample: Plan) -> None:
    trail = named(any_sample, "cloudtrail/trail:Trail", "audit")
    assert trail.inputs["enableLogFileValidation"] is True
    assert trail.inputs["isMultiRegionTrail"] is True
    to = trail.inputs["s3BucketName"]
    locked = [b for b in any_sample.of_type("aws:s3/bucket:Bucket") if b.inputs["bucket"] == to]
    if not locked:  # the client's own bucket
        assert to == "northwind-org-audit"
        return
    assert locked[0].inputs["objectLockEnabled"] is True
    policy = statements(named(any_sample, "s3/bucketPolicy:BucketPolicy", locked[0].name))
    (kept,) = [s for s in policy if s["Sid"] == "KeepProof"]
    assert (kept["Effect"], kept["Principal"]) == ("Deny", "*")
    assert "s3:DeleteObject*" in kept["Action"]
    writes = [s for s in policy if s["Effect"] == "Allow" and "s3:PutObject" in s["Action"]]
    assert [s["Principal"] for s in writes] == [{"Service": ["cloudtrail.amazonaws.com"]}]


def test_proof_is_opened_ended_or_blinded_by_nobody_who_applies_from_inside(
    prod: Plan, adopt: Plan
) -> None:
    for plan, audit, buckets in ((prod, "audit", 5), (adopt, "northwind-org-audit", 3)):
        policy = named(plan, "iam/rolePolicy:RolePolicy", "jenkins-deploy-keeps-proof")
        assert "jenkins-deploy" in policy.inputs["role"]
        by_sid = {s["Sid"]: s for s in statements(policy)}
        assert {s["Effect"] for s in by_sid.values()} == {"Deny"}
        opened = by_sid["NoOpenProof"]
        assert {"s3:PutBucketPolicy", "s3:DeleteBucket"} <= set(opened["Action"])
        assert [audit in opened["Resource"][0], len(opened["Resource"])] == [True, buckets]
        assert {"kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"} <= set(by_sid["NoLostKey"]["Action"])
        key = named(plan, "kms/key:Key", "logs")
        assert key.urn in policy.property_deps["policy"]
        assert "cloudtrail:UpdateTrail" in by_sid["NoBlindTrail"]["Action"]
        ceiling = {s["Sid"]: s for s in statements(named(plan, "iam/policy:Policy", "boundary"))}
        assert ceiling["NoForgedProof"]["Effect"] == "Deny"
        assert f"{opened['Resource'][0]}/*" in ceiling["NoForgedProof"]["Resource"]


def test_in_a_created_account_only_the_organizations_own_role_opens_proof_or_ends_keys(
    prod: Plan,
) -> None:
    policy = named(prod, "organizations/policy:Policy", "watched")
    by_sid = {s["Sid"]: s for s in statements(policy, "content")}
    for name in ("log-archive", "archive-access-logs", "records", "access-logs"):
        bucket = named(prod, "s3/bucket:Bucket", name).inputs["bucket"]
        assert f"arn:aws:s3:::{bucket}" in by_sid["KeepProof"]["Resource"]
    for sid in ("KeepProof", "KeepKeys"):
        (others,) = by_sid[sid]["Condition"]["ArnNotLike"].values()
        assert others == "arn:aws:iam::*:role/OrganizationAccountAccessRole"


def test_a_policy_document_fits_what_iam_takes(any_sample: Plan) -> None:
    """6,144 characters without blanks in a managed policy, 10,240 in a role's own ones together."""
    for one in any_sample.of_type("aws:iam/policy:Policy"):
        assert len("".join(one.inputs["policy"].split())) <= 6144, one.name
    sizes: dict[str, int] = {}
    for one in any_sample.of_type("aws:iam/rolePolicy:RolePolicy"):
        size = len("".join(one.inputs["policy"].split()))
        sizes[one.inputs["role"]] = sizes.get(one.inputs["role"], 0) + size
    assert max(sizes.values()) <= 10_240, sizes


def test_the_first_load_balancer_of_an_account_finds_its_role(any_sample: Plan) -> None:
    """AmazonEKSClusterPolicy grants it; the boundary must let it through, for this one service."""
    ceiling = {s["Sid"]: s for s in statements(named(any_sample, "iam/policy:Policy", "boundary"))}
    role = ceiling["BalancersRole"]
    assert role["Action"] == ["iam:CreateServiceLinkedRole"]
    assert role["Condition"] == {
        "StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}
    }
    attached = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    (policy,) = [one for one in any_sample.of_type(attached) if one.name.startswith("cluster-")]
    assert policy.inputs["policyArn"].endswith("/AmazonEKSClusterPolicy")


def test_each_workload_has_one_role_and_reads_only_its_zones(any_sample: Plan) -> None:
    roles = {one.name for one in any_sample.of_type("aws:iam/role:Role")}
    assert set(WORKLOADS) <= roles
    for workload, closed in {"train": "bronze", "serve": "silver", "transform": "landing"}.items():
        policy = named(any_sample, "iam/rolePolicy:RolePolicy", f"{workload}-lake")
        assert f"-{closed}" not in json.dumps(policy.inputs["policy"]), workload
    assert not any(
        one.name == "bi-lake" for one in any_sample.of_type("aws:iam/rolePolicy:RolePolicy")
    )


def test_serving_adds_predictions_and_changes_nothing_else(dev: Plan) -> None:
    policy = statements(named(dev, "iam/rolePolicy:RolePolicy", "serve-lake"))
    writes = [s for s in policy if any(a.startswith(("s3:Put", "s3:Delete")) for a in s["Action"])]
    (added,) = writes
    assert "s3:PutObject" in added["Action"]
    assert "s3:DeleteObject" not in added["Action"]
    assert added["Resource"][0].endswith("/predictions/*")


def test_jenkins_deploys_one_branch_by_its_own_jobs(prod: Plan) -> None:
    subjects = {}
    for stage in ("preview", "deploy"):
        role = named(prod, "iam/role:Role", f"jenkins-{stage}")
        (trust,) = statements(role, "assumeRolePolicy")
        assert trust["Action"] == ["sts:AssumeRoleWithWebIdentity"]
        same = trust["Condition"]["StringEquals"]
        assert same["ci.northwind.example/oidc:aud"] == f"landfall-{stage}"
        subjects[stage] = same["ci.northwind.example/oidc:sub"]
    assert subjects["deploy"] == [
        f"landfall:northwind/{job}" for job in ("destroy", "infra/main", "upgrade")
    ]
    assert set(subjects["preview"]) == {*subjects["deploy"], "landfall:northwind/nightly"}
    reads = named(
        prod, "iam/rolePolicyAttachment:RolePolicyAttachment", "jenkins-preview-ReadOnlyAccess"
    )
    assert reads.inputs["policyArn"].endswith("/ReadOnlyAccess")


def test_jenkins_reads_no_data_and_widens_no_role(prod: Plan) -> None:
    for stage in ("preview", "deploy"):
        denied = statements(
            named(prod, "iam/rolePolicy:RolePolicy", f"jenkins-{stage}-reads-no-data")
        )
        assert {s["Effect"] for s in denied} == {"Deny"}
        objects = next(s for s in denied if s["Sid"] == "NoObjects")["Resource"]
        assert all(
            any(f"-{zone}" in arn for arn in objects) for zone in ZONES if zone != "artifacts"
        )
    roles = statements(named(prod, "iam/rolePolicy:RolePolicy", "jenkins-deploy-roles"))
    by_sid = {s["Sid"]: s for s in roles}
    created = by_sid["RolesBelowTheBoundary"]
    assert "iam:CreateRole" in created["Action"]
    assert created["Condition"]["StringEquals"]["iam:PermissionsBoundary"].endswith("-boundary")
    itself = by_sid["NotItself"]
    assert itself["Effect"] == "Deny"
    assert any("jenkins-deploy" in arn for arn in itself["Resource"])
    assert any("-boundary" in arn for arn in itself["Resource"])
    assert any("oidc-provider" in arn.lower() for arn in itself["Resource"])


def test_jenkins_data_jobs_become_the_workloads_of_their_steps_and_no_other(prod: Plan) -> None:
    (issuer,) = prod.of_type("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert issuer.inputs["clientIdLists"] == [
        "landfall-preview",
        "landfall-deploy",
        "landfall-data",
    ]
    found = {}
    for role in prod.of_type("aws:iam/role:Role"):
        for trust in statements(role, "assumeRolePolicy"):
            same = trust.get("Condition", {}).get("StringEquals", {})
            if same.get("ci.northwind.example/oidc:aud") == "landfall-data":
                assert trust["Action"] == ["sts:AssumeRoleWithWebIdentity"]
                assert list(trust["Principal"]) == ["Federated"]
                found[role.name] = same["ci.northwind.example/oidc:sub"]
    both = ["landfall:northwind/ml", "landfall:northwind/pipelines/main"]
    assert found == {
        "ingest": both,
        "transform": both,
        "train": [*both, "landfall:northwind/rollback"],
    }


def test_without_jenkins_there_is_no_issuer_and_no_lake_formation(dev: Plan) -> None:
    assert not dev.of_type("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert not dev.of_type("aws:lakeformation/dataLakeSettings:DataLakeSettings")


def test_a_pod_becomes_a_workload_only_from_its_own_namespaces(dev: Plan) -> None:
    role = named(dev, "iam/role:Role", "serve")
    (trust,) = statements(role, "assumeRolePolicy")
    assert trust["Principal"] == {"Service": ["pods.eks.amazonaws.com"]}
    assert trust["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-namespace"] == ["serving"]


def test_endpoints_let_only_this_accounts_principals_pass(any_sample: Plan) -> None:
    for one in any_sample.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        first = statements(one)[0]
        assert first["Condition"]["StringEquals"]["aws:PrincipalAccount"]


@pytest.mark.parametrize("key", ["egress", "ingress"])
def test_the_default_security_group_and_route_table_are_empty(prod: Plan, key: str) -> None:
    groups = prod.of_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert len(groups) == len(prod.of_type("aws:ec2/vpc:Vpc")) == 2
    for one in groups:
        assert one.inputs[key] == []
    for one in prod.of_type("aws:ec2/defaultRouteTable:DefaultRouteTable"):
        assert one.inputs["routes"] == []
