"""Rules on what exists already and is used: each id in its cloud's own form, and enough of what is adopted.

A form is the whole of an id, not its beginning: what looks like an id and is none would fail in the middle of
an apply. Leaves out whether the thing exists, which only the cloud can say (`landfall preflight`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from landfall.intent.network import PUBLIC_PREFIX, too_open
from landfall.intent.rules.base import CLOUD_NAMES, Problem, rule

if TYPE_CHECKING:
    from landfall.intent import Intent

_TABLES = ("bronze", "silver", "gold", "quarantine")
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORD = r"[A-Za-z0-9._:-]+"
_AZURE = r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[\w.()-]+/providers"


class _Form(NamedTuple):
    """What an id looks like: a pattern that it must match as a whole, in words, and an example."""

    pattern: str
    words: str
    example: str


_NETWORK_AZURE = rf"{_AZURE}/Microsoft\.Network/virtualNetworks/[\w.-]+"
_IN_AZURE = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html,
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN,
# https://cloud.google.com/kms/docs/getting-resource-ids,
# https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates (all read 2026-11)
_FORMS: dict[str, dict[str, _Form]] = {
    "aws": {
        "network": _Form(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})", "beginning with vpc-", "vpc-0a1b2c3d4e5f67890"),
        "subnets": _Form(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})", "beginning with subnet-", "subnet-0a1b2c3d4e5f67890"),
        "key": _Form(
            rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:key/({_UUID}|mrk-[0-9a-f]{{32}})", "beginning with arn:aws:kms:",
            "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
        ),
        "log_bucket": _Form(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's bare name", "acme-org-audit"),
        "buckets": _Form(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's bare name", "acme-drop"),
    },
    "gcp": {
        "network": _Form(
            rf"projects/{_WORD}/global/networks/{_WORD}", "as projects/P/global/networks/N",
            "projects/acme-net/global/networks/hub",
        ),
        "subnets": _Form(
            rf"projects/{_WORD}/regions/{_WORD}/subnetworks/{_WORD}", "as projects/P/regions/R/subnetworks/S",
            "projects/acme-net/regions/europe-west4/subnetworks/data",
        ),
        "key": _Form(
            rf"projects/{_WORD}/locations/{_WORD}/keyRings/{_WORD}/cryptoKeys/{_WORD}",
            "as projects/P/locations/L/keyRings/R/cryptoKeys/K",
            "projects/acme-keys/locations/europe-west4/keyRings/data/cryptoKeys/lake",
        ),
        "log_bucket": _Form(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", "a bucket's bare name", "acme-org-audit"),
        "buckets": _Form(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", "a bucket's bare name", "acme-drop"),
    },
    "azure": {
        "network": _Form(
            _NETWORK_AZURE, "a virtual network's whole resource id",
            f"{_IN_AZURE}/Microsoft.Network/virtualNetworks/hub",
        ),
        "subnets": _Form(
            rf"{_NETWORK_AZURE}/subnets/[\w.-]+", "a subnet's whole resource id",
            f"{_IN_AZURE}/Microsoft.Network/virtualNetworks/hub/subnets/nodes",
        ),
        "key": _Form(
            r"https://[a-z0-9-]{3,24}\.(vault|managedhsm)\.azure\.net/keys/[a-z0-9-]{1,127}(/[0-9a-f]{32})?",
            "a key's URI, beginning with https://", "https://acme-kv.vault.azure.net/keys/lake",
        ),
        "log_bucket": _Form(
            rf"{_AZURE}/Microsoft\.Storage/storageAccounts/[a-z0-9]{{3,24}}", "a storage account's whole resource id",
            "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/audit"
            "/providers/Microsoft.Storage/storageAccounts/acmeaudit",
        ),
        "buckets": _Form(
            r"[a-z0-9]{3,24}/[a-z0-9](-?[a-z0-9]){2,62}", "a container as account/container", "acmedrop/incoming"
        ),
    },
}  # fmt: skip


@rule("network", "cloud")
def _adopted(intent: Intent) -> Iterator[Problem]:
    """What `network.adopt` names has the form of that cloud's ids, as a whole; subnets come with their network."""
    adopt, provider = intent.network.adopt, intent.cloud.provider
    given = adopt.model_dump(exclude_defaults=True)
    if provider == "local":
        if given:
            yield Problem(
                "network.adopt",
                given,
                "this machine has nothing to adopt; leave it out",
            )
        return
    forms = _FORMS[provider]
    if adopt.subnets and not adopt.network:
        yield Problem(
            "network.adopt.network",
            None,
            "must name the network that the adopted subnets belong to",
            forms["network"].example,
        )
    named = [("network", adopt.network), ("key", adopt.key), ("log_bucket", adopt.log_bucket)]
    named += [(f"subnets[{i}]", one) for i, one in enumerate(adopt.subnets)]
    named += [(f"buckets.{zone}", one) for zone, one in adopt.buckets.items()]
    # Azure's ids are the same in any case: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    flags = re.IGNORECASE if provider == "azure" else 0
    for field, value in named:
        form = forms[re.split(r"[.\[]", field)[0]]
        if value is not None and not re.fullmatch(form.pattern, value, flags):
            yield Problem(
                f"network.adopt.{field}",
                value,
                f"must be {CLOUD_NAMES[provider]}'s own id, {form.words}",
                form.example,
            )


