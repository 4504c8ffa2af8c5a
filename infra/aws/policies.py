"""IAM documents: statements, and the ones that recur. Each is plain data until it is rendered once.

A grant (`allow`) never takes `*` as an action; refusals (`deny`) may, since they only take away. Leaves out
who gets what: that stands beside the resource it opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Value = pulumi.Input[str]
Values = Value | Sequence[Value]
Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, Any]]

EVERYONE: Any = "*"
"""Only in refusals, and in VPC endpoint policies, where AWS reads any other form as the root user."""


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Values,
    *,
    to: Any = None,
    when: Conditions | None = None,
) -> Statement:
    """A grant. `to` is the principal (as `services(...)`), for policies of resources."""
    return _statement("Allow", sid, actions, resources, to, when)


def deny(
    sid: str,
    actions: Sequence[str],
    resources: Values,
    *,
    to: Any = None,
    when: Conditions | None = None,
) -> Statement:
    """A refusal, which no grant overcomes."""
    return _statement("Deny", sid, actions, resources, to, when)


def _statement(
    effect: str,
    sid: str,
    actions: Sequence[str],
    resources: Values,
    to: Any,
    when: Conditions | None,
) -> Statement:
    many = isinstance(resources, list | tuple)
    made: Statement = {
        "Sid": sid,
        "Effect": effect,
        "Action": list(actions),
        "Resource": list(resources) if many else [resources],
    }
    if to is not None:
        made["Principal"] = to
    if when:
        made["Condition"] = {test: dict(keys) for test, keys in when.items()}
    return made


def document(*statements: Statement) -> pulumi.Output[str]:
    """The policy as JSON, once every value in it is known."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def services(*names: str) -> dict[str, list[str]]:
    """AWS services as principals, as `emr-serverless.amazonaws.com`."""
    return {"Service": list(names)}


def root(account: Value) -> dict[str, Value]:
    """Whoever the account's own IAM policies allow."""
    return {"AWS": pulumi.Output.concat("arn:aws:iam::", account, ":root")}


def from_account(account: Value) -> dict[str, dict[str, Value]]:
    """A service may act for this account only (the confused deputy)."""
    return {"StringEquals": {"aws:SourceAccount": account}}


def trust(
    principal: Any, *, actions: Sequence[str] = ("sts:AssumeRole",), when: Conditions | None = None
) -> Statement:
    """Who may become a role. A trust has no resource: it is the role's own."""
    made = allow("Trust", actions, [], to=principal, when=when)
    del made["Resource"]
    return made


def encrypted_transport(bucket: Value) -> list[Statement]:
    """Refuse a bucket's requests without TLS 1.2 (CIS AWS 2.1.1, NIST SC-8)."""
    arn = pulumi.Output.concat("arn:aws:s3:::", bucket)
    both: list[Value] = [arn, pulumi.Output.concat(arn, "/*")]
    return [
        deny("TlsOnly", ["s3:*"], both, to=EVERYONE, when={"Bool": {"aws:SecureTransport": "false"}}),
        deny(
            "Tls12", ["s3:*"], both, to=EVERYONE,
            when={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
    ]  # fmt: skip


def own_account_only(bucket: Value, account: Value) -> Statement:
    """Refuse a bucket to every principal of another account; AWS services act under conditions of their own."""
    arn = pulumi.Output.concat("arn:aws:s3:::", bucket)
    return deny(
        "OwnAccountOnly", ["s3:*"], [arn, pulumi.Output.concat(arn, "/*")], to=EVERYONE,
        when={
            "StringNotEquals": {"aws:PrincipalAccount": account},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    )  # fmt: skip
