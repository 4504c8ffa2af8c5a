"""What Jenkins' two accounts may do with the state: one reads it and notes what builds find, one writes it; both open
its secrets.

The bucket and the key are not the stack's: they stand before it does. Drift is seen in them by who may read their
policies: in the stack's own project the preview account may. Source of the conditions:
https://cloud.google.com/storage/docs/access-control/iam#conditions (2026-11).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import kms, serviceaccount, storage

from infra.jenkins import Role
from infra.scope import Scope
from infra.state_bucket import StateBucket, state_bucket


def open_state(
    scope: Scope, parent: pulumi.Resource, accounts: dict[Role, serviceaccount.Account]
) -> None:
    """Grant both accounts what they need; nothing where the intent names no bucket of Google's."""
    bucket = state_bucket(scope.intent)
    if bucket is None:
        return
    preview, deploy = accounts["preview"], accounts["deploy"]
    child = scope.child(parent)
    for name, role, account, condition in (
        ("jenkins-preview-reads-state", "roles/storage.objectViewer", preview, None),
        ("jenkins-preview-notes-builds", "roles/storage.objectUser", preview, _notes(bucket)),
        ("jenkins-deploy-writes-state", "roles/storage.objectUser", deploy, None),
    ):
        storage.BucketIAMMember(
            name,
            bucket=bucket.name,
            role=role,
            member=account.member,
            condition=condition,
            opts=child,
        )
    if bucket.key:
        for stage, account in accounts.items():
            kms.CryptoKeyIAMMember(
                f"jenkins-{stage}-opens-state",
                crypto_key_id=bucket.key,
                role="roles/cloudkms.cryptoKeyDecrypter",
                member=account.member,
                opts=child,
            )


def _notes(bucket: StateBucket) -> storage.BucketIAMMemberConditionArgs:
    """Objects of the register alone."""
    objects = f"projects/_/buckets/{bucket.name}/objects/{bucket.notes}"
    return storage.BucketIAMMemberConditionArgs(
        title="builds",
        description="What builds note, and nothing of the state",
        expression=f'resource.name.startsWith("{objects}")',
    )
