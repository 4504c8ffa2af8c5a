"""Managed Spark: one EMR Serverless application that starts when a job comes and stops when none does.

The release carries Spark 4.1 and Iceberg, the line that `pipelines/` is written and tested on, so jobs run
unchanged. Its history server keeps finished jobs; logs also go to the artifacts zone and to CloudWatch. Leaves
out submitting jobs. Source of the release's contents: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/
emr-spark810-release.html (LTS until 2029-09; read 2026-11-24).
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.lake import CATALOG
from infra.aws.policies import allow
from infra.aws.provider import cloud
from infra.aws.roles import grant
from infra.scope import Scope

OFFERED = True
RELEASE = "emr-spark-8.1.0"
CAPACITY = {
    "xsmall": (16, 64, 200),
    "small": (32, 128, 400),
    "medium": (64, 256, 1000),
    "large": (128, 512, 2000),
}
"""The warehouse's size → the most that Spark takes at once: vCPU, memory and disk in GB. One month's load
needs a driver and a few executors of 4 vCPU."""
STAGING = "spark"
_EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"


class Spark(pulumi.ComponentResource):
    """The application, and who may start jobs on it."""

    def __init__(self, scope: Scope, foundation: contract.Foundation, lake: contract.Lake) -> None:
        super().__init__("landfall:aws:Spark", "spark", None, scope.component())
        prod = scope.intent.environment == "prod"
        self.staging = pulumi.Output.concat(lake.zones["artifacts"], "/", STAGING)
        emr, key = aws.emrserverless, foundation.security.keys["data"]
        self.application = emr.Application(
            "spark",
            name=scope.name("spark-application", "spark"),
            release_label=RELEASE,
            type="SPARK",
            architecture="X86_64",  # as the environment that Jenkins packs for it
            network_configuration=emr.ApplicationNetworkConfigurationArgs(
                subnet_ids=foundation.network.subnets,
                security_group_ids=[foundation.network.workload_group],
            ),
            maximum_capacity=_capacity(scope.intent.warehouse.size),
            auto_start_configuration=emr.ApplicationAutoStartConfigurationArgs(enabled=True),
            auto_stop_configuration=emr.ApplicationAutoStopConfigurationArgs(
                enabled=True, idle_timeout_minutes=15 if prod else 5
            ),
            interactive_configuration=emr.ApplicationInteractiveConfigurationArgs(
                livy_endpoint_enabled=False, studio_enabled=False
            ),
            monitoring_configuration=emr.ApplicationMonitoringConfigurationArgs(
                managed_persistence_monitoring_configuration=emr.ApplicationMonitoringConfigurationManagedPersistenceMonitoringConfigurationArgs(
                    enabled=True, encryption_key_arn=key
                ),
                s3_monitoring_configuration=emr.ApplicationMonitoringConfigurationS3MonitoringConfigurationArgs(
                    log_uri=pulumi.Output.concat(self.staging, "/logs/"), encryption_key_arn=key
                ),
                cloudwatch_logging_configuration=emr.ApplicationMonitoringConfigurationCloudwatchLoggingConfigurationArgs(
                    enabled=True,
                    log_group_name=foundation.security.log_workspace,
                    log_stream_name_prefix="spark",
                    encryption_key_arn=foundation.security.keys["logs"],
                ),
            ),
            opts=scope.child(self),
        )
        self._grants(scope, foundation)
        self.register_outputs({})

    def _grants(self, scope: Scope, foundation: contract.Foundation) -> None:
        """Airflow submits and hands over Spark's role; Spark writes its logs and reaches its network."""
        resources = foundation.identity.resources
        application = self.application.arn
        grant(
            scope, self, "orchestrate-submits", resources["orchestrate"],
            allow(
                "Submit",
                ["emr-serverless:StartApplication", "emr-serverless:StartJobRun",
                 "emr-serverless:GetApplication", "emr-serverless:GetDashboardForJobRun",
                 "emr-serverless:ListJobRuns", "emr-serverless:TagResource"],
                [application, pulumi.Output.concat(application, "/jobruns/*")],
            ),
            allow(
                "Follow", ["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"],
                pulumi.Output.concat(application, "/jobruns/*"),
            ),
            allow(
                "HandOver", ["iam:PassRole"], foundation.identity.workloads["ingest"],
                when={"StringEquals": {"iam:PassedToService": "emr-serverless.amazonaws.com"}},
            ),
        )  # fmt: skip
        log = pulumi.Output.concat(
            "arn:aws:logs:", cloud(scope).region, ":", foundation.organization.tenancy,
            ":log-group:", foundation.security.log_workspace,
        )  # fmt: skip
        grant(
            scope, self, "ingest-logs", resources["ingest"],
            allow(
                "Log",
                ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                [log, pulumi.Output.concat(log, ":*")],
            ),
            allow("FindLog", ["logs:DescribeLogGroups"], "*"),
            allow("Key", ["kms:Decrypt", "kms:GenerateDataKey*"], foundation.security.keys["logs"]),
        )  # fmt: skip


def _capacity(size: str) -> aws.emrserverless.ApplicationMaximumCapacityArgs:
    cpu, memory, disk = CAPACITY[size]
    return aws.emrserverless.ApplicationMaximumCapacityArgs(
        cpu=f"{cpu} vCPU", memory=f"{memory} GB", disk=f"{disk} GB"
    )


ICEBERG = "/usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar"
"""Where the release keeps Iceberg; the name says 3 in the releases with Spark 4, too. Source: https://docs.aws.amazon.com/
emr/latest/EMR-Serverless-UserGuide/using-iceberg.html, and AWS's streaming-iceberg-ingest sample, which runs it on
emr-spark-8.0.0 (both read 2026-11-29)."""


def settings(role: str) -> dict[str, str]:
    """What every job is submitted with, besides the catalog's own keys; `role` is what it runs as."""
    return {
        "spark.sql.extensions": _EXTENSIONS,
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.jars": ICEBERG,
        "spark.landfall.execution-role": role,
    }


def build_spark(
    scope: Scope, foundation: contract.Foundation, lake: contract.Lake
) -> contract.Spark:
    """Build the application; a job is submitted to its id."""
    made = Spark(scope, foundation, lake)
    return contract.Spark(
        kind=pulumi.Output.from_input("emr-serverless"),
        master=made.application.id,
        packages=pulumi.Output.from_input([]),
        conf=foundation.identity.workloads["ingest"].apply(settings),
        staging=made.staging,
    )
