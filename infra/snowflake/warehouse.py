"""Snowflake as the warehouse: database and schemas, compute with a brake, roles, the way to the lake.

The database is protected and kept. Warehouses sleep after 60 seconds. Where the budget stops hard, so does
the resource monitor; elsewhere it only tells. Leaves out tables, which dbt builds, and dashboards (`bi.py`).
"""

from __future__ import annotations

import pulumi
import pulumi_snowflake as snowflake

from infra.contract import Foundation, Lake, Text, Warehouse
from infra.scope import Scope
from infra.snowflake import access
from infra.snowflake.credits import monthly_credits
from infra.snowflake.login import ADMINISTRATOR
from infra.snowflake.provider import account_of, open_provider
from infra.snowflake.storage import Site, Storage, open_storage, stage_url
from landfall.errors import LandfallError

OFFERED = True
SCHEMAS = ("silver", "gold", "marts", "features")
TIMEOUTS = {"dev": 1800, "staging": 3600, "prod": 7200}
"""Seconds that a statement may take."""
_CLIENTS = (
    "catalog", "comment", "dataRetentionTimeInDays", "defaultDdlCollation",
    "defaultNotebookComputePoolCpu", "defaultNotebookComputePoolGpu", "dropPublicSchemaOnCreation",
    "enableConsoleOutput", "externalVolume", "isTransient", "logEventLevel", "logLevel",
    "maxDataExtensionTimeInDays", "quotedIdentifiersIgnoreCase", "replaceInvalidCharacters", "replication",
    "storageSerializationPolicy", "suspendTaskAfterNumFailures", "taskAutoRetryAttempts", "traceLevel",
    "userTaskManagedInitialWarehouseSize", "userTaskMinimumTriggerIntervalInSeconds", "userTaskTimeoutMs",
)  # fmt: skip
"""What an adopted database keeps; the schemas of the platform are made inside it, so their names must be free."""
_STAGES = {
    "aws": snowflake.StageExternalS3,
    "gcp": snowflake.StageExternalGcs,
    "azure": snowflake.StageExternalAzure,
}


def build_warehouse(scope: Scope, foundation: Foundation, lake: Lake) -> Warehouse:
    """The database with its schemas, compute, roles and the lake; raises LandfallError without account."""
    inside = open_provider(scope, "snowflake")
    braked = open_provider(scope, "snowflake-brakes", ADMINISTRATOR)
    return _Warehouse(scope, inside, braked, foundation, lake).contract