@rule("network", "cloud")
def _tables_together(intent: Intent) -> Iterator[Problem]:
    """On Azure the zones that hold tables are folders of one container, which the stack makes: its Iceberg catalog
    keeps all tables of a warehouse in one. So a container may be adopted for the other zones only."""
    if intent.cloud.provider != "azure":
        return
    for zone, bucket in intent.network.adopt.buckets.items():
        if zone in _TABLES:
            yield Problem(
                f"network.adopt.buckets.{zone}",
                bucket,
                "cannot be adopted on Azure: the catalog keeps the tables of all zones in one container of its own; "
                "leave it out, and let a source read what lies there",
            )


@rule("network", "cloud", "warehouse")
def _enough_subnets(intent: Intent) -> Iterator[Problem]:
    """An adopted network brings its subnets: on AWS a private one a zone, two at least (three for Redshift), on
    Azure those of nodes, private endpoints and databases, in this order."""
    adopt, provider = intent.network.adopt, intent.cloud.provider
    if not adopt.network:
        return
    if provider == "aws":
        # EKS and Managed Airflow want two zones, Redshift Serverless three:
        # https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html
        least = 3 if intent.warehouse.engine == "redshift" else 2
        if len(adopt.subnets) < least:
            yield Problem(
                "network.adopt.subnets",
                adopt.subnets,
                f"must name {least} private subnets at least, one a zone: EKS and Managed Airflow want two zones, "
                "Redshift Serverless three",
                "[subnet-0a1b2c3d4e5f67890, subnet-1b2c3d4e5f6789012, subnet-2c3d4e5f678901234]",
            )
    if provider == "azure" and len(adopt.subnets) < 3:
        yield Problem(
            "network.adopt.subnets",
            adopt.subnets,
            "must name three subnets: for nodes, for private endpoints and (delegated to "
            "Microsoft.DBforPostgreSQL/flexibleServers) for databases, in this order",
            f"{_IN_AZURE}/Microsoft.Network/virtualNetworks/hub/subnets/nodes",
        )


@rule("network", "cloud", "warehouse")
def _snowflake_knows_whence(intent: Intent) -> Iterator[Problem]:
    """Snowflake lets in public addresses alone, so where it is the warehouse the network goes out, and of an adopted
    one `network.adopt.egress_addresses` says by which."""
    network, adopt = intent.network, intent.network.adopt
    for i, text in enumerate(adopt.egress_addresses):
        if too_open(text):
            yield Problem(
                f"network.adopt.egress_addresses[{i}]",
                text,
                f"must be public, and /{PUBLIC_PREFIX} or smaller",
                "203.0.113.7/32",
            )
    if adopt.egress_addresses and not adopt.network:
        yield Problem(
            "network.adopt.egress_addresses",
            adopt.egress_addresses,
            "has no effect without network.adopt.network: a network that is built gets addresses of its own",
            "leave it out",
        )
    if intent.warehouse.engine != "snowflake" or intent.cloud.provider == "local":
        return
    if adopt.network and not adopt.egress_addresses:
        yield Problem(
            "network.adopt.egress_addresses",
            [],
            "must name the public addresses by which the adopted network goes out: Snowflake's network policy "
            "lets in these alone, and nobody would get in",
            "[203.0.113.7/32]",
        )
    if not adopt.network and network.egress == "none":
        yield Problem(
            "network.egress",
            "none",
            "leaves no way to Snowflake, which is reached over its public address (a private link is not built)",
            "nat",
        )


