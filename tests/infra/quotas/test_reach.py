"""Preflight says from where a stack with a cluster can be applied, and on AWS as whom."""

from __future__ import annotations

from infra.plan.model import Plan
from infra.plan.policies.base import resource
from infra.plan.quotas import Need, quotas
from infra.plan.quotas.reach import needs
from landfall.intent import Intent, parse_intent
from tests.infra.policies.test_policies import BASE
from tests.infra.samples import plan_of, sample

JENKINS = {"issuer": "https://ci.acme.example/oidc"}


def told(intent: Intent, **vpc: object) -> dict[str, Need]:
    cluster = resource("aws:eks/cluster:Cluster", "cluster", vpcConfig=vpc)
    return {one.code: one for one in needs(Plan("acme-dev", "aws", (cluster,)), intent)}


def acme(**changed: object) -> Intent:
    return parse_intent({**BASE, **changed}, "test")


def test_a_cluster_without_listed_ranges_is_applied_from_inside_and_says_what_else_helps() -> None:
    need = told(acme())["api"]
    assert need.said == "from inside the network only"
    assert "network.api_from" in need.text


def test_listed_ranges_are_told_and_nothing_is_asked_for() -> None:
    need = told(acme(), publicAccessCidrs=["203.0.113.7/32"])["api"]
    assert need.said == "from 203.0.113.7/32 and from inside the network"
    assert not need.text


def test_where_jenkins_administers_alone_a_person_is_told_that_he_is_not_let_in() -> None:
    assert "administrators" not in told(acme())  # the maker of the cluster is
    need = told(acme(jenkins=JENKINS))["administrators"]
    assert need.said == "jenkins-deploy alone"
    assert "cloud.administrators" in need.text
    cloud = {**BASE["cloud"], "administrators": ["arn:aws:iam::123456789012:role/sso/engineer"]}  # pyright: ignore[reportGeneralTypeIssues]
    need = told(acme(jenkins=JENKINS, cloud=cloud))["administrators"]
    assert need.said == "jenkins-deploy and engineer"
    assert not need.text


def test_a_stack_without_a_cluster_and_one_on_google_cloud_need_nothing() -> None:
    for stack in ("northwind-aws-prod-foundation", "harbor-gcp-dev"):
        found = quotas(plan_of(stack), sample(stack))
        assert not [one for one in found if one.kind == "reach"], stack
    found = quotas(plan_of("northwind-aws-prod-ml"), sample("northwind-aws-prod-ml"))
    reach = [one for one in found if one.kind == "reach"]
    assert [one.code for one in reach] == ["api", "administrators"]
    assert all("northwind-prod-platform" in one.show for one in reach)
