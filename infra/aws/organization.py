"""The account that the stack lives in: adopted as it is (the default), or created in a unit of its own.

Where the account is created, the unit is ours and the service control policies hang there. An adopted
account's place in the organization is the client's: only the account's own switches are set
(`account.py`). Leaves out delegated administrators, single sign-on and the organization's root.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.account import SWITCHES
from infra.aws.guardrails import control_policies, tag_policy
from infra.aws.proof import log_buckets
from infra.aws.provider import ENTRY_ROLE, cloud
from infra.scope import Scope
from landfall.intent.rules.place import allowed_regions

OFFERED = True


class Organization(pulumi.ComponentResource):
    """A unit, its policies, and the account in it; empty where the account is adopted."""

    def __init__(self, scope: Scope) -> None:
        super().__init__("landfall:aws:Organization", "organization", None, scope.component())
        mine = cloud(scope)
        self.guardrails: list[str] = []
        self.account: pulumi.Input[str] = mine.account or self._create(scope)
        self.register_outputs({})

    def _create(self, scope: Scope) -> pulumi.Output[str]:
        mine = cloud(scope)
        unit = aws.organizations.OrganizationalUnit(
            "unit",
            name=scope.name("organizational-unit", "platform"),
            parent_id=mine.organizational_unit,
            opts=scope.stateful(self),
        )
        policies = self._policies(scope, unit)
        account = aws.organizations.Account(
            "account",
            name=scope.name("account", "platform"),
            email=mine.account_email,
            parent_id=unit.id,
            role_name=ENTRY_ROLE,
            iam_user_access_to_billing="DENY",
            close_on_deletion=False,
            # AWS names the role only at creation and does not tell it afterwards.
            opts=scope.stateful(self, ignore_changes=["roleName"], depends_on=policies),
        )
        return account.id

    def _policies(
        self, scope: Scope, unit: aws.organizations.OrganizationalUnit
    ) -> list[pulumi.Resource]:
        regions = allowed_regions(scope.intent) or {cloud(scope).region}
        entry = f"arn:aws:iam::*:role/{ENTRY_ROLE}"
        builders = [
            entry,
            f"arn:aws:iam::*:role/{scope.name('role', 'jenkins-deploy')}",
        ]
        attached: list[pulumi.Resource] = []
        documents = {
            name: ("SERVICE_CONTROL_POLICY", content)
            for name, content in control_policies(
                sorted(regions), builders, entry, log_buckets(scope)
            ).items()
        }
        documents["tagged"] = ("TAG_POLICY", tag_policy())
        for name, (kind, content) in documents.items():
            policy = aws.organizations.Policy(
                name,
                name=scope.name("policy", name),
                type=kind,
                content=content,
                opts=scope.child(self),
            )
            attached.append(
                aws.organizations.PolicyAttachment(
                    name, policy_id=policy.id, target_id=unit.id, opts=scope.child(self)
                )
            )
            self.guardrails.append(name)
        return attached


def build_organization(scope: Scope) -> contract.Organization:
    """Adopt or create the account; the guardrails are the policies above it and its own switches."""
    made = Organization(scope)
    account = pulumi.Output.from_input(made.account)
    return contract.Organization(
        tenancy=account,
        number=account,
        home=account,
        guardrails=pulumi.Output.from_input([*made.guardrails, *SWITCHES]),
    )
