"""Which region sells which GPU, and on Google Cloud in which of its zones.

Google Cloud, as of 2026-02-05: https://cloud.google.com/compute/docs/gpus/gpu-regions-zones, for the
machine series that `landfall/intent/machines.py` uses (H100 means A3 High, not A3 Edge or Mega; A100-40GB
A2 Standard, A100-80GB A2 Ultra). Azure, as of 2026-06-18: the regions for which Azure's retail price list
holds an hourly price of the machine, as collected in github.com/Azure/karpenter-provider-azure
(`pkg/providers/pricing/zz_generated.pricing.go` at 352646f, generated on that day). AWS, as of 2026-10-20: the instance types by region that cfn-lint 1.58.0 carries
(`aws_ec2_instance/instancetype_enum.json`), which a test compares with this table. Leaves out whether there
is capacity or quota today, which only the account itself can say.
"""

from __future__ import annotations

from landfall.intent.machines import MACHINES

AS_OF = {"gcp": "2026-02-05", "aws": "2026-10-20", "azure": "2026-06-18"}
SOURCES = {
    "gcp": "https://cloud.google.com/compute/docs/gpus/gpu-regions-zones",
    "aws": "https://github.com/aws-cloudformation/cfn-lint/tree/v1.58.0/src/cfnlint/data/schemas/extensions",
    "azure": "https://github.com/Azure/karpenter-provider-azure/blob/352646f/pkg/providers/pricing/zz_generated.pricing.go",
}

# GPU → "region zone-letters, …"
_GCP = {
    "T4": """asia-east1 ac, asia-east2 ac, asia-northeast1 ac, asia-northeast3 bc, asia-south1 ab,
        asia-southeast1 abc, asia-southeast2 ab, australia-southeast1 ac, europe-central2 bc,
        europe-west1 bcd, europe-west2 ab, europe-west3 b, europe-west4 abc, me-west1 bc,
        northamerica-northeast1 c, southamerica-east1 ac, us-central1 abcf, us-east1 cd, us-east4 abc,
        us-west1 ab, us-west2 bc, us-west3 b, us-west4 ab""",
    "L4": """asia-east1 abc, asia-northeast1 abc, asia-northeast3 ab, asia-south1 abc,
        asia-southeast1 abc, europe-west1 bc, europe-west2 ab, europe-west3 ab, europe-west4 abc,
        europe-west6 bc, me-central2 ac, northamerica-northeast2 ab, us-central1 abc, us-east1 bcd,
        us-east4 ac, us-west1 abc, us-west4 ac""",
    "RTX-PRO-6000": """asia-south2 c, asia-southeast1 bc, asia-southeast2 bc, europe-north1 a,
        europe-west1 c, europe-west2 b, europe-west4 ab, europe-west8 b, us-central1 bf, us-east1 b,
        us-east4 c, us-east5 abc, us-south1 ab, us-west1 bc, us-west3 a, us-west4 a""",
    "A100-40GB": """asia-northeast1 ac, asia-northeast3 b, asia-southeast1 bc, europe-west4 ab,
        me-west1 ac, us-central1 abcf, us-east1 b, us-west1 b, us-west3 b, us-west4 b""",
    "A100-80GB": "asia-southeast1 c, europe-west4 a, us-central1 ac, us-east4 c, us-east5 a",
    "H100": """asia-east1 c, asia-northeast1 b, asia-southeast1 bc, europe-west1 bc, europe-west4 c,
        us-central1 ac, us-east4 ab, us-east5 a, us-west1 ab, us-west4 a""",
    "H200": """asia-south1 b, asia-south2 c, europe-west1 b, europe-west4 a, us-central1 b, us-east1 d,
        us-east4 b, us-east5 a, us-south1 b, us-west1 c""",
    "B200": """asia-northeast1 b, asia-southeast1 b, europe-west4 b, us-central1 b, us-east1 b,
        us-east4 b, us-south1 b, us-west2 c, us-west3 bc""",
    "GB200": "us-central1 a",
}


def _zones(text: str) -> dict[str, tuple[str, ...]]:
    pairs = (entry.split() for entry in text.split(","))
    return {pair[0]: tuple(f"{pair[0]}-{letter}" for letter in pair[1]) for pair in pairs}


GCP_GPU_ZONES: dict[str, dict[str, tuple[str, ...]]] = {
    gpu: _zones(text) for gpu, text in _GCP.items()
}
"""GPU → region → the zones with such machines; a node pool in any other zone is refused."""

