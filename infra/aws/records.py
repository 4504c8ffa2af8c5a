"""What is recorded besides the trail: configurations, network flows, the firewall's and S3's own logs.

Outside production Config looks once a day, which costs a small part of watching every change. Leaves out
analysing any of it. Sources: https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html,
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.buckets import RECORDS, Held, Keep, bucket, name_of
from infra.aws.network import HubAndSpoke
from infra.aws.policies import Statement, allow, from_account, services, trust
from infra.aws.roles import grant, role
from infra.aws.trail import keep_proof, proof_days
from infra.scope import Scope


def build_access_logs(
    scope: Scope, parent: pulumi.Resource, purpose: str, account: pulumi.Input[str]
) -> pulumi.Output[str]:
    """The bucket that S3 writes the access logs of an account's other buckets to; its name is known once S3 may."""
    return bucket(
        scope, parent, purpose, account,
        key=None,
        keep=Keep(objects=proof_days(scope), former=30),
        statements=[_access_logs(scope, purpose, account), keep_proof(name_of(scope, purpose))],
        logs_to=None,
    ).id  # fmt: skip


def build_records(
    scope: Scope,
    parent: pulumi.Resource,
    organization: contract.Organization,
    network: HubAndSpoke,
    key: pulumi.Input[str],
    limit: aws.iam.Policy,
    logs_to: pulumi.Input[str],
) -> None:
    """The bucket of records, Config, flow logs and the firewall's log; `limit` bounds roles."""
    account, days = organization.tenancy, proof_days(scope)
    records = bucket(
        scope, parent, RECORDS, account,
        key=key,
        keep=Keep(objects=days, former=30),
        statements=[*_writers(scope, account), keep_proof(name_of(scope, RECORDS))],
        logs_to=logs_to,
    )  # fmt: skip
    _config(scope, parent, records, account, key, limit)
    given = scope.intent.network
    if given.flow_logs:
        _flows(scope, parent, "network", network.id, records)
    if given.adopt.network:
        return
    hub = scope.intent.environment == "prod" and given.egress != "none"
    if given.flow_logs and hub:
        _flows(scope, parent, "hub", network.hub, records)
    if given.egress == "allow-list":
        _firewall_log(scope, parent, network, records)


def _flows(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    network: pulumi.Input[str],
    records: Held,
) -> None:
    """Who talked to whom in a network, as Parquet; by the minute in production."""
    aws.ec2.FlowLog(
        name,
        vpc_id=network,
        traffic_type="ALL",
        max_aggregation_interval=60 if scope.intent.environment == "prod" else 600,
        log_destination_type="s3",
        log_destination=pulumi.Output.concat(records.arn, "/flows/"),
        destination_options=aws.ec2.FlowLogDestinationOptionsArgs(
            file_format="parquet", hive_compatible_partitions=True, per_hour_partition=False
        ),
        opts=scope.child(parent),
    )


def _access_logs(scope: Scope, purpose: str, account: pulumi.Input[str]) -> Statement:
    prefix = f"arn:aws:s3:::{scope.intent.client.slug}-{scope.intent.environment}-*"
    return allow(
        "AccessLogs", ["s3:PutObject"], f"arn:aws:s3:::{name_of(scope, purpose)}/*",
        to=services("logging.s3.amazonaws.com"),
        when={**from_account(account), "ArnLike": {"aws:SourceArn": prefix}},
    )  # fmt: skip


def _writers(scope: Scope, account: pulumi.Input[str]) -> list[Statement]:
    arn = f"arn:aws:s3:::{name_of(scope, RECORDS)}"
    by = services("config.amazonaws.com", "delivery.logs.amazonaws.com")
    own = from_account(account)
    return [
        allow("FindBucket", ["s3:GetBucketAcl", "s3:ListBucket"], arn, to=by, when=own),
        allow("Write", ["s3:PutObject"], f"{arn}/*", to=by, when=own),
    ]


def _config(
    scope: Scope,
    parent: pulumi.Resource,
    records: Held,
    account: pulumi.Input[str],
    key: pulumi.Input[str],
    limit: aws.iam.Policy,
) -> None:
    recorder = role(
        scope, parent, "config-recorder",
        trust=[trust(services("config.amazonaws.com"), when=from_account(account))],
        # No boundary: the recorder reads the settings of every kind of resource there is.
        limit=None,
        what="Records the configuration of resources",
        managed=["service-role/AWS_ConfigRole"],
        depends_on=[limit],
    )  # fmt: skip
    grant(
        scope, parent, "config-delivers", recorder.name,
        allow("Deliver", ["s3:PutObject", "s3:GetBucketAcl"],
              [records.arn, pulumi.Output.concat(records.arn, "/*")]),
        allow("Encrypt", ["kms:GenerateDataKey*", "kms:Decrypt"], key),
    )  # fmt: skip
    cfg, often = aws.cfg, scope.intent.environment == "prod"
    made = cfg.Recorder(
        "config",
        name=scope.name("recorder", "config"),
        role_arn=recorder.arn,
        recording_group=cfg.RecorderRecordingGroupArgs(
            all_supported=True, include_global_resource_types=True
        ),
        recording_mode=cfg.RecorderRecordingModeArgs(
            recording_frequency="CONTINUOUS" if often else "DAILY"
        ),
        opts=scope.child(parent),
    )
    channel = cfg.DeliveryChannel(
        "config",
        name=scope.name("recorder", "config"),
        s3_bucket_name=records.id,
        s3_key_prefix="config",
        s3_kms_key_arn=key,
        opts=scope.child(parent, depends_on=[made]),
    )
    cfg.RecorderStatus(
        "config", name=made.name, is_enabled=True, opts=scope.child(parent, depends_on=[channel])
    )


def _firewall_log(
    scope: Scope,
    parent: pulumi.Resource,
    network: HubAndSpoke,
    records: Held,
) -> None:
    """What the firewall let through and refused."""
    nf = aws.networkfirewall
    kinds = [
        nf.LoggingConfigurationLoggingConfigurationLogDestinationConfigArgs(
            log_type=kind,
            log_destination_type="S3",
            log_destination={"bucketName": records.id, "prefix": "firewall"},
        )
        for kind in ("ALERT", "FLOW")
    ]
    nf.LoggingConfiguration(
        "firewall",
        firewall_arn=network.firewall,
        logging_configuration=nf.LoggingConfigurationLoggingConfigurationArgs(
            log_destination_configs=kinds
        ),
        opts=scope.child(parent),
    )
