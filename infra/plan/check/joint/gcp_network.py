"""Conditions between values of Google's networks, names and log sinks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from infra.plan.check.finding import at_path
from infra.plan.check.joint.base import (
    Condition,
    Wrong,
    absent,
    at,
    excludes,
    given,
    is_open,
    only_with,
    ordered,
    when,
)
from infra.plan.model import Plan, Resource

_NAT = "https://cloud.google.com/nat/docs/ports-and-addresses"


def _records(one: Resource, _: Plan) -> Iterator[Wrong]:
    version = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}.get(at(one, "type"))
    for place, value in at_path(one.inputs, "rrdatas[]"):
        if version is None:
            return
        try:
            version(str(value))
        except ValueError:
            allowed = f"an address, as type is {at(one, 'type')}"
            yield Wrong(place, value, allowed, "https://cloud.google.com/dns/docs/records-overview")


def _alone(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A name has one alias, and nothing beside it; the zone's own name has none."""
    if at(one, "type") == "CNAME" and isinstance(targets := at(one, "rrdatas"), list) and len(targets) > 1:  # fmt: skip
        yield Wrong("rrdatas", targets, "one target, as type is CNAME", "https://cloud.google.com/dns/docs/records-overview")  # fmt: skip
    for place, value in at_path(one.inputs, "rrdatas[]") if at(one, "type") in ("CNAME", "NS", "PTR") else ():  # fmt: skip
        if not str(value).endswith("."):
            yield Wrong(place, value, "a domain that ends in a dot", "https://cloud.google.com/dns/docs/records-overview")  # fmt: skip


def _ports(one: Resource, _: Plan) -> Iterator[Wrong]:
    """Ports that are shared out by need: powers of two, and a mapping that depends on where one calls."""
    if at(one, "enableDynamicPortAllocation") is not True:
        if given(one, "maxPortsPerVm") and not is_open(one, "enableDynamicPortAllocation"):
            yield Wrong("maxPortsPerVm", at(one, "maxPortsPerVm"), "only together with enableDynamicPortAllocation", _NAT)  # fmt: skip
        return
    if at(one, "enableEndpointIndependentMapping") is True:
        yield Wrong("enableEndpointIndependentMapping", True, "false beside enableDynamicPortAllocation", _NAT)  # fmt: skip
    for path, least, most in (("minPortsPerVm", 32, 32768), ("maxPortsPerVm", 64, 65536)):
        value = at(one, path)
        if isinstance(value, int) and (value & (value - 1) or not least <= value <= most):
            yield Wrong(path, value, f"a power of two, {least} to {most}", _NAT)
    low, high = at(one, "minPortsPerVm"), at(one, "maxPortsPerVm")
    if isinstance(low, int) and low == high:
        yield Wrong("maxPortsPerVm", high, f"more than minPortsPerVm, which is {low}", _NAT)


def _for_google(one: Resource, _: Plan) -> Iterator[Wrong]:
    """The endpoint of all of Google's APIs has a name of its own form, and only in a network."""
    if at(one, "target") not in ("all-apis", "vpc-sc"):
        return
    origin = "https://cloud.google.com/vpc/docs/configure-private-service-connect-apis"
    name = at(one, "name")
    if isinstance(name, str) and not re.fullmatch(r"[a-z][a-z0-9]{0,19}", name):
        yield Wrong("name", name, "at most 20 of a-z and 0-9, beginning with a letter, as target is " + str(at(one, "target")), origin)  # fmt: skip
    if absent(one, "network"):
        yield Wrong("network", None, "the network that the endpoint is in", origin)
    if at(one, "loadBalancingScheme") not in (None, ""):
        yield Wrong("loadBalancingScheme", at(one, "loadBalancingScheme"), 'empty (""), as the target is no load balancer', origin)  # fmt: skip


def _sunk(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/logging/docs/export/configure_export_v2"
    target = at(one, "destination")
    if given(one, "bigqueryOptions") and isinstance(target, str) and not target.startswith("bigquery."):  # fmt: skip
        yield Wrong("destination", target, "bigquery.googleapis.com/…, or no bigqueryOptions", origin)  # fmt: skip
    wanted = {
        "storage": r"storage\.googleapis\.com/[^/]+", "pubsub": r"pubsub\.googleapis\.com/projects/[^/]+/topics/[^/]+",
        "bigquery": r"bigquery\.googleapis\.com/projects/[^/]+/datasets/[^/]+",
    }  # fmt: skip
    form = wanted.get(str(target or "").partition(".")[0])
    if form and not re.fullmatch(form, str(target)):
        yield Wrong("destination", target, f"a name of the form {form.replace(chr(92), '')}", origin)  # fmt: skip


def _private(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A private zone says which networks see it; a public one is seen by all."""
    origin = "https://cloud.google.com/dns/docs/zones/zones-overview"
    if at(one, "visibility") != "private" and not is_open(one, "visibility"):
        for path in ("privateVisibilityConfig", "forwardingConfig", "peeringConfig"):
            if given(one, path):
                yield Wrong(path, "", "none unless visibility is private", origin)
    if at(one, "visibility") == "private" and at(one, "dnssecConfig.state") == "on":
        yield Wrong("dnssecConfig.state", "on", "off in a private zone", origin)


def _budgeted(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = (
        "https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets"
    )
    for path, form in (("projects[]", r"projects/[^/]+"), ("resourceAncestors[]", r"(folders|organizations)/\d+"), ("services[]", r"services/[0-9A-F-]+"), ("subaccounts[]", r"billingAccounts/[0-9A-Z-]+")):  # fmt: skip
        for place, name in at_path(one.inputs, f"budgetFilter.{path}"):
            if not re.fullmatch(form, str(name)):
                yield Wrong(place, name, "projects/<number>" if path == "projects[]" else f"a name of the form {form}", origin)  # fmt: skip


_SINKS = (_sunk,)
JOINT: dict[str, tuple[Condition, ...]] = {
    "gcp:dns/recordSet:RecordSet": (_records, _alone),
    "gcp:dns/managedZone:ManagedZone": (_private,),
    "gcp:compute/routerNat:RouterNat": (
        _ports,
        ordered("minPortsPerVm", "maxPortsPerVm", _NAT),
        when("natIpAllocateOption", "MANUAL_ONLY", "natIps", _NAT),
        only_with("natIps", "natIpAllocateOption", ("MANUAL_ONLY",), _NAT),
        when("sourceSubnetworkIpRangesToNat", "LIST_OF_SUBNETWORKS", "subnetworks", _NAT),
        only_with("subnetworks", "sourceSubnetworkIpRangesToNat", ("LIST_OF_SUBNETWORKS",), _NAT),
    ),
    "gcp:compute/globalForwardingRule:GlobalForwardingRule": (_for_google,),
    "gcp:logging/projectSink:ProjectSink": _SINKS,
    "gcp:logging/folderSink:FolderSink": _SINKS,
    "gcp:logging/organizationSink:OrganizationSink": _SINKS,
    "gcp:billing/budget:Budget": (
        _budgeted,
        excludes(
            "budgetFilter.calendarPeriod",
            "budgetFilter.customPeriod",
            "https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets",
        ),
    ),
}
