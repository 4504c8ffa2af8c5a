"""The cloud's own warehouse: Redshift Serverless, private, reading the lake's silver and gold through Glue.

Its size is the base capacity in RPU (eight is the least); a daily limit of RPU-hours keeps a runaway query from
spending the month. Its administrator's password is made, kept and rotated by Redshift itself. Leaves out tables:
dbt makes them. Source: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.groups import closed_group
from infra.aws.policies import allow, from_account, services, trust
from infra.aws.provider import cloud
from infra.aws.roles import boundary, grant, role
from infra.aws.warehouse_sql import DATABASE, MARTS, run_statements
from infra.scope import Scope
from infra.sources import REDSHIFT

OFFERED = True
CAPACITY = {"xsmall": 8, "small": 16, "medium": 32, "large": 64}
"""Size → RPU. An RPU is 16 GB of memory."""
PORT = REDSHIFT
HOURS_A_DAY = {"dev": 4, "staging": 6, "prod": 16}
"""Hours at base capacity that a day may use before the limit speaks up."""


class Warehouse(pulumi.ComponentResource):
    """Namespace, workgroup, limits, and the schemas and roles inside."""

    def __init__(self, scope: Scope, foundation: contract.Foundation, lake: contract.Lake) -> None:
        super().__init__("landfall:aws:Warehouse", "warehouse", None, scope.component())
        self._scope = scope
        self.reader = self._reader(foundation, lake)
        self.namespace = self._namespace(foundation)
        self.workgroup = self._workgroup(foundation)
        self._limit()
        self._grants(foundation)
        run_statements(scope, self, self.workgroup, self.namespace, lake)
        self.register_outputs({})

    def _reader(self, foundation: contract.Foundation, lake: contract.Lake) -> aws.iam.Role:
        """What the warehouse reads the lake as."""
        scope, account = self._scope, foundation.organization.tenancy
        made = role(
            scope, self, "warehouse",
            trust=[
                trust(
                    services("redshift.amazonaws.com", "redshift-serverless.amazonaws.com"),
                    when=from_account(account),
                )
            ],
            limit=boundary(scope, foundation.organization, foundation.security),
            what="The warehouse reads silver and gold",
        )  # fmt: skip
        arns = [
            pulumi.Output.concat("arn:aws:s3:::", lake.buckets[one]) for one in ("silver", "gold")
        ]
        base = pulumi.Output.concat("arn:aws:glue:", cloud(scope).region, ":", account, ":")
        names = [
            pulumi.Output.concat(base, end)
            for end in ("catalog", "database/silver", "table/silver/*", "database/gold", "table/gold/*")
        ]  # fmt: skip
        grant(
            scope, self, "warehouse-reads-lake", made.name,
            allow("List", ["s3:ListBucket", "s3:GetBucketLocation"], arns),
            allow("Read", ["s3:GetObject"], [pulumi.Output.concat(arn, "/*") for arn in arns]),
            allow("Key", ["kms:Decrypt"], foundation.security.keys["data"]),
            allow("Catalog", ["glue:GetDatabase*", "glue:GetTable*", "glue:GetPartition*"], names),
            allow("Data", ["lakeformation:GetDataAccess"], "*"),
        )  # fmt: skip
        if scope.intent.jenkins:  # Lake Formation decides (catalog.py)
            for name in ("silver", "gold"):
                database = lake.catalog.apply(lambda _, name=name: name)  # known once it is there
                aws.lakeformation.Permissions(
                    f"warehouse-{name}",
                    principal=made.arn,
                    permissions=["DESCRIBE"],
                    database=aws.lakeformation.PermissionsDatabaseArgs(name=database),
                    opts=scope.child(self),
                )
                aws.lakeformation.Permissions(
                    f"warehouse-{name}-tables",
                    principal=made.arn,
                    permissions=["DESCRIBE", "SELECT"],
                    table=aws.lakeformation.PermissionsTableArgs(
                        database_name=database, wildcard=True
                    ),
                    opts=scope.child(self),
                )
        return made

    def _namespace(self, foundation: contract.Foundation) -> aws.redshiftserverless.Namespace:
        keys = foundation.security.keys
        adopted = self._scope.intent.warehouse.adopt.get("namespace")
        if adopted:
            return aws.redshiftserverless.Namespace(
                "warehouse",
                namespace_name=adopted,
                opts=self._scope.stateful(self, import_=adopted, ignore_changes=list(_NAMESPACE)),
            )
        return aws.redshiftserverless.Namespace(
            "warehouse",
            namespace_name=self._scope.name("redshift-namespace", "warehouse"),
            db_name=DATABASE,
            kms_key_id=keys["data"],
            manage_admin_password=True,
            admin_password_secret_kms_key_id=keys["secrets"],
            iam_roles=[self.reader.arn],
            default_iam_role_arn=self.reader.arn,
            log_exports=["connectionlog", "useractivitylog", "userlog"],
            opts=self._scope.stateful(self),
        )

    def _workgroup(self, foundation: contract.Foundation) -> aws.redshiftserverless.Workgroup:
        scope, network = self._scope, foundation.network
        group = closed_group(scope, self, "warehouse", network.id)
        aws.vpc.SecurityGroupIngressRule(
            "warehouse-from-workloads",
            security_group_id=group.id,
            referenced_security_group_id=network.workload_group,
            description="dbt, Airflow and the gateways of dashboards",
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            opts=scope.child(self),
        )
        adopted = scope.intent.warehouse.adopt.get("workgroup")
        if adopted:
            return aws.redshiftserverless.Workgroup(
                "warehouse",
                workgroup_name=adopted,
                namespace_name=self.namespace.namespace_name,
                # Kept when the stack goes, as the namespace is that nobody could reach without it.
                opts=scope.stateful(self, import_=adopted, ignore_changes=list(_WORKGROUP)),
            )
        base = CAPACITY[scope.intent.warehouse.size]
        parameter = aws.redshiftserverless.WorkgroupConfigParameterArgs
        return aws.redshiftserverless.Workgroup(
            "warehouse",
            workgroup_name=scope.name("redshift-workgroup", "warehouse"),
            namespace_name=self.namespace.namespace_name,
            base_capacity=base,
            max_capacity=base * 4,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            port=PORT,
            subnet_ids=network.subnets,
            # Itself a workload, so that it reaches S3 and Glue inside the network.
            security_group_ids=[group.id, network.workload_group],
            config_parameters=[
                parameter(parameter_key="require_ssl", parameter_value="true"),
                parameter(parameter_key="enable_user_activity_logging", parameter_value="true"),
                parameter(parameter_key="max_query_execution_time", parameter_value="7200"),
                parameter(parameter_key="datestyle", parameter_value="ISO, YMD"),
            ],
            opts=scope.child(self),
        )

    def _limit(self) -> None:
        """Switched off at the limit where the intent wants a hard stop; else it is told."""
        intent = self._scope.intent
        stop = intent.budget is not None and intent.budget.hard_stop
        aws.redshiftserverless.UsageLimit(
            "warehouse",
            resource_arn=self.workgroup.arn,
            usage_type="serverless-compute",
            amount=CAPACITY[intent.warehouse.size] * HOURS_A_DAY[intent.environment],
            period="daily",
            breach_action="deactivate" if stop else "emit-metric",
            opts=self._scope.child(self),
        )

    def _grants(self, foundation: contract.Foundation) -> None:
        """dbt and dashboards come by a token; inside, the database's own roles decide."""
        for workload in ("transform", "bi"):
            grant(
                self._scope, self, f"{workload}-warehouse", foundation.identity.resources[workload],
                allow(
                    "Connect",
                    ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"],
                    self.workgroup.arn,
                ),
                allow("Find", ["redshift-serverless:ListWorkgroups"], "*"),
            )  # fmt: skip


