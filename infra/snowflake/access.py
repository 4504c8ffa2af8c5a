"""Who may do what in Snowflake: access roles on schemas, functional roles for workloads, their users.

An access role holds privileges on one schema; a functional role is granted access roles and is what a
user takes. All roles come up to SYSADMIN, so that nothing is orphaned. Users are services: they log in by
their cloud identity where Snowflake knows it (AWS, Azure) and by a key pair where not (GCP), whose public
half `landfall`'s operator sets with ALTER USER … SET RSA_PUBLIC_KEY and rotates; no password exists.
Source: docs.snowflake.com/en/user-guide/security-access-control-considerations. Leaves out people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from infra.contract import Foundation
from infra.scope import Scope

READ = (("TABLES", ["SELECT"]), ("VIEWS", ["SELECT"]), ("ICEBERG TABLES", ["SELECT"]))
CREATE = ["CREATE TABLE", "CREATE VIEW", "CREATE DYNAMIC TABLE", "CREATE STAGE", "CREATE FUNCTION"]


@dataclass(frozen=True)
class Place:
    """A database and, where given, one of its schemas, both as resources."""

    database: snowflake.Database
    schema: snowflake.Schema


def access_role(
    scope: Scope, place: Place, zone: str, kind: str, more: Sequence[str] = ()
) -> snowflake.AccountRole:
    """The role `<zone>-<kind>`; kind is `read` or `write`, `more` are further privileges on the schema."""
    role = snowflake.AccountRole(
        f"{zone}-{kind}",
        name=scope.names.name("snowflake.role", f"{zone}-{kind}"),
        comment=f"Access: {kind} in {zone}",
        opts=scope.child(place.schema),
    )
    schema = place.schema.fully_qualified_name
    grant(
        scope, f"{zone}-{kind}-database", role, ["USAGE"],
        on_account_object=snowflake.GrantPrivilegesToAccountRoleOnAccountObjectArgs(
            object_type="DATABASE", object_name=place.database.name
        ),
    )  # fmt: skip
    privileges = ["USAGE", *(CREATE if kind == "write" else []), *more]
    grant(
        scope, f"{zone}-{kind}-schema", role, privileges,
        on_schema=snowflake.GrantPrivilegesToAccountRoleOnSchemaArgs(schema_name=schema),
    )  # fmt: skip
    if kind == "read":
        for plural, allowed in READ:
            word = plural.lower().replace(" ", "-")
            on = snowflake.GrantPrivilegesToAccountRoleOnSchemaObjectArgs
            every = snowflake.GrantPrivilegesToAccountRoleOnSchemaObjectAllArgs(
                object_type_plural=plural, in_schema=schema
            )
            future = snowflake.GrantPrivilegesToAccountRoleOnSchemaObjectFutureArgs(
                object_type_plural=plural, in_schema=schema
            )
            grant(scope, f"{zone}-read-all-{word}", role, allowed, on_schema_object=on(all=every))
            grant(scope, f"{zone}-read-{word}", role, allowed, on_schema_object=on(future=future))
    return role


def functional_role(
    scope: Scope, parent: pulumi.Resource, workload: str, takes: Sequence[snowflake.AccountRole]
) -> snowflake.AccountRole:
    """The role of a workload, granted the access roles and granted to SYSADMIN."""
    role = snowflake.AccountRole(
        workload,
        name=scope.names.name("snowflake.role", workload),
        comment=f"What {workload} may do",
        opts=scope.child(parent),
    )
    for place, one in enumerate(takes):
        snowflake.GrantAccountRole(
            f"{workload}-takes-{place}",
            role_name=one.name,
            parent_role_name=role.name,
            opts=scope.child(role),
        )
    snowflake.GrantAccountRole(
        f"{workload}-up", role_name=role.name, parent_role_name="SYSADMIN", opts=scope.child(role)
    )
    return role


def grant(
    scope: Scope,
    logical: str,
    role: snowflake.AccountRole,
    privileges: list[str],
    **on: object,
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges to an account role; `on` as the resource takes it."""
    return snowflake.GrantPrivilegesToAccountRole(
        logical,
        account_role_name=role.name,
        privileges=privileges,
        opts=scope.child(role),
        **on,  # pyright: ignore[reportArgumentType]
    )


def service_user(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: Foundation,
    workload: str,
    role: snowflake.AccountRole,
    warehouse: snowflake.Warehouse,
    namespace: pulumi.Input[str],
    policy: pulumi.Input[str],
) -> snowflake.ServiceUser:
    """The user of a workload: one role, one warehouse, only from where the network policy says."""
    user = snowflake.ServiceUser(
        workload,
        name=scope.names.name("snowflake.user", workload),
        login_name=scope.names.name("snowflake.user", workload),
        comment=f"Landfall: {workload}",
        default_role=role.name,
        default_secondary_roles_option="NONE",
        default_warehouse=warehouse.name,
        default_namespace=namespace,
        network_policy=policy,
        statement_timeout_in_seconds=3600,
        default_workload_identity=_IDENTITIES[scope.intent.cloud.provider](scope, foundation, workload),
        # The public half of the key pair is set and rotated outside of Pulumi.
        opts=scope.child(parent, ignore_changes=["rsaPublicKey", "rsaPublicKey2"]),
    )  # fmt: skip
    snowflake.GrantAccountRole(
        f"{workload}-user", role_name=role.name, user_name=user.name, opts=scope.child(user)
    )
    return user


Identified = snowflake.ServiceUserDefaultWorkloadIdentityArgs | None


def _by_role(_: Scope, foundation: Foundation, workload: str) -> Identified:
    arn = foundation.identity.workloads[workload]
    return snowflake.ServiceUserDefaultWorkloadIdentityArgs(
        aws=snowflake.ServiceUserDefaultWorkloadIdentityAwsArgs(arn=arn)
    )


def _by_entra(scope: Scope, foundation: Foundation, workload: str) -> Identified:
    tenant = getattr(scope.intent.cloud, "tenant", None)
    if tenant is None:
        return None
    return snowflake.ServiceUserDefaultWorkloadIdentityArgs(
        azure=snowflake.ServiceUserDefaultWorkloadIdentityAzureArgs(
            issuer=f"https://login.microsoftonline.com/{tenant}/v2.0",
            subject=foundation.identity.principals[workload],
        )
    )


def _by_key(_: Scope, __: Foundation, ___: str) -> Identified:
    """Snowflake knows a Google service account by its number, which the contract does not hold."""
    return None


_IDENTITIES: dict[str, Callable[[Scope, Foundation, str], Identified]] = {
    "aws": _by_role, "azure": _by_entra, "gcp": _by_key,
}  # fmt: skip
AUTHENTICATORS = {"aws": "workload_identity", "azure": "workload_identity", "gcp": "snowflake_jwt"}
"""How dbt and the dashboards log in, by cloud."""
