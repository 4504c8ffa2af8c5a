"""Managed Airflow: an MWAA environment inside the network, its web page too, with DAGs from the artifacts zone.

Secrets are read from Secrets Manager under the platform's prefix. Leaves out the DAGs: a person or Jenkins copies them.
Versions: 3.2.1 since 2026-05 (https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-versions.html); the
execution role: …/mwaa-create-role.html.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.policies import Value, allow
from infra.aws.provider import cloud
from infra.aws.roles import grant
from infra.scope import Scope

OFFERED = True
VERSION = "3.2.1"
SIZES = {
    "small": ("mw1.small", 1, 3),
    "medium": ("mw1.medium", 2, 10),
    "large": ("mw1.large", 3, 20),
}
"""Size → environment class, least and most workers."""
BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
DAGS = "dags"
REQUIREMENTS = "apache-airflow-providers-cncf-kubernetes\n"
"""What EKS' pod operator needs besides what MWAA brings; MWAA itself holds the version to its constraints:
https://docs.aws.amazon.com/mwaa/latest/userguide/working-dags-dependencies.html."""


class Orchestration(pulumi.ComponentResource):
    """The environment and what it runs as."""

    def __init__(self, scope: Scope, foundation: contract.Foundation, lake: contract.Lake) -> None:
        super().__init__("landfall:aws:Orchestration", "orchestration", None, scope.component())
        self._scope, self._name = scope, scope.name("airflow", "airflow")
        granted = self._grant(foundation, lake)
        requirements = self._requirements(foundation, lake)
        kind, least, most = SIZES[scope.intent.orchestration.size]
        prod = scope.intent.environment == "prod"
        self.environment = aws.mwaa.Environment(
            "airflow",
            name=self._name,
            airflow_version=VERSION,
            environment_class=kind,
            min_workers=least,
            max_workers=most,
            schedulers=2,
            min_webservers=2,
            max_webservers=2 if not prod else 3,
            dag_s3_path=f"{DAGS}/",
            source_bucket_arn=pulumi.Output.concat("arn:aws:s3:::", lake.buckets["artifacts"]),
            requirements_s3_path=requirements.key if requirements else None,
            requirements_s3_object_version=requirements.version_id if requirements else None,
            execution_role_arn=foundation.identity.workloads["orchestrate"],
            kms_key=foundation.security.keys["data"],  # the bucket's own, as MWAA asks
            webserver_access_mode="PRIVATE_ONLY",
            endpoint_management="SERVICE",
            weekly_maintenance_window_start="SUN:03:00",
            network_configuration=aws.mwaa.EnvironmentNetworkConfigurationArgs(
                security_group_ids=[foundation.network.workload_group],
                subnet_ids=foundation.network.subnets.apply(lambda ids: ids[:2]),
            ),
            airflow_configuration_options={
                "core.load_examples": "False",
                "secrets.backend": BACKEND,
                "secrets.backend_kwargs": foundation.security.secret_store.apply(_prefixes),
            },
            logging_configuration=_logging(),
            opts=scope.child(self, depends_on=[granted]),
        )
        self.register_outputs({})

    def _requirements(
        self, foundation: contract.Foundation, lake: contract.Lake
    ) -> aws.s3.BucketObjectv2 | None:
        """The packages' list beside the DAGs; none where there is no way out to fetch packages by."""
        if self._scope.intent.network.egress == "none":
            return None
        return aws.s3.BucketObjectv2(
            "airflow-requirements",
            bucket=lake.buckets["artifacts"],
            key=f"{DAGS}/requirements.txt",
            content=REQUIREMENTS,
            content_type="text/plain",
            server_side_encryption="aws:kms",
            kms_key_id=foundation.security.keys["data"],
            # An object takes ten tags at most, fewer than the provider puts on everything.
            override_provider=aws.s3.BucketObjectv2OverrideProviderArgs(
                default_tags=aws.s3.BucketObjectv2OverrideProviderDefaultTagsArgs(tags={})
            ),
            opts=self._scope.child(self),
        )

    def _grant(self, foundation: contract.Foundation, lake: contract.Lake) -> aws.iam.RolePolicy:
        """What MWAA asks of its execution role: its logs, metrics, queues (which lie in AWS's own account)."""
        region, account = cloud(self._scope).region, foundation.organization.tenancy

        def arn(service: str, rest: str, owner: Value = account) -> pulumi.Output[str]:
            return pulumi.Output.concat(f"arn:aws:{service}:{region}:", owner, ":", rest)

        via = {
            "StringLike": {
                "kms:ViaService": [f"sqs.{region}.amazonaws.com", f"s3.{region}.amazonaws.com"]
            }
        }
        return grant(
            self._scope, self, "orchestrate-airflow", foundation.identity.resources["orchestrate"],
            allow("Metrics", ["airflow:PublishMetrics"], arn("airflow", f"environment/{self._name}")),
            allow("Account", ["s3:GetAccountPublicAccessBlock"], "*"),
            # The lake lets it list and read its DAGs; MWAA also looks how the bucket is kept.
            allow("Bucket", ["s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning",
                             "s3:GetEncryptionConfiguration"],
                  pulumi.Output.concat("arn:aws:s3:::", lake.buckets["artifacts"])),
            allow("Logs", ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:PutLogEvents",
                           "logs:GetLogEvents", "logs:GetLogRecord", "logs:GetLogGroupFields",
                           "logs:GetQueryResults"],
                  arn("logs", f"log-group:airflow-{self._name}-*")),
            allow("FindLogs", ["logs:DescribeLogGroups", "cloudwatch:PutMetricData"], "*"),
            allow("Queues", ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
                             "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage"],
                  arn("sqs", "airflow-celery-*", "*")),
            allow("Key", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:Encrypt"],
                  foundation.security.keys["data"], when=via),
        )  # fmt: skip


def _prefixes(prefix: str) -> str:
    return json.dumps(
        {
            "connections_prefix": f"{prefix}airflow/connections",
            "variables_prefix": f"{prefix}airflow/variables",
        }
    )


def _logging() -> aws.mwaa.EnvironmentLoggingConfigurationArgs:
    mwaa = aws.mwaa
    return mwaa.EnvironmentLoggingConfigurationArgs(
        dag_processing_logs=mwaa.EnvironmentLoggingConfigurationDagProcessingLogsArgs(
            enabled=True, log_level="WARNING"
        ),
        scheduler_logs=mwaa.EnvironmentLoggingConfigurationSchedulerLogsArgs(
            enabled=True, log_level="WARNING"
        ),
        task_logs=mwaa.EnvironmentLoggingConfigurationTaskLogsArgs(enabled=True, log_level="INFO"),
        webserver_logs=mwaa.EnvironmentLoggingConfigurationWebserverLogsArgs(
            enabled=True, log_level="WARNING"
        ),
        worker_logs=mwaa.EnvironmentLoggingConfigurationWorkerLogsArgs(
            enabled=True, log_level="WARNING"
        ),
    )


def build_orchestration(
    scope: Scope, foundation: contract.Foundation, lake: contract.Lake
) -> contract.Orchestration:
    """Build the environment; DAG files are copied to `dags` of the artifacts zone."""
    made = Orchestration(scope, foundation, lake)
    return contract.Orchestration(
        id=made.environment.id,
        endpoint=pulumi.Output.concat("https://", made.environment.webserver_url),
        dags=pulumi.Output.concat(lake.zones["artifacts"], "/", DAGS),
    )
