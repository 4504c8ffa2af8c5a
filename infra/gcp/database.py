"""A managed PostgreSQL for MLflow and Airflow: inside the network only, our key, a standby zone in production.

It has no address of its own: an endpoint in the workloads' subnet leads to it (Private Service Connect),
which works in an adopted network too. The password is made by Pulumi as a secret and lies in Secret Manager.
Leaves out Airflow's own database inside the server, which its chart makes, and tables.
"""

from __future__ import annotations

import pulumi
import pulumi_random as random
from pulumi_gcp import compute, secretmanager, sql

from infra import contract
from infra.gcp.provider import random_provider
from infra.gcp.secrets import secret
from infra.gcp.tenancy import cloud, strict
from infra.scope import Scope

VERSION = "POSTGRES_17"
NAME, USER = "mlflow", "landfall"
_TIER = {"dev": "db-custom-1-3840", "staging": "db-custom-2-7680", "prod": "db-custom-4-15360"}
_FLAGS = {
    # CIS Google Cloud 6.2, as far as it holds for PostgreSQL 17.
    "cloudsql.enable_pgaudit": "on",
    "cloudsql.iam_authentication": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_error_verbosity": "default",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "error",
    "log_min_messages": "warning",
    "log_statement": "ddl",
}
OFFERED = True


def build_database(scope: Scope, foundation: contract.Foundation) -> contract.Database:
    """Server, database, user, endpoint, and the password in the secret store."""
    return Database(scope, foundation).outputs


class Database(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:gcp:Database", "database", None, scope.component())
        self.scope = scope
        self.foundation = foundation
        server = self._server()
        database = sql.Database(
            "mlflow",
            name=NAME,
            instance=server.name,
            deletion_policy="ABANDON",
            opts=scope.stateful(self),
        )
        password = random.RandomPassword(
            "password",
            length=40,
            special=False,
            opts=pulumi.ResourceOptions(parent=self, provider=random_provider()),
        )
        sql.User(
            "landfall",
            name=USER,
            instance=server.name,
            password=password.result,
            deletion_policy="ABANDON",
            opts=scope.child(self),
        )
        kept = self._keep(password)
        self.outputs = contract.Database(
            host=self._endpoint(server),
            name=database.name,
            user=pulumi.Output.from_input(USER),
            secret=kept,
        )
        self.register_outputs({"host": self.outputs.host, "name": database.name})

    def _server(self) -> sql.DatabaseInstance:
        scope = self.scope
        whole = strict(scope.intent)
        return sql.DatabaseInstance(
            "server",
            name=scope.name("database", "ml"),
            region=cloud(scope.intent).region,
            database_version=VERSION,
            encryption_key_name=self.foundation.security.keys["cluster"],
            deletion_protection=True,
            settings=sql.DatabaseInstanceSettingsArgs(
                edition="ENTERPRISE",
                tier=_TIER[scope.intent.environment],
                availability_type="REGIONAL" if whole else "ZONAL",
                disk_type="PD_SSD",
                disk_size=50 if whole else 10,
                disk_autoresize=True,
                deletion_protection_enabled=True,
                connector_enforcement="NOT_REQUIRED",
                ip_configuration=self._private(),
                backup_configuration=self._backups(),
                insights_config=sql.DatabaseInstanceSettingsInsightsConfigArgs(
                    query_insights_enabled=True, record_client_address=False
                ),
                maintenance_window=sql.DatabaseInstanceSettingsMaintenanceWindowArgs(
                    day=7, hour=2, update_track="stable" if whole else "canary"
                ),
                password_validation_policy=sql.DatabaseInstanceSettingsPasswordValidationPolicyArgs(
                    enable_password_policy=True,
                    min_length=16,
                    disallow_username_substring=True,
                    reuse_interval=5,
                ),
                database_flags=[
                    sql.DatabaseInstanceSettingsDatabaseFlagArgs(name=name, value=value)
                    for name, value in _FLAGS.items()
                ],
                user_labels=scope.labels,
            ),
            opts=scope.stateful(self, ignore_changes=["settings.diskSize"]),
        )

    def _private(self) -> sql.DatabaseInstanceSettingsIpConfigurationArgs:
        return sql.DatabaseInstanceSettingsIpConfigurationArgs(
            ipv4_enabled=False,
            ssl_mode="ENCRYPTED_ONLY",
            psc_configs=[
                sql.DatabaseInstanceSettingsIpConfigurationPscConfigArgs(
                    psc_enabled=True,
                    allowed_consumer_projects=[self.foundation.organization.tenancy],
                )
            ],
        )

    def _backups(self) -> sql.DatabaseInstanceSettingsBackupConfigurationArgs:
        whole = strict(self.scope.intent)
        return sql.DatabaseInstanceSettingsBackupConfigurationArgs(
            enabled=True,
            start_time="02:00",
            # In the region: a copy elsewhere may leave the residency.
            location=cloud(self.scope.intent).region,
            point_in_time_recovery_enabled=True,
            transaction_log_retention_days=7,
            backup_retention_settings=sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs(
                retained_backups=30 if whole else 7, retention_unit="COUNT"
            ),
        )

    def _endpoint(self, server: sql.DatabaseInstance) -> pulumi.Output[str]:
        """An address in the workloads' subnet, and the rule that leads from it to the server."""
        scope, region = self.scope, cloud(self.scope.intent).region
        address = compute.Address(
            "endpoint",
            name=scope.name("address", "database"),
            region=region,
            address_type="INTERNAL",
            subnetwork=self.foundation.network.subnets.apply(lambda ids: ids[0]),
            opts=scope.child(self),
        )
        compute.ForwardingRule(
            "endpoint",
            name=scope.name("address", "database-endpoint"),
            region=region,
            network=self.foundation.network.id,
            ip_address=address.self_link,
            # Empty, not absent: an endpoint to a published service balances nothing.
            load_balancing_scheme="",
            target=server.psc_service_attachment_link,
            opts=scope.child(self),
        )
        return address.address

    def _keep(self, password: random.RandomPassword) -> pulumi.Output[str]:
        """The password in the store; whoever fetches secrets for the cluster may read this one."""
        scope = self.scope
        kept = secret(
            scope,
            self,
            "password",
            scope.name("secret", "database-password"),
            self.foundation.security.keys["secrets"],
        )
        secretmanager.SecretVersion(
            "password",
            secret=kept.id,
            secret_data=password.result,
            opts=scope.child(self),
        )
        secretmanager.SecretIamMember(
            "orchestrate-reads-password",
            secret_id=kept.id,
            role="roles/secretmanager.secretAccessor",
            member=self.foundation.identity.principals["orchestrate"],
            opts=scope.child(self),
        )
        if scope.intent.jenkins:
            # Looking for drift reads the password back. It is in the stack's state, too, which a preview decrypts.
            secretmanager.SecretIamMember(
                "jenkins-preview-reads-password",
                secret_id=kept.id,
                role="roles/secretmanager.secretAccessor",
                member=pulumi.Output.concat(
                    "serviceAccount:", self.foundation.identity.jenkins_preview
                ),
                opts=scope.child(self),
            )
        return kept.secret_id
