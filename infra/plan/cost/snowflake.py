"""What Snowflake costs: credits of its warehouses by size and edition, and storage."""

from __future__ import annotations

from collections.abc import Iterable

from infra.plan.cost.base import FREE, Line, Pricing, prices
from infra.plan.cost.usage import zone_share
from infra.plan.model import Resource

# Credits an hour by size. https://docs.snowflake.com/en/user-guide/warehouses-overview, 2026-11-24.
CREDITS = {"XSMALL": 1, "SMALL": 2, "MEDIUM": 4, "LARGE": 8, "XLARGE": 16, "XXLARGE": 32}


@prices("snowflake:index/warehouse:Warehouse")
def _warehouse(one: Resource, p: Pricing) -> Iterable[Line]:
    size = (
        str(one.inputs.get("warehouseSize", "XSMALL")).upper().replace("-", "").replace("X-", "X")
    )
    count = max(1, len(p.plan.of_type(one.type)))
    account = p.intent.warehouse.snowflake
    edition = account.edition if account else "standard"
    hours = p.usage.warehouse_hours.times(CREDITS.get(size, 1) / count)
    yield from p.line(
        one, "warehouse", f"snowflake:credit.{edition}", hours, note=f"{size}, shared over {count}"
    )


@prices("snowflake:index/database:Database")
def _storage(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(
        one, "warehouse", "snowflake:storage.tb", p.usage.lake_gb.times(zone_share("gold") / 1000)
    )


FREE.update(
    f"snowflake:index/{kind}"
    for kind in (
        "accountRole:AccountRole", "catalogIntegrationAwsGlue:CatalogIntegrationAwsGlue",
        "catalogIntegrationObjectStorage:CatalogIntegrationObjectStorage", "externalVolume:ExternalVolume",
        "fileFormatParquet:FileFormatParquet", "grantAccountRole:GrantAccountRole",
        "grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole", "networkPolicy:NetworkPolicy",
        "networkRule:NetworkRule", "resourceMonitor:ResourceMonitor", "schema:Schema", "serviceUser:ServiceUser",
        "stageExternalAzure:StageExternalAzure", "stageExternalGcs:StageExternalGcs", "stageExternalS3:StageExternalS3",
        "storageIntegrationAws:StorageIntegrationAws", "storageIntegrationAzure:StorageIntegrationAzure",
        "storageIntegrationGcs:StorageIntegrationGcs",
    )
)  # fmt: skip
