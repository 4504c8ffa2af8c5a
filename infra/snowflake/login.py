"""Who applies Snowflake's part, what they must be granted, and how Jenkins' token signs a build in. No SDK is needed.

Sources, as of 2026-11-29: docs.snowflake.com/en/user-guide/security-access-control-privileges (global privileges, owners of
managed access schemas), …/resource-monitors (ACCOUNTADMIN alone makes a monitor and ties a warehouse to it),
…/sql-reference/sql/alter-user-add-workload-identity (a user may have several); variables: the provider's reference, 2.22.
Snowflake has no role that sees users, roles and monitors and changes nothing, so Jenkins' preview user holds what its
deploy user holds: only the jobs differ that may become it. Leaves out running the statements: an administrator does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from landfall.naming import Names

if TYPE_CHECKING:
    from landfall.intent import Intent

ADMINISTRATOR = "ACCOUNTADMIN"
"""Makes resource monitors and the warehouses that are tied to one; Snowflake lets no other role."""
PRIVILEGES = (
    "CREATE DATABASE", "CREATE ROLE", "CREATE USER", "CREATE INTEGRATION", "CREATE EXTERNAL VOLUME",
    "CREATE NETWORK POLICY",
)  # fmt: skip
"""On the account, for the role that owns everything else. Schemas, network rule, stages and grants follow from owning."""


def role_name(intent: Intent) -> str:
    """The role that applies, as `ACME_DEV_LANDFALL`."""
    return Names(intent.client.slug, intent.environment).name("snowflake.role", "landfall")


def user_name(intent: Intent, role: str) -> str:
    """Jenkins' user to `preview` or to `deploy`, as `ACME_DEV_JENKINS_DEPLOY`."""
    return Names(intent.client.slug, intent.environment).name("snowflake.user", f"jenkins-{role}")


def statements(intent: Intent) -> list[str]:
    """What an administrator of the account runs once, before the first apply; for Jenkins' users where it applies."""
    role = role_name(intent)
    made = [
        "USE ROLE ACCOUNTADMIN;",
        f"CREATE ROLE IF NOT EXISTS {role};",
        f"GRANT {', '.join(PRIVILEGES)} ON ACCOUNT TO ROLE {role};",
        f"GRANT ROLE {role} TO ROLE SYSADMIN;",
    ]
    if adopted := intent.warehouse.adopt.get("database"):
        made += [
            f"GRANT CREATE SCHEMA, MONITOR ON DATABASE {adopted} TO ROLE {role};",
            f"GRANT USAGE ON DATABASE {adopted} TO ROLE {role} WITH GRANT OPTION;",
        ]
    if intent.jenkins is None:
        return made
    from infra.jenkins import AUDIENCES, subjects

    for acts in ("preview", "deploy"):
        user = user_name(intent, acts)
        made.append(f"CREATE USER IF NOT EXISTS {user} TYPE = SERVICE DEFAULT_ROLE = {role};")
        made += [
            f"ALTER USER {user} ADD WORKLOAD IDENTITY {job} TYPE = OIDC ISSUER = '{intent.jenkins.issuer}' "
            f"SUBJECT = '{subject}' OIDC_AUDIENCE_LIST = ('{AUDIENCES[acts]}');"
            for job, subject in subjects(intent, acts).items()
        ]
        made += [f"GRANT ROLE {one} TO USER {user};" for one in (role, ADMINISTRATOR)]
    return made


def by_token(intent: Intent, role: str, token: Path) -> dict[str, str]:
    """The variables by which a build signs in with Jenkins' token; none where the warehouse is another engine's."""
    if intent.warehouse.engine != "snowflake":
        return {}
    return {
        "SNOWFLAKE_AUTHENTICATOR": "WORKLOAD_IDENTITY",
        "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER": "OIDC",
        "SNOWFLAKE_TOKEN": token.read_text(encoding="utf-8").strip(),
        "SNOWFLAKE_USER": user_name(intent, role),
        "SNOWFLAKE_ROLE": role_name(intent),
    }
