"""What Google Cloud resources cost. Rates by sku in `infra/plan/prices/`; free types are named at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from infra.plan.cost.base import FREE, HOURS, Line, Pricing, gpu_lines, node_range, prices
from infra.plan.cost.usage import Range, zone_share
from infra.plan.model import Resource
from infra.plan.query import at, every
from landfall.intent.machines import MACHINES

_GPU = {machine.type for machine in MACHINES["gcp"]} - {"n1-standard-4"}


@prices("gcp:storage/bucket:Bucket")
def _bucket(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "storage", "gcs.standard", p.usage.lake_gb.times(zone_share(one.name)))


@prices("gcp:kms/cryptoKey:CryptoKey")
def _key(one: Resource, p: Pricing) -> Iterable[Line]:
    hardware = at(dict(one.inputs), "versionTemplate.protectionLevel") == "HSM"
    versions = Range(1, 3, 5) if one.inputs.get("rotationPeriod") else 1
    note = "of the first year: versions stay after rotation"
    yield from p.line(
        one, "security", f"kms.{'hsm.' if hardware else ''}version", versions, note=note
    )


@prices("gcp:compute/address:Address")
def _address(one: Resource, p: Pricing) -> Iterable[Line]:
    if one.inputs.get("addressType") != "INTERNAL":
        yield from p.line(one, "network", "ipv4.hour", HOURS)


@prices("gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule")
def _rule(one: Resource, p: Pricing) -> Iterable[Line]:
    """A rule by addresses is free; one by domain names makes the traffic that it looks at cost by the GB."""
    if every(dict(one.inputs), "match.destFqdns"):
        yield from p.line(one, "network", "ngfw.gb", p.usage.egress_gb)


@prices("gcp:compute/routerNat:RouterNat")
def _nat(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(
        one,
        "network",
        "nat.vm.hour",
        Range(HOURS, HOURS * 4, HOURS * 20),
        note="by machine behind it",
    )
    yield from p.line(one, "network", "nat.gb", p.usage.egress_gb)


@prices(
    "gcp:compute/globalForwardingRule:GlobalForwardingRule",
    "gcp:compute/forwardingRule:ForwardingRule",
)
def _endpoint(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "psc.endpoint.hour", HOURS)


@prices("gcp:dns/managedZone:ManagedZone")
def _zone(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "dns.zone", 1)


@prices("gcp:secretmanager/secret:Secret", "gcp:secretmanager/regionalSecret:RegionalSecret")
def _secret(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "security", "secret.version", 1)


@prices("gcp:logging/projectBucketConfig:ProjectBucketConfig")
def _logs(one: Resource, p: Pricing) -> Iterable[Line]:
    buckets = max(1, len(p.plan.of_type(one.type)))
    yield from p.line(one, "logs", "logging.gb", p.usage.log_gb.times(1 / buckets))


@prices("gcp:container/cluster:Cluster")
def _cluster(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "cluster", "gke.cluster.hour", HOURS)


@prices("gcp:container/nodePool:NodePool")
def _nodes(one: Resource, p: Pricing) -> Iterable[Line]:
    inputs = dict(one.inputs)
    kind = str(at(inputs, "nodeConfig.machineType"))
    zones = max(1, len(every(inputs, "nodeLocations")))
    total = at(inputs, "autoscaling.totalMaxNodeCount")
    least = (
        at(inputs, "autoscaling.totalMinNodeCount")
        or (at(inputs, "autoscaling.minNodeCount") or 0) * zones
    )
    most = total or (at(inputs, "autoscaling.maxNodeCount") or inputs.get("nodeCount") or 1) * zones
    accelerators = every(inputs, "nodeConfig.guestAccelerators")
    if kind in _GPU or accelerators:
        capacity = "spot" if at(inputs, "nodeConfig.spot") else "on-demand"
        if at(inputs, "nodeConfig.reservationAffinity.values"):
            capacity = "reservation"
        # The table prices N1 with its T4 as one.
        priced = "n1-standard-4+T4" if kind.startswith("n1-") else kind
        yield from gpu_lines(one, p, priced, capacity, int(most))
        return
    nodes = node_range(least, most, p.usage)
    note = f"{least} to {most} nodes"
    yield from p.line(one, "cluster", f"{kind}.ondemand", nodes.times(HOURS), note=note)
    disk = float(at(inputs, "nodeConfig.diskSizeGb") or 100)
    yield from p.line(one, "cluster", "disk.balanced.gb", nodes.times(disk), note=note)


@prices("gcp:sql/databaseInstance:DatabaseInstance")
def _database(one: Resource, p: Pricing) -> Iterable[Line]:
    inputs = dict(one.inputs)
    copies = 2 if at(inputs, "settings.availabilityType") == "REGIONAL" else 1
    tier = str(at(inputs, "settings.tier"))
    custom = re.fullmatch(r"db-custom-(\d+)-(\d+)", tier)
    if custom:
        yield from p.line(
            one, "database", "sql.vcpu.hour", HOURS * copies * int(custom[1]), note=tier
        )
        yield from p.line(one, "database", "sql.gb.hour", HOURS * copies * int(custom[2]) / 1024)
    else:
        yield from p.line(one, "database", f"sql.{tier}", HOURS * copies)
    yield from p.line(
        one, "database", "sql.ssd.gb", float(at(inputs, "settings.diskSize") or 10) * copies
    )


@prices("gcp:bigquery/dataset:Dataset")
def _dataset(one: Resource, p: Pricing) -> Iterable[Line]:
    sets = max(1, len(p.plan.of_type(one.type)))
    stored = p.usage.lake_gb.times(zone_share("gold") / sets)
    yield from p.line(one, "warehouse", "bq.storage.gb", stored)
    if not p.plan.of_type("gcp:bigquery/reservation:Reservation"):
        yield from p.line(one, "warehouse", "bq.scan.tb", p.usage.scanned_tb.times(1 / sets))


@prices("gcp:bigquery/reservation:Reservation")
def _slots(one: Resource, p: Pricing) -> Iterable[Line]:
    edition = str(one.inputs.get("edition", "ENTERPRISE")).lower()
    base = float(one.inputs.get("slotCapacity") or 0)
    most = base + float(at(dict(one.inputs), "autoscale.maxSlots") or 0)
    idle = Range(base, base, base).times(HOURS)
    busy = p.usage.warehouse_hours.times(most - base)
    hours = Range(idle.low + busy.low, idle.expected + busy.expected, idle.high + busy.high)
    yield from p.line(
        one, "warehouse", f"bq.slot.{edition}.hour", hours, note=f"{base:g} to {most:g} slots"
    )


@prices("gcp:composer/environment:Environment")
def _airflow(one: Resource, p: Pricing) -> Iterable[Line]:
    """Google bills Composer 3 by a unit of its own. That a vCPU and a GB count for one each is what users measured
    (https://discuss.google.dev/t/cloud-composer-3-pricing-explanation/158381), so the low is wide."""
    load = at(dict(one.inputs), "config.workloadsConfig") or {}
    fixed = sum(
        _units(load.get(part)) for part in ("scheduler", "dagProcessor", "triggerer", "webServer")
    )
    worker = dict(load.get("worker") or {})
    least, most = float(worker.get("minCount") or 1), float(worker.get("maxCount") or 1)
    each = _units({**worker, "count": 1})
    units = Range(0.5 * (fixed + least * each), fixed + least * each, fixed + most * each)
    if load:
        yield from p.line(
            one, "orchestration", "composer.dcu.hour", units.times(HOURS), note="a unit a vCPU and a GB, as users measured"
        )  # fmt: skip
    else:
        p.unknown(one, "composer.dcu.hour of an unknown size")


def _units(part: Any) -> float:
    """DCU an hour of a component of Airflow."""
    part = dict(part or {})
    return float(part.get("count") or 1) * (
        float(part.get("cpu") or 0) + float(part.get("memoryGb") or 0)
    )


@prices("gcp:dataproc/cluster:Cluster")
def _history(one: Resource, p: Pricing) -> Iterable[Line]:
    kind = str(at(dict(one.inputs), "clusterConfig.masterConfig.machineType"))
    yield from p.line(one, "spark", f"{kind}.ondemand", HOURS, note="the history server")


@prices("landfall:gcp:Spark")
def _spark(one: Resource, p: Pricing) -> Iterable[Line]:
    # Batches are started by the pipelines, so no resource of the plan stands for them.
    yield from p.line(
        one,
        "spark",
        "dataproc.dcu.hour",
        p.usage.spark_vcpu_hours.times(1.0),
        note="0.6 DCU a vCPU and 0.1 a GB, 4 GB a vCPU",
    )


@prices("gcp:artifactregistry/repository:Repository")
def _images(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "storage", "artifacts.gb", Range(2, 10, 50))


@prices("gcp:pubsub/topic:Topic")
def _topic(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "events", "pubsub.tib", Range(0.0001, 0.001, 0.01))


@prices("gcp:cloudfunctionsv2/function:Function")
def _function(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "budget", "function.million", Range(0.0001, 0.001, 0.01))


FREE.update(
    f"gcp:{kind}"
    for kind in (
        "compute/network:Network", "compute/subnetwork:Subnetwork", "compute/router:Router",
        "compute/firewall:Firewall", "projects/service:Service", "projects/iAMMember:IAMMember",
        "serviceaccount/account:Account", "kms/keyRing:KeyRing", "billing/budget:Budget",
        "pubsub/subscription:Subscription", "storage/bucketObject:BucketObject",
        "bigquery/connection:Connection", "bigquery/reservationAssignment:ReservationAssignment",
        "bigquery/table:Table", "bigquerydatapolicy/dataPolicy:DataPolicy",
        "bigquerydatapolicy/dataPolicyIamMember:DataPolicyIamMember", "cloudrunv2/serviceIamMember:ServiceIamMember",
        "compute/networkFirewallPolicy:NetworkFirewallPolicy", "compute/networkPeering:NetworkPeering",
        "compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation",
        "compute/subnetworkIAMMember:SubnetworkIAMMember", "datacatalog/policyTag:PolicyTag",
        "datacatalog/policyTagIamMember:PolicyTagIamMember", "datacatalog/taxonomy:Taxonomy",
        "dataproc/sessionTemplate:SessionTemplate", "dns/policy:Policy", "dns/recordSet:RecordSet",
        "monitoring/notificationChannel:NotificationChannel", "secretmanager/secretVersion:SecretVersion",
        "securitycenter/v2ProjectNotificationConfig:V2ProjectNotificationConfig",
        "storage/notification:Notification", "compute/reservation:Reservation",
        "artifactregistry/repositoryIamMember:RepositoryIamMember", "bigquery/connectionIamMember:ConnectionIamMember",
        "bigquery/datasetAccess:DatasetAccess", "bigquery/datasetIamMember:DatasetIamMember",
        "bigquery/rowAccessPolicy:RowAccessPolicy", "compute/route:Route", "kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        "organizations/project:Project", "organizations/folder:Folder", "orgpolicy/policy:Policy",
        "orgpolicy/customConstraint:CustomConstraint", "projects/iAMAuditConfig:IAMAuditConfig",
        "projects/serviceIdentity:ServiceIdentity", "pubsub/subscriptionIAMMember:SubscriptionIAMMember",
        "pubsub/topicIAMMember:TopicIAMMember", "secretmanager/secretIamMember:SecretIamMember",
        "serviceaccount/iAMMember:IAMMember", "sql/database:Database", "sql/user:User",
        "essentialcontacts/contact:Contact", "logging/projectSink:ProjectSink",
        "projects/iAMCustomRole:IAMCustomRole", "iam/workloadIdentityPool:WorkloadIdentityPool",
        "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", "storage/bucketIAMMember:BucketIAMMember",
    )
)  # fmt: skip
