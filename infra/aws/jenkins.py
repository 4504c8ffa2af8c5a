"""Jenkins' two roles, by its own OIDC tokens: one reads, to preview; one applies, from one branch only.

Its data jobs have no role of their own: the workloads' roles trust them (`works`).
Subjects and audiences are the same on every cloud (`infra/jenkins.py`). Deploying builds
whatever the platform is made of, but no role above the boundary, and never changes its own role, the
boundary, the issuer it is trusted through or what keeps proof (`proof.py`): those a person applies. Neither reads data or the cloud's secrets; what
Pulumi keeps secret in the state both open (`infra/aws/jenkins_state.py`).
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html and
…/access_policies_boundaries.html.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.buckets import AUDIT
from infra.aws.jenkins_state import opens_state
from infra.aws.policies import Statement, Value, allow, deny, trust
from infra.aws.roles import boundary_name, grant, role
from infra.contract import ZONES
from infra.jenkins import AUDIENCES, ROLES, Role, subjects, workers
from infra.scope import Scope

PASSED_TO = (
    "airflow.amazonaws.com", "airflow-env.amazonaws.com", "config.amazonaws.com", "ec2.amazonaws.com",
    "eks.amazonaws.com", "emr-serverless.amazonaws.com", "lakeformation.amazonaws.com",
    "lambda.amazonaws.com", "pods.eks.amazonaws.com", "redshift.amazonaws.com", "rds.amazonaws.com",
    "redshift-serverless.amazonaws.com", "monitoring.rds.amazonaws.com",
)  # fmt: skip
LINKED = (
    "autoscaling.amazonaws.com", "eks.amazonaws.com", "eks-nodegroup.amazonaws.com",
    "ops.emr-serverless.amazonaws.com", "airflow.amazonaws.com", "redshift.amazonaws.com",
    "rds.amazonaws.com", "network-firewall.amazonaws.com", "transitgateway.amazonaws.com",
    "spot.amazonaws.com", "guardduty.amazonaws.com", "securityhub.amazonaws.com",
    "inspector2.amazonaws.com", "access-analyzer.amazonaws.com",
)  # fmt: skip
"""The services that make a role of their own in the account at first use."""


def build_issuer(scope: Scope, parent: pulumi.Resource) -> aws.iam.OpenIdConnectProvider | None:
    """Jenkins as somebody whose tokens the account takes; None where the intent names no Jenkins."""
    jenkins = scope.intent.jenkins
    if jenkins is None:
        return None
    return aws.iam.OpenIdConnectProvider(
        "jenkins",
        url=jenkins.issuer,
        client_id_lists=[AUDIENCES[one] for one in ROLES],
        opts=scope.child(parent),
    )


def becomes(
    scope: Scope, issuer: aws.iam.OpenIdConnectProvider, role: Role, trusted: dict[str, str]
) -> Statement:
    """The trust in these jobs' tokens, with the role's audience."""
    assert scope.intent.jenkins is not None
    host = scope.intent.jenkins.issuer.removeprefix("https://")
    same = {f"{host}:aud": AUDIENCES[role], f"{host}:sub": sorted(trusted.values())}
    return trust(
        {"Federated": issuer.arn},
        actions=["sts:AssumeRoleWithWebIdentity"],
        when={"StringEquals": same},
    )


def works(
    scope: Scope, issuer: aws.iam.OpenIdConnectProvider | None, workload: str
) -> list[Statement]:
    """The trust of a workload's role in the data jobs that run its steps."""
    trusted = workers(scope.intent, workload)
    return [becomes(scope, issuer, "data", trusted)] if issuer is not None and trusted else []