# Machine types → their regions
_AZURE = {
    "Standard_NC4as_T4_v3 Standard_NC64as_T4_v3": """
        australiacentral australiacentral2 australiaeast brazilsouth canadacentral
        centralindia centralus eastus eastus2 francecentral germanywestcentral
        israelcentral italynorth japaneast japanwest koreacentral malaysiawest
        northcentralus northeurope polandcentral southcentralus southeastasia southindia
        swedencentral uksouth westeurope westus westus2 westus3""",
    "Standard_NV36ads_A10_v5 Standard_NV72ads_A10_v5": """
        australiaeast brazilsouth canadacentral centralindia centralus eastasia eastus
        eastus2 francecentral germanywestcentral indonesiacentral israelcentral
        italynorth japaneast koreacentral koreasouth malaysiawest mexicocentral
        northcentralus northeurope polandcentral qatarcentral southafricanorth
        southcentralus southeastasia spaincentral swedencentral switzerlandnorth
        uaenorth uksouth westeurope westus westus2 westus3""",
    "Standard_ND96asr_v4": """
        eastus italynorth southcentralus westeurope westus2""",
    "Standard_NC24ads_A100_v4 Standard_NC48ads_A100_v4 Standard_NC96ads_A100_v4": """
        australiaeast brazilsouth canadacentral centralindia centralus eastus eastus2
        francecentral germanywestcentral italynorth japaneast koreacentral
        northcentralus northeurope polandcentral southcentralus southeastasia
        spaincentral swedencentral switzerlandnorth uksouth westeurope westus westus2
        westus3""",
    "Standard_ND96amsr_A100_v4": """
        australiaeast brazilsouth canadacentral canadaeast centralus eastus eastus2
        francecentral germanynorth italynorth japaneast japanwest norwayeast
        polandcentral southafricanorth southcentralus southindia spaincentral
        swedencentral switzerlandnorth switzerlandwest uaecentral uaenorth uksouth
        ukwest westeurope westus westus2 westus3""",
    "Standard_NC40ads_H100_v5 Standard_NC80adis_H100_v5": """
        australiaeast canadacentral centralindia centralus eastus eastus2
        germanywestcentral indonesiacentral japaneast koreacentral koreasouth
        malaysiawest northcentralus northeurope southcentralus southeastasia
        spaincentral swedencentral switzerlandnorth uaenorth uksouth westeurope westus
        westus2 westus3""",
    "Standard_ND96isr_H100_v5": """
        australiaeast canadacentral centralus eastus eastus2 japaneast japanwest
        koreacentral northcentralus polandcentral southafricanorth southafricawest
        southcentralus spaincentral swedencentral switzerlandnorth uaenorth uksouth
        westcentralus westeurope westus westus2 westus3""",
    "Standard_ND96isr_H200_v5": """
        australiaeast australiasoutheast brazilsouth centralus eastus2 francecentral
        germanywestcentral indonesiacentral italynorth japaneast japanwest koreasouth
        malaysiawest mexicocentral northcentralus northeurope norwayeast polandcentral
        southafricanorth southeastasia spaincentral swedencentral uaenorth uksouth
        ukwest westus westus2 westus3""",
    "Standard_ND128isr_NDR_GB200_v6": """
        australiaeast australiasoutheast brazilsouth canadaeast centralus eastus eastus2
        germanywestcentral indonesiacentral italynorth koreacentral koreasouth
        northcentralus southindia spaincentral uaecentral uksouth westus2 westus3""",
}
# Machine types → their regions
_AWS = {
    "g4dn.xlarge g4dn.12xlarge g4dn.metal": """
        af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1
        ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-south-1
        eu-west-1 eu-west-2 eu-west-3 me-south-1 sa-east-1 us-east-1 us-east-2 us-west-1
        us-west-2""",
    "g5.xlarge g5.12xlarge": """
        ap-east-1 ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-2 ap-southeast-3
        ca-central-1 eu-central-1 eu-north-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3
        il-central-1 me-central-1 sa-east-1 us-east-1 us-east-2 us-west-2""",
    "g6.xlarge g6.12xlarge g6.48xlarge": """
        ap-northeast-1 ap-northeast-2 ap-south-1 ap-south-2 ap-southeast-2
        ap-southeast-5 ca-central-1 eu-central-1 eu-central-2 eu-north-1 eu-south-2
        eu-west-2 eu-west-3 me-central-1 sa-east-1 us-east-1 us-east-2 us-west-2""",
    "g6e.xlarge g6e.12xlarge": """
        ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 eu-central-1
        eu-north-1 eu-south-2 me-central-1 us-east-1 us-east-2 us-west-2""",
    "p4d.24xlarge": """
        ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-1 ap-southeast-2
        ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 sa-east-1 us-east-1
        us-east-2 us-west-2""",
    "p4de.24xlarge": """
        ap-northeast-1 ap-southeast-1 eu-central-1 il-central-1 us-east-1 us-west-2""",
    "p5.4xlarge": """
        ap-northeast-1 ap-south-1 ap-southeast-2 ap-southeast-3 eu-north-1 eu-west-2
        sa-east-1 us-east-1 us-east-2 us-west-2""",
    "p5.48xlarge": """
        ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-2 ap-southeast-3
        ca-central-1 eu-north-1 eu-west-2 sa-east-1 us-east-1 us-east-2 us-west-1
        us-west-2""",
    "p5en.48xlarge": """
        ap-northeast-1 ap-northeast-2 ap-south-1 ap-southeast-3 eu-north-1 eu-south-2
        me-central-1 us-east-1 us-east-2 us-west-1 us-west-2""",
    "p6-b200.48xlarge": """
        ap-south-1 ap-south-2 eu-north-1 eu-west-3 us-east-1 us-east-2 us-west-2""",
}


def _machines(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {
        machine: frozenset(regions.split())
        for machines, regions in table.items()
        for machine in machines.split()
    }


AWS_MACHINE_REGIONS = _machines(_AWS)
AZURE_MACHINE_REGIONS = _machines(_AZURE)
"""Machine type → the regions that sell it: a region may sell eight GPUs in a machine, but not one."""


def _by_gpu(provider: str, regions: dict[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for one in MACHINES[provider]:
        found.setdefault(one.accelerator, set()).update(regions[one.type])
    return {gpu: tuple(sorted(where)) for gpu, where in found.items()}


GPU_REGIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "gcp": {gpu: tuple(regions) for gpu, regions in GCP_GPU_ZONES.items()},
    "aws": _by_gpu("aws", AWS_MACHINE_REGIONS),
    "azure": _by_gpu("azure", AZURE_MACHINE_REGIONS),
}
"""Cloud → GPU → the regions that sell it. A cloud that is not here is not checked."""
