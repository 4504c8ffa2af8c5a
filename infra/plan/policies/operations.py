"""Policies on running it: keys that rotate, logs that stay, backups, labels, budget, GPU pools, explicit providers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from infra.plan.model import Plan, Resource
from infra.plan.policies.base import Fault, on, over, resource
from infra.plan.policies.network import AKS, EKS, GKE
from infra.plan.query import at, every, refers
from landfall.intent import Intent

CRYPTO_KEY = "gcp:kms/cryptoKey:CryptoKey"
AWS_KEY = "aws:kms/key:Key"
AZURE_KEY = "azure-native:keyvault:Key"
_NINETY_DAYS = 90 * 24 * 3600


@on(
    CRYPTO_KEY, AWS_KEY, AZURE_KEY,
    id="keys-rotate",
    title="Keys rotate by themselves",
    rationale="A key that never changes makes every copy of it, whenever it was taken, good for ever.",
    controls={
        "cis-gcp-3.0": ("1.10",), "cis-aws-3.0": ("3.6",), "cis-azure-2.1": ("8.8",),
        "nist-800-53-r5": ("SC-12",), "iso-27001-2022": ("A.8.24",),
    },
    passing=[
        resource(CRYPTO_KEY, rotationPeriod="7776000s"),
        resource(AWS_KEY, enableKeyRotation=True),
        resource(CRYPTO_KEY, purpose="ASYMMETRIC_SIGN"),
    ],
    failing=[resource(CRYPTO_KEY), resource(CRYPTO_KEY, rotationPeriod="31536000s"), resource(AWS_KEY)],
)  # fmt: skip
def _rotate(one: Resource) -> Iterable[str]:
    if one.type == CRYPTO_KEY:
        if one.inputs.get("purpose", "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
            return  # Cloud KMS rotates symmetric keys only
        period = re.fullmatch(r"(\d+)s", str(one.inputs.get("rotationPeriod", "")))
        if not period or int(period[1]) > _NINETY_DAYS:
            yield "rotationPeriod must be at most 90 days (7776000s)"
    elif one.type == AWS_KEY:
        symmetric = (
            one.inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
        )
        if symmetric and one.inputs.get("enableKeyRotation") is not True:
            yield "enableKeyRotation must be true"
    elif not at(one.inputs, "properties.rotationPolicy"):
        yield "properties.rotationPolicy is missing"


SINKS = (
    "gcp:logging/projectSink:ProjectSink", "aws:cloudtrail/trail:Trail",
    "azure-native:monitor:DiagnosticSetting", "azure-native:insights:DiagnosticSetting",
    "azure-native:monitor:SubscriptionDiagnosticSetting",
)  # fmt: skip


@over(
    id="audit-trail",
    layer="foundation",
    title="The audit trail is on, and its logs are locked",
    rationale="An intruder's first act is to delete the trail; a lock makes that impossible.",
    controls={
        "cis-aws-3.0": ("3.1", "3.2"), "cis-gcp-3.0": ("2.1", "2.2", "2.3"), "cis-azure-2.1": ("5.1.1",),
        "nist-800-53-r5": ("AU-9", "AU-11", "AU-12"), "iso-27001-2022": ("A.8.15",),
    },
    passing=[(
        resource("gcp:logging/projectSink:ProjectSink"),
        resource("gcp:storage/bucket:Bucket", retentionPolicy={"isLocked": True, "retentionPeriod": "1"}),
    )],
    failing=[(resource("gcp:logging/projectSink:ProjectSink"),
              resource("gcp:storage/bucket:Bucket")),
             (resource("aws:cloudtrail/trail:Trail", enableLogFileValidation=False),)],
)  # fmt: skip
def _audit(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    if intent is not None and "foundation" not in intent.layout.build:
        return  # another stack's part
    if intent is None and not plan.of_type(*SINKS):
        return  # a plan of somebody else's, perhaps of one service only
    if not plan.of_type(*SINKS):
        yield Fault(None, "the plan holds no audit trail (log sink, trail or diagnostic setting)")
    for trail in plan.of_type("aws:cloudtrail/trail:Trail"):
        if trail.inputs.get("enableLogFileValidation") is not True:
            yield Fault(trail, "enableLogFileValidation must be true")
    adopted = intent is not None and intent.network.adopt.log_bucket
    if not adopted and not any(map(_locked, plan.resources)):
        yield Fault(None, "no bucket with a retention lock holds the audit logs")
    archived = intent is not None and getattr(intent.cloud, "log_archive_email", None)
    if archived and not any(_apart(*pair) for pair in _kept_in(plan)):
        yield Fault(
            None,
            "cloud.log_archive_email is named, and no trail writes to a locked bucket of another account",
        )


def _kept_in(plan: Plan) -> list[tuple[Resource, Resource]]:
    """Each trail of AWS with the bucket of the plan that it writes to."""
    buckets = plan.of_type("aws:s3/bucket:Bucket")
    return [
        (trail, bucket)
        for trail in plan.of_type("aws:cloudtrail/trail:Trail")
        for bucket in buckets
        if refers(trail, "s3BucketName", bucket)
    ]


def _apart(trail: Resource, bucket: Resource) -> bool:
    """Whether a trail's bucket is locked, and built by another provider: in another account."""
    return _locked(bucket) and trail.provider != bucket.provider


