"""The project, adopted (the default) or created in a folder of its own; services, guardrails, few required labels.

Created: folder → project, policies on the folder. Adopted: the project as it is, policies on the project.
Labels are demanded of Spark clusters alone, and only where the project is created and its organization known: a
constraint of one's own belongs to an organization, and is made for each kind of resource by itself. What the
program makes carries the labels by its provider, which a policy of the plan checks; what people make by hand in
an adopted project may lack them. Leaves out the organization itself and its billing account, which are the
client's, and the project that keeps the audit logs, which lies outside the folder (`infra/gcp/audit.py`).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import organizations, orgpolicy, projects

from infra import contract
from infra.gcp.guardrails import Guardrail, guardrails
from infra.gcp.provider import LABELS_OF_ADOPTED, guarding
from infra.gcp.services import services
from infra.gcp.tenancy import above, cloud, project_id
from infra.gcp.waiting import after
from infra.scope import Scope

OFFERED = True


def build_organization(scope: Scope) -> contract.Organization:
    """The project with its services switched on and its guardrails set."""
    return Organization(scope).outputs


class Organization(pulumi.ComponentResource):
    """`outputs` is the contract; `tenancy` waits for every service of the project."""

    def __init__(self, scope: Scope) -> None:
        super().__init__("landfall:gcp:Organization", "organization", None, scope.component())
        self.scope = scope
        if above(scope.intent):
            folder = self._folder()
            project = self._create(folder.name)
            home = folder.name
        else:
            project = self._adopt()
            home = pulumi.Output.concat("projects/", project.project_id)
        # A provider that is given this id works in a project that is ready.
        tenancy = after(project.project_id, self._enable(project))
        named = self._guard(guarding(scope, tenancy), home)
        self.outputs = contract.Organization(
            tenancy=tenancy,
            number=project.number,
            home=tenancy,
            guardrails=pulumi.Output.from_input(named),
        )
        self.register_outputs({"project": tenancy, "guardrails": named})

    def _folder(self) -> organizations.Folder:
        return organizations.Folder(
            "client",
            display_name=self.scope.name("folder", "data"),
            parent=above(self.scope.intent),
            deletion_protection=True,
            opts=self.scope.stateful(self),
        )

    def _create(self, parent: pulumi.Output[str]) -> organizations.Project:
        own = project_id(self.scope.intent)
        return organizations.Project(
            "platform",
            name=own,
            project_id=own,
            folder_id=parent,
            billing_account=cloud(self.scope.intent).billing_account,
            auto_create_network=False,
            deletion_policy="PREVENT",
            labels=self.scope.labels,
            opts=self.scope.stateful(self),
        )

    def _adopt(self) -> organizations.Project:
        """The client's own project: read into the state, never changed, never deleted."""
        own = project_id(self.scope.intent)
        return organizations.Project(
            "platform",
            name=own,
            project_id=own,
            deletion_policy="ABANDON",
            opts=self.scope.stateful(
                self,
                import_=own,
                ignore_changes=[
                    "name", "orgId", "folderId", "billingAccount", "autoCreateNetwork", "deletionPolicy", "tags",
                    *LABELS_OF_ADOPTED,
                ],
            ),
        )  # fmt: skip

    def _enable(self, project: organizations.Project) -> list[projects.Service]:
        return [
            projects.Service(
                service.partition(".")[0],
                project=project.project_id,
                service=service,
                # Switching a service off deletes what others run in it.
                disable_on_destroy=False,
                opts=self.scope.child(self),
            )
            for service in services(self.scope.intent)
        ]

    def _guard(self, scope: Scope, home: pulumi.Output[str]) -> list[str]:
        """Policies on what this stack owns; returns the constraints' names."""
        wanted = guardrails(scope.intent)
        # A parent takes one policy at a time, or answers 409.
        before: list[pulumi.Resource] = []
        for one in wanted:
            made = orgpolicy.Policy(
                one.logical_name,
                name=pulumi.Output.concat(home, "/policies/", one.constraint),
                parent=home,
                spec=orgpolicy.PolicySpecArgs(rules=[_rule(one)]),
                opts=scope.child(self, depends_on=before),
            )
            before = [made]
        named = [one.constraint for one in wanted]
        organization = cloud(scope.intent).organization
        if organization and above(scope.intent):
            named.append(self._require_labels(scope, organization, home, before))
        return named

    def _require_labels(
        self,
        scope: Scope,
        organization: str,
        home: pulumi.Output[str],
        before: list[pulumi.Resource],
    ) -> str:
        """Clusters of Spark, the one kind of machine that people start by hand, must say whose they are.

        Source: https://cloud.google.com/dataproc/docs/guides/use-custom-constraints.
        """
        # One organization holds the constraints of all clients and environments: `custom.` and letters and digits.
        client, environment = scope.intent.client.slug, scope.intent.environment
        words = (*client.split("-"), environment)
        name = f"custom.landfallLabels{''.join(word.capitalize() for word in words)}"
        constraint = orgpolicy.CustomConstraint(
            "labels",
            name=name,
            parent=organization,
            display_name="Clusters carry Landfall's labels",
            resource_types=["dataproc.googleapis.com/Cluster"],
            method_types=["CREATE"],
            condition='("client" in resource.labels && "environment" in resource.labels) == false',
            action_type="DENY",
            opts=scope.child(self),
        )
        orgpolicy.Policy(
            "labels",
            name=pulumi.Output.concat(home, "/policies/", constraint.name),
            parent=home,
            spec=orgpolicy.PolicySpecArgs(rules=[orgpolicy.PolicySpecRuleArgs(enforce="TRUE")]),
            opts=scope.child(self, depends_on=before),
        )
        return name


def _rule(one: Guardrail) -> orgpolicy.PolicySpecRuleArgs:
    if one.deny_all:
        return orgpolicy.PolicySpecRuleArgs(deny_all="TRUE")
    if one.allowed or one.denied:
        return orgpolicy.PolicySpecRuleArgs(
            values=orgpolicy.PolicySpecRuleValuesArgs(
                allowed_values=list(one.allowed) or None, denied_values=list(one.denied) or None
            )
        )
    return orgpolicy.PolicySpecRuleArgs(enforce="TRUE")
