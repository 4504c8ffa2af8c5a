"""What an administrator of the Snowflake account grants once, before a stack that builds the warehouse there can be applied.

Snowflake is not asked what it granted: that takes a login with a role that may see grants. Leaves out quotas, of which a
Snowflake account has none that a stack meets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.plan.model import Plan
from infra.plan.quotas.base import Need
from infra.snowflake.login import ADMINISTRATOR, role_name, statements

if TYPE_CHECKING:
    from landfall.intent import Intent

_DATABASE = "snowflake:index/database:Database"


def needs(plan: Plan, intent: Intent) -> Iterator[Need]:
    """The role that applies and, where Jenkins applies, its users; nothing for another engine's stack."""
    found = plan.of_type(_DATABASE)
    account = intent.warehouse.snowflake
    if not found or account is None:
        return
    yield Need(
        "reach", f"Snowflake: {role_name(intent)} and {ADMINISTRATOR}", "snowflake", "global",
        why=tuple(one.name for one in found), request="\n".join(statements(intent)),
        source="https://docs.snowflake.com/en/user-guide/security-access-control-privileges",
        text=f"An administrator of {account.organization}-{account.account} runs these statements once. Resource monitors, and "
        f"warehouses tied to one, are made as {ADMINISTRATOR}, which whoever applies is granted as well; no other role may.",
    )  # fmt: skip
