"""The only constructor of Snowflake providers: one account, no credentials, no way to sign in.

How whoever applies signs in is the environment's, which the provider reads itself: a person `SNOWFLAKE_USER` with
`SNOWFLAKE_AUTHENTICATOR=EXTERNALBROWSER` (single sign-on) or `SNOWFLAKE_JWT` (a key in `SNOWFLAKE_PRIVATE_KEY`), a build
Jenkins' OIDC token, for which `infra/snowflake/login.py` sets the variables. So a first apply by a person and those of
Jenkins run the same program, and a plan is the same without any of them. Source: the provider's own reference, 2.22.

Two roles act. `SNOWFLAKE_ROLE` owns what is made, with the privileges in `login.py`. Resource monitors, and warehouses
that are tied to one, take ACCOUNTADMIN, which no grant replaces (docs.snowflake.com/en/user-guide/resource-monitors,
2026-11): they have a provider of their own. Leaves out making the account and its first administrator.
"""

from __future__ import annotations

import pulumi_snowflake as snowflake

from infra.scope import Scope
from landfall.errors import LandfallError
from landfall.intent.data import Snowflake

EXPERIMENTS = ["USER_ENABLE_DEFAULT_WORKLOAD_IDENTITY"]
"""Needed for service users that log in by their cloud identity."""


def account_of(scope: Scope) -> Snowflake:
    """The intent's account; raises LandfallError where the warehouse is another."""
    account = scope.intent.warehouse.snowflake
    if account is None:
        raise LandfallError(
            "The intent names no Snowflake account.",
            so="There is nothing to build the warehouse in.",
            fix="warehouse: { engine: snowflake, snowflake: { organization: ACMEORG, account: DATA } }",
        )
    return account


def open_provider(scope: Scope, logical: str, role: str | None = None) -> Scope:
    """The same stack, with resources built in the Snowflake account; `logical` names the provider, `role` its role
    where it is not the environment's."""
    account = account_of(scope)
    provider = snowflake.Provider(
        logical,
        organization_name=account.organization.upper(),
        account_name=account.account.upper(),
        role=role,
        experimental_features_enableds=EXPERIMENTS,
        log_query_text=False,
        log_query_parameters=False,
        disable_telemetry=True,
    )
    return scope.entering(provider)
