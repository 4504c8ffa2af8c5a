"""The resource groups: one a layer and trust boundary, made with the landing zone, found again by name.

Leaves out what lies in them.
"""

from __future__ import annotations

import pulumi

from infra.contract import Organization, Text
from infra.scope import Scope

GROUPS = ("platform", "network", "security", "audit", "data", "ml")
"""`platform` holds identities and the budget's alarm; `audit` only evidence, so that those who run the
platform need no right in it; the rest hold what their name says."""


def group_name(scope: Scope, group: str) -> str:
    """The name of one of GROUPS, or of a group that a managed service makes for itself."""
    return scope.name("resource-group", group)


def group(scope: Scope, organization: Organization, which: str) -> Text:
    """The name of one of GROUPS, as an Output that waits until the landing zone has made it."""
    name = group_name(scope, which)
    return organization.home.apply(lambda _: name)


def group_id(scope: Scope, organization: Organization, which: str) -> Text:
    """The resource id of one of GROUPS, or of a group that a managed service makes for itself."""
    name = group_name(scope, which)
    return pulumi.Output.all(organization.tenancy, organization.home).apply(
        lambda known: f"/subscriptions/{known[0]}/resourceGroups/{name}"
    )
