"""What a stack needs of a Google Cloud project: Compute quotas by metric, GPU machines in the zones, APIs, roles.

A GPU counts thrice: against its own model in the region (for spot under a name of its own), and against GPUS_ALL_REGIONS,
which is 0 in a project that never asked. The newest models have no quota of their own but one for all
families, told apart by a dimension. Quota names, as found 2026-11-24: https://cloud.google.com/compute/resource-usage#gpu_quota
and public projects that read them from the Cloud Quotas API. Leaves out use so far (`live.py` asks).
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.plan.model import Plan, Resource
from infra.plan.query import at, every
from infra.plan.quotas.base import Need, asker, words
from infra.plan.quotas.permissions import as_of, wanted
from landfall.intent.gpu_regions import AS_OF, GCP_GPU_ZONES, SOURCES
from landfall.intent.machines import MACHINES, Machine

if TYPE_CHECKING:
    from landfall.intent import Intent

_GPU = "https://cloud.google.com/compute/resource-usage#gpu_quota"
# GPUs with a metric of their own; the others count by family.
METRICS = {"T4": "T4", "L4": "L4", "A100-40GB": "A100", "A100-80GB": "A100_80GB"}
FAMILIES = {
    "H100": "NVIDIA_H100", "H200": "NVIDIA_H200", "B200": "NVIDIA_B200", "GB200": "NVIDIA_GB200",
    "RTX-PRO-6000": "NVIDIA_RTX_PRO_6000",
}  # fmt: skip
_CPU = {"e2": "CPUS", "n1": "CPUS", "n2": "N2_CPUS", "a2": "A2_CPUS"}
_NODES = "gcp:container/nodePool:NodePool"
_ROLES = {
    "storage": "roles/storage.admin", "kms": "roles/cloudkms.admin", "container": "roles/container.admin",
    "sql": "roles/cloudsql.admin", "bigquery": "roles/bigquery.admin", "bigquerydatapolicy": "roles/bigquerydatapolicy.admin",
    "datacatalog": "roles/datacatalog.categoryAdmin", "biglake": "roles/biglake.admin", "composer": "roles/composer.admin",
    "dataproc": "roles/dataproc.admin", "compute": "roles/compute.admin", "dns": "roles/dns.admin",
    "secretmanager": "roles/secretmanager.admin", "logging": "roles/logging.configWriter",
    "monitoring": "roles/monitoring.editor", "pubsub": "roles/pubsub.admin", "artifactregistry": "roles/artifactregistry.admin",
    "serviceaccount": "roles/iam.serviceAccountAdmin", "iam": "roles/iam.workloadIdentityPoolAdmin",
    "projects": "roles/resourcemanager.projectIamAdmin", "orgpolicy": "roles/orgpolicy.policyAdmin",
    "billing": "roles/billing.costsManager", "essentialcontacts": "roles/essentialcontacts.admin",
    "cloudfunctionsv2": "roles/cloudfunctions.admin", "securitycenter": "roles/securitycenter.notificationConfigEditor",
}  # fmt: skip
_ROLES_OF_TYPES = {
    "projects/service:Service": "roles/serviceusage.serviceUsageAdmin",
    "projects/serviceIdentity:ServiceIdentity": "roles/serviceusage.serviceUsageAdmin",
    "projects/iAMCustomRole:IAMCustomRole": "roles/iam.roleAdmin",
    "cloudrunv2/serviceIamMember:ServiceIamMember": "roles/run.admin",
}
"""Types whose role their module does not tell."""
_FIRST = (
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "serviceusage.googleapis.com",
)
"""APIs that must be on before the plan can turn on the others."""


def needs(plan: Plan, intent: Intent) -> Iterator[Need]:
    """All needs of the plan, quotas first."""
    yield from _gpus(plan, intent)
    yield from _cpus(plan, intent)
    yield from _rest(plan, intent)
    yield from _sold(plan, intent)
    yield from _services(plan, intent)
    yield from _permissions(plan, intent)


def project_of(intent: Intent) -> str:
    """The project that quotas belong to; a placeholder where the plan creates it."""
    return str(getattr(intent.cloud, "project", None) or "PROJECT_ID")


def _quota(
    intent: Intent, metric: str, quota: str, amount: float, unit: str, default: float | None, source: str,
    why: tuple[str, ...], *, scope: str = "", dimensions: str = "",
) -> Need:  # fmt: skip
    region = scope or str(getattr(intent.cloud, "region", ""))
    project = project_of(intent)
    place = ",".join(
        part for part in ("" if region == "global" else f"region={region}", dimensions) if part
    )
    at_ = f" --dimensions={place}" if place else ""
    of = f"--service=compute.googleapis.com --project={project}"
    ask = f"landfall-{intent.client.slug}-{intent.environment}-{quota.lower()}"
    said = words(intent.client.name, intent.environment, metric, amount, unit, region, why)
    return Need(
        "quota", metric if not dimensions else f"{metric}, {dimensions}", quota if not dimensions else f"{quota}/{dimensions}",
        region, amount, unit, default, source, why,
        show=f"gcloud beta quotas info describe {quota} {of}",
        request=f"gcloud beta quotas preferences create {of} --quota-id={quota} --preferred-value={amount:g}{at_} "
        f"--preference-id={ask} --email={asker(intent)} --justification={shlex.quote(said)}",
        text=said, service="compute.googleapis.com",
    )  # fmt: skip


def _pools(plan: Plan) -> Iterator[tuple[str, str, Machine | None, float, bool]]:
    """Name, machine type, machine with GPUs if it is one, most nodes, whether spot; of every pool."""
    by_type = {one.type: one for one in MACHINES["gcp"]}
    for pool in plan.of_type(_NODES):
        inputs = dict(pool.inputs)
        kind = str(at(inputs, "nodeConfig.machineType"))
        zones = max(1, len(every(inputs, "nodeLocations")))
        total = at(inputs, "autoscaling.totalMaxNodeCount")
        most = total or (at(inputs, "autoscaling.maxNodeCount") or inputs.get("nodeCount") or 1) * zones  # fmt: skip
        accelerated = kind != "n1-standard-4" or every(inputs, "nodeConfig.guestAccelerators")
        machine = by_type.get(kind) if accelerated else None
        yield pool.name, kind, machine, float(most), bool(at(inputs, "nodeConfig.spot"))


def _gpus(plan: Plan, intent: Intent) -> Iterator[Need]:
    amounts: dict[tuple[str, bool], float] = defaultdict(float)
    why: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for name, kind, machine, most, spot in _pools(plan):
        if machine is not None:
            amounts[machine.accelerator, spot] += most * machine.gpus
            why[machine.accelerator, spot].append(f"node pool {name} ({most:g} × {kind})")
    for (gpu, spot), amount in sorted(amounts.items()):
        reason = tuple(why[gpu, spot])
        if gpu in METRICS:
            metric = f"{'PREEMPTIBLE_' if spot else ''}NVIDIA_{METRICS[gpu]}_GPUS"
            quota = f"{metric.replace('_', '-')}-per-project-region"
            yield _quota(intent, metric, quota, amount, "GPU", 0, _GPU, reason)
        else:
            quota = f"{'PREEMPTIBLE-' if spot else ''}GPUS-PER-GPU-FAMILY-per-project-region"
            family = f"gpu_family={FAMILIES[gpu]}"
            yield _quota(intent, "GPUS_PER_GPU_FAMILY", quota, amount, "GPU", 0, _GPU, reason, dimensions=family)  # fmt: skip
    if amounts:
        everything = tuple(one for reasons in why.values() for one in reasons)
        yield _quota(
            intent, "GPUS_ALL_REGIONS", "GPUS-ALL-REGIONS-per-project", sum(amounts.values()), "GPU", 0, _GPU,
            everything, scope="global",
        )  # fmt: skip


def _cpus(plan: Plan, intent: Intent) -> Iterator[Need]:
    amounts: dict[str, float] = defaultdict(float)
    why: dict[str, list[str]] = defaultdict(list)
    for name, kind, machine, most, _ in _pools(plan):
        metric = _CPU.get(kind.partition("-")[0])
        if metric is not None:
            cores = machine.vcpu if machine is not None else int(kind.rpartition("-")[2])
            amounts[metric] += most * cores
            why[metric].append(f"node pool {name} ({most:g} × {kind})")
    for metric, amount in sorted(amounts.items()):
        quota = f"{metric.replace('_', '-')}-per-project-region"
        yield _quota(intent, metric, quota, amount, "vCPU", None, "", tuple(why[metric]))


def _rest(plan: Plan, intent: Intent) -> Iterator[Need]:
    networks = plan.of_type("gcp:compute/network:Network")
    if networks:
        names = tuple(one.name for one in networks)
        yield _quota(intent, "NETWORKS", "NETWORKS-per-project", len(networks), "", None, "", names, scope="global")  # fmt: skip
    fixed = [
        one for one in plan.of_type("gcp:compute/address:Address") if one.inputs.get("addressType") != "INTERNAL"
    ]  # fmt: skip
    if fixed:
        names = tuple(one.name for one in fixed)
        quota = "STATIC-ADDRESSES-per-project-region"
        yield _quota(intent, "STATIC_ADDRESSES", quota, len(fixed), "", None, "", names)
    disks: float = 0
    pools: list[str] = []
    for pool, (name, _, _, most, _) in zip(plan.of_type(_NODES), _pools(plan), strict=True):
        if at(dict(pool.inputs), "nodeConfig.diskType") in ("pd-balanced", "pd-ssd"):
            disks += most * float(at(dict(pool.inputs), "nodeConfig.diskSizeGb") or 100)
            pools.append(f"node pool {name}")
    if disks:
        quota = "SSD-TOTAL-GB-per-project-region"
        yield _quota(intent, "SSD_TOTAL_GB", quota, disks, "GB", None, "", tuple(pools))


def _sold(plan: Plan, intent: Intent) -> Iterator[Need]:
    region = str(getattr(intent.cloud, "region", ""))
    seen: dict[str, list[str]] = defaultdict(list)
    gpus: dict[str, str] = {}
    for name, kind, machine, _, _ in _pools(plan):
        seen[kind].append(name)
        gpus[kind] = machine.accelerator if machine is not None else ""
    for kind, pools in sorted(seen.items()):
        zones = GCP_GPU_ZONES.get(gpus[kind], {}).get(region, ())
        yield Need(
            "machine", kind, kind, region, source=f"{SOURCES['gcp']}, {AS_OF['gcp']}" if gpus[kind] else "", why=tuple(pools),
            show=f"gcloud compute machine-types list --filter='name={kind} AND zone~^{region}-' --project={project_of(intent)}",
            said=f"in zones {', '.join(zones)} by the dated table" if zones else "",
        )  # fmt: skip


def _services(plan: Plan, intent: Intent) -> Iterator[Need]:
    turned_on = {str(one.inputs.get("service")) for one in plan.of_type("gcp:projects/service:Service")}  # fmt: skip
    project = project_of(intent)
    for service in sorted(turned_on | set(_FIRST)):
        first = service in _FIRST
        yield Need(
            "service", service, service, "global", why=("on before the first run",) if first else ("the plan turns it on",),
            show=f"gcloud services list --enabled --project={project}",
            request=f"gcloud services enable {service} --project={project}" if first else "",
        )  # fmt: skip


def _role(one: Resource) -> str:
    """The predefined role that holds what a resource of this type takes; empty where none is written down."""
    rest = one.type.partition(":")[2]
    return _ROLES_OF_TYPES.get(rest) or _ROLES.get(rest.partition("/")[0], "")


def _permissions(plan: Plan, intent: Intent) -> Iterator[Need]:
    mine = [one for one in plan.resources if one.type.startswith("gcp:")]
    roles = {"roles/serviceusage.serviceUsageAdmin"} | {_role(one) for one in mine} - {""}
    if plan.of_type("gcp:organizations/project:Project"):
        roles |= {"roles/resourcemanager.projectCreator", "roles/billing.user"}
    for role in sorted(roles):
        higher = role in {
            "roles/orgpolicy.policyAdmin", "roles/resourcemanager.projectCreator", "roles/billing.user", "roles/billing.costsManager",
        }  # fmt: skip
        yield Need(
            "permission", role, role, "global", why=("who applies the first time",),
            permissions=() if higher else wanted(one for one in mine if _role(one) == role),
            source=f"permissions.yaml of {as_of()}",
            text="Granted on the organization, the folder or the billing account, not on the project." if higher else "",
            request="" if higher else f"gcloud projects add-iam-policy-binding {project_of(intent)} "
            f"--member=user:{asker(intent)} --role={role} --condition=None",
        )  # fmt: skip
