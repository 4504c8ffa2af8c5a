"""Where the platform's images lie: one private repository, scanned, its tags fixed in production.

Leaves out what is pushed there, and copies of other people's images: without a way to the internet the
client mirrors the charts' images here (`infra/kubernetes/` says which).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import artifactregistry

from infra import contract
from infra.gcp.tenancy import cloud, strict
from infra.scope import Scope

KEPT = 20
"""Versions of an image that are always kept; older untagged ones go after 30 days."""


def build_registry(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: contract.Foundation,
    reader: pulumi.Input[str],
) -> pulumi.Output[str]:
    """The repository's address, as `europe-west4-docker.pkg.dev/project/images`; `reader` pulls from it."""
    region = cloud(scope.intent).region
    images = artifactregistry.Repository(
        "images",
        repository_id=scope.name("registry", "images"),
        location=region,
        format="DOCKER",
        description="The platform's images",
        kms_key_name=foundation.security.keys["cluster"],
        docker_config=artifactregistry.RepositoryDockerConfigArgs(
            immutable_tags=strict(scope.intent)
        ),
        vulnerability_scanning_config=artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
            enablement_config="INHERITED"
        ),
        cleanup_policies=[
            artifactregistry.RepositoryCleanupPolicyArgs(
                id="keep-recent",
                action="KEEP",
                most_recent_versions=artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(
                    keep_count=KEPT
                ),
            ),
            artifactregistry.RepositoryCleanupPolicyArgs(
                id="drop-untagged",
                action="DELETE",
                condition=artifactregistry.RepositoryCleanupPolicyConditionArgs(
                    tag_state="UNTAGGED", older_than="2592000s"
                ),
            ),
        ],
        labels=scope.labels,
        opts=scope.stateful(parent),
    )
    artifactregistry.RepositoryIamMember(
        "nodes-pull",
        repository=images.name,
        location=region,
        role="roles/artifactregistry.reader",
        member=reader,
        opts=scope.child(parent),
    )
    return pulumi.Output.concat(
        f"{region}-docker.pkg.dev/", foundation.organization.tenancy, "/", images.repository_id
    )
