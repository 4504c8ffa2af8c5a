"""The log archive: an account of its own for what the trail writes, which nobody of the platform's account reads or ends.

Built where the intent names `cloud.log_archive_email`, by the stack that makes the accounts. The bucket is made as
the platform's own would be (`trail.py`): locked, versioned, TLS only. CloudTrail writes there across accounts, for two
trails: the platform's, and one that records who enters the archive itself. Nobody else writes, its own account included;
who reads is let in there by the client's single sign-on. Leaves out Config's records, flow logs and the platform's
access logs, which stay in the platform's account, and services that watch (nothing runs in the archive).
Sources, read 2026-11-29: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-receive-logs-from-multiple-accounts.html,
…/create-kms-key-policy-for-cloudtrail.html; key and bucket lie in one region (API: KmsKeyNotFoundException); a bucket
without ACLs needs no condition on them (https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html).
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.aws.buckets import ARCHIVE_ACCESS_LOGS, LOG_ARCHIVE, name_of
from infra.aws.keys import archive_key
from infra.aws.organization import Accounts
from infra.aws.policies import EVERYONE, Statement, deny
from infra.aws.provider import enter_log_archive
from infra.aws.records import build_access_logs
from infra.aws.trail import audit_bucket, build_trail, management_events, trail_arn
from infra.scope import Scope


def build_log_archive(
    scope: Scope, parent: pulumi.Resource, accounts: Accounts
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """The bucket's name, known once the platform's trail may write there, and the ARN of the key it writes under."""
    inside, own = enter_log_archive(scope, accounts.log_archive), accounts.log_archive
    _switches(inside, parent, own)
    trails = [trail_arn(scope, account) for account in (accounts.tenancy, own)]
    key = archive_key(inside, parent, own, [accounts.tenancy, own], trails)
    logs_to = build_access_logs(inside, parent, ARCHIVE_ACCESS_LOGS, own)
    bucket = audit_bucket(
        inside, parent, LOG_ARCHIVE, own, key.arn, trails, logs_to, only_trails(inside)
    )
    build_trail(inside, parent, LOG_ARCHIVE, bucket, key.arn, [management_events()])
    return bucket, key.arn


def only_trails(scope: Scope) -> Statement:
    """No person and no role puts a file among the trails' own."""
    return deny(
        "OnlyTrailsWrite", ["s3:PutObject"], f"arn:aws:s3:::{name_of(scope, LOG_ARCHIVE)}/*",
        to=EVERYONE, when={"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    )  # fmt: skip


def _switches(scope: Scope, parent: pulumi.Resource, account: pulumi.Output[str]) -> None:
    """What the account refuses whoever asks, and who from outside is let in."""
    aws.s3.AccountPublicAccessBlock(
        LOG_ARCHIVE,
        account_id=account,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=scope.child(parent),
    )
    aws.accessanalyzer.Analyzer(
        LOG_ARCHIVE,
        analyzer_name=scope.name("analyzer", LOG_ARCHIVE),
        type="ACCOUNT",
        opts=scope.child(parent),
    )