class _Warehouse(pulumi.ComponentResource):
    """One database an environment."""

    def __init__(
        self, scope: Scope, inside: Scope, braked: Scope, foundation: Foundation, lake: Lake
    ) -> None:
        super().__init__(
            "landfall:snowflake:Warehouse",
            "warehouse",
            opts=pulumi.ResourceOptions(providers=[scope.provider, inside.provider]),
        )
        self._inside, self._braked = inside, braked
        account = account_of(scope)
        self.storage = open_storage(Site(self, scope, inside, foundation, lake))
        self.database = self._database(account.edition)
        self.schemas = {zone: self._schema(zone, self.storage) for zone in SCHEMAS}
        self.policy = self._policy(foundation, account.edition)
        self.compute = compute(braked, self, "transform", scope.intent.warehouse.size,
                               monitor(braked, self, "transform", account.edition))  # fmt: skip
        self._roles(foundation, self._stages(scope, lake))
        self.contract = self._contract(scope)
        self.register_outputs({})

    def _database(self, edition: str) -> snowflake.Database:
        adopted = self._inside.intent.warehouse.adopt.get("database")
        if adopted:
            return snowflake.Database(
                "warehouse",
                name=adopted,
                opts=self._inside.stateful(
                    self, import_=f'"{adopted}"', ignore_changes=list(_CLIENTS)
                ),
            )
        longest = 1 if edition == "standard" else 7  # days of Time Travel; standard allows one
        return snowflake.Database(
            "warehouse",
            name=self._inside.names.name("snowflake.database", "warehouse"),
            comment="Landfall: marts and features",
            data_retention_time_in_days=1 if self._inside.intent.environment == "dev" else longest,
            drop_public_schema_on_creation=True,
            opts=self._inside.stateful(self),
        )

    def _schema(self, zone: str, storage: Storage) -> snowflake.Schema:
        lake = zone == "silver"
        return snowflake.Schema(
            zone,
            name=self._inside.names.name("snowflake.schema", zone),
            database=self.database.name,
            with_managed_access="true",
            # Iceberg tables made in silver lie in the lake and are found through its catalog.
            external_volume=storage.volume if lake else None,
            catalog=storage.catalog if lake else None,
            opts=self._inside.stateful(self.database),
        )

    def _policy(self, foundation: Foundation, edition: str) -> snowflake.NetworkPolicy:
        """Service users come from the addresses by which the platform's network goes out.

        The private range counts beside them where the edition has private links, for a client who has one.
        """
        network = foundation.network

        def values(known: list[object]) -> list[str]:
            public = [f"{address}" for address in known[1] or ()]  # pyright: ignore[reportGeneralTypeIssues]
            if not public:
                raise LandfallError(
                    "The network tells no public address by which it goes out.",
                    so="Snowflake's network policy would let nobody in.",
                    fix="Apply the stack that builds the network anew, or give network.adopt.egress_addresses.",
                )
            private = [str(known[0])] if edition == "business-critical" and known[0] else []
            return [*private, *public]

        addresses = pulumi.Output.all(network.cidr, network.egress_addresses).apply(values)  # pyright: ignore[reportArgumentType]
        self.rule = snowflake.NetworkRule(
            "platform",
            name=self._inside.names.name("snowflake.policy", "platform-rule"),
            database=self.database.name,
            schema=self.schemas["gold"].name,
            mode="INGRESS",
            type="IPV4",
            value_lists=addresses,
            opts=self._inside.child(self),
        )
        return snowflake.NetworkPolicy(
            "platform",
            name=self._inside.names.name("snowflake.policy", "platform"),
            allowed_network_rule_lists=[self.rule.fully_qualified_name],
            comment="Landfall: service users from the platform's network",
            opts=self._inside.child(self),
        )

    def _stages(self, scope: Scope, lake: Lake) -> dict[str, tuple[str, Text]]:
        """Parquet from the lake by COPY INTO, a stage a zone, in the schema of the same name; what of it is used, by
        the names of grants, as kind and full name."""
        inside, kind = self._inside, _STAGES[scope.intent.cloud.provider]
        used: dict[str, tuple[str, Text]] = {}
        for zone in ("silver", "gold"):
            schema = self.schemas[zone]
            form = snowflake.FileFormatParquet(
                f"{zone}-parquet",
                name=inside.names.name("snowflake.stage", f"{zone}-parquet"),
                database=self.database.name,
                schema=schema.name,
                compression="SNAPPY",
                use_logical_type="true",
                opts=inside.child(schema),
            )
            stage = kind(
                f"{zone}-lake",
                name=inside.names.name("snowflake.stage", f"{zone}-lake"),
                database=self.database.name,
                schema=schema.name,
                url=stage_url(scope, lake, zone),
                storage_integration=self.storage.integration,
                comment=f"The zone {zone}, read only",
                opts=inside.child(schema, depends_on=[form]),
            )
            used[f"{zone}-format"] = ("FILE FORMAT", form.fully_qualified_name)
            used[f"{zone}-stage"] = ("STAGE", stage.fully_qualified_name)
        return used

    def _roles(self, foundation: Foundation, staged: dict[str, tuple[str, Text]]) -> None:
        """Transform writes, training reads features; dashboards have `bi.py`."""
        inside = self._inside
        place = {zone: access.Place(self.database, self.schemas[zone]) for zone in SCHEMAS}
        lake = ["CREATE ICEBERG TABLE"]
        write = [access.access_role(inside, place[zone], zone, "write") for zone in SCHEMAS[1:]]
        write.append(access.access_role(inside, place["silver"], "silver", "write", lake))
        read = {zone: access.access_role(inside, place[zone], zone, "read") for zone in SCHEMAS}
        self.marts_read = read["marts"]
        transform = access.functional_role(inside, self, "transform", [*write, *read.values()])
        train = access.functional_role(inside, self, "train", [read["features"], read["gold"]])
        on = snowflake.GrantPrivilegesToAccountRoleOnAccountObjectArgs
        for kind, name in (
            ("INTEGRATION", self.storage.integration),
            ("EXTERNAL VOLUME", self.storage.volume),
            ("INTEGRATION", self.storage.catalog),
        ):
            access.grant(
                inside, f"transform-{'catalog' if name is self.storage.catalog else kind.lower().replace(' ', '-')}",
                transform, ["USAGE"], on_account_object=on(object_type=kind, object_name=name),
            )  # fmt: skip
        of_schema = snowflake.GrantPrivilegesToAccountRoleOnSchemaObjectArgs
        for what, (kind, name) in staged.items():
            access.grant(
                inside, f"transform-{what}", transform, ["USAGE"],
                on_schema_object=of_schema(object_type=kind, object_name=name),
            )  # fmt: skip
        for role, who in ((transform, "transform"), (train, "train")):
            use(self._braked, role, who, self.compute)
            access.service_user(
                inside, self, foundation, who, role, self.compute,
                self.schemas["marts"].fully_qualified_name, self.policy.fully_qualified_name,
            )  # fmt: skip

    def _contract(self, scope: Scope) -> Warehouse:
        names, account = self._inside.names, account_of(scope)
        settings: dict[str, pulumi.Input[str]] = {
            "account": f"{account.organization}-{account.account}".upper(),
            "user": names.name("snowflake.user", "transform"),
            "role": names.name("snowflake.role", "transform"),
            "warehouse": self.compute.name,
            "database": self.database.name,
            "schema": self.schemas["marts"].name,
            "authenticator": access.AUTHENTICATORS[scope.intent.cloud.provider],
            "network_policy": self.policy.fully_qualified_name,
            "network_rule": self.rule.fully_qualified_name,
            "marts_read_role": self.marts_read.name,
            **{f"schema_{zone}": schema.name for zone, schema in self.schemas.items()},
            **self.storage.steps,
        }
        return Warehouse(
            engine=pulumi.Output.from_input("snowflake"),
            settings=pulumi.Output.all(**settings),
            marts=self.schemas["marts"].fully_qualified_name,
        )


