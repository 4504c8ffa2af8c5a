"""The public regions of the three clouds, with the country where the data lies.

As of 2026-11-24. Sources: AWS, botocore 1.44.5 `endpoints.json`, partition `aws`; Google Cloud,
https://cloud.google.com/compute/docs/regions-zones and the Dataflow locations page; Azure,
https://learn.microsoft.com/azure/reliability/regions-list (Denmark East from the list of
`az account list-locations`). Leaves out China, government and sovereign clouds, which are partitions
of their own with other endpoints and identities, and says nothing of which service a region offers.
Countries are ISO 3166-1 alpha-2.
"""

from __future__ import annotations

AS_OF = "2026-11-24"

_AWS = """
af-south-1 ZA, ap-east-1 HK, ap-east-2 TW, ap-northeast-1 JP, ap-northeast-2 KR, ap-northeast-3 JP,
ap-south-1 IN, ap-south-2 IN, ap-southeast-1 SG, ap-southeast-2 AU, ap-southeast-3 ID,
ap-southeast-4 AU, ap-southeast-5 MY, ap-southeast-6 NZ, ap-southeast-7 TH, ca-central-1 CA,
ca-west-1 CA, eu-central-1 DE, eu-central-2 CH, eu-north-1 SE, eu-south-1 IT, eu-south-2 ES,
eu-west-1 IE, eu-west-2 GB, eu-west-3 FR, il-central-1 IL, me-central-1 AE, me-south-1 BH,
mx-central-1 MX, sa-east-1 BR, us-east-1 US, us-east-2 US, us-west-1 US, us-west-2 US
"""
_GCP = """
africa-south1 ZA, asia-east1 TW, asia-east2 HK, asia-northeast1 JP, asia-northeast2 JP,
asia-northeast3 KR, asia-south1 IN, asia-south2 IN, asia-southeast1 SG, asia-southeast2 ID,
asia-southeast3 TH, australia-southeast1 AU, australia-southeast2 AU, europe-central2 PL,
europe-north1 FI, europe-north2 SE, europe-southwest1 ES, europe-west1 BE, europe-west2 GB,
europe-west3 DE, europe-west4 NL, europe-west6 CH, europe-west8 IT, europe-west9 FR,
europe-west10 DE, europe-west12 IT, me-central1 QA, me-central2 SA, me-west1 IL,
northamerica-northeast1 CA, northamerica-northeast2 CA, northamerica-south1 MX,
southamerica-east1 BR, southamerica-west1 CL, us-central1 US, us-east1 US, us-east4 US,
us-east5 US, us-south1 US, us-west1 US, us-west2 US, us-west3 US, us-west4 US
"""
_AZURE = """
australiacentral AU, australiacentral2 AU, australiaeast AU, australiasoutheast AU, austriaeast AT,
belgiumcentral BE, brazilsouth BR, brazilsoutheast BR, canadacentral CA, canadaeast CA,
centralindia IN, centralus US, chilecentral CL, denmarkeast DK, eastasia HK, eastus US, eastus2 US,
francecentral FR, francesouth FR, germanynorth DE, germanywestcentral DE, indonesiacentral ID,
israelcentral IL, italynorth IT, japaneast JP, japanwest JP, koreacentral KR, koreasouth KR,
malaysiawest MY, mexicocentral MX, newzealandnorth NZ, northcentralus US, northeurope IE,
norwayeast NO, norwaywest NO, polandcentral PL, qatarcentral QA, southafricanorth ZA,
southafricawest ZA, southcentralus US, southeastasia SG, southindia IN, spaincentral ES,
swedencentral SE, switzerlandnorth CH, switzerlandwest CH, uaecentral AE, uaenorth AE, uksouth GB,
ukwest GB, westcentralus US, westeurope NL, westindia IN, westus US, westus2 US, westus3 US
"""


def _table(text: str) -> dict[str, str]:
    pairs = (entry.split() for entry in text.split(","))
    return {pair[0]: pair[1] for pair in pairs}


REGIONS: dict[str, dict[str, str]] = {
    "aws": _table(_AWS),
    "gcp": _table(_GCP),
    "azure": _table(_AZURE),
}
"""Cloud → region → country."""

_CONTINENTS = {
    "africa": "ZA",
    "asia": "AE BH HK ID IL IN JP KR MY QA SA SG TH TW",
    "europe": "AT BE CH DE DK ES FI FR GB IE IT NL NO PL SE",
    "north-america": "CA MX US",
    "oceania": "AU NZ",
    "south-america": "BR CL",
}
# https://european-union.europa.eu/principles-countries-history/eu-countries_en (27 members).
_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU = frozenset(_EU.split())
AREAS: dict[str, frozenset[str]] = {
    **{name: frozenset(countries.split()) for name, countries in _CONTINENTS.items()},
    "eu": EU,
    "eea": EU | {"IS", "LI", "NO"},
}
"""Area → its countries (of continents, those that hold a region)."""

COUNTRIES = frozenset(c for table in REGIONS.values() for c in table.values())
"""Every country that holds a region of one of the clouds."""


def country_of(provider: str, region: str) -> str:
    """The country of a cloud's region; raises KeyError where the cloud has none of that name."""
    return REGIONS[provider][region]


def continent_of(country: str) -> str:
    """The continent of a country that holds a region; raises KeyError."""
    for name, countries in _CONTINENTS.items():
        if country in countries.split():
            return name
    raise KeyError(country)
