"""A managed PostgreSQL for MLflow, Airflow and the Iceberg catalog: inside the network only, our key, a standby zone
in production.

The password is made by Pulumi as a secret and lies in the vault, as does the key by which the catalog encrypts what
it keeps; Entra signs in besides, as `orchestrate`.
Leaves out Airflow's own database inside the server, which its chart makes, and tables.
"""

from __future__ import annotations

import pulumi
import pulumi_random as random
from pulumi_azure_native import dbforpostgresql, keyvault

from infra.azure.endpoints import PRIVATE_ZONES, zone_id
from infra.azure.groups import group
from infra.azure.provider import random_provider, region_of
from infra.azure.vault import tenant_of
from infra.azure.watch import watch
from infra.azure.zones import spans_zones, zones
from infra.contract import Database, Foundation
from infra.kubernetes import catalog_names
from infra.scope import Scope

OFFERED = True
VERSION = "17"
NAME, USER = "mlflow", "landfall"
_SIZES = {
    "dev": ("Standard_B2s", "Burstable", 32),
    "staging": ("Standard_D2ads_v5", "GeneralPurpose", 64),
    "prod": ("Standard_D4ads_v5", "GeneralPurpose", 128),
}
_BACKUP_DAYS = {"dev": 7, "staging": 7, "prod": 35}
_SETTINGS = {
    "require_secure_transport": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "log_checkpoints": "on",
    "connection_throttle.enable": "on",  # CIS Azure 5.2
    # Azure makes no extension that is not listed; the catalog's migrations ask for these.
    "azure.extensions": "BTREE_GIN,BTREE_GIST,PG_TRGM,PGCRYPTO,UUID-OSSP",
}


