"""The only constructor of Snowflake providers: one account, no password.

Who applies is told by the environment: with Jenkins in the intent its OIDC token (`SNOWFLAKE_USER`,
`SNOWFLAKE_TOKEN`), else a person's or a pipeline's key (`SNOWFLAKE_USER`, `SNOWFLAKE_PRIVATE_KEY`); and
as which role, `SNOWFLAKE_ROLE` (one with CREATE DATABASE, WAREHOUSE, ROLE, USER, INTEGRATION and EXTERNAL
VOLUME on the account). Sources: docs.snowflake.com/en/user-guide/workload-identity-federation and the
provider's own reference, 2.22. Leaves out making the account and its first administrator.
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


def open_provider(scope: Scope, logical: str) -> Scope:
    """The same stack, with resources built in the Snowflake account; `logical` names the provider."""
    account = account_of(scope)
    federated = scope.intent.jenkins is not None
    provider = snowflake.Provider(
        logical,
        organization_name=account.organization.upper(),
        account_name=account.account.upper(),
        authenticator="WORKLOAD_IDENTITY" if federated else "SNOWFLAKE_JWT",
        workload_identity_provider="OIDC" if federated else None,
        experimental_features_enableds=EXPERIMENTS,
        log_query_text=False,
        log_query_parameters=False,
        disable_telemetry=True,
    )
    return scope.entering(provider)
