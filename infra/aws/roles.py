"""IAM roles: made one way, named by purpose, and none may do more than the boundary allows.

The boundary is a ceiling, not a grant: it holds every service that a workload may ever need and no way to
make users, keys or wider roles. So whoever applies the stack may make roles, but only below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.policies import Statement, allow, document
from infra.scope import Scope

CEILING = (
    "airflow", "autoscaling", "cloudwatch", "ec2", "ecr", "eks", "eks-auth", "elasticloadbalancing",
    "emr-serverless", "events", "glue", "kms", "lakeformation", "lambda", "logs", "redshift",
    "redshift-data", "redshift-serverless", "s3", "secretsmanager", "sns", "sqs", "xray",
)  # fmt: skip
"""The services that a workload of the platform may ever call."""


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


def ceiling() -> list[Statement]:
    """The boundary's statements."""
    actions = [f"{service}:*" for service in CEILING]
    passing: dict[str, Any] = {
        "StringEquals": {
            "iam:PassedToService": ["emr-serverless.amazonaws.com", "redshift.amazonaws.com"]
        }
    }
    return [
        allow(
            "Ceiling", [*actions, "sts:AssumeRole", "sts:GetCallerIdentity", "sts:TagSession"], "*"
        ),
        allow("PassRole", ["iam:PassRole"], "*", when=passing),
    ]