def build_jenkins(
    scope: Scope,
    parent: pulumi.Resource,
    organization: contract.Organization,
    issuer: aws.iam.OpenIdConnectProvider | None,
    limit: pulumi.Input[str],
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """The two roles' ARNs; empty texts where the intent names no Jenkins."""
    if issuer is None:
        return pulumi.Output.from_input(""), pulumi.Output.from_input("")

    def by(stage: Role) -> list[Statement]:
        return [becomes(scope, issuer, stage, subjects(scope.intent, stage))]

    account = organization.tenancy
    preview = role(
        scope, parent, "jenkins-preview",
        trust=by("preview"), limit=None, what="Previews and looks for drift: reads settings, no data",
        managed=["ReadOnlyAccess"],
    )  # fmt: skip
    grant(scope, parent, "jenkins-preview-reads-no-data", preview.name, *no_data(scope, account))
    state = opens_state(scope)
    if state:
        grant(scope, parent, "jenkins-preview-reads-state", preview.name, *state)
    deploy = role(
        scope, parent, "jenkins-deploy",
        trust=by("deploy"),
        limit=None,
        what="Applies one branch",
        managed=["PowerUserAccess"],
    )  # fmt: skip
    grant(scope, parent, "jenkins-deploy-reads-no-data", deploy.name, *no_data(scope, account))
    grant(
        scope, parent, "jenkins-deploy-roles", deploy.name,
        *roles_below(scope, account, limit), *itself(scope, account, issuer.arn),
    )  # fmt: skip
    return preview.arn, deploy.arn


def no_data(scope: Scope, account: Value) -> list[Statement]:
    """No object of the lake or the audit trail, no message, no query, no secret but Redshift's own admin's."""
    names = [scope.name("bucket", purpose) for purpose in (*ZONES, AUDIT) if purpose != "artifacts"]
    own = pulumi.Output.concat("arn:aws:secretsmanager:*:", account, ":secret:redshift!*")
    secrets = deny("NoSecrets", ["secretsmanager:GetSecretValue"], [])
    del secrets["Resource"]
    return [
        deny("NoObjects", ["s3:GetObject*"], [f"arn:aws:s3:::{name}/*" for name in names]),
        deny(
            "NoMessages",
            ["sqs:ReceiveMessage", "athena:GetQueryResults*", "athena:StartQueryExecution",
             "lakeformation:GetTemporary*", "lakeformation:GetDataAccess", "ssm:GetParameter*",
             "rds-data:*", "ec2:GetPasswordData", "redshift-serverless:GetCredentials"],
            "*",
        ),
        {**secrets, "NotResource": [own]},
    ]  # fmt: skip


def roles_below(scope: Scope, account: Value, limit: Value) -> list[Statement]:
    """Roles of the stack's own name, with the boundary on; passed only to the services that the stack uses."""
    mine = f"{scope.intent.client.slug}-{scope.intent.environment}-*"
    roles = pulumi.Output.concat("arn:aws:iam::", account, ":role/", mine)
    linked = pulumi.Output.concat("arn:aws:iam::", account, ":role/aws-service-role/*")
    return [
        allow(
            "RolesBelowTheBoundary",
            ["iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy",
             "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary"],
            roles,
            when={"StringEquals": {"iam:PermissionsBoundary": limit}},
        ),
        allow(
            "KeepRoles",
            ["iam:DeleteRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:TagRole",
             "iam:UpdateAssumeRolePolicy", "iam:UntagRole"],
            roles,
        ),
        allow("Look", ["iam:Get*", "iam:List*"], "*"),
        allow(
            "PassRoles", ["iam:PassRole"], roles,
            when={"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
        ),
        allow(
            "LinkedRoles", ["iam:CreateServiceLinkedRole"], linked,
            when={"StringEquals": {"iam:AWSServiceName": list(LINKED)}},
        ),
    ]  # fmt: skip


def itself(scope: Scope, account: Value, issuer: Value) -> list[Statement]:
    """What deploying may not change: its own role, the preview's, the boundary, whom both are trusted by."""
    policy = pulumi.Output.concat("arn:aws:iam::", account, ":policy/", boundary_name(scope))
    names = [scope.name("role", f"jenkins-{stage}") for stage in ("preview", "deploy")]
    roles = [pulumi.Output.concat("arn:aws:iam::", account, ":role/", name) for name in names]
    writes = [
        f"iam:{verb}*" for verb in ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove",
                                    "Set", "Tag", "Untag", "Update")
    ]  # fmt: skip
    return [
        deny("NotItself", writes, [*roles, policy, issuer]),
        deny("NoBoundaryOff", ["iam:DeleteRolePermissionsBoundary"], "*"),
    ]
