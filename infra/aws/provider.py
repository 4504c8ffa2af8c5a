"""The only constructor of AWS providers: region and account pinned, the stack's tags on everything.

An adopted account is entered with whatever identity the AWS SDK finds, and no other account is touched.
A created account is entered from the organization's management account, by the role that AWS makes there, and so is
the log archive's; once it is there, the stacks of the other layers name it beside the unit and are applied from inside
(by Jenkins). The stack that creates accounts goes on without naming one: unit, accounts and archive are its own, protected,
and the stacks inside know nothing of them.
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
    return [entry_role(organization.tenancy)]


def entry_role(account: pulumi.Output[str]) -> pulumi.Output[str]:
    """The ARN of the role by which a created account is entered."""
    return account.apply(lambda number: f"arn:aws:iam::{number}:role/{ENTRY_ROLE}")


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
    return scope.entering(_inside(scope, "account", organization.tenancy))


def enter_log_archive(scope: Scope, account: pulumi.Output[str]) -> Scope:
    """The scope inside the log archive's account: entered as the platform's is, and never from there."""
    return scope.entering(_inside(scope, "log-archive", account))


def _inside(scope: Scope, name: str, account: pulumi.Output[str]) -> aws.Provider:
    return aws.Provider(
        name,
        region=cloud(scope).region,  # pyright: ignore[reportArgumentType]
        allowed_account_ids=[account],
        assume_roles=[
            aws.ProviderAssumeRoleArgs(role_arn=entry_role(account), session_name="landfall")
        ],
        default_tags=aws.ProviderDefaultTagsArgs(tags=scope.labels),
    )


def _aws(intent: Intent) -> Aws:
    if not isinstance(intent.cloud, Aws):
        raise LandfallError(
            f"The stack lies on {intent.cloud.provider}, not on AWS.",
            fix="Build it with the modules of its own cloud.",
        )
    return intent.cloud
