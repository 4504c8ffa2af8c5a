"""One service account a workload, and two by which Jenkins comes in without a key: one reads, one applies.

Jenkins presents OIDC tokens whose subject names the job and whose audience names the role (`infra/jenkins.py`).
The pool takes these subjects and no other, through one provider a role: two providers of a pool give the same
principals, so the role stands in the subject that each of them maps. Its data jobs become the workloads whose steps
they run, and nothing else.
What a workload may do is granted beside the resource it opens (lake, warehouse, …), so an account made here
can do nothing yet. Leaves out the accounts' Kubernetes side (`infra/gcp/cluster.py`).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import iam, projects, serviceaccount

from infra import contract
from infra.gcp.jenkins_roles import DEPLOY, GRANTED, PREVIEW, PREVIEW_ALSO
from infra.gcp.jenkins_state import open_state
from infra.gcp.tenancy import project_id
from infra.jenkins import ACTS, AUDIENCES, ROLES, Role, subjects, workers
from infra.scope import Scope
from landfall.intent.governance import Jenkins

PURPOSES = {
    "ingest": "Spark: landing to bronze, silver and quarantine",
    "transform": "dbt: silver to gold and the warehouse",
    "train": "Training: reads gold, writes artifacts",
    "serve": "Serving: reads artifacts, appends predictions",
    "orchestrate": "Airflow: starts the others",
    "bi": "Dashboards: read the marts",
}
# What Airflow starts runs as these, never as Airflow itself.
_STARTS = ("ingest", "transform", "train")
OFFERED = True


def build_identity(
    scope: Scope,
    organization: contract.Organization,
    security: contract.Security,  # noqa: ARG001 (other clouds' identities are told of keys here)
) -> contract.Identity:
    """The identities of the workloads and, where the intent names one, of Jenkins."""
    return Identity(scope, organization).outputs


class Identity(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, organization: contract.Organization) -> None:
        super().__init__("landfall:gcp:Identity", "identity", None, scope.component())
        self.scope = scope
        self.organization = organization
        accounts = {one: self._account(one, PURPOSES[one]) for one in contract.WORKLOADS}
        for one in _STARTS:
            serviceaccount.IAMMember(
                f"orchestrate-acts-as-{one}",
                service_account_id=accounts[one].name,
                role="roles/iam.serviceAccountUser",
                member=accounts["orchestrate"].member,
                opts=scope.child(self),
            )
        # Whoever builds the warehouse impersonates `transform`; its own pods already are it, and must be let as well.
        serviceaccount.IAMMember(
            "transform-becomes-itself",
            service_account_id=accounts["transform"].name,
            role="roles/iam.serviceAccountTokenCreator",
            member=accounts["transform"].member,
            opts=scope.child(self),
        )
        preview = deploy = pool = pulumi.Output.from_input("")
        if scope.intent.jenkins:
            preview, deploy, pool = self._jenkins(scope.intent.jenkins, accounts)
        self.outputs = contract.Identity(
            workloads={one: account.email for one, account in accounts.items()},
            principals={one: account.member for one, account in accounts.items()},
            resources={one: account.name for one, account in accounts.items()},
            jenkins_preview=preview,
            jenkins_deploy=deploy,
            jenkins_pool=pool,
        )
        self.register_outputs({"jenkins_preview": preview, "jenkins_deploy": deploy})

    def _account(self, purpose: str, description: str) -> serviceaccount.Account:
        return serviceaccount.Account(
            purpose,
            account_id=self.scope.name("service-account", purpose),
            display_name=f"{self.scope.intent.client.slug} {self.scope.intent.environment} {purpose}",
            description=description,
            opts=self.scope.child(self),
        )

    def _jenkins(
        self, jenkins: Jenkins, workloads: dict[str, serviceaccount.Account]
    ) -> tuple[pulumi.Output[str], pulumi.Output[str], pulumi.Output[str]]:
        """The accounts behind Jenkins' two roles, and the pool that trusts its issuer to become them or a workload."""
        pool = iam.WorkloadIdentityPool(
            "jenkins",
            workload_identity_pool_id=self.scope.name("identity-pool", "jenkins"),
            display_name="Jenkins",
            opts=self.scope.child(self),
        )
        for role in ROLES:
            trusted = list(subjects(self.scope.intent, role).values())
            iam.WorkloadIdentityPoolProvider(
                f"jenkins-{role}",
                workload_identity_pool_id=pool.workload_identity_pool_id,
                workload_identity_pool_provider_id=AUDIENCES[role],
                display_name=f"Jenkins, to {role}",
                attribute_mapping={"google.subject": f"'{role}:' + assertion.sub"},
                attribute_condition=f"assertion.sub in {_cel_list(trusted)}",
                oidc=iam.WorkloadIdentityPoolProviderOidcArgs(
                    issuer_uri=jenkins.issuer, allowed_audiences=[AUDIENCES[role]]
                ),
                opts=self.scope.child(self),
            )
        preview = self._jenkins_account("preview", "Reads, to preview", pool)
        deploy = self._jenkins_account("deploy", "Applies the branch", pool)
        self._give("preview", PREVIEW, preview)
        self._look(preview)
        self._give("deploy", DEPLOY, deploy)
        self._administer_access(deploy)
        open_state(self.scope, self, {"preview": preview, "deploy": deploy})
        for workload in ACTS:
            trusted = workers(self.scope.intent, workload)
            self._trust(f"jenkins-{workload}", "data", trusted, workloads[workload], pool)
        return preview.email, deploy.email, pool.name

    def _jenkins_account(
        self, role: Role, description: str, pool: iam.WorkloadIdentityPool
    ) -> serviceaccount.Account:
        account = self._account(f"jenkins-{role}", description)
        trusted = subjects(self.scope.intent, role)
        self._trust(f"jenkins-{role}", role, trusted, account, pool)
        return account

    def _trust(
        self,
        name: str,
        role: Role,
        trusted: dict[str, str],
        account: serviceaccount.Account,
        pool: iam.WorkloadIdentityPool,
    ) -> None:
        """Let these jobs' tokens, with the role's audience, become the account."""
        for job, subject in trusted.items():
            serviceaccount.IAMMember(
                f"{name}-{job}",
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=pulumi.Output.concat(
                    "principal://iam.googleapis.com/", pool.name, "/subject/", f"{role}:{subject}"
                ),
                opts=self.scope.child(self),
            )

    def _give(self, stage: str, roles: tuple[str, ...], account: serviceaccount.Account) -> None:
        for role in roles:
            projects.IAMMember(
                f"jenkins-{stage}-{role.removeprefix('roles/').replace('.', '-').lower()}",
                project=self.organization.tenancy,
                role=role,
                member=account.member,
                opts=self.scope.child(self),
            )

    def _look(self, account: serviceaccount.Account) -> None:
        role = projects.IAMCustomRole(
            "jenkins-preview",
            role_id=self.scope.name("role", "jenkins-preview"),
            title="Jenkins, to preview",
            permissions=list(PREVIEW_ALSO),
            opts=self.scope.child(self),
        )
        projects.IAMMember(
            "jenkins-preview-also",
            project=self.organization.tenancy,
            role=role.name,
            member=account.member,
            opts=self.scope.child(self),
        )

    def _administer_access(self, account: serviceaccount.Account) -> None:
        """Deploying gives out roles, but only those that Landfall itself gives: never owner or editor.

        Source: https://cloud.google.com/iam/docs/setting-limits-on-granting-roles.
        """
        grantable: list[str] = list(GRANTED)
        budget = self.scope.intent.budget
        if budget is not None and budget.hard_stop:
            role = self.scope.name("role", "stop-gpus")
            grantable.append(f"projects/{project_id(self.scope.intent)}/roles/{role}")
        projects.IAMMember(
            "jenkins-deploy-grants",
            project=self.organization.tenancy,
            role="roles/resourcemanager.projectIamAdmin",
            member=account.member,
            condition=projects.IAMMemberConditionArgs(
                title="only-landfalls-roles",
                description="Grants only the roles that Landfall itself grants",
                expression="api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])"
                f".hasOnly({_cel_list(grantable)})",
            ),
            opts=self.scope.child(self),
        )


def _cel_list(values: list[str]) -> str:
    """A list in CEL, each text in single quotes."""
    quoted = (value.replace("\\", "\\\\").replace("'", "\\'") for value in values)
    return "[" + ", ".join(f"'{value}'" for value in quoted) + "]"
