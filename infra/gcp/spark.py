"""Managed Spark for pipelines/: Serverless for Apache Spark, its staging bucket, history server and secrets.

A batch starts from nothing and ends with its job, so nothing runs between months but, in production, one
small machine that keeps the history of jobs readable; in dev each batch's own page in the console does.
What a batch is submitted with (subnet, identity, key, runtime) stands in `conf` below `landfall.batch.`: the
submitter takes it out before Spark sees the rest. Source: https://cloud.google.com/dataproc-serverless/docs.
Leaves out submitting, which Airflow or `landfall run` does.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import dataproc, projects, secretmanager, storage

from infra import contract
from infra.gcp.buckets import bucket, deletes, gives_up_uploads
from infra.gcp.secrets import secret
from infra.gcp.spark_history import history_server
from infra.gcp.tenancy import cloud, strict
from infra.scope import Scope
from infra.sources import stored_passwords

RUNTIME = "3.0"
"""Spark 4.0, Scala 2.13, Java 21:
https://cloud.google.com/dataproc-serverless/docs/concepts/versions/spark-runtime-3.0."""
PACKAGES = (
    "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.11.0",
    "org.apache.iceberg:iceberg-gcp-bundle:1.11.0",
)
"""The newest that Maven Central gave of both (2026-11-27: of neither a 1.12.0); pinned in pipelines/jars.lock."""
CODE_DAYS = 90
"""How long staged code and temporary files lie; a release stages its own."""
OFFERED = True


def build_spark(
    scope: Scope, foundation: contract.Foundation, lake: contract.Lake
) -> contract.Spark:
    """Staging, history, grants, and what a batch is submitted with."""
    return Spark(scope, foundation, lake).outputs


class Spark(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, foundation: contract.Foundation, lake: contract.Lake) -> None:
        super().__init__("landfall:gcp:Spark", "spark", None, scope.component())
        self.scope = scope
        self.foundation = foundation
        staging = self._staging()
        history = pulumi.Output.from_input("")
        if strict(scope.intent):
            history = history_server(scope, self, foundation, staging)
        self._grant()
        self._source_secrets()
        self._sessions(staging)
        region = cloud(scope.intent).region
        project = foundation.organization.tenancy
        self.outputs = contract.Spark(
            kind=pulumi.Output.from_input("dataproc-serverless"),
            master=pulumi.Output.concat("projects/", project, f"/locations/{region}"),
            packages=pulumi.Output.from_input(list(PACKAGES)),
            conf=self._conf(lake, history),
            staging=pulumi.Output.concat("gs://", staging.name),
        )
        self.register_outputs({"staging": self.outputs.staging})

    def _staging(self) -> storage.Bucket:
        key = self.foundation.security.keys["data"]
        made = bucket(
            self.scope,
            self,
            "spark-staging",
            key,
            lifecycle=[
                deletes(age=CODE_DAYS),
                deletes(days_since_noncurrent_time=7, with_state="ARCHIVED"),
                gives_up_uploads(),
            ],
        )
        for workload, role in (("ingest", "objectUser"), ("orchestrate", "objectViewer")):
            storage.BucketIAMMember(
                f"{workload}-staging",
                bucket=made.name,
                role=f"roles/storage.{role}",
                member=self.foundation.identity.principals[workload],
                opts=self.scope.child(self),
            )
        return made

    def _grant(self) -> None:
        """A batch's own machinery runs as `ingest`; Airflow submits batches and looks after them."""
        wanted = {"ingest": "roles/dataproc.worker", "orchestrate": "roles/dataproc.editor"}
        for workload, role in wanted.items():
            projects.IAMMember(
                f"{workload}-{role.rpartition('.')[2]}",
                project=self.foundation.organization.tenancy,
                role=role,
                member=self.foundation.identity.principals[workload],
                opts=self.scope.child(self),
            )

    def _source_secrets(self) -> None:
        """Where the passwords of source databases are put, by a person; Spark alone reads them."""
        for source in stored_passwords(self.scope.intent):
            made = secret(
                self.scope,
                self,
                f"source-{source.dataset}",
                source.password_secret,
                self.foundation.security.keys["secrets"],
            )
            secretmanager.SecretIamMember(
                f"ingest-reads-{source.dataset}-secret",
                secret_id=made.id,
                role="roles/secretmanager.secretAccessor",
                member=self.foundation.identity.principals["ingest"],
                opts=self.scope.child(self),
            )

    def _sessions(self, staging: storage.Bucket) -> None:
        """A template for a person's interactive session: the same network, identity and key as a batch."""
        dataproc.SessionTemplate(
            "sessions",
            name=pulumi.Output.concat(
                "projects/",
                self.foundation.organization.tenancy,
                f"/locations/{cloud(self.scope.intent).region}/sessionTemplates/",
                self.scope.name("session-template", "spark"),
            ),
            location=cloud(self.scope.intent).region,
            labels=self.scope.labels,
            jupyter_session=dataproc.SessionTemplateJupyterSessionArgs(
                display_name="Landfall", kernel="PYTHON"
            ),
            runtime_config=dataproc.SessionTemplateRuntimeConfigArgs(version=RUNTIME),
            environment_config=dataproc.SessionTemplateEnvironmentConfigArgs(
                execution_config=dataproc.SessionTemplateEnvironmentConfigExecutionConfigArgs(
                    service_account=self.foundation.identity.workloads["ingest"],
                    subnetwork_uri=self.foundation.network.subnets.apply(_first),
                    kms_key=self.foundation.security.keys["data"],
                    staging_bucket=staging.name,
                    idle_ttl="1800s",
                    ttl="28800s",
                )
            ),
            opts=self.scope.child(self),
        )

    def _conf(self, lake: contract.Lake, history: pulumi.Output[str]) -> contract.Table:
        """Spark's own settings, the same as on the laptop where they decide results, and the batch's."""
        region = cloud(self.scope.intent).region
        executors = "20" if strict(self.scope.intent) else "4"
        known = pulumi.Output.all(
            project=self.foundation.organization.tenancy,
            subnets=self.foundation.network.subnets,
            account=self.foundation.identity.workloads["ingest"],
            key=self.foundation.security.keys["data"],
            history=history,
            catalog=lake.catalog,
        )

        def table(it: dict[str, object]) -> dict[str, str]:
            server = f"projects/{it['project']}/regions/{region}/clusters/{it['history']}"
            return {
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.ansi.enabled": "true",
                "spark.sql.extensions": "org.apache.iceberg.spark.extensions."
                "IcebergSparkSessionExtensions",
                f"spark.sql.catalog.{it['catalog']}": "org.apache.iceberg.spark.SparkCatalog",
                "spark.dynamicAllocation.maxExecutors": executors,
                "landfall.batch.runtime": RUNTIME,
                "landfall.batch.service-account": str(it["account"]),
                "landfall.batch.subnetwork": _first(it["subnets"]),
                "landfall.batch.kms-key": str(it["key"]),
                "landfall.batch.history-server": server if it["history"] else "",
            }

        return known.apply(table)


def _first(subnets: object) -> str:
    return str(subnets[0]) if isinstance(subnets, list) and subnets else ""
