"""Customer-managed keys, one a domain and one in the log archive, rotated yearly, and who may use each.

A key's policy lets the account's own IAM policies decide, names the services that use the key on their own
behalf, and binds these to this account. Leaves out replicas in other regions: data stay where the intent
puts them. Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html and the pages of
each service (CloudTrail, Config, CloudWatch Logs, VPC flow logs, SNS, EventBridge, EC2 Auto Scaling).
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.aws.buckets import LOG_ARCHIVE
from infra.aws.policies import Statement, allow, document, from_account, root, services
from infra.aws.provider import cloud
from infra.contract import KEY_DOMAINS
from infra.scope import Scope

USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
_ADMINISTER = (
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DescribeKey",
    "kms:DisableKey", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants", "kms:ListKeyPolicies",
    "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RetireGrant",
    "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource",
    "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
)  # fmt: skip
WHAT = {
    "data": "Lake, warehouse, events and Airflow",
    "logs": "Audit logs, service logs and notices",
    "secrets": "Secrets and database passwords",
    "cluster": "Disks and secrets of the cluster, database, images",
}


def build_keys(
    scope: Scope, parent: pulumi.Resource, account: pulumi.Input[str]
) -> dict[str, aws.kms.Key]:
    """The keys by domain, each with an alias; the data key may be adopted."""
    made: dict[str, aws.kms.Key] = {}
    for domain in KEY_DOMAINS:
        adopted = scope.intent.network.adopt.key if domain == "data" else None
        made[domain] = _of_domain(scope, parent, account, domain, adopted)
        if adopted is None:
            _alias(scope, parent, domain, made[domain])
    return made


def _of_domain(
    scope: Scope,
    parent: pulumi.Resource,
    account: pulumi.Input[str],
    domain: str,
    adopted: str | None,
) -> aws.kms.Key:
    """A key of our own, or the client's taken under protection and otherwise left as it is."""
    options = scope.stateful(parent)
    if adopted is not None:
        options = scope.stateful(
            parent,
            import_=adopted.rpartition("/")[2],
            ignore_changes=[
                "bypassPolicyLockoutSafetyCheck", "customerMasterKeySpec", "deletionWindowInDays",
                "description", "enableKeyRotation", "isEnabled", "keyUsage", "multiRegion", "policy",
                "rotationPeriodInDays", "tags", "tagsAll",
            ],
        )  # fmt: skip
    statements = [
        allow("UseByIam", USE, "*", to=root(account)),
        *_users(domain, cloud(scope).region, account),
    ]
    return _key(domain, WHAT[domain], account, statements, options)


def archive_key(
    scope: Scope,
    parent: pulumi.Resource,
    account: pulumi.Output[str],
    writers: Sequence[pulumi.Output[str]],
    trails: Sequence[pulumi.Output[str]],
) -> aws.kms.Key:
    """The log archive's key: these trails of these accounts write under it, and `account`, the archive's, alone reads.

    CloudTrail decrypts because the bucket has a bucket key.
    """
    service, of_trails = services("cloudtrail.amazonaws.com"), {"aws:SourceArn": list(trails)}
    writing = [pulumi.Output.concat("arn:aws:cloudtrail:*:", one, ":trail/*") for one in writers]
    statements = [
        allow("ReadByIam", ["kms:Decrypt", "kms:DescribeKey"], "*", to=root(account)),
        allow(
            "TrailsEncrypt", ["kms:GenerateDataKey*"], "*", to=service,
            when={"StringEquals": of_trails,
                  "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": writing}},
        ),
        allow(
            "TrailsLook", ["kms:Decrypt", "kms:DescribeKey"], "*", to=service,
            when={"StringEquals": of_trails},
        ),
    ]  # fmt: skip
    what = "what the trails write to the log archive"
    key = _key(LOG_ARCHIVE, what, account, statements, scope.stateful(parent))
    _alias(scope, parent, LOG_ARCHIVE, key)
    return key


def _key(
    logical: str,
    what: str,
    account: pulumi.Input[str],
    statements: Sequence[Statement],
    options: pulumi.ResourceOptions,
) -> aws.kms.Key:
    """A key that turns yearly, lingers a month when it is ended, and that its account administers."""
    return aws.kms.Key(
        logical,
        description=f"Landfall: {what}",
        enable_key_rotation=True,
        rotation_period_in_days=365,
        deletion_window_in_days=30,
        policy=document(allow("Administer", _ADMINISTER, "*", to=root(account)), *statements),
        opts=options,
    )


def _alias(scope: Scope, parent: pulumi.Resource, logical: str, key: aws.kms.Key) -> None:
    aws.kms.Alias(
        logical,
        name=f"alias/{scope.name('key-alias', logical)}",
        target_key_id=key.id,
        opts=scope.child(parent),
    )


def _users(domain: str, region: str, account: pulumi.Input[str]) -> list[Statement]:
    """The services that use a domain's key on their own behalf, for this account only."""
    logs = allow(
        "ServiceLogs", USE, "*", to=services(f"logs.{region}.amazonaws.com"),
        when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": pulumi.Output.concat(
            "arn:aws:logs:", region, ":", account, ":*")}},
    )  # fmt: skip
    data, own = ["kms:Decrypt", "kms:GenerateDataKey*"], from_account(account)
    topics = allow(
        "Topics", data, "*", to=services("sns.amazonaws.com"),
        when={"ArnLike": {"aws:SourceArn": pulumi.Output.concat(
            "arn:aws:sns:", region, ":", account, ":*")}},
    )  # fmt: skip
    if domain == "data":
        # The history server keeps the logs of this account's applications under the key.
        history = allow(
            "History", data, "*", to=services("emr-serverless.amazonaws.com"),
            when={"ArnLike": {"aws:SourceArn": pulumi.Output.concat(
                "arn:aws:emr-serverless:", region, ":", account, ":/applications/*")}},
        )  # fmt: skip
        events = allow("Events", data, "*", to=services("s3.amazonaws.com"), when=own)
        return [logs, topics, events, history]
    if domain == "logs":
        writers = services(
            "cloudtrail.amazonaws.com", "config.amazonaws.com", "delivery.logs.amazonaws.com",
            "budgets.amazonaws.com",
        )  # fmt: skip
        return [
            logs,
            topics,
            allow("Writers", [*data, "kms:DescribeKey"], "*", to=writers, when=own),
            # EventBridge names no source; who may publish, the topic's own policy says.
            allow("Findings", data, "*", to=services("events.amazonaws.com")),
        ]
    if domain == "cluster":
        return [logs, *_disks(region, account)]
    return [logs]


def _disks(region: str, account: pulumi.Input[str]) -> list[Statement]:
    """EC2 on behalf of whoever in the account starts machines, which is the scaling group's own role.

    The form of AWS's own key for disks: that role need not exist before the key, as a named one would.
    """
    when = {
        "StringEquals": {
            "kms:CallerAccount": account,
            "kms:ViaService": f"ec2.{region}.amazonaws.com",
        }
    }
    grants = {**when, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    everyone = {"AWS": "*"}
    return [
        allow("Disks", USE, "*", to=everyone, when=when),
        allow("DiskGrants", ["kms:CreateGrant"], "*", to=everyone, when=grants),
    ]
