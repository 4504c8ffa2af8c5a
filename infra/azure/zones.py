"""Which Azure regions have availability zones, and in which zones a stack lies.

As of 2026-11-24. Source: https://learn.microsoft.com/azure/reliability/regions-list (column "Availability
zone support"). Leaves out which machine a zone sells: that is a subscription's own answer
(`az vm list-skus --zone`).
"""

from __future__ import annotations

from infra.scope import Scope

AS_OF = "2026-11-24"
ZONAL_REGIONS = frozenset(
    [
        "australiaeast",
        "austriaeast",
        "belgiumcentral",
        "brazilsouth",
        "canadacentral",
        "centralindia",
        "centralus",
        "chilecentral",
        "denmarkeast",
        "eastasia",
        "eastus",
        "eastus2",
        "francecentral",
        "germanywestcentral",
        "indonesiacentral",
        "israelcentral",
        "italynorth",
        "japaneast",
        "japanwest",
        "koreacentral",
        "malaysiawest",
        "mexicocentral",
        "newzealandnorth",
        "northeurope",
        "norwayeast",
        "polandcentral",
        "qatarcentral",
        "southafricanorth",
        "southcentralus",
        "southeastasia",
        "spaincentral",
        "swedencentral",
        "switzerlandnorth",
        "uaenorth",
        "uksouth",
        "westeurope",
        "westus2",
        "westus3",
    ]
)


def zones(scope: Scope) -> list[str]:
    """Three zones in production, one elsewhere; none where the region has none."""
    cloud = scope.intent.cloud
    if cloud.provider != "azure" or cloud.region not in ZONAL_REGIONS:
        return []
    return ["1", "2", "3"] if scope.intent.environment == "prod" else ["1"]


def spans_zones(scope: Scope) -> bool:
    """Whether the stack lies in several zones, so that what it stores does, too."""
    return len(zones(scope)) > 1