_NAMESPACE = (
    "adminPasswordSecretKmsKeyId", "adminUsername", "adminUserPassword", "dbName", "defaultIamRoleArn",
    "iamRoles", "kmsKeyId", "logExports", "manageAdminPassword", "tags", "tagsAll",
)  # fmt: skip
"""What an adopted namespace keeps; its administrator's password must be managed by Redshift, which the grants sign in by,
and the role `warehouse-reads-lake` be attached to it by its owner, since its list of roles stays the client's."""
_WORKGROUP = (
    "baseCapacity", "configParameters", "enhancedVpcRouting", "maxCapacity", "port",
    "pricePerformanceTarget", "publiclyAccessible", "securityGroupIds", "subnetIds", "tags", "tagsAll",
    "trackName",
)  # fmt: skip
"""What an adopted workgroup keeps: who reaches it is its owner's to open."""


def build_warehouse(
    scope: Scope, foundation: contract.Foundation, lake: contract.Lake
) -> contract.Warehouse:
    """Build the warehouse; dbt's settings name how to come in, never a password."""
    made, region = Warehouse(scope, foundation, lake), cloud(scope).region
    told = pulumi.Output.all(
        made.workgroup.endpoints[0]["address"], made.workgroup.workgroup_name,
        foundation.identity.workloads["transform"],
    )  # fmt: skip
    return contract.Warehouse(
        engine=pulumi.Output.from_input("redshift"),
        settings=told.apply(
            lambda got: {
                "method": "iam_role",
                "host": got[0],
                "port": str(PORT),
                "dbname": DATABASE,
                "schema": MARTS,
                "region": region,
                "serverless_work_group": got[1],
                "role": got[2],
                "ra3_node": "true",
            }
        ),
        marts=pulumi.Output.from_input(MARTS),
    )
