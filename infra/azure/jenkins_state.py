"""What Jenkins' two identities may do with the state: one reads it and notes what builds find, one writes it; both open
its secrets.

The storage account and the vault are not the stack's: they stand before it does, in a resource group of their own that
the intent names. Source of the condition: https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-examples
(2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pulumi

from infra.azure.roles import grant, role_id
from infra.contract import Organization, Text
from infra.jenkins import Role
from infra.scope import Scope
from infra.state_bucket import StateBucket, state_bucket

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_WRITES = ("write", "add/action", "delete", "move/action")
OPENS = "Opens the secrets of the Landfall stacks' state."
_OPEN = ("Microsoft.KeyVault/vaults/keys/decrypt/action", "Microsoft.KeyVault/vaults/keys/read")


def open_state(
    scope: Scope,
    parent: pulumi.Resource,
    organization: Organization,
    identities: Mapping[Role, Text],
    role: Callable[[str, str, tuple[str, ...]], Text],
) -> None:
    """Grant both (`identities`: their object ids) what they need, where the intent says where the state lies on Azure.

    `role(name, does, data actions)` makes a role of our own.
    """
    bucket, jenkins = state_bucket(scope.intent), scope.intent.jenkins
    if bucket is None or jenkins is None or not jenkins.state_group:
        return
    group = jenkins.state_group

    def inside(path: str) -> Text:
        return organization.tenancy.apply(
            lambda known: f"/subscriptions/{known}/resourceGroups/{group}/providers/{path}"
        )

    container = inside(
        f"Microsoft.Storage/storageAccounts/{bucket.account}/blobServices/default/containers/{bucket.name}"
    )
    reader = role_id(organization, "Storage Blob Data Reader")
    writer = role_id(organization, "Storage Blob Data Contributor")
    preview, deploy = identities["preview"], identities["deploy"]
    if bucket.account:
        grant(scope, parent, "jenkins-preview-reads-state", reader, preview, container)
        grant(
            scope, parent, "jenkins-preview-notes-builds", writer, preview, container, condition=_notes(bucket),
        )  # fmt: skip
        grant(scope, parent, "jenkins-deploy-writes-state", writer, deploy, container)
    if bucket.key:
        vault, _, name = bucket.key.partition("/")
        key = inside(f"Microsoft.KeyVault/vaults/{vault}/keys/{name}")
        opens = role("open-state", OPENS, _OPEN)
        for stage, principal in identities.items():
            grant(scope, parent, f"jenkins-{stage}-opens-state", opens, principal, key)


def _notes(bucket: StateBucket) -> str:
    """Whatever else the role allows: what changes a blob, only below the register's folder."""
    others = " AND ".join(f"!(ActionMatches{{'{_BLOBS}/{verb}'}})" for verb in _WRITES)
    return f"(({others}) OR (@Resource[{_BLOBS}:path] StringLike '{bucket.notes}*'))"
