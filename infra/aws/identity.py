"""One role a workload, trusted by the service that runs it and nobody else; Jenkins comes in without a key.

What a role may do stands beside the resource that it opens. Pods become a role by EKS Pod Identity, only from
the namespaces that `infra/kubernetes/accounts.py` names. Leaves out people: they come by the client's single
sign-on.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.jenkins import build_issuer, build_jenkins, works
from infra.aws.policies import Statement, allow, from_account, root, services, trust
from infra.aws.proof import no_undoing
from infra.aws.provider import cloud
from infra.aws.roles import boundary, grant, role
from infra.contract import WORKLOADS
from infra.kubernetes.accounts import ACCOUNTS
from infra.scope import Scope

OFFERED = True
WHAT = {
    "ingest": "Spark: lands, checks and publishes months",
    "transform": "dbt: builds marts and features",
    "train": "Trains, tunes and tracks models",
    "serve": "Answers with models",
    "orchestrate": "Airflow: starts the others",
    "bi": "Dashboards: read the marts",
}
DATABASE_ROLES = {"transform": "transformer", "bi": "reader"}
"""Workload → its role inside Redshift, which the IAM role's tag RedshiftDbRoles hands over."""


@dataclass(frozen=True, kw_only=True)
class BoundedIdentity(contract.Identity):
    """The contract's identity, and what only the budget asks of it."""

    boundary: pulumi.Output[str]
    """The policy above all roles."""
    notice_key: pulumi.Output[str]
    """The key of topics and logs."""


class Identity(pulumi.ComponentResource):
    """The workloads' roles and Jenkins'."""

    def __init__(
        self, scope: Scope, organization: contract.Organization, security: contract.Security
    ) -> None:
        super().__init__("landfall:aws:Identity", "identity", None, scope.component())
        self._scope, self._account = scope, organization.tenancy
        self.limit = limit = boundary(scope, organization, security)
        self._issuer = build_issuer(scope, self)
        self.roles: dict[str, aws.iam.Role] = {}
        for workload in ("orchestrate", *(one for one in WORKLOADS if one != "orchestrate")):
            database = DATABASE_ROLES.get(workload)
            self.roles[workload] = role(
                scope, self, workload,
                trust=self._trusts(workload),
                limit=limit,
                what=WHAT[workload],
                tags={"RedshiftDbRoles": database} if database else None,
            )  # fmt: skip
        self._starts()
        self._secrets(security)
        self.preview, self.deploy = build_jenkins(scope, self, organization, self._issuer, limit)
        if scope.intent.jenkins is not None:
            deploy = self.deploy.apply(lambda arn: arn.rpartition("/")[2])
            refused = no_undoing(scope, security.keys["logs"])
            grant(scope, self, "jenkins-deploy-keeps-proof", deploy, *refused)
        self.register_outputs({})

    def _trusts(self, workload: str) -> list[Statement]:
        own = from_account(self._account)
        trusts = [self._pods(workload)] if _namespaces(workload) else []
        if workload == "ingest":
            trusts.append(trust(services("emr-serverless.amazonaws.com"), when=own))
        if workload == "bi":
            # Whoever the account's own policies let become it: analysts by single sign-on.
            trusts.append(trust(root(self._account)))
        if workload == "orchestrate" and self._scope.intent.orchestration.airflow == "managed":
            airflow = services("airflow.amazonaws.com", "airflow-env.amazonaws.com")
            trusts.append(trust(airflow, when=own))
        if workload in ("ingest", "transform", "train"):
            trusts.append(trust({"AWS": self.roles["orchestrate"].arn}))
        trusts += works(self._scope, self._issuer, workload)
        return _numbered(trusts)

    def _pods(self, workload: str) -> Statement:
        """Pods of the workload's namespaces; the agent hands on where a pod runs as session tags."""
        tags = {"aws:RequestTag/kubernetes-namespace": _namespaces(workload)}
        return trust(
            services("pods.eks.amazonaws.com"),
            actions=("sts:AssumeRole", "sts:TagSession"),
            when={"StringEquals": {**from_account(self._account)["StringEquals"], **tags}},
        )

    def _starts(self) -> None:
        started = [self.roles[one].arn for one in ("ingest", "transform", "train")]
        grant(
            self._scope, self, "orchestrate-becomes", self.roles["orchestrate"].name,
            allow("Become", ["sts:AssumeRole"], started),
        )  # fmt: skip

    def _secrets(self, security: contract.Security) -> None:
        """The platform's secrets, to Airflow (which hands them on) and to Spark, which reads the sources."""
        region = cloud(self._scope).region
        secrets = pulumi.Output.concat(
            "arn:aws:secretsmanager:", region, ":", self._account, ":secret:",
            security.secret_store, "*",
        )  # fmt: skip
        for workload in ("orchestrate", "ingest"):
            grant(
                self._scope, self, f"{workload}-reads-secrets", self.roles[workload].name,
                allow("Read", ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], secrets),
                allow("Decrypt", ["kms:Decrypt"], security.keys["secrets"]),
            )  # fmt: skip


def _namespaces(workload: str) -> list[str]:
    return [account.namespace for account in ACCOUNTS if account.workload == workload]


def _numbered(trusts: list[Statement]) -> list[Statement]:
    """Statements of one document need names of their own."""
    return [{**one, "Sid": f"Trust{i}"} for i, one in enumerate(trusts, 1)]


def build_identity(
    scope: Scope, organization: contract.Organization, security: contract.Security
) -> BoundedIdentity:
    """Build the roles; on AWS an identity's ARN is what grants name, too."""
    made = Identity(scope, organization, security)
    arns = {workload: one.arn for workload, one in made.roles.items()}
    return BoundedIdentity(
        workloads=arns,
        principals=arns,
        resources={workload: one.name for workload, one in made.roles.items()},
        jenkins_preview=made.preview,
        jenkins_deploy=made.deploy,
        boundary=made.limit,
        notice_key=security.keys["logs"],
    )
