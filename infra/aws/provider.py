"""The only constructor of AWS providers: region and account pinned, the stack's tags on everything.

An adopted account is entered with whatever identity the AWS SDK finds, and no other account is touched.
A created account is entered from the organization's management account, by the role that AWS makes there; once it
is there, the stacks of the other layers name it beside the unit and are applied from inside (by Jenkins).
Leaves out credentials: they are the caller's.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.scope import Scope
from landfall.errors import LandfallError
from landfall.intent import Intent
from landfall.intent.cloud import Aws
from landfall.labels import labels
from landfall.naming import Names

ENTRY_ROLE = "OrganizationAccountAccessRole"
"""The role that Organizations makes in an account it creates, for its management account."""


def cloud(scope: Scope) -> Aws:
    """The intent's AWS part; raises LandfallError where the intent is of another cloud."""
    return _aws(scope.intent)


def appliers(
    scope: Scope, organization: contract.Organization
) -> list[str] | list[pulumi.Output[str]]:
    """The roles by which people apply: those that the intent names, or the one that enters a created account."""
    if cloud(scope).account:
        return cloud(scope).administrators
    return [entry_role(organization)]


def entry_role(organization: contract.Organization) -> pulumi.Output[str]:
    """The ARN of the role by which a created account is entered."""
    return organization.tenancy.apply(lambda account: f"arn:aws:iam::{account}:role/{ENTRY_ROLE}")


def open_scope(intent: Intent, stack: str) -> Scope:
    """The scope to begin with: the adopted account, or the organization's management account."""
    mine = _aws(intent)
    tags = labels(intent, stack)
    # What must be unique among all customers is told apart by where the account was created, or by the account:
    # so its names stay when a stack inside a created account names it.
    salt = mine.organizational_unit or mine.account or ""
    provider = aws.Provider(
        "aws",
        region=mine.region,  # pyright: ignore[reportArgumentType] (the enumeration lags behind)
        allowed_account_ids=[mine.account] if mine.account else None,
        default_tags=aws.ProviderDefaultTagsArgs(tags=tags),
    )
    return Scope(
        intent=intent,
        stack=stack,
        names=Names(intent.client.slug, intent.environment, salt),
        labels=tags,
        provider=provider,
    )


def enter(scope: Scope, organization: contract.Organization) -> Scope:
    """The scope inside the account: the same where it is adopted, by the entry role where it was created."""
    mine = cloud(scope)
    if mine.account:
        return scope
    return scope.entering(
        aws.Provider(
            "account",
            region=mine.region,  # pyright: ignore[reportArgumentType]
            allowed_account_ids=[organization.tenancy],
            assume_roles=[
                aws.ProviderAssumeRoleArgs(
                    role_arn=entry_role(organization), session_name="landfall"
                )
            ],
            default_tags=aws.ProviderDefaultTagsArgs(tags=scope.labels),
        )
    )


def _aws(intent: Intent) -> Aws:
    if not isinstance(intent.cloud, Aws):
        raise LandfallError(
            f"The stack lies on {intent.cloud.provider}, not on AWS.",
            fix="Build it with the modules of its own cloud.",
        )
    return intent.cloud
