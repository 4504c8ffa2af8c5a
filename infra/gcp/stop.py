"""The budget's hard stop: a function that sends GPU pools to zero when the cost reaches the amount.

Its code is `infra/gcp/stop_gpus/`; it runs at every message of billing, as an account that may change
clusters of this project and nothing else, and is built by another that may do only that. Leaves out every
other cost: data and warehouse stay reachable, so that a stop loses nothing.
"""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi_gcp import (
    artifactregistry,
    cloudfunctionsv2,
    cloudrunv2,
    projects,
    pubsub,
    serviceaccount,
    storage,
)

from infra import contract
from infra.gcp.buckets import bucket
from infra.gcp.tenancy import cloud
from infra.scope import Scope

CODE = Path(__file__).with_name("stop_gpus")
PERMISSIONS = (
    "container.clusters.get",
    "container.clusters.list",
    "container.clusters.update",
    "container.operations.get",
)
"""setAutoscaling and setSize are updates of the cluster; there is no narrower permission."""


def stop_gpus(
    scope: Scope,
    parent: pulumi.Resource,
    organization: contract.Organization,
    topic: pubsub.Topic,
    key: pulumi.Output[str],
    identity: contract.Identity,
) -> pulumi.Output[str]:
    """The function's full name."""
    region = cloud(scope.intent).region
    runs = _account(scope, parent, "stop", "Sends GPU pools to zero")
    builds = _account(scope, parent, "stop-build", "Builds the function that does")
    may = _permissions(scope, parent, organization, runs, builds)
    code, images, built = _code(scope, parent, builds, key)
    if scope.intent.jenkins:
        # Looking for drift reads the code back; it may read nothing else that lies in a bucket.
        storage.BucketIAMMember(
            "stop-preview-reads",
            bucket=code.bucket,
            role="roles/storage.objectViewer",
            member=pulumi.Output.concat("serviceAccount:", identity.jenkins_preview),
            opts=scope.child(parent),
        )
    function = cloudfunctionsv2.Function(
        "stop",
        name=scope.name("function", "stop-gpus"),
        location=region,
        kms_key_name=key,
        description="Sends GPU pools to zero when the month's cost reaches the budget",
        build_config=cloudfunctionsv2.FunctionBuildConfigArgs(
            runtime="python312",
            entry_point="stop_gpus",
            service_account=builds.name,
            docker_repository=images.id,
            source=cloudfunctionsv2.FunctionBuildConfigSourceArgs(
                storage_source=cloudfunctionsv2.FunctionBuildConfigSourceStorageSourceArgs(
                    bucket=code.bucket, object=code.output_name
                )
            ),
        ),
        service_config=cloudfunctionsv2.FunctionServiceConfigArgs(
            service_account_email=runs.email,
            ingress_settings="ALLOW_INTERNAL_ONLY",
            max_instance_count=1,
            min_instance_count=0,
            available_memory="256Mi",
            timeout_seconds=540,
            # The cluster may come later, from another stack, and lie in a zone or in the region.
            environment_variables={
                "PROJECT": organization.tenancy,
                "CLUSTER": scope.name("cluster", "platform"),
            },
        ),
        event_trigger=cloudfunctionsv2.FunctionEventTriggerArgs(
            event_type="google.cloud.pubsub.topic.v1.messagePublished",
            trigger_region=region,
            pubsub_topic=topic.id,
            service_account_email=runs.email,
            retry_policy="RETRY_POLICY_RETRY",
        ),
        labels=scope.labels,
        opts=scope.child(parent, depends_on=[*may, *built]),
    )
    cloudrunv2.ServiceIamMember(
        "stop-invoke",
        location=region,
        name=function.service_config.apply(lambda service: str(service.service) if service else ""),
        role="roles/run.invoker",
        member=runs.member,
        opts=scope.child(parent),
    )
    return function.id


def _account(
    scope: Scope, parent: pulumi.Resource, purpose: str, description: str
) -> serviceaccount.Account:
    return serviceaccount.Account(
        purpose,
        account_id=scope.name("service-account", purpose),
        display_name=description,
        opts=scope.child(parent),
    )


def _permissions(
    scope: Scope,
    parent: pulumi.Resource,
    organization: contract.Organization,
    runs: serviceaccount.Account,
    builds: serviceaccount.Account,
) -> list[projects.IAMMember]:
    role = projects.IAMCustomRole(
        "stop",
        role_id=scope.name("role", "stop-gpus"),
        title="Stop GPU pools",
        permissions=list(PERMISSIONS),
        opts=scope.child(parent),
    )
    wanted = {"stop-clusters": role.name, "stop-events": "roles/eventarc.eventReceiver"}
    logs = projects.IAMMember(
        "stop-build-logs",
        project=organization.tenancy,
        role="roles/logging.logWriter",
        member=builds.member,
        opts=scope.child(parent),
    )
    # Cloud Functions copies the code into a bucket of its own, whence the build fetches it.
    copies = pulumi.Output.concat("projects/_/buckets/gcf-v2-sources-", organization.number, "-")
    sources = projects.IAMMember(
        "stop-build-sources",
        project=organization.tenancy,
        role="roles/storage.objectViewer",
        member=builds.member,
        condition=projects.IAMMemberConditionArgs(
            title="only-function-sources",
            expression=copies.apply(lambda stem: f"resource.name.startsWith('{stem}')"),
        ),
        opts=scope.child(parent),
    )
    return [logs, sources] + [
        projects.IAMMember(
            logical,
            project=organization.tenancy,
            role=name,
            member=runs.member,
            opts=scope.child(parent),
        )
        for logical, name in wanted.items()
    ]


def _code(
    scope: Scope,
    parent: pulumi.Resource,
    builds: serviceaccount.Account,
    key: pulumi.Output[str],
) -> tuple[storage.BucketObject, artifactregistry.Repository, list[pulumi.Resource]]:
    """The code in a bucket of its own, the repository of its image, and the rights to read and write them."""
    region = cloud(scope.intent).region
    kept = bucket(scope, parent, "stop-code", key)
    code = storage.BucketObject(
        "stop-code",
        bucket=kept.name,
        name="stop-gpus.zip",
        source=pulumi.AssetArchive(
            {name: pulumi.FileAsset(str(CODE / name)) for name in ("main.py", "requirements.txt")}
        ),
        opts=scope.child(parent),
    )
    images = artifactregistry.Repository(
        "stop-images",
        repository_id=scope.name("registry", "stop-images"),
        location=region,
        format="DOCKER",
        kms_key_name=key,
        labels=scope.labels,
        opts=scope.stateful(parent),
    )
    reads = storage.BucketIAMMember(
        "stop-build-reads",
        bucket=kept.name,
        role="roles/storage.objectViewer",
        member=builds.member,
        opts=scope.child(parent),
    )
    writes = artifactregistry.RepositoryIamMember(
        "stop-build-writes",
        repository=images.name,
        location=region,
        role="roles/artifactregistry.writer",
        member=builds.member,
        opts=scope.child(parent),
    )
    return code, images, [reads, writes]
