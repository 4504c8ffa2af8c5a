"""VPC endpoints: every AWS service that the platform uses is reached inside the network, by this account only.

S3 by a gateway (free, in the route tables), the rest by interface endpoints with private DNS. Leaves out
services that offer no endpoint (Budgets, IAM, Organizations), which only Pulumi calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.policies import EVERYONE, Statement, allow, document
from infra.aws.provider import cloud
from infra.scope import Scope
from landfall.intent import Intent

# Purpose → the service's name in endpoints, and the prefixes of its actions.
ALWAYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "keys": ("kms", ("kms",)),
    "tokens": ("sts", ("sts",)),
    "logs": ("logs", ("logs",)),
    "metrics": ("monitoring", ("cloudwatch",)),
    "secrets": ("secretsmanager", ("secretsmanager",)),
    "registry-api": ("ecr.api", ("ecr",)),
    "registry": ("ecr.dkr", ("ecr",)),
    "machines": ("ec2", ("ec2",)),
    "balancers": ("elasticloadbalancing", ("elasticloadbalancing",)),
    "scaling": ("autoscaling", ("autoscaling",)),
    "kubernetes": ("eks", ("eks",)),
    "pod-identity": ("eks-auth", ("eks-auth",)),
    "catalog": ("glue", ("glue",)),
    "permissions": ("lakeformation", ("lakeformation",)),
    "topics": ("sns", ("sns",)),
    "queues": ("sqs", ("sqs",)),
    "spark": ("emr-serverless", ("emr-serverless",)),
}
REDSHIFT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "warehouse": ("redshift-serverless", ("redshift-serverless",)),
    "warehouse-data": ("redshift-data", ("redshift-data",)),
}
AIRFLOW: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "airflow-api": ("airflow.api", ("airflow",)),
    "airflow-env": ("airflow.env", ("airflow",)),
    "airflow-ops": ("airflow.ops", ("airflow",)),
}


def wanted(intent: Intent) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The interface endpoints that an intent's services need."""
    found = dict(ALWAYS)
    if intent.warehouse.engine == "redshift":
        found |= REDSHIFT
    if intent.orchestration.airflow == "managed":
        found |= AIRFLOW
    return found


def build_endpoints(
    scope: Scope,
    parent: pulumi.Resource,
    organization: contract.Organization,
    *,
    vpc: pulumi.Input[str],
    subnets: Sequence[pulumi.Input[str]],
    tables: Sequence[pulumi.Input[str]],
    group: pulumi.Input[str],
) -> aws.ec2.VpcEndpoint:
    """All endpoints of a network; returns S3's, whose prefix list security groups name."""
    region, account = cloud(scope).region, organization.tenancy
    for purpose, (service, prefixes) in wanted(scope.intent).items():
        aws.ec2.VpcEndpoint(
            purpose,
            vpc_id=vpc,
            service_name=f"com.amazonaws.{region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnets),
            security_group_ids=[group],
            policy=document(*_through(service, prefixes, account, vpc)),
            tags={"Name": scope.name("network", purpose)},
            opts=scope.child(parent),
        )
    return aws.ec2.VpcEndpoint(
        "storage",
        vpc_id=vpc,
        service_name=f"com.amazonaws.{region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=list(tables),
        policy=document(*_storage(region, account, vpc)),
        tags={"Name": scope.name("network", "storage")},
        opts=scope.child(parent),
    )


def _through(
    service: str, prefixes: Sequence[str], account: pulumi.Input[str], vpc: pulumi.Input[str]
) -> list[Statement]:
    """This account's principals; and at STS whoever shows a token, who is nobody yet, for roles of this account."""
    own = own_principals([f"{prefix}:*" for prefix in prefixes], account)
    if service != "sts":
        return [own]
    token = allow(
        "ByToken",
        ["sts:AssumeRoleWithWebIdentity"],
        pulumi.Output.concat("arn:aws:iam::", account, ":role/*"),
        to=EVERYONE,
        when={"StringEquals": {"aws:SourceVpc": vpc}},
    )
    return [own, token]


def own_principals(actions: Sequence[str], account: pulumi.Input[str]) -> Statement:
    """Only this account's principals pass: stolen keys of another account carry nothing out."""
    return allow(
        "OwnPrincipals", actions, "*", to=EVERYONE,
        when={"StringEquals": {"aws:PrincipalAccount": account}},
    )  # fmt: skip


def _storage(region: str, account: pulumi.Input[str], vpc: pulumi.Input[str]) -> list[Statement]:
    """Own principals to own buckets; AWS's buckets of images and packages, whose readers sign for AWS; and the one in
    which EMR Serverless keeps what its history server shows, which the service writes as itself.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html,
    https://docs.aws.amazon.com/linux/al2023/ug/deterministic-upgrades-usage.html and
    https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html (managed storage; read 2026-11-29).
    """
    own = own_principals(["s3:*"], account)
    own["Condition"]["StringEquals"]["aws:ResourceAccount"] = account
    packages = [
        f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*",
        f"arn:aws:s3:::al2023-repos-{region}-de612dc2/*",
        # Layers of registry.k8s.io and, to callers inside AWS, of Docker Hub: infra/kubernetes/registries.py.
        f"arn:aws:s3:::prod-registry-k8s-io-{region}/*",
        "arn:aws:s3:::docker-images-prod/*",
        # quay.io's, to callers inside us-east-1.
        "arn:aws:s3:::quayio-production-s3/*",
    ]
    here = {"StringEquals": {"aws:SourceVpc": vpc}}
    history = f"arn:aws:s3:::prod.{region}.appinfo.src"
    spark = {"aws:PrincipalServiceName": "emr-serverless.amazonaws.com", "aws:SourceVpc": vpc}
    return [
        own,
        allow("ImagesAndPackages", ["s3:GetObject"], packages, to=EVERYONE, when=here),
        allow(
            "SparkHistory", ["s3:PutObject", "s3:PutObjectAcl"], [history, f"{history}/*"],
            to=EVERYONE, when={"StringEquals": spark},
        ),
    ]  # fmt: skip
