"""Jenkins, while it previews and looks for drift, sees all that the program manages in the cluster, and no Secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.jenkins import PREVIEW_GROUP
from infra.plan.model import Plan
from tests.infra.kubernetes import hand
from tests.infra.kubernetes.conftest import build

Plans = Callable[..., Plan]
ROLE = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
BINDING = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
IN_CLUSTER = ("gcp", "aws")
"""Where a role inside the cluster says it; Azure has a role of its own."""
NOT_OBJECTS = "helm.sh/v3"
"""Releases: what Helm keeps of them lies in Secrets, and the look for drift leaves them out."""


def rules(plan: Plan) -> list[dict[str, Any]]:
    return hand.one(plan, ROLE, "jenkins-preview").inputs["rules"]


def plural(kind: str) -> str:
    name = kind.lower()
    if name.endswith("y") and not name.endswith("ey"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


def seen(rules: list[dict[str, Any]], group: str, kind: str) -> bool:
    return any(
        group in rule["apiGroups"]
        and {"*", plural(kind)} & set(rule["resources"])
        and set(rule["verbs"]) == {"get", "list", "watch"}
        for rule in rules
    )


@pytest.mark.parametrize("cloud", IN_CLUSTER)
def test_every_kind_that_the_program_manages_is_seen(plan: Plans, cloud: str) -> None:
    given = rules(plan(cloud))
    kinds = set()
    for resource in plan(cloud).resources:
        if resource.custom and resource.type.startswith("kubernetes:"):
            _, version, kind = resource.type.split(":")
            if version != NOT_OBJECTS:
                group = version.rpartition("/")[0]
                kinds.add(("" if group == "core" else group, kind))
    assert len(kinds) > 20
    assert [one for one in sorted(kinds) if not seen(given, *one)] == []


@pytest.mark.parametrize("cloud", IN_CLUSTER)
def test_no_secret_is_seen_and_nothing_is_changed(plan: Plans, cloud: str) -> None:
    for rule in rules(plan(cloud)):
        assert set(rule["verbs"]) == {"get", "list", "watch"}
        assert "*" not in rule["apiGroups"]
        if "" in rule["apiGroups"]:
            assert not {"*", "secrets", "pods/exec", "pods/log"} & set(rule["resources"])
    assert not seen(rules(plan(cloud)), "", "Secret")


def test_one_subject_has_it_by_the_name_that_the_cluster_knows(plan: Plans) -> None:
    def subject(cloud: str) -> dict[str, Any]:
        binding = hand.one(plan(cloud), BINDING, "jenkins-preview").inputs
        assert (
            binding["roleRef"]["name"]
            == hand.one(plan(cloud), ROLE, "jenkins-preview").inputs["metadata"]["name"]
        )
        (found,) = binding["subjects"]
        return found

    assert (subject("gcp")["kind"], subject("gcp")["name"]) == ("User", "identity-jenkins_preview")
    assert (subject("aws")["kind"], subject("aws")["name"]) == ("Group", PREVIEW_GROUP)


def test_without_a_jenkins_nobody_looks(plan: Plans) -> None:
    for wanted in (hand.full("aws", jenkins=None), hand.full("azure")):
        made = hand.planned(wanted, build)
        names = [one.name for kind in (ROLE, BINDING) for one in made.of_type(kind)]
        assert "jenkins-preview" not in names
