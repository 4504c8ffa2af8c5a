"""The names of what Landfall builds: the one place that knows each cloud's length limits and characters.

`name` is a pure function: the same client, environment, purpose and salt give the same name for ever.
A name that was cut, or whose separators were lost, or that must be unique beyond the account, carries
a digest of everything it was made from. Leaves out Pulumi's logical names, which never derive from
configuration, and labels (`landfall/labels.py`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field

from landfall.errors import LandfallError, UsageError

ENVIRONMENTS = ("dev", "staging", "prod")
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]|[a-z]")
_CLIENT = re.compile(r"[a-z][a-z0-9-]{1,18}[a-z0-9]")
_DIGEST = 6


@dataclass(frozen=True)
class NameRule:
    """What a cloud says of a name. `unique`: among all its customers, so it always carries a digest."""

    longest: int
    shortest: int = 1
    separator: str = "-"
    upper: bool = False
    unique: bool = False
    forbidden: str = ""
    """A regular expression that must not be found in the name."""


# Where a cloud's rules differ in characters they are met from inside: lower-case letters, digits and
# one separator, beginning with a letter and ending in a letter or digit, fit every service below.
RULES: dict[str, NameRule] = {
    # https://cloud.google.com/resource-manager/docs/creating-managing-projects
    "gcp.project": NameRule(30, 6, unique=True, forbidden="google|ssl|undefined|null"),
    # https://cloud.google.com/iam/docs/service-accounts-create
    "gcp.service-account": NameRule(30, 6),
    # https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers (not `gcp-…`)
    "gcp.identity-pool": NameRule(32, 4, forbidden="^gcp-"),
    # https://cloud.google.com/storage/docs/buckets#naming
    "gcp.bucket": NameRule(63, 3, unique=True, forbidden="^goog|google|g00gle"),
    # https://cloud.google.com/bigquery/docs/datasets#dataset-naming
    "gcp.dataset": NameRule(1024, separator="_"),
    # https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
    "gcp.topic": NameRule(255, 3, forbidden="^goog"),
    "gcp.subscription": NameRule(255, 3, forbidden="^goog"),
    # https://cloud.google.com/compute/docs/naming-resources
    "gcp.network": NameRule(63),
    "gcp.subnet": NameRule(63),
    # https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
    "gcp.cluster": NameRule(40),
    # https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings/create
    "gcp.key-ring": NameRule(63),
    "gcp.key": NameRule(63),
    # https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create
    "gcp.secret": NameRule(255),
    # https://cloud.google.com/artifact-registry/docs/repositories/create-repos
    "gcp.registry": NameRule(63),
    # https://cloud.google.com/composer/docs/reference/rest/v1/projects.locations.environments
    "gcp.airflow": NameRule(64),
    # https://cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches
    "gcp.spark-batch": NameRule(63, 4),
    # https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.sinks
    "gcp.log-sink": NameRule(100),
    # https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets
    "gcp.budget": NameRule(60),
    # https://cloud.google.com/resource-manager/reference/rest/v3/folders (display name)
    "gcp.folder": NameRule(30, 3),
    # https://cloud.google.com/compute/docs/naming-resources holds for all of Compute Engine
    "gcp.address": NameRule(63),
    "gcp.firewall-policy": NameRule(63),
    "gcp.peering": NameRule(63),
    "gcp.reservation": NameRule(63),
    "gcp.route": NameRule(63),
    "gcp.router": NameRule(63),
    # https://cloud.google.com/dns/docs/reference/rest/v1/managedZones
    "gcp.dns-zone": NameRule(63),
    "gcp.dns-policy": NameRule(63),
    # https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create (no '-')
    "gcp.role": NameRule(64, 3, separator="_"),
    # https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers
    "gcp.identity-provider": NameRule(32, 4, forbidden="^gcp-"),
    # https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets/create
    "gcp.log-bucket": NameRule(100),
    "gcp.log-metric": NameRule(100),
    # https://cloud.google.com/security-command-center/docs/reference/rest/v2/organizations.locations.notificationConfigs
    "gcp.finding-notice": NameRule(128),
    # https://cloud.google.com/bigquery/docs/reference/bigqueryconnection/rest/v1/projects.locations.connections
    "gcp.connection": NameRule(63),
    # https://cloud.google.com/bigquery/docs/reference/reservations/rest/v1/projects.locations.reservations
    "gcp.slots": NameRule(64),
    # https://cloud.google.com/data-catalog/docs/reference/rest/v1/projects.locations.taxonomies
    "gcp.taxonomy": NameRule(200),
    # https://cloud.google.com/biglake/docs/reference/rest (letters, digits, '-', '_')
    "gcp.catalog": NameRule(63, 3),
    # https://cloud.google.com/dataproc/docs/reference/rest/v1/projects.regions.clusters
    "gcp.spark-history": NameRule(51, 2),
    "gcp.session-template": NameRule(63, 4),
    # https://cloud.google.com/sql/docs/postgres/instance-settings (98 with the project's 30 and ':')
    "gcp.database": NameRule(67),
    # https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/create
    "gcp.function": NameRule(63),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "aws.bucket": NameRule(
        63, 3, unique=True,
        forbidden=r"^xn--|^sthree-|^amzn-s3-demo-|-s3alias$|--ol-s3$|--x-s3$|--table-s3$",
    ),
    # The lengths that follow down to Azure's stand in the services' own API models (botocore 1.44.5).
    "aws.account": NameRule(50),
    "aws.role": NameRule(64),
    "aws.policy": NameRule(128),
    "aws.topic": NameRule(256),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
    "aws.queue": NameRule(80),
    "aws.catalog-database": NameRule(255, separator="_"),
    "aws.cluster": NameRule(100),
    "aws.registry": NameRule(256, 2),
    "aws.secret": NameRule(512),
    "aws.key-alias": NameRule(250, forbidden="^aws"),  # besides the leading `alias/`
    "aws.spark-application": NameRule(64),
    "aws.airflow": NameRule(80),
    "aws.redshift-namespace": NameRule(64, 3),
    "aws.redshift-workgroup": NameRule(64, 3),
    "aws.athena-workgroup": NameRule(128),
    "aws.log-group": NameRule(512),
    "aws.trail": NameRule(128, 3),
    "aws.budget": NameRule(100),
    "aws.organizational-unit": NameRule(128),
    "aws.network": NameRule(256),  # the Name tag, which is all that a VPC has
    "aws.firewall": NameRule(128),
    "aws.recorder": NameRule(256),
    "aws.analyzer": NameRule(255),
    "aws.function": NameRule(64),
    "aws.event-rule": NameRule(64),
    "aws.node-group": NameRule(63),
    "aws.launch-template": NameRule(128, 3),
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints
    "aws.database": NameRule(63, forbidden="--"),
    "aws.subnet-group": NameRule(255),
    # Azure: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    # and, for words, …/troubleshooting/error-reserved-resource-name
    "azure.resource-group": NameRule(90),
    "azure.storage-account": NameRule(
        24, 3, separator="", unique=True, forbidden="microsoft|windows|^login|xbox"
    ),
    "azure.container": NameRule(63, 3),
    "azure.key-vault": NameRule(24, 3, unique=True, forbidden="--|microsoft|windows|^login|xbox"),
    "azure.key": NameRule(127),
    "azure.secret": NameRule(127),
    "azure.registry": NameRule(
        50, 5, separator="", unique=True, forbidden="microsoft|windows|^login|xbox"
    ),
    "azure.cluster": NameRule(63),
    "azure.identity": NameRule(128, 3),
    "azure.network": NameRule(64, 2),
    "azure.subnet": NameRule(80),
    "azure.service-bus": NameRule(
        50, 6, unique=True, forbidden="-sb$|-mgmt$|microsoft|windows|^login|xbox"
    ),
    "azure.queue": NameRule(63, 3),
    "azure.event-topic": NameRule(50, 3),
    "azure.synapse": NameRule(50, unique=True, forbidden="-ondemand|microsoft|windows|^login|xbox"),
    "azure.fabric-capacity": NameRule(63, 3, separator=""),
    "azure.log-workspace": NameRule(63, 4),
    "azure.budget": NameRule(63),
    "azure.management-group": NameRule(90),
    "azure.subscription": NameRule(64),  # an alias and a display name
    "azure.policy-assignment": NameRule(24),  # the limit at a management group
    "azure.security-group": NameRule(80),
    "azure.route-table": NameRule(80),
    "azure.nat-gateway": NameRule(80),
    "azure.public-address": NameRule(80),
    "azure.firewall": NameRule(56),
    "azure.firewall-policy": NameRule(80),
    "azure.private-endpoint": NameRule(64, 2),
    "azure.flow-log": NameRule(80),
    "azure.action-group": NameRule(260),
    "azure.workflow": NameRule(43),
    "azure.role": NameRule(512),
    "azure.deployment": NameRule(64),
    "azure.disk-encryption-set": NameRule(80),
    "azure.capacity-group": NameRule(80),
    "azure.database-server": NameRule(63, 3, unique=True, forbidden="microsoft|windows|^login|xbox"),
    # https://docs.snowflake.com/en/sql-reference/identifiers-syntax (unquoted ones are upper case)
    "snowflake.database": NameRule(255, separator="_", upper=True),
    "snowflake.schema": NameRule(255, separator="_", upper=True),
    "snowflake.warehouse": NameRule(255, separator="_", upper=True),
    "snowflake.role": NameRule(255, separator="_", upper=True),
    "snowflake.user": NameRule(255, separator="_", upper=True),
    "snowflake.integration": NameRule(255, separator="_", upper=True),
    "snowflake.volume": NameRule(255, separator="_", upper=True),
    "snowflake.policy": NameRule(255, separator="_", upper=True),
    "snowflake.monitor": NameRule(255, separator="_", upper=True),
    "snowflake.stage": NameRule(255, separator="_", upper=True),
    # https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ (RFC 1123 label)
    "kubernetes.namespace": NameRule(63, forbidden="^kube-"),
    "kubernetes.service": NameRule(63),
}  # fmt: skip


def name(kind: str, client: str, environment: str, purpose: str, salt: str = "") -> str:
    """The name of one resource, as `acme-dev-landing`.

    `kind` is a key of RULES; `client` the intent's slug; `purpose` what it is for (a-z, 0-9, '-', at
    most 63); `salt` the account, project or subscription that holds it, for names that must be unique
    among all customers. Raises UsageError where a part or the whole breaks a rule.
    """
    rule = _rule(kind)
    _check_parts(client, environment, purpose)
    words = [client, environment, purpose]
    text = rule.separator.join(re.sub("-+", rule.separator, word) for word in words)
    if rule.unique or len(text) > rule.longest or _loses(words, rule.separator):
        digest = _digest(kind, *words, salt if rule.unique else "")
        room = rule.longest - len(rule.separator) - _DIGEST
        text = text[:room].rstrip("-_") + rule.separator + digest
    if rule.forbidden and re.search(rule.forbidden, text):
        raise UsageError(
            f"'{text}' cannot be the name of a {kind}: the cloud forbids /{rule.forbidden}/ in it.",
            fix="Choose another client.slug in the intent.",
        )
    return text.upper() if rule.upper else text


@dataclass
class Names:
    """The names of one stack; two resources that would share a name are an error, not a surprise."""

    client: str
    environment: str
    salt: str = ""
    _given: dict[tuple[str, str], str] = field(default_factory=dict)

    def name(self, kind: str, purpose: str) -> str:
        """As the function; raises LandfallError where another purpose has that name of that kind."""
        text = name(kind, self.client, self.environment, purpose, self.salt)
        holder = self._given.setdefault((kind, text), purpose)
        if holder != purpose:
            raise LandfallError(
                f"Two resources of kind {kind} would be named '{text}': '{holder}' and '{purpose}'.",
                so="The cloud would take them for one.",
                fix="Rename one purpose.",
            )
        return text


def _rule(kind: str) -> NameRule:
    try:
        return RULES[kind]
    except KeyError:
        raise UsageError(
            f"There is no naming rule for '{kind}'.",
            fix="Add it to landfall/naming.py, with the page that says the cloud's limits.",
        ) from None


def _check_parts(client: str, environment: str, purpose: str) -> None:
    if not _CLIENT.fullmatch(client):
        raise UsageError(f"'{client}' is no client's slug.", fix="Write it as in hudson-air.")
    if environment not in ENVIRONMENTS:
        raise UsageError(
            f"'{environment}' is no environment.", fix=f"Choose one of {', '.join(ENVIRONMENTS)}."
        )
    if not _PURPOSE.fullmatch(purpose):
        raise UsageError(
            f"'{purpose}' cannot be a purpose in a name.",
            fix="Use at most 63 of a-z, 0-9 and '-', beginning with a letter.",
        )


def _loses(words: list[str], separator: str) -> bool:
    """Whether two different triples could give this text: then it needs a digest."""
    client, _, purpose = words
    # `acme` + dev + `dev-x` and `acme-dev` + dev + `x` read the same.
    twofold = any(part in ENVIRONMENTS for word in (client, purpose) for part in word.split("-"))
    return not separator or twofold or any("--" in word for word in words)


def _digest(*parts: str) -> str:
    """Six of a-z and 2-7: 30 bits of SHA-256."""
    raw = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(raw).decode().lower()[:_DIGEST]