def _locked(one: Resource) -> bool:
    if one.type == "gcp:storage/bucket:Bucket":
        return at(one.inputs, "retentionPolicy.isLocked") is True
    if one.type in ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"):
        return one.inputs.get("objectLockEnabled") is True
    return one.type in (
        "azure-native:storage:BlobContainerImmutabilityPolicy",
        "azure-native:storage:ImmutabilityPolicy",
    ) or bool(
        one.type == "azure-native:storage:StorageAccount"
        and at(one.inputs, "immutableStorageWithVersioning.enabled")
    )


# Type → (input, its values that count as protected).
DELETION = {
    "gcp:sql/databaseInstance:DatabaseInstance": ("deletionProtection", True),
    GKE: ("deletionProtection", True),
    "aws:rds/instance:Instance": ("deletionProtection", True),
    "aws:rds/cluster:Cluster": ("deletionProtection", True),
    "azure-native:keyvault:Vault": ("properties.enablePurgeProtection", True),
}


@over(
    *DELETION,
    id="deletion-protection",
    title="In production, databases, clusters and vaults refuse to be deleted",
    rationale="The cloud's own refusal holds where somebody works past Pulumi.",
    controls={
        "cis-azure-2.1": ("8.5",), "nist-800-53-r5": ("CP-9",), "iso-27001-2022": ("A.8.13",),
    },
    passing=[(resource("aws:rds/instance:Instance", deletionProtection=True),)],
    failing=[(resource("aws:rds/instance:Instance"),)],
)  # fmt: skip
def _deletion(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    if intent is not None and intent.environment != "prod":
        return
    for one in plan.of_type(*DELETION):
        path, wanted = DELETION[one.type]
        if at(one.inputs, path) != wanted:
            yield Fault(one, f"{path} must be {wanted}")


@on(
    "gcp:sql/databaseInstance:DatabaseInstance", "aws:rds/instance:Instance",
    "azure-native:dbforpostgresql:Server",
    id="databases-backed-up",
    title="Databases are backed up for a week at least",
    rationale="The registry of models is small and irreplaceable.",
    controls={
        "cis-gcp-3.0": ("6.7",), "nist-800-53-r5": ("CP-9",), "iso-27001-2022": ("A.8.13",),
    },
    passing=[resource("aws:rds/instance:Instance", backupRetentionPeriod=7)],
    failing=[resource("aws:rds/instance:Instance", backupRetentionPeriod=1)],
)  # fmt: skip
def _backed_up(one: Resource) -> Iterable[str]:
    if one.type.startswith("gcp:"):
        if at(one.inputs, "settings.backupConfiguration.enabled") is not True:
            yield "settings.backupConfiguration.enabled must be true"
        return
    path = "backupRetentionPeriod" if one.type.startswith("aws:") else "backup.backupRetentionDays"
    days = at(one.inputs, path)
    if not isinstance(days, int) or days < 7:
        yield f"{path} must be at least 7 days (found: {days!r})"


@over(
    id="explicit-provider",
    title="Every resource names its provider",
    rationale="A default provider takes whatever credentials and region lie around.",
    controls={"nist-800-53-r5": ("CM-6", "AC-6"), "iso-27001-2022": ("A.8.9",)},
    passing=[(resource("aws:kms/key:Key", provider="urn:p"),)],
    failing=[(resource("aws:kms/key:Key"),)],
)
def _explicit(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    recorded = intent is not None or any(one.provider for one in plan.resources)
    if not recorded and len(plan.resources) > 1:
        return  # a list of somebody's, which says nothing of providers
    for one in plan.resources:
        if one.custom and not one.provider and not one.type.startswith("pulumi:"):
            yield Fault(one, "has no explicit provider")


LABELS = {
    "pulumi:providers:gcp": "defaultLabels",
    "pulumi:providers:aws": "defaultTags",
}


@on(
    *LABELS,
    id="labelled",
    title="Everything carries the labels that cost and ownership are read by",
    rationale="What nobody owns nobody switches off, and nobody can say what it costs.",
    controls={"nist-800-53-r5": ("CM-8",), "iso-27001-2022": ("A.5.9",)},
    passing=[resource("pulumi:providers:gcp", defaultLabels='{"client":"a","environment":"dev","managed-by":"landfall"}')],
    failing=[resource("pulumi:providers:gcp")],
)  # fmt: skip
def _labelled(one: Resource) -> Iterable[str]:
    held = str(one.inputs.get(LABELS[one.type], ""))
    missing = [key for key in ("client", "environment", "managed-by") if key not in held]
    if missing:
        yield f"{LABELS[one.type]} lacks {', '.join(missing)}"


@over(
    id="budget-set",
    layer="foundation",
    title="A budget watches what is spent",
    rationale="Cost that nobody watches is found a month later.",
    controls={"nist-800-53-r5": ("SA-2",), "iso-27001-2022": ("A.5.23",)},
)
def _budget(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    if intent is None or "foundation" not in intent.layout.build:
        return
    kinds = ("gcp:billing/budget:Budget", "aws:budgets/budget:Budget", "azure-native:consumption:Budget",
             "azure-native:costmanagement:Budget")  # fmt: skip
    if not plan.of_type(*kinds):
        yield Fault(None, "the plan holds no budget")


GPU_POOLS = {
    "gcp:container/nodePool:NodePool": "nodeConfig.guestAccelerators",
    "aws:eks/nodeGroup:NodeGroup": "",
    "azure-native:containerservice:AgentPool": "",
}


@on(
    *GPU_POOLS,
    id="gpu-pools-usable",
    title="A GPU pool starts from zero, keeps others off and brings its driver",
    rationale="GPUs that are paid for and cannot be used are what users complain of most.",
    controls={"nist-800-53-r5": ("CM-6",), "iso-27001-2022": ("A.8.6",)},
    passing=[resource("aws:eks/nodeGroup:NodeGroup", instanceTypes=["m7i.large"])],
    failing=[
        resource("aws:eks/nodeGroup:NodeGroup", instanceTypes=["g6.xlarge"], amiType="AL2023_x86_64_STANDARD",
                 scalingConfig={"minSize": 0}, taints=[{"key": "nvidia.com/gpu"}]),
        resource("aws:eks/nodeGroup:NodeGroup", instanceTypes=["g6.xlarge"], amiType="AL2023_x86_64_NVIDIA",
                 scalingConfig={"minSize": 1}, taints=[{"key": "nvidia.com/gpu"}]),
    ],
)  # fmt: skip
def _gpu_pools(one: Resource) -> Iterable[str]:
    from landfall.intent.machines import MACHINES

    provider = {"gcp": "gcp", "aws": "aws", "azure-native": "azure"}[one.type.partition(":")[0]]
    types = {machine.type for machine in MACHINES[provider]} - {"n1-standard-4"}
    inputs = one.inputs
    asked = [
        at(inputs, "nodeConfig.machineType"),
        inputs.get("vmSize"),
        *every(inputs, "instanceTypes"),
    ]
    if not types & set(asked) and not every(inputs, "nodeConfig.guestAccelerators"):
        return
    least = {
        "gcp": at(inputs, "autoscaling.minNodeCount")
        or at(inputs, "autoscaling.totalMinNodeCount"),
        "aws": at(inputs, "scalingConfig.minSize"),
        "azure": inputs.get("minCount"),
    }[provider]
    if least not in (0, None):
        yield f"must start from zero nodes (found: {least})"
    keys = (
        every(inputs, "nodeConfig.taints.key")
        + every(inputs, "taints.key")
        + every(inputs, "nodeTaints")
    )
    if not any(str(key).startswith(("nvidia.com/gpu", "sku=gpu")) for key in keys):
        yield "has no taint nvidia.com/gpu, so anything may be scheduled on it"
    if provider == "aws" and "NVIDIA" not in str(inputs.get("amiType")):
        yield f"amiType {inputs.get('amiType')!r} brings no NVIDIA driver"
    if provider == "gcp" and not every(
        inputs, "nodeConfig.guestAccelerators.gpuDriverInstallationConfig.gpuDriverVersion"
    ):
        yield "nodeConfig.guestAccelerators…gpuDriverVersion is missing: GKE then installs no driver"


@on(
    GKE, EKS, AKS,
    id="cluster-hardened",
    title="Clusters give pods identities of their own and log their control plane",
    rationale="A pod that borrows its node's identity holds every other pod's rights.",
    controls={"nist-800-53-r5": ("AC-6", "AU-12"), "iso-27001-2022": ("A.8.2", "A.8.15")},
    passing=[resource(EKS, enabledClusterLogTypes=["audit"], accessConfig={"authenticationMode": "API"})],
    failing=[resource(EKS), resource(GKE), resource(AKS, disableLocalAccounts=True)],
)  # fmt: skip
def _hardened(one: Resource) -> Iterable[str]:
    inputs = one.inputs
    if one.type == GKE:
        if not at(inputs, "workloadIdentityConfig.workloadPool"):
            yield "workloadIdentityConfig.workloadPool is missing"
    elif one.type == EKS:
        if "audit" not in every(inputs, "enabledClusterLogTypes"):
            yield "enabledClusterLogTypes must hold 'audit'"
        if at(inputs, "accessConfig.authenticationMode") != "API":
            yield "accessConfig.authenticationMode must be 'API': access by entries that a plan shows"
    else:
        if at(inputs, "oidcIssuerProfile.enabled") is not True:
            yield "oidcIssuerProfile.enabled must be true"
        if at(inputs, "securityProfile.workloadIdentity.enabled") is not True:
            yield "securityProfile.workloadIdentity.enabled must be true"
        if inputs.get("disableLocalAccounts") is not True:
            yield "disableLocalAccounts must be true"


@over(
    "aws:sqs/queue:Queue", "gcp:pubsub/subscription:Subscription",
    id="dead-letters",
    severity="advisory",
    title="A queue sets aside what cannot be worked on",
    rationale="One bad message otherwise blocks a queue, or is lost.",
    controls={"nist-800-53-r5": ("SI-11",), "iso-27001-2022": ("A.8.16",)},
    passing=[(resource("gcp:pubsub/subscription:Subscription", deadLetterPolicy={"deadLetterTopic": "t"}),)],
    failing=[(resource("gcp:pubsub/subscription:Subscription"),)],
)  # fmt: skip
def _dead_letters(plan: Plan, _: object) -> Iterator[Fault]:
    queues = plan.of_type("aws:sqs/queue:Queue", "gcp:pubsub/subscription:Subscription")
    redrives = plan.of_type("aws:sqs/redrivePolicy:RedrivePolicy")
    for one in queues:
        dead = "dead" in one.name or "dlq" in one.name
        set_aside = (
            one.inputs.get("deadLetterPolicy")
            or one.inputs.get("redrivePolicy")
            or any(refers(rule, "queueUrl", one) for rule in redrives)
        )
        if not dead and not set_aside:
            yield Fault(one, "has no dead letter queue")


LOCATED = ("location", "region")


@over(
    id="inside-residency",
    title="Every resource lies where the client's data may lie",
    rationale="Residency is a promise to the client's customers; one bucket elsewhere breaks it.",
    controls={"nist-800-53-r5": ("SA-9",), "iso-27001-2022": ("A.5.34", "A.5.31")},
)
def _residency(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    if intent is None or intent.cloud.provider == "local":
        return
    from landfall.intent.regions import REGIONS
    from landfall.intent.rules.place import allowed_regions

    allowed = allowed_regions(intent)
    if allowed is None:
        return
    for one in plan.resources:
        for key in LOCATED:
            place = one.inputs.get(key)
            if not isinstance(place, str):
                continue
            place = place.lower().replace(" ", "")
            region = place if place in REGIONS[intent.cloud.provider] else place.rpartition("-")[0]
            if region in REGIONS[intent.cloud.provider] and region not in allowed:
                yield Fault(one, f"{key} '{place}' lies outside the residency")
