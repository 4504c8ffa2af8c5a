"""What a stack needs of its account, as a function of the plan: how much of which quota, and the text that asks for it."""

from __future__ import annotations

import shlex

import pytest

from infra.plan.model import Plan, Resource
from infra.plan.policies.base import resource
from infra.plan.quotas import Need, quotas
from infra.plan.quotas.aws import FAMILIES as AWS_FAMILIES
from infra.plan.quotas.aws import vcpus
from infra.plan.quotas.azure import FAMILIES as AZURE_FAMILIES
from infra.plan.quotas.gcp import FAMILIES as GCP_FAMILIES
from infra.plan.quotas.gcp import METRICS
from landfall.intent.machines import MACHINES
from tests.infra.samples import changed, plan_of, sample, sample_stacks


def of(stack: str) -> dict[str, Need]:
    return {one.code: one for one in quotas(plan_of(stack), sample(stack))}


def only(stack: str, *resources: Resource) -> dict[str, Need]:
    intent = sample(stack)
    plan = Plan(stack, intent.cloud.provider, resources)
    return {one.code: one for one in quotas(plan, intent)}


def test_gpu_quotas_on_aws_count_vcpus_by_family_and_way_of_buying() -> None:
    needs = of("northwind-aws-prod-ml")
    spot, on_demand = needs["L-3819A6DF"], needs["L-DB2E81BA"]
    assert spot.amount == 2 * 48  # two g6.12xlarge
    assert (
        on_demand.amount == 2 * 48 + 2 * 48 + 3 * 4
    )  # reserved, on demand, three g6.xlarge that serve
    assert spot.default == on_demand.default == 0
    assert spot.to_ask
    assert on_demand.to_ask
    assert needs["L-1216C47A"].amount == 6 * 4 + 20 * 8


def test_a_capacity_block_counts_to_no_quota() -> None:
    group = resource(
        "aws:eks/nodeGroup:NodeGroup", "training", instanceTypes=["p5.48xlarge"], capacityType="CAPACITY_BLOCK",
        scalingConfig={"maxSize": 2},
    )  # fmt: skip
    assert "L-417A185B" not in only("northwind-aws-dev", group)


def test_addresses_gateways_and_networks_on_aws_are_counted() -> None:
    needs = of("northwind-aws-prod-foundation")
    assert needs["L-0263D0A3"].amount == 3  # an address for each of three NAT gateways
    assert needs["L-F678F1CE"].amount == 2  # the hub and the spoke
    assert needs["L-FE5A380F"].amount == 1  # one in a zone
    assert needs["L-29B6F2EB"].amount > 10
    assert not needs["L-0263D0A3"].to_ask


def test_accounts_count_against_the_organization_where_that_service_lies() -> None:
    need = of("northwind-aws-prod-foundation")["L-E619E033"]
    assert (need.amount, need.scope, need.why) == (2, "us-east-1", ("account", "log-archive"))
    assert "L-E619E033" not in of("northwind-aws-dev")


def test_more_workers_than_emr_allows_a_new_account_are_asked_for() -> None:
    need = of("northwind-aws-prod-data")["L-D05C8A75"]
    assert (need.amount, need.default, need.to_ask) == (64, 16, True)


def test_gpus_on_google_cloud_count_in_the_region_by_kind_and_everywhere() -> None:
    needs = of("meridian-gcp-prod-ml")
    assert needs["NVIDIA-L4-GPUS-per-project-region"].amount == 4
    assert needs["PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region"].amount == 4
    assert needs["GPUS-ALL-REGIONS-per-project"].amount == 8
    assert needs["GPUS-ALL-REGIONS-per-project"].scope == "global"
    assert needs["N2-CPUS-per-project-region"].amount == 12 * 8


def test_the_newest_gpus_on_google_cloud_are_asked_for_by_family() -> None:
    pool = resource(
        "gcp:container/nodePool:NodePool", "training", nodeConfig={"machineType": "a3-highgpu-8g", "spot": False},
        autoscaling={"totalMaxNodeCount": 2},
    )  # fmt: skip
    need = only("meridian-gcp-prod-ml", pool)[
        "GPUS-PER-GPU-FAMILY-per-project-region/gpu_family=NVIDIA_H100"
    ]
    assert need.amount == 16
    assert "--dimensions=region=europe-west4,gpu_family=NVIDIA_H100" in need.request


def test_a_plain_n1_is_no_gpu_and_one_with_a_t4_is() -> None:
    def pool(name: str, **node: object) -> Resource:
        return resource(
            "gcp:container/nodePool:NodePool", name, nodeConfig={"machineType": "n1-standard-4", **node},
            autoscaling={"totalMaxNodeCount": 2},
        )  # fmt: skip

    plain = only("kestrel-gcp-staging", pool("plain"))
    assert not any("GPU" in code for code in plain)
    t4 = pool("t4", guestAccelerators=[{"type": "nvidia-tesla-t4", "count": 1}])
    assert only("kestrel-gcp-staging", t4)["NVIDIA-T4-GPUS-per-project-region"].amount == 2


