"""The history server of Spark: one machine without workers, whose identity reads the jobs' logs.

Its page is the Component Gateway's: Google asks for IAM before it forwards. Leaves out the jobs.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import dataproc, projects, serviceaccount, storage

from infra import contract
from infra.gcp.tenancy import cloud
from infra.gcp.zones import used_zones
from infra.scope import Scope

IMAGE = "2.3-debian12"


def history_server(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: contract.Foundation,
    staging: storage.Bucket,
) -> pulumi.Output[str]:
    """The persistent history server: one machine without workers, with an identity that only reads logs."""
    account = serviceaccount.Account(
        "history",
        account_id=scope.name("service-account", "spark-history"),
        display_name="Shows the history of Spark jobs",
        opts=scope.child(parent),
    )
    grants: list[pulumi.Resource] = [
        projects.IAMMember(
            "history-worker",
            project=foundation.organization.tenancy,
            role="roles/dataproc.worker",
            member=account.member,
            opts=scope.child(parent),
        ),
        storage.BucketIAMMember(
            "history-files",
            bucket=staging.name,
            role="roles/storage.objectUser",
            member=account.member,
            opts=scope.child(parent),
        ),
    ]
    cluster = dataproc.Cluster(
        "history",
        name=scope.name("spark-history", "history"),
        region=cloud(scope.intent).region,
        labels=scope.labels,
        cluster_config=_machine(scope, foundation, staging, account),
        opts=scope.child(parent, depends_on=grants),
    )
    return cluster.name


def _machine(
    scope: Scope,
    foundation: contract.Foundation,
    staging: storage.Bucket,
    account: serviceaccount.Account,
) -> dataproc.ClusterClusterConfigArgs:
    key = foundation.security.keys["data"]
    return dataproc.ClusterClusterConfigArgs(
        staging_bucket=staging.name,
        temp_bucket=staging.name,
        encryption_config=dataproc.ClusterClusterConfigEncryptionConfigArgs(kms_key_name=key),
        endpoint_config=dataproc.ClusterClusterConfigEndpointConfigArgs(
            # The Component Gateway: Google asks for IAM before it forwards.
            enable_http_port_access=True
        ),
        gce_cluster_config=dataproc.ClusterClusterConfigGceClusterConfigArgs(
            internal_ip_only=True,
            subnetwork=foundation.network.subnets.apply(lambda ids: ids[0]),
            zone=used_zones(scope.intent)[0],
            service_account=account.email,
            service_account_scopes=["cloud-platform"],
            tags=["landfall"],
            shielded_instance_config=dataproc.ClusterClusterConfigGceClusterConfigShieldedInstanceConfigArgs(
                enable_secure_boot=True, enable_vtpm=True, enable_integrity_monitoring=True
            ),
        ),
        master_config=dataproc.ClusterClusterConfigMasterConfigArgs(
            num_instances=1,
            machine_type="e2-standard-2",
            disk_config=dataproc.ClusterClusterConfigMasterConfigDiskConfigArgs(
                boot_disk_type="pd-balanced", boot_disk_size_gb=50
            ),
        ),
        software_config=dataproc.ClusterClusterConfigSoftwareConfigArgs(
            image_version=IMAGE,
            override_properties={
                "dataproc:dataproc.allow.zero.workers": "true",
                "spark:spark.history.fs.logDirectory": pulumi.Output.concat(
                    "gs://", staging.name, "/*/spark-job-history"
                ),
            },
        ),
    )
