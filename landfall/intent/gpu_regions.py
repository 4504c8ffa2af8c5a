"""Which region sells which GPU, and on Google Cloud in which of its zones.

Google Cloud, as of 2026-02-05: https://cloud.google.com/compute/docs/gpus/gpu-regions-zones, for the
machine series that `landfall/intent/machines.py` uses (H100 means A3 High, not A3 Edge or Mega; A100-40GB
A2 Standard, A100-80GB A2 Ultra). Leaves out whether there is capacity or quota today: `landfall
preflight` asks the live account.
"""

from __future__ import annotations

AS_OF = {"gcp": "2026-02-05"}
SOURCES = {"gcp": "https://cloud.google.com/compute/docs/gpus/gpu-regions-zones"}

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

GPU_REGIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "gcp": {gpu: tuple(regions) for gpu, regions in GCP_GPU_ZONES.items()},
}
"""Cloud → GPU → the regions that sell it. A cloud that is not here is not checked."""
