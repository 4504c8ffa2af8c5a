"""The PostgreSQL behind MLflow and, on the cluster, Airflow: RDS, private, its password kept and rotated by AWS.

The secret is AWS's own form: JSON with `username` and `password`. Leaves out databases for the client's data.
Sizes, which every region sells (cfn-lint 1.58.0): db.t4g.small and db.m6g.large; versions: https://docs.aws.amazon.com/AmazonRDS/latest/
PostgreSQLReleaseNotes/postgresql-release-calendar.html (read 2026-11-24).
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.groups import closed_group
from infra.aws.policies import allow
from infra.aws.roles import grant
from infra.scope import Scope

OFFERED = True
MAJOR = "17"
"""The major version; AWS picks and patches the minor one in the maintenance window."""
NAME, USER, PORT = "platform", "platform", 5432


class Database(pulumi.ComponentResource):
    """Instance, its subnets, parameters and group."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:aws:Database", "database", None, scope.component())
        self._scope = scope
        prod = scope.intent.environment == "prod"
        keys = foundation.security.keys
        subnets = aws.rds.SubnetGroup(
            "database",
            name=scope.name("subnet-group", "database"),
            subnet_ids=foundation.network.database_subnets,
            opts=scope.child(self),
        )
        self.instance = aws.rds.Instance(
            "database",
            identifier=scope.name("database", "platform"),
            engine="postgres",
            engine_version=MAJOR,
            auto_minor_version_upgrade=True,
            instance_class="db.m6g.large" if prod else "db.t4g.small",
            allocated_storage=100 if prod else 20,
            max_allocated_storage=500 if prod else 100,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=keys["cluster"],
            db_name=NAME,
            username=USER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=keys["secrets"],
            multi_az=prod,
            publicly_accessible=False,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self._group(foundation).id],
            parameter_group_name=self._parameters().name,
            backup_retention_period=30 if prod else 7,
            backup_window="01:00-02:00",
            maintenance_window="sun:03:00-sun:04:00",
            copy_tags_to_snapshot=True,
            deletion_protection=True,
            delete_automated_backups=False,
            skip_final_snapshot=False,
            final_snapshot_identifier=scope.name("database", "platform-final"),
            enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
            iam_database_authentication_enabled=True,
            performance_insights_enabled=prod,
            performance_insights_kms_key_id=keys["cluster"] if prod else None,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            opts=scope.stateful(self),
        )
        self.secret = self.instance.master_user_secrets.apply(lambda held: held[0].secret_arn or "")
        grant(
            scope, self, "orchestrate-reads-database", foundation.identity.resources["orchestrate"],
            allow("Read", ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], self.secret),
        )  # fmt: skip
        self.register_outputs({})

    def _group(self, foundation: contract.Foundation) -> aws.ec2.SecurityGroup:
        made = closed_group(self._scope, self, "database", foundation.network.id)
        aws.vpc.SecurityGroupIngressRule(
            "database-from-workloads",
            security_group_id=made.id,
            referenced_security_group_id=foundation.network.workload_group,
            description="PostgreSQL from workloads, cluster nodes among them",
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            opts=self._scope.child(self),
        )
        return made

    def _parameters(self) -> aws.rds.ParameterGroup:
        parameter = aws.rds.ParameterGroupParameterArgs
        return aws.rds.ParameterGroup(
            "database",
            name=self._scope.name("subnet-group", "database-parameters"),
            family=f"postgres{MAJOR}",
            description="TLS only; connections and slow statements in the log",
            parameters=[
                parameter(name="rds.force_ssl", value="1"),
                parameter(name="log_connections", value="1"),
                parameter(name="log_disconnections", value="1"),
                parameter(name="log_min_duration_statement", value="1000"),
            ],
            opts=self._scope.child(self),
        )


def build_database(scope: Scope, foundation: contract.Foundation) -> contract.Database:
    """Build the database; `secret` is the ARN of AWS's secret, which names it wherever a name is asked for."""
    made = Database(scope, foundation)
    return contract.Database(
        host=made.instance.address,
        name=pulumi.Output.from_input(NAME),
        user=pulumi.Output.from_input(USER),
        secret=made.secret,
    )
