"""The account that the stack lives in: adopted as it is (the default), or created in a unit of its own.

Where the account is created, the unit is ours and the service control policies hang there. The log archive, where
the intent asks for one, is a second account in a unit of its own beside it, `security`, under the same policies: so
AWS's Security Reference Architecture and Control Tower have it (https://docs.aws.amazon.com/prescriptive-guidance/
latest/security-reference-architecture/log-archive.html, 2026-11-29). An adopted account's place in the organization is
the client's: only the account's own switches are set (`account.py`). Leaves out delegated administrators, single
sign-on and the organization's root.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.account import SWITCHES
from infra.aws.buckets import LOG_ARCHIVE
from infra.aws.guardrails import control_policies, tag_policy
from infra.aws.proof import log_buckets
from infra.aws.provider import ENTRY_ROLE, cloud
from infra.scope import Scope
from landfall.intent.rules.place import allowed_regions

OFFERED = True


@dataclass(frozen=True, kw_only=True)
class Accounts(contract.Organization):
    """The contract's organization, and what only the audit trail asks of it."""

    log_archive: pulumi.Output[str]
    """The log archive's account; empty where the intent asks for none."""


class Organization(pulumi.ComponentResource):
    """Units, their policies, and an account in each; empty where the account is adopted."""

    def __init__(self, scope: Scope) -> None:
        super().__init__("landfall:aws:Organization", "organization", None, scope.component())
        mine = cloud(scope)
        self.guardrails: list[str] = []
        self.log_archive: pulumi.Input[str] = ""
        self.account: pulumi.Input[str] = mine.account or self._create(scope)
        self.register_outputs({})

    def _create(self, scope: Scope) -> pulumi.Output[str]:
        mine = cloud(scope)
        policies = self._policies(scope)
        unit, guarded = self._unit(scope, "unit", "platform", policies)
        account = self._account(scope, "account", "platform", mine.account_email, unit, guarded)
        if mine.log_archive_email:
            unit, guarded = self._unit(scope, "security", "security", policies)
            self.log_archive = self._account(
                scope, LOG_ARCHIVE, LOG_ARCHIVE, mine.log_archive_email, unit, guarded
            )
        return account

    def _unit(
        self, scope: Scope, logical: str, purpose: str, policies: dict[str, pulumi.Output[str]]
    ) -> tuple[pulumi.Output[str], list[pulumi.Resource]]:
        """A unit's id, and what has to hang there before an account is made in it."""
        unit = aws.organizations.OrganizationalUnit(
            logical,
            name=scope.name("organizational-unit", purpose),
            parent_id=cloud(scope).organizational_unit,
            opts=scope.stateful(self),
        )
        attached: list[pulumi.Resource] = [
            aws.organizations.PolicyAttachment(
                name if logical == "unit" else f"{logical}-{name}",
                policy_id=policy,
                target_id=unit.id,
                opts=scope.child(self),
            )
            for name, policy in policies.items()
        ]
        return unit.id, attached

    def _account(
        self,
        scope: Scope,
        logical: str,
        purpose: str,
        email: str | None,
        unit: pulumi.Output[str],
        guarded: list[pulumi.Resource],
    ) -> pulumi.Output[str]:
        made = aws.organizations.Account(
            logical,
            name=scope.name("account", purpose),
            email=email,
            parent_id=unit,
            role_name=ENTRY_ROLE,
            iam_user_access_to_billing="DENY",
            close_on_deletion=False,
            # AWS names the role only at creation and does not tell it afterwards.
            opts=scope.stateful(self, ignore_changes=["roleName"], depends_on=guarded),
        )
        return made.id

    def _policies(self, scope: Scope) -> dict[str, pulumi.Output[str]]:
        """The guardrails' names and ids; every unit of ours has all of them."""
        regions = allowed_regions(scope.intent) or {cloud(scope).region}
        entry = f"arn:aws:iam::*:role/{ENTRY_ROLE}"
        builders = [
            entry,
            f"arn:aws:iam::*:role/{scope.name('role', 'jenkins-deploy')}",
        ]
        made: dict[str, pulumi.Output[str]] = {}
        documents = {
            name: ("SERVICE_CONTROL_POLICY", content)
            for name, content in control_policies(
                sorted(regions), builders, entry, log_buckets(scope)
            ).items()
        }
        documents["tagged"] = ("TAG_POLICY", tag_policy())
        for name, (kind, content) in documents.items():
            made[name] = aws.organizations.Policy(
                name,
                name=scope.name("policy", name),
                type=kind,
                content=content,
                opts=scope.child(self),
            ).id
            self.guardrails.append(name)
        return made


def build_organization(scope: Scope) -> Accounts:
    """Adopt or create the account; the guardrails are the policies above it and its own switches."""
    made = Organization(scope)
    account = pulumi.Output.from_input(made.account)
    return Accounts(
        tenancy=account,
        number=account,
        home=account,
        guardrails=pulumi.Output.from_input([*made.guardrails, *SWITCHES]),
        log_archive=pulumi.Output.from_input(made.log_archive),
    )