def monitor(
    scope: Scope, parent: pulumi.Resource, purpose: str, edition: str
) -> snowflake.ResourceMonitor:
    """The brake on a warehouse: its share of the budget, in credits a month."""
    budget = scope.intent.budget
    stops = budget is not None and budget.hard_stop
    return snowflake.ResourceMonitor(
        purpose,
        name=scope.names.name("snowflake.monitor", purpose),
        credit_quota=monthly_credits(scope.intent, edition, purpose),
        frequency="MONTHLY",
        start_timestamp="IMMEDIATELY",
        notify_triggers=[round(share * 100) for share in budget.alerts] if budget else None,
        suspend_trigger=100 if stops else None,
        suspend_immediate_trigger=110 if stops else None,
        # The account gives back the date of its making for IMMEDIATELY.
        opts=scope.child(parent, ignore_changes=["startTimestamp"]),
    )


def compute(
    scope: Scope,
    parent: pulumi.Resource,
    purpose: str,
    size: str,
    brake: snowflake.ResourceMonitor,
) -> snowflake.Warehouse:
    """A warehouse (compute) that sleeps when idle and wakes when asked."""
    return snowflake.Warehouse(
        purpose,
        name=scope.names.name("snowflake.warehouse", purpose),
        comment=f"Landfall: {purpose}",
        warehouse_size=size.upper(),
        warehouse_type="STANDARD",
        auto_suspend=60,
        auto_resume="true",
        initially_suspended=True,
        statement_timeout_in_seconds=TIMEOUTS[scope.intent.environment],
        statement_queued_timeout_in_seconds=600,
        resource_monitor=brake.name,
        opts=scope.child(parent),
    )


def use(
    scope: Scope, role: snowflake.AccountRole, who: str, warehouse: snowflake.Warehouse
) -> None:
    """Let a role run statements on a warehouse, not change it."""
    access.grant(
        scope, f"{who}-warehouse", role, ["USAGE"],
        on_account_object=snowflake.GrantPrivilegesToAccountRoleOnAccountObjectArgs(
            object_type="WAREHOUSE", object_name=warehouse.name
        ),
    )  # fmt: skip
