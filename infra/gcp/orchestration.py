"""Managed Airflow (Cloud Composer 3): private, under the client's key, with a bucket of its own for DAGs.

It runs as `orchestrate`, which starts Spark and never opens the later zones itself. Where the intent asks
for Airflow on the cluster, `infra/kubernetes/airflow.py` does it. Leaves out the DAGs.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import composer, projects, storage

from infra import contract
from infra.gcp.buckets import bucket, deletes, gives_up_uploads
from infra.gcp.tenancy import cloud, strict
from infra.scope import Scope

OFFERED = True
IMAGE = "composer-3-airflow-3.1.7"
"""Airflow 3.1.7, Google's newest build of it: https://cloud.google.com/composer/docs/composer-versions, 2026."""
_WORKERS = {"small": (1, 3), "medium": (2, 6), "large": (3, 12)}
_CPU = {"small": (0.5, 2.0), "medium": (1.0, 4.0), "large": (2.0, 8.0)}
"""Size → processors and GiB of a scheduler, a web server and a worker."""


def build_orchestration(
    scope: Scope,
    foundation: contract.Foundation,
    lake: contract.Lake,  # noqa: ARG001 (on other clouds Airflow's files lie in the lake)
) -> contract.Orchestration:
    """The environment, its bucket and its grants."""
    return Orchestration(scope, foundation).outputs


class Orchestration(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:gcp:Orchestration", "orchestration", None, scope.component())
        self.scope = scope
        self.foundation = foundation
        dags = self._bucket()
        # Composer's own role; it is wide on storage, which is why no other grant rests on this account.
        worker = projects.IAMMember(
            "orchestrate-airflow",
            project=foundation.organization.tenancy,
            role="roles/composer.worker",
            member=foundation.identity.principals["orchestrate"],
            opts=scope.child(self),
        )
        environment = composer.Environment(
            "airflow",
            name=scope.name("airflow", "airflow"),
            region=cloud(scope.intent).region,
            labels=scope.labels,
            storage_config=composer.EnvironmentStorageConfigArgs(bucket=dags.name),
            config=self._config(dags),
            opts=scope.stateful(self, depends_on=[worker]),
        )
        self.outputs = contract.Orchestration(
            id=environment.id,
            endpoint=environment.config.apply(lambda it: (it.airflow_uri if it else "") or ""),
            dags=pulumi.Output.concat("gs://", dags.name, "/dags"),
        )
        self.register_outputs({"id": environment.id, "dags": self.outputs.dags})

    def _bucket(self) -> storage.Bucket:
        return bucket(
            self.scope,
            self,
            "airflow",
            self.foundation.security.keys["data"],
            lifecycle=[
                deletes(days_since_noncurrent_time=90, with_state="ARCHIVED"),
                gives_up_uploads(),
            ],
        )

    def _config(self, dags: storage.Bucket) -> composer.EnvironmentConfigArgs:
        scope, foundation = self.scope, self.foundation
        size = scope.intent.orchestration.size
        whole = strict(scope.intent)
        return composer.EnvironmentConfigArgs(
            environment_size=f"ENVIRONMENT_SIZE_{size.upper()}",
            # Two schedulers in two zones; Google offers it from the medium size.
            resilience_mode="HIGH_RESILIENCE" if whole and size != "small" else None,
            enable_private_environment=True,
            enable_private_builds_only=True,
            encryption_config=composer.EnvironmentConfigEncryptionConfigArgs(
                kms_key_name=foundation.security.keys["data"]
            ),
            node_config=composer.EnvironmentConfigNodeConfigArgs(
                network=foundation.network.id,
                subnetwork=foundation.network.subnets.apply(lambda ids: ids[0]),
                service_account=foundation.identity.workloads["orchestrate"],
                tags=["landfall"],
            ),
            software_config=composer.EnvironmentConfigSoftwareConfigArgs(
                image_version=IMAGE,
                airflow_config_overrides={
                    "core-dags_are_paused_at_creation": "True",
                    "core-max_active_runs_per_dag": "1",
                },
                env_variables={"LANDFALL_STACK": scope.stack},
                web_server_plugins_mode="DISABLED",
            ),
            workloads_config=_workloads(size, whole),
            web_server_network_access_control=self._who_may_look(),
            maintenance_window=composer.EnvironmentConfigMaintenanceWindowArgs(
                # Composer wants twelve hours a week.
                start_time="2026-01-03T00:00:00Z",
                end_time="2026-01-03T06:00:00Z",
                recurrence="FREQ=WEEKLY;BYDAY=SA,SU",
            ),
            recovery_config=self._snapshots(dags) if whole else None,
            data_retention_config=composer.EnvironmentConfigDataRetentionConfigArgs(
                airflow_metadata_retention_configs=[
                    composer.EnvironmentConfigDataRetentionConfigAirflowMetadataRetentionConfigArgs(
                        retention_mode="RETENTION_MODE_ENABLED", retention_days=90
                    )
                ]
            ),
        )

    def _who_may_look(
        self,
    ) -> composer.EnvironmentConfigWebServerNetworkAccessControlArgs | None:
        """In production the client's own networks; elsewhere Google's sign-in alone guards the page."""
        if not strict(self.scope.intent):
            return None
        network = self.scope.intent.network
        return composer.EnvironmentConfigWebServerNetworkAccessControlArgs(
            allowed_ip_ranges=[
                composer.EnvironmentConfigWebServerNetworkAccessControlAllowedIpRangeArgs(
                    value=range_, description="The platform's or the client's own"
                )
                for range_ in [network.cidr, *network.avoid]
            ]
        )

    def _snapshots(self, dags: storage.Bucket) -> composer.EnvironmentConfigRecoveryConfigArgs:
        return composer.EnvironmentConfigRecoveryConfigArgs(
            scheduled_snapshots_config=composer.EnvironmentConfigRecoveryConfigScheduledSnapshotsConfigArgs(
                enabled=True,
                snapshot_location=pulumi.Output.concat("gs://", dags.name, "/snapshots"),
                snapshot_creation_schedule="0 4 * * *",
                time_zone="UTC",
            )
        )


def _workloads(size: str, whole: bool) -> composer.EnvironmentConfigWorkloadsConfigArgs:
    """Two of each in production, so that a zone or an upgrade takes none away."""
    least, most = _WORKERS[size]
    cpu, memory = _CPU[size]
    number = 2 if whole else 1
    return composer.EnvironmentConfigWorkloadsConfigArgs(
        scheduler=composer.EnvironmentConfigWorkloadsConfigSchedulerArgs(
            count=number, cpu=cpu, memory_gb=memory, storage_gb=1
        ),
        dag_processor=composer.EnvironmentConfigWorkloadsConfigDagProcessorArgs(
            count=number, cpu=cpu, memory_gb=memory, storage_gb=1
        ),
        triggerer=composer.EnvironmentConfigWorkloadsConfigTriggererArgs(
            count=number, cpu=0.5, memory_gb=1
        ),
        web_server=composer.EnvironmentConfigWorkloadsConfigWebServerArgs(
            cpu=cpu, memory_gb=memory, storage_gb=1
        ),
        worker=composer.EnvironmentConfigWorkloadsConfigWorkerArgs(
            cpu=cpu, memory_gb=memory, storage_gb=1, min_count=least, max_count=most
        ),
    )
