"""IAM roles: made one way, named by purpose, and none may do more than the boundary allows.

The boundary is a ceiling, not a grant: it holds every service that a workload may ever need and no way to
make users, keys or wider roles. So whoever applies the stack may make roles, but only below it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.policies import Statement, allow, document
from infra.aws.proof import no_writing
from infra.scope import Scope

# What a workload, or the service that runs it, may ever do; a star ends a family of verbs, never a service.
CEILING = (
    "s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:GetBucketLocation", "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration", "s3:GetObject*", "s3:ListBucket*", "s3:ListMultipartUploadParts",
    "s3:PutObject", "s3:PutObjectTagging", "s3:GetAccountPublicAccessBlock", "s3:GetBucketAcl",
    "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*",
    "kms:ListGrants", "kms:ReEncrypt*", "kms:RevokeGrant",
    "glue:BatchGet*", "glue:BatchCreatePartition", "glue:BatchDeletePartition", "glue:Create*",
    "glue:DeletePartition", "glue:DeleteTable*", "glue:Get*", "glue:Search*", "glue:Update*",
    "lakeformation:GetDataAccess",
    "emr-serverless:CancelJobRun", "emr-serverless:Get*", "emr-serverless:List*",
    "emr-serverless:StartApplication", "emr-serverless:StartJobRun", "emr-serverless:TagResource",
    "redshift-data:*Statement*", "redshift-data:Get*", "redshift-data:List*", "redshift-data:Describe*",
    "redshift-serverless:GetCredentials", "redshift-serverless:GetNamespace",
    "redshift-serverless:GetWorkgroup", "redshift-serverless:ListWorkgroups",
    "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:ListSecrets",
    "secretsmanager:BatchGetSecretValue",
    "sns:GetTopicAttributes", "sns:Publish", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage",
    "sqs:Get*", "sqs:ListQueues", "sqs:ReceiveMessage", "sqs:SendMessage",
    "airflow:CreateWebLoginToken", "airflow:InvokeRestApi", "airflow:PublishMetrics",
    "logs:Create*", "logs:Describe*", "logs:Get*", "logs:PutLogEvents", "logs:PutRetentionPolicy",
    "cloudwatch:PutMetricData", "xray:Put*",
    "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:BatchImportUpstreamImage", "ecr:Get*",
    "eks:AccessKubernetesApi", "eks:Describe*", "eks:List*", "eks:UpdateNodegroupConfig",
    "eks-auth:AssumeRoleForPodIdentity",
    "autoscaling:Describe*", "autoscaling:SetDesiredCapacity",
    "autoscaling:TerminateInstanceInAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup",
    "ec2:Assign*", "ec2:Attach*", "ec2:AuthorizeSecurityGroup*", "ec2:Create*", "ec2:Delete*",
    "ec2:Describe*", "ec2:Detach*", "ec2:GetInstanceTypesFromInstanceRequirements", "ec2:Modify*",
    "ec2:RevokeSecurityGroup*", "ec2:Unassign*", "ec2:EnableFastSnapshotRestores",
    "elasticloadbalancing:Add*", "elasticloadbalancing:Attach*", "elasticloadbalancing:Configure*",
    "elasticloadbalancing:Create*", "elasticloadbalancing:De*", "elasticloadbalancing:Modify*",
    "elasticloadbalancing:Register*", "elasticloadbalancing:Set*",
    "sts:AssumeRole", "sts:GetCallerIdentity", "sts:TagSession",
)  # fmt: skip


def boundary_name(scope: Scope) -> str:
    """The name of the policy above all roles of the stack."""
    return scope.name("policy", "boundary")


def boundary(
    scope: Scope, organization: contract.Organization, security: contract.Security
) -> pulumi.Output[str]:
    """The boundary's ARN, known once the security layer, which makes it, is there."""
    name = boundary_name(scope)
    ready = pulumi.Output.all(organization.tenancy, security.log_workspace)
    return ready.apply(lambda got: f"arn:aws:iam::{got[0]}:policy/{name}")


def role(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    *,
    trust: Sequence[Statement],
    limit: pulumi.Input[str] | None,
    what: str,
    managed: Sequence[str] = (),
    tags: dict[str, str] | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
) -> aws.iam.Role:
    """A role with its trust; `managed` are AWS's own policies, by the end of their ARN."""
    made = aws.iam.Role(
        name,
        name=scope.name("role", name),
        description=what,
        assume_role_policy=document(*trust),
        permissions_boundary=limit,
        tags=tags,
        opts=scope.child(parent, depends_on=list(depends_on)),
    )
    for one in managed:
        aws.iam.RolePolicyAttachment(
            f"{name}-{one.rpartition('/')[2]}",
            role=made.name,
            policy_arn=f"arn:aws:iam::aws:policy/{one}",
            opts=scope.child(parent),
        )
    return made


def grant(
    scope: Scope, parent: pulumi.Resource, name: str, to: pulumi.Input[str], *statements: Statement
) -> aws.iam.RolePolicy:
    """What a role may do, beside the resource that it opens; `to` is the role's name."""
    return aws.iam.RolePolicy(
        name, name=name, role=to, policy=document(*statements), opts=scope.child(parent)
    )


def ceiling(scope: Scope) -> list[Statement]:
    """The boundary's statements."""
    passed = ["emr-serverless.amazonaws.com", "redshift.amazonaws.com"]
    return [
        allow("Ceiling", CEILING, "*"),
        allow(
            "PassRole",
            ["iam:PassRole"],
            "*",
            when={"StringEquals": {"iam:PassedToService": passed}},
        ),
        # EKS makes this role with the account's first load balancer, as the cluster's own role; else its services wait.
        allow(
            "BalancersRole", ["iam:CreateServiceLinkedRole"],
            "arn:aws:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/*",
            when={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        allow("OwnServiceRoles", ["iam:GetRole", "iam:ListAttachedRolePolicies"], "*"),
        no_writing(scope),
    ]  # fmt: skip