@rule("network", "cloud", "layout")
def _shared_network(intent: Intent) -> Iterator[Problem]:
    """On Google Cloud the ranges of pods and services are named together, in an adopted subnet; a network of another
    project (Shared VPC) comes with its subnets and, where a cluster is built, with both ranges."""
    adopt, cloud = intent.network.adopt, intent.cloud
    ranges = {"pods_range": adopt.pods_range, "services_range": adopt.services_range}
    if cloud.provider != "gcp" or not adopt.subnets:
        for name, value in ranges.items():
            if value is not None:
                yield Problem(
                    f"network.adopt.{name}",
                    value,
                    "has no effect but in an adopted subnet on Google Cloud",
                    "leave it out",
                )
    if cloud.provider != "gcp" or not adopt.network:
        return
    if not adopt.subnets:
        if _of_another(adopt.network, cloud.project):
            yield Problem(
                "network.adopt.subnets",
                [],
                "must name subnets of the adopted network: a subnet lies in its network's project, and in another "
                "project the platform makes none",
                _FORMS["gcp"]["subnets"].example,
            )
        return
    # https://cloud.google.com/kubernetes-engine/docs/how-to/alias-ips (read 2026-11)
    needed = "ml" in intent.layout.build and _of_another(adopt.subnets[-1], cloud.project)
    for name, value in ranges.items():
        if value is None and (needed or any(ranges.values())):
            yield Problem(
                f"network.adopt.{name}",
                None,
                "must name a secondary range of the last adopted subnet: GKE takes both ranges by name, and makes "
                "none in another project's subnet",
                name.removesuffix("_range"),
            )


def _of_another(id_: str, project: str | None) -> bool:
    """Whether a full id of Google's lies in another project than the stack's own; a created one holds nothing yet."""
    return id_.split("/")[1:2] != [project]


# Engine → what may be adopted → the form of its name:
# https://cloud.google.com/bigquery/docs/datasets#dataset-naming,
# https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateNamespace.html,
# https://docs.snowflake.com/en/sql-reference/identifiers-syntax (all read 2026-11)
_DATASET = _Form(r"\w{1,1024}", "a dataset's bare name", "acme_marts")
_SERVERLESS = _Form(r"[a-z0-9-]{3,64}", "its name: 3 to 64 of a-z, 0-9 and '-'", "acme-analytics")
_DATABASE = _Form(
    r"[A-Z_][A-Z0-9_$]{0,254}",
    "a database's name in capitals, as SHOW DATABASES tells it",
    "ACME_ANALYTICS",
)
_HELD = {
    "bigquery": dict.fromkeys(("silver", "gold", "marts", "governance"), _DATASET),
    "redshift": dict.fromkeys(("namespace", "workgroup"), _SERVERLESS),
    "snowflake": {"database": _DATABASE},
}


@rule("warehouse", "cloud")
def _warehouse_adopted(intent: Intent) -> Iterator[Problem]:
    """What `warehouse.adopt` names is something that its engine has, by its bare name; on BigQuery in a project that is
    adopted too, on Redshift a namespace together with its workgroup."""
    warehouse, cloud = intent.warehouse, intent.cloud
    forms = _HELD.get(warehouse.engine, {})
    for what, name in warehouse.adopt.items():
        path = f"warehouse.adopt.{what}"
        if what not in forms:
            offered = ", ".join(forms) or "nothing of this engine"
            yield Problem(
                path,
                name,
                f"cannot be adopted with engine '{warehouse.engine}', of which can be: {offered}",
                "leave it out",
            )
        elif not re.fullmatch(forms[what].pattern, name):
            yield Problem(path, name, f"must be {forms[what].words}", forms[what].example)
    if (
        warehouse.engine == "bigquery"
        and warehouse.adopt
        and getattr(cloud, "project", None) is None
    ):
        yield Problem(
            "cloud.project",
            None,
            "must name the project in which the adopted datasets lie",
            "acme-data-dev",
        )
    if warehouse.engine == "redshift" and len(set(warehouse.adopt) & set(forms)) == 1:
        (lacking,) = set(forms) - set(warehouse.adopt)
        yield Problem(
            f"warehouse.adopt.{lacking}",
            None,
            "is needed too: a namespace has one workgroup, and one comes with the other",
            _SERVERLESS.example,
        )
