"""Rules on where things lie: region, tenancy, residency, addresses. What is adopted has `adopted.py`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from landfall.intent.regions import AREAS, COUNTRIES, REGIONS, country_of
from landfall.intent.rules.base import (
    CLOUD_NAMES,
    REGION_EXAMPLE,
    Problem,
    few_and_narrow,
    nearest,
    rule,
)

if TYPE_CHECKING:
    from landfall.intent import Intent


@rule("cloud")
def _region_exists(intent: Intent) -> Iterator[Problem]:
    """`cloud.region` is a public region of that cloud."""
    cloud = intent.cloud
    if cloud.provider == "local" or cloud.region in REGIONS[cloud.provider]:
        return
    meant = nearest(cloud.region, list(REGIONS[cloud.provider]))
    hint = f"; did you mean {meant}?" if meant else ""
    yield Problem(
        "cloud.region",
        cloud.region,
        f"is no public region of {CLOUD_NAMES[cloud.provider]}{hint}",
        REGION_EXAMPLE[cloud.provider],
    )


@rule("cloud")
def _tenancy(intent: Intent) -> Iterator[Problem]:
    """A cloud names the project, account or subscription to adopt, or where to create one and who pays; on Azure
    the Entra tenant as well."""
    cloud = intent.cloud
    if cloud.provider == "gcp" and not cloud.project:
        if not (cloud.folder or cloud.organization):
            yield Problem(
                "cloud.project",
                None,
                "must name a project to adopt, or give a folder or organization to create one in",
                "acme-data-dev",
            )
        elif not cloud.billing_account:
            yield Problem(
                "cloud.billing_account",
                None,
                "is needed to create a project",
                "000000-AAAAAA-BBBBBB",
            )
    if cloud.provider == "aws" and not cloud.account:
        if not cloud.organizational_unit:
            yield Problem(
                "cloud.account",
                None,
                "must name an account to adopt, or give an organizational_unit to create one in",
                '"123456789012"',
            )
        elif not cloud.account_email:
            yield Problem(
                "cloud.account_email",
                None,
                "is needed to create an account",
                "aws-data-dev@example.com",
            )
    if cloud.provider == "azure" and not cloud.tenant:
        yield Problem(
            "cloud.tenant",
            None,
            "must name the Entra tenant, which the key vault, the database and the cluster trust "
            "(az account show --query tenantId)",
            "11111111-2222-3333-4444-555555555555",
        )
    if cloud.provider == "azure" and not cloud.subscription:
        if not cloud.management_group:
            yield Problem(
                "cloud.subscription",
                None,
                "must name a subscription to adopt, or give a management_group to create one in",
                "11111111-2222-3333-4444-555555555555",
            )
        elif not cloud.billing_scope:
            yield Problem(
                "cloud.billing_scope",
                None,
                "is needed to create a subscription",
                "/providers/Microsoft.Billing/billingAccounts/1234567/enrollmentAccounts/123456",
            )


@rule("cloud", "network")
def _log_archive(intent: Intent) -> Iterator[Problem]:
    """`cloud.log_archive_email` goes with an account that is created, by an address of its own, and with no adopted
    `network.adopt.log_bucket`."""
    cloud = intent.cloud
    if cloud.provider != "aws" or not cloud.log_archive_email:
        return
    path, given = "cloud.log_archive_email", cloud.log_archive_email
    if cloud.account:
        yield Problem(
            path,
            given,
            "makes an account beside one that is created; beside an adopted account, name the client's own archive as "
            "network.adopt.log_bucket, and where a layer is applied inside a created account leave it to the stack "
            "that creates it",
            "leave it out",
        )
    elif cloud.account_email and given.lower() == cloud.account_email.lower():
        yield Problem(
            path,
            given,
            "is the address of cloud.account_email: AWS wants one that no other account uses",
            "aws-log-archive@example.com",
        )
    if intent.network.adopt.log_bucket:
        yield Problem(
            path,
            given,
            "has no effect where network.adopt.log_bucket names where the audit logs go; leave out one of them",
        )


@rule("cloud")
def _administrators(intent: Intent) -> Iterator[Problem]:
    """`cloud.administrators` are roles of the adopted account, each once; a created account is entered by AWS's own."""
    cloud = intent.cloud
    if cloud.provider != "aws":
        return
    if cloud.administrators and not cloud.account:
        yield Problem(
            "cloud.administrators",
            cloud.administrators,
            "has no effect where the account is created: it is entered by OrganizationAccountAccessRole; leave it out",
        )
        return
    for i, role in enumerate(cloud.administrators):
        if role in cloud.administrators[:i]:
            yield Problem(f"cloud.administrators[{i}]", role, "is named twice")
        if cloud.account and role.split(":")[4] != cloud.account:
            yield Problem(
                f"cloud.administrators[{i}]",
                role,
                f"is no role of account {cloud.account}: the cluster and Lake Formation are administered from inside",
                f"arn:aws:iam::{cloud.account}:role/platform-engineer",
            )


