"""The identity by which the Iceberg catalog on the cluster reaches the lake: by the cluster's word, with no key.

It writes the tables' metadata, and makes keys to a table's files that end within hours, for Spark, whose managed
service has no identity of its own there. So it may do both in the container of the tables, and nothing in the
other zones. Leaves out the server (`infra/kubernetes/catalog.py`) and who may call it.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import managedidentity

from infra.azure.groups import group, group_id
from infra.azure.identity import AUDIENCE
from infra.azure.provider import region_of
from infra.azure.roles import grant, role_id
from infra.contract import Data, Foundation, Text
from infra.kubernetes.catalog_names import SPACE, SUBJECT
from infra.scope import Scope


def build_catalog_identity(
    scope: Scope, parent: pulumi.Resource, foundation: Foundation, data: Data, issuer: Text
) -> Text:
    """The identity's client id; `issuer` is the cluster's, whose tokens for the server's account it takes."""
    organization = foundation.organization
    home = group(scope, organization, "ml")
    identity = managedidentity.UserAssignedIdentity(
        "catalog-identity",
        resource_name_=scope.name("identity", SPACE),
        resource_group_name=home,
        location=region_of(scope),
        tags=scope.labels,
        opts=scope.child(parent),
    )
    trust = managedidentity.FederatedIdentityCredential(
        "account-catalog",
        federated_identity_credential_resource_name=f"{SPACE}-{SPACE}",
        resource_name_=identity.name,
        resource_group_name=home,
        issuer=issuer,
        subject=SUBJECT,
        audiences=[AUDIENCE],
        opts=scope.child(parent),
    )
    account, tables = _places(scope, foundation, data)
    granted: list[pulumi.Resource] = [trust]
    for name, role, over in (
        ("catalog-writes-tables", "Storage Blob Data Contributor", tables),
        # The key that signs is the account's; what it opens is the identity's own right to the tables.
        ("catalog-signs-for-files", "Storage Blob Delegator", account),
    ):
        granted.append(
            grant(scope, parent, name, role_id(organization, role), identity.principal_id, over)
        )
    # The server tries its rights when its warehouse is made: they must be there first.
    return pulumi.Output.all(identity.client_id, *(one.urn for one in granted)).apply(
        lambda known: known[0]
    )


def _places(scope: Scope, foundation: Foundation, data: Data) -> tuple[Text, Text]:
    """The lake's account and the container of its tables, as resource ids."""
    bucket = data.lake.buckets["silver"]
    accounts = pulumi.Output.concat(
        group_id(scope, foundation.organization, "data"),
        "/providers/Microsoft.Storage/storageAccounts/",
    )
    account = pulumi.Output.concat(accounts, bucket.apply(lambda one: one.split("/")[0]))
    tables = pulumi.Output.concat(
        account, "/blobServices/default/containers/", bucket.apply(lambda one: one.split("/")[1])
    )
    return account, tables