class AzureDatabase(pulumi.ComponentResource):
    """Server, database, password in the vault."""

    def __init__(self, scope: Scope, foundation: Foundation) -> None:
        super().__init__("landfall:azure:Database", "database", {}, scope.component())
        self._scope = scope
        self._foundation = foundation
        self._group = group(scope, foundation.organization, "ml")
        self._random = random_provider()
        password, key = self._invented("password"), self._invented("catalog-key")
        server = self._server(password)
        # The server takes one change at a time.
        database = self._database(NAME, server, [])
        catalog = self._database(catalog_names.DATABASE, server, [database])
        last = self._settings(server, [catalog])
        dbforpostgresql.AdministratorsMicrosoftEntra(
            "entra-admin",
            dbforpostgresql.AdministratorsMicrosoftEntraArgs(
                server_name=server.name,
                resource_group_name=self._group,
                object_id=foundation.identity.principals["orchestrate"],
                principal_name=scope.name("identity", "orchestrate"),
                principal_type="ServicePrincipal",
                tenant_id=tenant_of(scope),
            ),
            scope.child(self, depends_on=last),
        )
        secret = self._secret("password-in-vault", "database-password", password)
        kept = self._secret("catalog-key-in-vault", catalog_names.KEY, key)
        watch(
            scope,
            self,
            "database",
            server.id,
            foundation.security.log_workspace,
            categories=("PostgreSQLLogs",),
        )
        self.result = Database(
            host=server.fully_qualified_domain_name,
            name=database.name,
            user=pulumi.Output.from_input(USER),
            # Whoever takes the password waits for what the catalog needs as well.
            secret=pulumi.Output.all(secret.name, kept.name, catalog.name).apply(
                lambda made: made[0]
            ),
        )
        self.register_outputs({"host": self.result.host, "name": database.name})

    def _invented(self, name: str) -> random.RandomPassword:
        return random.RandomPassword(
            name,
            random.RandomPasswordArgs(length=40, special=False),
            pulumi.ResourceOptions(parent=self, provider=self._random),
        )

    def _database(
        self, name: str, server: dbforpostgresql.Server, before: list[pulumi.Resource]
    ) -> dbforpostgresql.Database:
        return dbforpostgresql.Database(
            name,
            dbforpostgresql.DatabaseArgs(
                database_name=name,
                server_name=server.name,
                resource_group_name=self._group,
                charset="UTF8",
                collation="en_US.utf8",
            ),
            self._scope.stateful(self, depends_on=before),
        )

    def _server(self, password: random.RandomPassword) -> dbforpostgresql.Server:
        scope, foundation = self._scope, self._foundation
        machine, tier, gib = _SIZES[scope.intent.environment]
        lies_in = zones(scope)
        standby = dbforpostgresql.HighAvailabilityArgs(mode="Disabled")
        if spans_zones(scope):
            standby = dbforpostgresql.HighAvailabilityArgs(
                mode="ZoneRedundant", standby_availability_zone=lies_in[1]
            )
        return dbforpostgresql.Server(
            "server",
            dbforpostgresql.ServerArgs(
                server_name=scope.name("database-server", "ml"),
                resource_group_name=self._group,
                location=region_of(scope),
                version=VERSION,
                create_mode="Default",
                sku=dbforpostgresql.SkuArgs(name=machine, tier=tier),
                availability_zone=lies_in[0] if lies_in else None,
                high_availability=standby,
                storage=dbforpostgresql.StorageArgs(storage_size_gb=gib, auto_grow="Enabled"),
                backup=dbforpostgresql.BackupArgs(
                    backup_retention_days=_BACKUP_DAYS[scope.intent.environment],
                    # A copy in the paired region would need a key there and may leave the residency.
                    geo_redundant_backup="Disabled",
                ),
                network=dbforpostgresql.NetworkArgs(
                    delegated_subnet_resource_id=foundation.network.database_subnets.apply(
                        lambda subnets: subnets[0]
                    ),
                    private_dns_zone_arm_resource_id=zone_id(
                        foundation.network, PRIVATE_ZONES["postgres"]
                    ),
                    public_network_access="Disabled",
                ),
                identity=dbforpostgresql.UserAssignedIdentityArgs(
                    type="UserAssigned",
                    user_assigned_identities=foundation.security.encryption_identity.apply(
                        lambda one: {one: dbforpostgresql.UserIdentityArgs()}
                    ),
                ),
                data_encryption=dbforpostgresql.DataEncryptionArgs(
                    type="AzureKeyVault",
                    primary_key_uri=foundation.security.keys["secrets"],
                    primary_user_assigned_identity_id=foundation.security.encryption_identity,
                ),
                auth_config=dbforpostgresql.AuthConfigArgs(
                    active_directory_auth="Enabled",
                    password_auth="Enabled",
                    tenant_id=tenant_of(scope),
                ),
                administrator_login=USER,
                administrator_login_password=pulumi.Output.secret(password.result),
                maintenance_window=dbforpostgresql.MaintenanceWindowArgs(
                    custom_window="Enabled", day_of_week=0, start_hour=2, start_minute=0
                ),
                tags=scope.labels,
            ),
            scope.stateful(self),
        )

    def _settings(
        self, server: dbforpostgresql.Server, before: list[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        """Each setting after the one before; what the next change waits for."""
        for name, value in _SETTINGS.items():
            made = dbforpostgresql.Configuration(
                f"setting-{name.replace('_', '-').replace('.', '-')}",
                dbforpostgresql.ConfigurationArgs(
                    configuration_name=name,
                    server_name=server.name,
                    resource_group_name=self._group,
                    source="user-override",
                    value=value,
                ),
                self._scope.child(self, depends_on=before),
            )
            before = [made]
        return before

    def _secret(self, name: str, purpose: str, password: random.RandomPassword) -> keyvault.Secret:
        scope, organization = self._scope, self._foundation.organization
        return keyvault.Secret(
            name,
            keyvault.SecretArgs(
                secret_name=scope.name("secret", purpose),
                vault_name=scope.name("key-vault", "platform"),
                resource_group_name=group(scope, organization, "security"),
                properties=keyvault.SecretPropertiesArgs(
                    value=pulumi.Output.secret(password.result),
                    content_type="text/plain",
                    attributes=keyvault.SecretAttributesArgs(enabled=True),
                ),
                tags=scope.labels,
            ),
            scope.stateful(self),
        )


def build_database(scope: Scope, foundation: Foundation) -> Database:
    """The PostgreSQL behind MLflow, Airflow and the catalog."""
    return AzureDatabase(scope, foundation).result
