"""One secret as Landfall makes every secret: in the region, under the client's key, kept when the stack goes.

Leaves out its value, which is a person's or a generated password's, and who may read it.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import secretmanager

from infra.gcp.tenancy import cloud
from infra.scope import Scope


def secret(
    scope: Scope, parent: pulumi.Resource, logical: str, name: str, key: pulumi.Input[str]
) -> secretmanager.Secret:
    """An empty secret of that name; it never leaves the stack's region."""
    replica = secretmanager.SecretReplicationUserManagedReplicaArgs(
        location=cloud(scope.intent).region,
        customer_managed_encryption=secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs(
            kms_key_name=key
        ),
    )
    return secretmanager.Secret(
        logical,
        secret_id=name,
        replication=secretmanager.SecretReplicationArgs(
            user_managed=secretmanager.SecretReplicationUserManagedArgs(replicas=[replica])
        ),
        # A destroyed version can be had back for a week.
        version_destroy_ttl="604800s",
        deletion_protection=True,
        labels=scope.labels,
        opts=scope.stateful(parent),
    )
