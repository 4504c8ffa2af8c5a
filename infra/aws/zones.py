"""The availability zones of each region, by zone id, in the order in which subnets are placed.

A zone's id (`use1-az1`) is the same place in every account; its name (`us-east-1a`) is not, so ids it is.
As of 2026-11-24. Sources: https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html; the ids
are compared with moto 5.2's in the tests. Leaves out Local and Wavelength Zones, and the zones in which
EKS builds no control plane (use1-az3, usw1-az2, cac1-az3: …/eks/latest/userguide/network-reqs.html).
"""

from __future__ import annotations

AS_OF = "2026-11-24"
MOST = 3
"""Redshift Serverless asks for three zones, EKS and Managed Airflow for two; a fourth adds only cost."""

_PREFIXES = """
af-south-1 afs1 123, ap-east-1 ape1 123, ap-east-2 ape2 123, ap-northeast-1 apne1 124,
ap-northeast-2 apne2 1234, ap-northeast-3 apne3 123, ap-south-1 aps1 123, ap-south-2 aps2 123,
ap-southeast-1 apse1 123, ap-southeast-2 apse2 123, ap-southeast-3 apse3 123,
ap-southeast-4 apse4 123, ap-southeast-5 apse5 123, ap-southeast-6 apse6 123,
ap-southeast-7 apse7 123, ca-central-1 cac1 124, ca-west-1 caw1 123, eu-central-1 euc1 123,
eu-central-2 euc2 123, eu-north-1 eun1 123, eu-south-1 eus1 123, eu-south-2 eus2 123,
eu-west-1 euw1 123, eu-west-2 euw2 123, eu-west-3 euw3 123, il-central-1 ilc1 123,
me-central-1 mec1 123, me-south-1 mes1 123, mx-central-1 mxc1 123, sa-east-1 sae1 123,
us-east-1 use1 12456, us-east-2 use2 123, us-west-1 usw1 13, us-west-2 usw2 1234
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    rows = (entry.split() for entry in text.split(","))
    return {region: tuple(f"{prefix}-az{n}" for n in numbers) for region, prefix, numbers in rows}


ZONES: dict[str, tuple[str, ...]] = _table(_PREFIXES)
"""Region → ids of its zones."""


def zones_of(region: str) -> tuple[str, ...]:
    """The zones to build in, three at most (us-west-1 has two); raises KeyError where there is no such region."""
    return ZONES[region][:MOST]
