"""The cluster, its GPU pools and the database on Google Cloud."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_gcp import container

from infra.gcp.gpu_pool import build_gpu_pools
from infra.gcp.provider import open_scope
from infra.kubernetes.accounts import ACCOUNTS
from infra.plan.model import SECRET, Plan
from infra.plan.record import record
from landfall.intent.gpu_regions import GCP_GPU_ZONES
from landfall.intent.machines import MACHINES, Machine
from tests.infra.gcp.conftest import ADOPTS, DEV, intent_of, named, one
from tests.infra.samples import plan_of

PROBLEM = {
    "name": "late", "kind": "binary", "table": "features", "time": "t", "key": ["id"],
    "target": "late", "metric": "pr_auc",
}  # fmt: skip


def pools(plan: Plan) -> dict[str, dict[str, Any]]:
    return {name: dict(r.inputs) for name, r in named(plan, "container/nodePool:NodePool").items()}


def test_every_name_of_the_platform_leads_to_the_gateways_own_address(plan: Plan) -> None:
    """The load balancer is given the address by its name, the record by its number."""
    address = named(plan, "compute/address:Address").get("gateway")
    record_ = named(plan, "dns/recordSet:RecordSet").get("gateway")
    if "kestrel" in plan.stack:  # the client's network, and the client's names
        assert address is None
        assert record_ is None
        return
    assert address is not None
    assert record_ is not None
    zone = named(plan, "dns/managedZone:ManagedZone")["inside"]
    assert zone.inputs["visibility"] == "private"
    assert len(zone.inputs["privateVisibilityConfig"]["networks"]) == len(
        named(plan, "compute/network:Network")
    )
    assert record_.inputs["name"] == f"*.{zone.inputs['dnsName']}"
    assert record_.inputs["managedZone"] == zone.inputs["name"]
    assert address.inputs["addressType"] == "INTERNAL"
    assert address.urn in record_.property_deps["rrdatas"]
    cluster = one(plan, "container/cluster:Cluster")
    assert cluster.inputs["enableL4IlbSubsetting"] is True
    assert address.urn in cluster.deps


@pytest.mark.parametrize("stack", [DEV, ADOPTS])
def test_the_gateways_load_balancer_asks_for_the_address_that_is_reserved(stack: str) -> None:
    whole = plan_of(stack)
    (proxy,) = whole.of_type("kubernetes:gateway.envoyproxy.io/v1alpha1:EnvoyProxy")
    told = proxy.inputs["spec"]["provider"]["kubernetes"]["envoyService"]["annotations"]
    reserved = named(whole, "compute/address:Address").get("gateway")
    asked = told.get("networking.gke.io/load-balancer-ip-addresses")
    assert asked == (reserved.inputs["name"] if reserved else None)
    assert (reserved is None) == (stack == ADOPTS)


def test_no_node_and_no_control_plane_has_a_public_address(plan: Plan) -> None:
    cluster = one(plan, "container/cluster:Cluster").inputs
    assert cluster["privateClusterConfig"] == {
        "enablePrivateEndpoint": True,
        "enablePrivateNodes": True,
    }
    authorized = cluster["masterAuthorizedNetworksConfig"]
    assert authorized["gcpPublicCidrsAccessEnabled"] is False
    assert "0.0.0.0/0" not in [block["cidrBlock"] for block in authorized["cidrBlocks"]]
    for pool in pools(plan).values():
        assert pool["networkConfig"]["enablePrivateNodes"] is True


def test_the_dns_name_answers_outside_google_cloud_only_in_dev(prod: Plan, dev: Plan) -> None:
    def open_(plan: Plan) -> bool:
        cluster = one(plan, "container/cluster:Cluster").inputs
        return cluster["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["allowExternalTraffic"]

    assert open_(dev) is True
    assert open_(prod) is False


def test_production_spans_three_zones_and_dev_one(prod: Plan, dev: Plan) -> None:
    assert one(prod, "container/cluster:Cluster").inputs["location"] == "europe-west4"
    assert len(one(prod, "container/cluster:Cluster").inputs["nodeLocations"]) == 3
    assert one(dev, "container/cluster:Cluster").inputs["location"] == "europe-west1-b"


def test_secrets_and_disks_are_under_the_clusters_key(plan: Plan) -> None:
    cluster = one(plan, "container/cluster:Cluster").inputs
    assert cluster["databaseEncryption"]["state"] == "ENCRYPTED"
    assert cluster["databaseEncryption"]["keyName"]
    for pool in pools(plan).values():
        assert pool["nodeConfig"]["bootDiskKmsKey"]


def test_every_node_boots_measured_hides_its_metadata_and_is_nobody_else(plan: Plan) -> None:
    for pool in pools(plan).values():
        node = pool["nodeConfig"]
        assert node["shieldedInstanceConfig"]["enableSecureBoot"] is True
        assert node["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
        assert "-nodes@" in node["serviceAccount"]


def test_gpu_pools_start_from_nothing_with_driver_taint_and_label(prod: Plan) -> None:
    gpu = {name: pool for name, pool in pools(prod).items() if name.startswith("gpu-")}
    assert list(gpu) == ["gpu-training-on-demand", "gpu-training-spot"]
    for pool in gpu.values():
        node = pool["nodeConfig"]
        assert pool["autoscaling"]["totalMinNodeCount"] == 0
        assert pool["autoscaling"]["totalMaxNodeCount"] == 4
        assert node["machineType"] == "g2-standard-8"
        (card,) = node["guestAccelerators"]
        assert card["type"] == "nvidia-l4"
        assert card["gpuDriverInstallationConfig"] == {"gpuDriverVersion": "DEFAULT"}
        assert node["taints"] == [
            {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
        ]
        assert node["labels"]["landfall.io/use"] == "training"
    assert gpu["gpu-training-spot"]["nodeConfig"]["spot"] is True
    assert gpu["gpu-training-on-demand"]["nodeConfig"]["spot"] is False


def test_a_reserved_pool_draws_on_its_own_reservation_in_its_one_zone(adopts: Plan) -> None:
    reservation = one(adopts, "compute/reservation:Reservation").inputs
    pool = pools(adopts)["gpu-serving-reservation"]
    affinity = pool["nodeConfig"]["reservationAffinity"]
    assert affinity["values"] == [reservation["name"]]
    assert affinity["consumeReservationType"] == "SPECIFIC_RESERVATION"
    assert reservation["specificReservationRequired"] is True
    assert pool["nodeLocations"] == [reservation["zone"]]
    properties = reservation["specificReservation"]["instanceProperties"]
    assert properties["machineType"] == "n1-standard-4"
    assert properties["guestAccelerators"][0]["acceleratorType"] == "nvidia-tesla-t4"


def test_a_gpu_pool_lies_only_where_its_gpu_is_sold(plan: Plan) -> None:
    for pool in pools(plan).values():
        for card in pool["nodeConfig"].get("guestAccelerators", []):
            (gpu,) = {m.accelerator for m in MACHINES["gcp"] if m.label == card["type"]}
            region = pool["nodeLocations"][0].rpartition("-")[0]
            assert set(pool["nodeLocations"]) <= set(GCP_GPU_ZONES[gpu][region])


@pytest.mark.parametrize("machine", MACHINES["gcp"], ids=lambda m: f"{m.accelerator}x{m.gpus}")
def test_every_gpu_of_the_table_becomes_a_pool(machine: Machine) -> None:
    region = next(iter(GCP_GPU_ZONES[machine.accelerator]))
    cloud = {
        "provider": "gcp", "region": region, "project": "harbor-data-dev",
        "billing_account": "000000-AAAAAA-BBBBBB",
    }  # fmt: skip
    wanted = {"accelerator": machine.accelerator, "count": machine.gpus, "capacity": ["on-demand"]}
    ml = {"problem": PROBLEM, "training_gpu": wanted}
    intent = intent_of(DEV, cloud=cloud, residency={}, ml=ml)

    def program() -> None:
        scope = open_scope(intent, "test")
        parent = pulumi.ComponentResource("landfall:gcp:Cluster", "cluster", {}, scope.component())
        cluster = container.Cluster("cluster", opts=scope.child(parent))
        build_gpu_pools(scope, parent, cluster, "nodes@example.com", "key")

    node = one(record(program, "test", "gcp"), "container/nodePool:NodePool").inputs["nodeConfig"]
    assert node["machineType"] == machine.type
    assert node["guestAccelerators"][0]["count"] == machine.gpus


def test_without_gpus_there_is_no_gpu_pool(dev: Plan) -> None:
    assert set(pools(dev)) == {"system", "cpu"}


def test_pods_act_as_their_workloads_by_the_shared_table(dev: Plan) -> None:
    trusts = named(dev, "serviceaccount/iAMMember:IAMMember")
    for account in ACCOUNTS:
        trust = trusts[f"{account.namespace}-acts-as-{account.workload}"]
        assert trust.inputs["role"] == "roles/iam.workloadIdentityUser"
        assert trust.inputs["member"].endswith(f"[{account.namespace}/{account.name}]")


def test_images_are_kept_and_their_tags_fixed_in_production(prod: Plan, dev: Plan) -> None:
    def tags(plan: Plan) -> bool:
        found = named(plan, "artifactregistry/repository:Repository")["images"].inputs
        assert found["kmsKeyName"]
        return found["dockerConfig"]["immutableTags"]

    assert tags(prod) is True
    assert tags(dev) is False


def test_the_database_has_no_address_and_is_reached_by_an_endpoint(plan: Plan) -> None:
    server = one(plan, "sql/databaseInstance:DatabaseInstance")
    settings = server.inputs["settings"]
    assert settings["ipConfiguration"]["ipv4Enabled"] is False
    assert settings["ipConfiguration"]["sslMode"] == "ENCRYPTED_ONLY"
    assert "authorizedNetworks" not in settings["ipConfiguration"]
    endpoint = one(plan, "compute/forwardingRule:ForwardingRule")
    assert server.urn in endpoint.deps
    assert endpoint.inputs["loadBalancingScheme"] == ""


def test_the_database_survives_a_zone_and_a_mistake(prod: Plan) -> None:
    server = one(prod, "sql/databaseInstance:DatabaseInstance")
    settings = server.inputs["settings"]
    assert settings["availabilityType"] == "REGIONAL"
    assert settings["backupConfiguration"]["pointInTimeRecoveryEnabled"] is True
    assert settings["backupConfiguration"]["location"] == "europe-west4"
    assert server.inputs["deletionProtection"] is True
    assert server.protect


def test_the_password_is_a_secret_everywhere_it_stands(plan: Plan) -> None:
    assert one(plan, "sql/user:User").inputs["password"] == SECRET
    version = named(plan, "secretmanager/secretVersion:SecretVersion")["password"]
    assert version.inputs["secretData"] == SECRET
