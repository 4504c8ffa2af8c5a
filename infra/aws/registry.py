"""The registry of images: ECR, scanned on push, tags that never move, under our key; old images are let go.

Leaves out copies of other registries' images: what the allow-list lets in is pulled from where it is.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.provider import cloud
from infra.images import IMAGES
from infra.scope import Scope

KEPT = 50
"""Images a repository keeps; nothing runs an older one."""


def build_registry(
    scope: Scope, parent: pulumi.Resource, foundation: contract.Foundation
) -> pulumi.Output[str]:
    """A repository an image, as ECR makes none by itself; returns what their addresses begin with, without a slash at the end."""
    prefix = scope.name("registry", "images")
    rule = {
        "rulePriority": 1,
        "description": f"The newest {KEPT}",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT},
        "action": {"type": "expire"},
    }
    for image in IMAGES:
        made = aws.ecr.Repository(
            image,
            name=f"{prefix}/{image}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(
                scan_on_push=True
            ),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(
                    encryption_type="KMS", kms_key=foundation.security.keys["cluster"]
                )
            ],
            force_delete=False,
            opts=scope.stateful(parent),
        )
        aws.ecr.LifecyclePolicy(
            image,
            repository=made.name,
            policy=json.dumps({"rules": [rule]}),
            opts=scope.child(parent),
        )
    return pulumi.Output.concat(
        foundation.organization.tenancy, ".dkr.ecr.", cloud(scope).region, ".amazonaws.com/", prefix
    )
