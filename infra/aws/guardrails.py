"""What nobody in the stack's accounts may do, whatever their own role says: service control policies.

Four, because five may hang on an organizational unit and AWS's own FullAWSAccess is one of them; the
required tags are a tag policy besides. Leaves out attaching them (`organization.py`) and the switches of the
account itself (`account.py`). Sources: https://docs.aws.amazon.com/organizations/latest/userguide/
orgs_manage_policies_scps_examples.html (as of 2026-11-24); limits: …/orgs_reference_limits.html.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from infra.aws.policies import Conditions, Statement
from infra.aws.proof import ENDS, OPENS

GLOBAL = (
    "access-analyzer:*", "account:*", "aws-portal:*", "billing:*", "budgets:*", "ce:*", "cur:*",
    "consolidatedbilling:*", "health:*", "iam:*", "kms:DescribeKey", "kms:ListAliases",
    "organizations:*", "pricing:*", "route53:*", "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets", "s3:PutAccountPublicAccessBlock", "sts:*", "support:*", "tag:GetResources",
    "trustedadvisor:*",
)  # fmt: skip
"""What AWS serves from one region for the whole world, so a region cannot be asked of it."""

REQUIRED_TAGS = ("client", "environment", "managed-by")


def control_policies(
    regions: list[str], builders: list[str], entry: str, proof: list[str]
) -> dict[str, str]:
    """Name → SCP as JSON. `regions` are where anything may be; `builders` are ARN patterns of who applies, `entry` the
    one of them by which the organization enters; `proof` are the ARNs of the buckets of logs."""
    others: Conditions = {"ArnNotLike": {"aws:PrincipalArn": builders}}
    outside: Conditions = {"ArnNotLike": {"aws:PrincipalArn": entry}}
    return {
        "watched": _json(
            _deny("StayInTheOrganization", ["organizations:LeaveOrganization", "account:CloseAccount"]),
            _deny("KeepTheTrail", ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]),
            _deny("KeepTheWatch", _WATCH),
            _deny("KeepProof", list(OPENS), outside, proof),
            _deny("KeepKeys", list(ENDS), outside),
            _deny(
                "OnlyBuildersChangeTheWatch",
                ["cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "guardduty:UpdateDetector"],
                others,
            ),
        ),
        "resident": _json(_elsewhere(regions)),
        "keyless": _json(_deny("NoLongLivedKeys", _KEYS)),
        "closed": _json(
            _deny("StayClosed", _OPENINGS, others),
            *_unencrypted(),
            _deny(
                "NoPublicAddress", ["ec2:RunInstances"],
                {"Bool": {"ec2:AssociatePublicIpAddress": "true"}},
                ["arn:aws:ec2:*:*:network-interface/*"],
            ),
            *(one for tag in REQUIRED_TAGS for one in _untagged(tag)),
        ),
    }  # fmt: skip


def tag_policy() -> str:
    """The tag policy as JSON: the required tags, written so and not otherwise."""
    return json.dumps({"tags": {tag: {"tag_key": {"@@assign": tag}} for tag in REQUIRED_TAGS}})


_WATCH = [
    "guardduty:DeleteDetector", "guardduty:DisassociateFromAdministratorAccount",
    "securityhub:DisableSecurityHub", "securityhub:DisassociateFromAdministratorAccount",
    "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder", "access-analyzer:DeleteAnalyzer",
]  # fmt: skip
_KEYS = [
    "iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UploadSSHPublicKey",
    "iam:CreateServiceSpecificCredential", "iam:UploadSigningCertificate",
]  # fmt: skip
_OPENINGS = [
    "s3:PutAccountPublicAccessBlock", "ec2:DisableEbsEncryptionByDefault",
    "ec2:DisableImageBlockPublicAccess", "ec2:DisableSnapshotBlockPublicAccess",
    "ec2:ModifyInstanceMetadataDefaults", "ec2:ModifyVpcBlockPublicAccessOptions",
    "ram:EnableSharingWithAwsOrganization",
]  # fmt: skip
_MADE_TAGGED = [
    "eks:CreateCluster", "emr-serverless:CreateApplication", "rds:CreateDBInstance",
    "redshift-serverless:CreateNamespace", "redshift-serverless:CreateWorkgroup",
]  # fmt: skip
_SECRET = "secretsmanager:CreateSecret"
# Redshift and RDS make their administrator's secret in the name of whoever makes them, with tags of their own.
_BY_ITSELF: Conditions = {"BoolIfExists": {"aws:ViaAWSService": "false"}}


def _elsewhere(regions: list[str]) -> Statement:
    return {
        "Sid": "OnlyTheseRegions",
        "Effect": "Deny",
        "NotAction": list(GLOBAL),
        "Resource": ["*"],
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": sorted(regions)}},
    }


def _unencrypted() -> list[Statement]:
    keys = {
        "ec2:CreateVolume": "ec2:Encrypted",
        "elasticfilesystem:CreateFileSystem": "elasticfilesystem:Encrypted",
        "rds:CreateDBInstance": "rds:StorageEncrypted",
    }
    return [
        _deny(f"Encrypted{action.split(':')[0].capitalize()}", [action], {"Bool": {key: "false"}})
        for action, key in keys.items()
    ]


def _untagged(tag: str) -> list[Statement]:
    sid, without = "Tagged" + tag.title().replace("-", ""), {f"aws:RequestTag/{tag}": "true"}
    return [
        _deny(sid, _MADE_TAGGED, {"Null": without}),
        _deny(f"{sid}Secret", [_SECRET], {"Null": without, **_BY_ITSELF}),
    ]


def _deny(
    sid: str,
    actions: list[str],
    when: Conditions | None = None,
    resources: Sequence[str] = ("*",),
) -> Statement:
    made: dict[str, Any] = {
        "Sid": sid, "Effect": "Deny", "Action": actions, "Resource": list(resources),
    }  # fmt: skip
    if when:
        made["Condition"] = {test: dict(keys) for test, keys in when.items()}
    return made


def _json(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
