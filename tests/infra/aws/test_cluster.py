"""Who comes into the cluster, and how far: an entry by itself opens nothing."""

from __future__ import annotations

from infra.jenkins import PREVIEW_GROUP
from infra.plan.model import Plan, Resource

ENTRY = "eks/accessEntry:AccessEntry"
POLICY = "eks/accessPolicyAssociation:AccessPolicyAssociation"


def by_name(plan: Plan, token: str) -> dict[str, Resource]:
    return {one.name: one for one in plan.of_type(f"aws:{token}")}


def test_jenkins_previews_by_what_the_cluster_itself_says_of_its_group(adopt: Plan) -> None:
    entry = by_name(adopt, ENTRY)["jenkins-preview"]
    assert entry.inputs["kubernetesGroups"] == [PREVIEW_GROUP]
    assert "jenkins-preview" not in by_name(adopt, POLICY)


def test_nobody_else_comes_in_by_a_group(adopt: Plan) -> None:
    others = [one for name, one in by_name(adopt, ENTRY).items() if name != "jenkins-preview"]
    assert others
    assert not [one.name for one in others if one.inputs.get("kubernetesGroups")]