def test_cores_on_azure_count_by_family_and_together_and_spot_alone() -> None:
    needs = of("fjord-azure-prod-ml")
    assert needs["StandardNCADSA100v4Family"].amount == 2 * 24 + 2 * 24  # reserved, on demand
    assert needs["lowPriorityCores"].amount == 2 * 24 + 2 * 4
    assert needs["cores"].amount == 6 * 4 + 20 * 8 + 96 + 2 * 4
    assert needs["Microsoft.ContainerService"].kind == "service"


def test_a_family_that_no_source_names_is_looked_up_and_not_guessed() -> None:
    pool = resource(
        "azure-native:containerservice:AgentPool", "gpu-training", vmSize="Standard_ND96isr_H200_v5", maxCount=1
    )  # fmt: skip
    need = only("fjord-azure-prod-ml", pool)["the family of Standard_ND96isr_H200_v5"]
    assert need.request == ""
    assert "az vm list-skus --size Standard_ND96isr_H200_v5" in need.show
    assert need.to_ask


def test_spark_of_synapse_counts_the_vcores_of_a_workspace_together() -> None:
    def pool(name: str, workspace: str, size: str, **more: object) -> Resource:
        return resource(
            "azure-native:synapse:BigDataPool", name, workspaceName=workspace, nodeSize=size, **more
        )

    needs = only(
        "fjord-azure-dev", pool("a", "w1", "Small", autoScale={"maxNodeCount": 10}), pool("b", "w1", "Medium", nodeCount=4),
        pool("c", "w2", "Large", nodeCount=4),
    )  # fmt: skip
    need = needs["spark-vcores-per-workspace"]
    assert need.amount == 10 * 4 + 4 * 8  # w2 has 64 of its own
    assert need.to_ask  # no page says what a workspace begins with
    assert "Apache Spark (vCore) per workspace" in need.text
    assert of("fjord-azure-dev")["spark-vcores-per-workspace"].amount == 5 * 4


def test_a_dedicated_pool_counts_nine_dtus_a_unit_against_a_known_default() -> None:
    def needed(*sizes: str) -> Need:
        pools = [
            resource("azure-native:synapse:SqlPool", f"p{i}", workspaceName="w", sku={"name": size})
            for i, size in enumerate(sizes)
        ]
        return only("fjord-azure-dev", *pools)["dtu-per-server"]

    assert (needed("DW1000c").amount, needed("DW1000c").to_ask) == (9_000, False)
    assert (needed("DW5000c", "DW2000c").amount, needed("DW5000c", "DW2000c").to_ask) == (
        63_000,
        True,
    )


def test_a_fabric_capacity_counts_its_units_in_the_region() -> None:
    need = of("fjord-azure-dev")["CapacityQuota"]
    assert need.amount in (2, 4, 16, 64)
    assert need.unit == "CU"
    assert need.show.endswith("/locations/norwayeast/usages?api-version=2023-11-01")
    assert f"--limit-object value={need.amount:g}" in need.request


@pytest.mark.parametrize("stack", sample_stacks("gcp", "aws", "azure"))
def test_every_need_says_who_needs_it_and_how_to_ask(stack: str) -> None:
    needs = quotas(plan_of(stack), sample(stack))
    assert needs
    assert len({(one.kind, one.code) for one in needs}) == len(needs)
    for one in needs:
        assert one.why, one
        assert one.state == "not checked"
        assert one.request or one.text or one.show, one
        shlex.split(one.request)  # what is pasted into a shell is whole
        if one.default is not None:
            assert one.source, one
    assert {"quota", "permission"} <= {one.kind for one in needs} or stack.endswith("-data")


def test_a_clients_name_with_a_quote_does_not_break_the_command() -> None:
    stack = "harbor-gcp-dev"
    named = changed(stack, client={"name": "O'Neil & Sons", "slug": "harbor"})
    [need] = [one for one in quotas(plan_of(stack), named) if one.name == "N2_CPUS"]
    assert any("O'Neil & Sons" in word for word in shlex.split(need.request))


def test_every_machine_with_gpus_has_its_quota_on_each_cloud() -> None:
    for one in MACHINES["aws"]:
        assert one.type.partition(".")[0] in AWS_FAMILIES
        assert vcpus(one.type) == one.vcpu
    for one in MACHINES["gcp"]:
        assert (one.accelerator in METRICS) != (one.accelerator in GCP_FAMILIES)
    unnamed = {one.type for one in MACHINES["azure"]} - set(AZURE_FAMILIES)
    assert unnamed == {"Standard_ND96isr_H200_v5", "Standard_ND128isr_NDR_GB200_v6"}
