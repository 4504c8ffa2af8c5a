"""The account's own switches: what it refuses whoever asks, in every account that the stack lives in.

Built by the security layer, inside the account. Leaves out what could break what an adopted account already
runs: blocking all ingress from the internet is switched on only in an account that the stack created.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.provider import cloud
from infra.scope import Scope

SWITCHES = (
    "no-public-buckets", "disks-encrypted", "metadata-v2", "no-public-images", "no-public-snapshots",
    "password-policy", "access-analyzer",
)  # fmt: skip
"""What `Organization.guardrails` names of them."""


def set_switches(
    scope: Scope, parent: pulumi.Resource, organization: contract.Organization
) -> None:
    """Public access blocks, encryption by default, IMDSv2, a password policy, the access analyzer."""
    child = scope.child(parent)
    aws.s3.AccountPublicAccessBlock(
        "no-public-buckets",
        account_id=organization.tenancy,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=child,
    )
    aws.ebs.EncryptionByDefault("disks-encrypted", enabled=True, opts=child)
    # Two hops, so that a pod on a node reaches the service; pods are kept from it by the node's template.
    aws.ec2.InstanceMetadataDefaults(
        "metadata-v2", http_tokens="required", http_put_response_hop_limit=2, opts=child
    )
    aws.ec2.ImageBlockPublicAccess("no-public-images", state="block-new-sharing", opts=child)
    aws.ebs.SnapshotBlockPublicAccess("no-public-snapshots", state="block-all-sharing", opts=child)
    # Nobody has a password here (people come by single sign-on); CIS AWS 1.8 and 1.9 ask for it anyway.
    aws.iam.AccountPasswordPolicy(
        "password-policy",
        minimum_password_length=16,
        password_reuse_prevention=24,
        max_password_age=90,
        require_lowercase_characters=True,
        require_uppercase_characters=True,
        require_numbers=True,
        require_symbols=True,
        allow_users_to_change_password=True,
        opts=child,
    )
    aws.accessanalyzer.Analyzer(
        "access-analyzer",
        analyzer_name=scope.name("analyzer", "external"),
        type="ACCOUNT",
        opts=child,
    )
    if not cloud(scope).account:
        aws.ec2.VpcBlockPublicAccessOptions(
            "no-ingress-from-the-internet",
            internet_gateway_block_mode="block-ingress",
            opts=child,
        )
