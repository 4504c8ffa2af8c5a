"""The platform's own names in the network: a private zone, and the record that leads them to the gateway.

AWS tells its load balancer's name only once that stands, so the record follows the gateway and is of the same apply:
external-dns would want a chart, a role and a way out to Route 53's API to keep this one record, and a network without
egress has no such way. A load balancer that was made anew by hand is seen by the next refresh. In an adopted network
the client's own name servers answer. Leaves out whoever asks from the client's networks: an inbound endpoint of the
VPC's resolver, which is billed by the hour, or a CNAME in the client's DNS.
Sources: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html (the zone
answers where its networks have DNS names and DNS support on, as `subnets.py` makes them) and
…/resolver-overview-DSN-queries-to-vpc.html (read 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.provider import cloud
from infra.kubernetes.domain import domain
from infra.scope import Scope
from landfall.errors import UsageError


def own_zone(
    scope: Scope, parent: pulumi.Resource, networks: Sequence[pulumi.Input[str]]
) -> pulumi.Output[dict[str, str]]:
    """The zone in which the cluster's services answer on these networks; its domain → its id."""
    own, region = domain(scope), cloud(scope).region
    zone = aws.route53.Zone(
        "inside",
        name=own,
        comment="Names of what runs on the cluster",
        # Said here and not by associations of their own: a zone without a network would be public.
        vpcs=[aws.route53.ZoneVpcArgs(vpc_id=one, vpc_region=region) for one in networks],
        opts=scope.child(parent),
    )
    return zone.zone_id.apply(lambda id_: {own: id_})


def name_gateway(
    scope: Scope, parent: pulumi.Resource, network: contract.Network, balancer: pulumi.Input[str]
) -> None:
    """Point every name of the platform's domain at the gateway's load balancer."""
    own = domain(scope)
    aws.route53.Record(
        "gateway",
        zone_id=network.private_zones.apply(lambda zones: _zone_of(own, zones)),
        name=f"*.{own}",
        type="CNAME",
        ttl=60,  # a load balancer that is made anew has another name
        records=[balancer],
        opts=scope.child(parent),
    )


def _zone_of(own: str, zones: Mapping[str, str]) -> str:
    if own not in zones:  # a foundation of a release that made none
        raise UsageError(
            f"The network has no private zone {own}.",
            so="Nothing can lead the platform's names to its gateway.",
            fix="Apply the stack of the layer foundation first.",
        )
    return zones[own]
