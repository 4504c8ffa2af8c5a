"""What must stand inside Redshift before dbt comes: the lake's schemas, and roles that open the marts.

Run through the Data API with the administrator's managed secret, one statement after the other. Roles are
handed out by the tag RedshiftDbRoles of the IAM roles, so no database user is made here. Leaves out everything
that dbt builds. Source: https://docs.aws.amazon.com/redshift/latest/dg/r_roles-managing.html,
…/mgmt/redshift-iam-access-federated-db-roles.html.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.identity import DATABASE_ROLES
from infra.scope import Scope

DATABASE, MARTS = "platform", "marts"
FROM_LAKE = ("silver", "gold")


def statements() -> dict[str, str]:
    """Logical name → SQL, in the order in which they run."""
    builder, reader = DATABASE_ROLES["transform"], DATABASE_ROLES["bi"]
    found = {f"role-{name}": f"CREATE ROLE {name}" for name in (builder, reader)}
    for name in FROM_LAKE:
        found[f"lake-{name}"] = (
            f"CREATE EXTERNAL SCHEMA IF NOT EXISTS lake_{name} "
            f"FROM DATA CATALOG DATABASE '{name}' IAM_ROLE default"
        )
        found[f"lake-{name}-open"] = f"GRANT USAGE ON SCHEMA lake_{name} TO ROLE {builder}"
    found["marts"] = f"CREATE SCHEMA IF NOT EXISTS {MARTS}"
    found["marts-build"] = f"GRANT CREATE, USAGE ON SCHEMA {MARTS} TO ROLE {builder}"
    found["database-build"] = f"GRANT CREATE, TEMP ON DATABASE {DATABASE} TO ROLE {builder}"
    found["marts-enter"] = f"GRANT USAGE ON SCHEMA {MARTS} TO ROLE {reader}"
    # For whatever tables there are and will be.
    found["marts-read"] = f"GRANT SELECT FOR TABLES IN SCHEMA {MARTS} TO ROLE {reader}"
    return found


def run_statements(
    scope: Scope,
    parent: pulumi.Resource,
    workgroup: aws.redshiftserverless.Workgroup,
    namespace: aws.redshiftserverless.Namespace,
    lake: contract.Lake,
) -> None:
    """Run them once each; a schema of the lake waits for its database in the catalog."""
    before: pulumi.Resource = workgroup
    for name, sql in statements().items():
        before = aws.redshiftdata.Statement(
            name,
            workgroup_name=workgroup.workgroup_name,
            database=DATABASE,
            secret_arn=namespace.admin_password_secret_arn,
            sql=lake.catalog.apply(lambda _, sql=sql: sql),
            # Undoing one is nobody's wish: a removed statement leaves the database as it is.
            opts=scope.child(parent, depends_on=[before], retain_on_delete=True),
        )