@rule("cloud", "residency", "warehouse")
def _inside_residency(intent: Intent) -> Iterator[Problem]:
    """Every region (of the cloud, of Snowflake) lies inside `residency`, whose own names exist."""
    cloud, residency = intent.cloud, intent.residency
    if cloud.provider == "local":
        if residency.areas or residency.countries or residency.regions:
            yield Problem(
                "residency",
                "(set)",
                "cannot be kept where cloud.provider is local: the data lie on this machine, wherever it is",
                "leave it out",
            )
        return
    known = REGIONS[cloud.provider]
    unsound = False
    for i, country in enumerate(residency.countries):
        if country not in COUNTRIES:
            unsound = True
            yield Problem(
                f"residency.countries[{i}]", country, "holds no region of the three clouds", "NL"
            )
    for i, region in enumerate(residency.regions):
        if region not in known:
            unsound = True
            meant = nearest(region, list(known))
            hint = f"; did you mean {meant}?" if meant else ""
            yield Problem(
                f"residency.regions[{i}]",
                region,
                f"is no public region of {CLOUD_NAMES[cloud.provider]}{hint}",
                REGION_EXAMPLE[cloud.provider],
            )
    allowed = allowed_regions(intent)
    if unsound or allowed is None:
        return
    used = {"cloud.region": cloud.region}
    if intent.warehouse.snowflake and intent.warehouse.snowflake.region:
        used["warehouse.snowflake.region"] = intent.warehouse.snowflake.region
    for path, region in used.items():
        if region in known and region not in allowed:
            listed = [*residency.areas, *residency.countries, *residency.regions]
            inside = ", ".join(sorted(allowed)[:6]) or f"no region of {CLOUD_NAMES[cloud.provider]}"
            yield Problem(
                path,
                region,
                f"lies in {country_of(cloud.provider, region)}, outside the residency "
                f"({', '.join(listed)}); inside are {inside}",
                min(allowed, default=""),
            )


def allowed_regions(intent: Intent) -> set[str] | None:
    """The cloud's regions inside the residency; None where it does not bind."""
    residency = intent.residency
    if not (residency.areas or residency.countries or residency.regions):
        return None
    countries = set(residency.countries).union(*(AREAS[area] for area in residency.areas))
    known = REGIONS[intent.cloud.provider]
    return {r for r, c in known.items() if c in countries} | set(residency.regions)


@rule("network")
def _ranges_apart(intent: Intent) -> Iterator[Problem]:
    """`network.cidr` is a private range of /12 to /20 and meets none of `network.avoid`."""
    own = ipaddress.IPv4Network(intent.network.cidr)
    private = [ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
    if not any(own.subnet_of(p) for p in private):
        yield Problem(
            "network.cidr",
            str(own),
            "must lie in a private range (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, RFC 1918)",
            "10.64.0.0/16",
        )
    if not 12 <= own.prefixlen <= 20:
        yield Problem(
            "network.cidr",
            str(own),
            "must be from /12 to /20: room for subnets, pods and services",
            "10.64.0.0/16",
        )
    avoid = [ipaddress.IPv4Network(text) for text in intent.network.avoid]
    for i, other in enumerate(avoid):
        if own.overlaps(other):
            yield Problem(
                "network.cidr",
                str(own),
                f"overlaps {other}, which network.avoid[{i}] says the client uses",
                _free_range(own.prefixlen, avoid),
            )


def _free_range(prefix: int, avoid: list[ipaddress.IPv4Network]) -> str:
    """The first private range of that size that meets none of these, or ''."""
    for start in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"):
        whole = ipaddress.IPv4Network(start)
        if prefix < whole.prefixlen:
            continue
        for candidate in whole.subnets(new_prefix=prefix):
            if not any(candidate.overlaps(other) for other in avoid):
                return str(candidate)
    return ""


@rule("network", "cloud")
def _api_from(intent: Intent) -> Iterator[Problem]:
    """`network.api_from` lists few and narrow public ranges, where there is a cluster."""
    listed = intent.network.api_from
    if listed and intent.cloud.provider == "local":
        yield Problem("network.api_from", listed, "this machine has no cluster; leave it out")
        return
    if listed and intent.cloud.provider == "azure" and intent.network.egress == "none":
        # There a public API is the nodes' too.
        yield Problem(
            "network.api_from", listed, "needs a way out for the cluster's nodes", "egress: nat"
        )
    yield from few_and_narrow("network.api_from", listed, "where people and Jenkins apply from")


@rule("network", "cloud")
def _egress(intent: Intent) -> Iterator[Problem]:
    """`network.egress_domains` is given with `egress: allow-list`, and only then; on gcp without `*.`."""
    network = intent.network
    for i, domain in enumerate(network.egress_domains):
        if intent.cloud.provider == "gcp" and domain.startswith("*."):
            # https://cloud.google.com/firewall/docs/firewall-policies-rule-details#fqdn-objects
            yield Problem(
                f"network.egress_domains[{i}]",
                domain,
                "cannot begin with '*.' on Google Cloud, whose firewall takes whole names only",
                domain.removeprefix("*."),
            )
    if network.egress == "allow-list" and not network.egress_domains:
        yield Problem(
            "network.egress_domains",
            [],
            "must name what egress 'allow-list' lets out",
            "[pypi.org]",
        )
    if network.egress != "allow-list" and network.egress_domains:
        yield Problem(
            "network.egress_domains",
            network.egress_domains,
            f"has no effect with egress '{network.egress}'",
            "egress: allow-list",
        )
