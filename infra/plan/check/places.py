"""Regions, zones, machines and GPUs: which there are.

AWS's machine types a region and its zones come from cfn-lint; regions from `landfall/intent/regions.py`. Google's
and Azure's machines lie in no package: the tables below, as of 2026-11-24, from
https://cloud.google.com/compute/docs/machine-resource, https://cloud.google.com/compute/docs/regions-zones,
https://cloud.google.com/storage/docs/locations, https://cloud.google.com/bigquery/docs/locations and
https://learn.microsoft.com/azure/virtual-machines/sizes/overview. Leaves out which zone sells which machine, and
capacity: questions of quota.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from landfall.intent.machines import MACHINES
from landfall.intent.regions import REGIONS

AS_OF = "2026-11-24"

_OTHER_ZONES = {"europe-west1": "bcd", "us-east1": "bcd", "us-central1": "abcf"}
_AI_ZONES = frozenset({"us-central1-ai1a", "us-south1-ai1b"})
_BUCKETS = frozenset(["us", "eu", "asia", "nam4", "eur4", "eur5", "eur7", "eur8", "asia1"])
_MULTI = frozenset(["global", "us", "eu", "europe", "asia", "nam4", "eur4", "asia1"])

_SIZES = {
    "e2": {"standard": "2 4 8 16 32", "highmem": "2 4 8 16", "highcpu": "2 4 8 16 32"},
    "n1": {
        "standard": "1 2 4 8 16 32 64 96", "highmem": "2 4 8 16 32 64 96",
        "highcpu": "2 4 8 16 32 64 96",
    },
    "n2": {
        "standard": "2 4 8 16 32 48 64 80 96 128", "highmem": "2 4 8 16 32 48 64 80 96 128",
        "highcpu": "2 4 8 16 32 48 64 80 96",
    },
    "n2d": {
        "standard": "2 4 8 16 32 48 64 80 96 128 224", "highmem": "2 4 8 16 32 48 64 80 96",
        "highcpu": "2 4 8 16 32 48 64 80 96 128 224",
    },
    "n4": dict.fromkeys(("standard", "highmem", "highcpu"), "2 4 8 16 32 48 64 80"),
    "n4d": dict.fromkeys(("standard", "highmem", "highcpu"), "2 4 8 16 32 48 64 80 96"),
    "n4a": dict.fromkeys(("standard", "highmem", "highcpu"), "1 2 4 8 16 32 48 64"),
    "c2": {"standard": "4 8 16 30 60"},
    "c2d": dict.fromkeys(("standard", "highmem", "highcpu"), "2 4 8 16 32 56 112"),
    "c3": dict.fromkeys(("standard", "highmem", "highcpu"), "4 8 22 44 88 176 192"),
    "c3d": dict.fromkeys(("standard", "highmem", "highcpu"), "4 8 16 30 60 90 180 360"),
    "c4": dict.fromkeys(
        ("standard", "highmem", "highcpu"), "2 4 8 16 24 32 48 96 144 192 288"
    ),
    "c4a": dict.fromkeys(("standard", "highmem", "highcpu"), "1 2 4 8 16 32 48 64 72"),
    "c4d": dict.fromkeys(("standard", "highmem", "highcpu"), "2 4 8 16 32 48 64 96 192 384"),
    "t2d": {"standard": "1 2 4 8 16 32 48 60"},
    "t2a": {"standard": "1 2 4 8 16 32 48"},
    "h3": {"standard": "88"},
    "z3": {"highmem": "8 14 16 22 32 36 44 72 88 176 192"},
    "g2": {"standard": "4 8 12 16 24 32 48 96"},
    "g4": {"standard": "6 12 24 48 96 192 384"},
    "a2": {"highgpu": "1g 2g 4g 8g", "megagpu": "16g", "ultragpu": "1g 2g 4g 8g"},
    "a3": {"highgpu": "1g 2g 4g 8g", "megagpu": "8g", "ultragpu": "8g", "edgegpu": "8g"},
    "a4": {"highgpu": "8g"},
    "a4x": {"highgpu": "4g", "maxgpu": "4g"},
}  # fmt: skip
_LOCAL_SSD = ("-lssd", "-metal", "-highlssd", "-standardlssd", "-nolssd")
_SHARED = frozenset(["e2-micro", "e2-small", "e2-medium", "f1-micro", "g1-small"])

GPU_FAMILIES = {
    "nvidia-tesla-t4": ("n1",), "nvidia-tesla-p4": ("n1",), "nvidia-tesla-p100": ("n1",),
    "nvidia-tesla-v100": ("n1",), "nvidia-l4": ("g2",), "nvidia-rtx-pro-6000": ("g4",),
    "nvidia-tesla-a100": ("a2-highgpu", "a2-megagpu"), "nvidia-a100-80gb": ("a2-ultragpu",),
    "nvidia-h100-80gb": ("a3-highgpu", "a3-edgegpu"), "nvidia-h100-mega-80gb": ("a3-megagpu",),
    "nvidia-h200-141gb": ("a3-ultragpu",), "nvidia-b200": ("a4-highgpu",),
    "nvidia-gb200": ("a4x-highgpu",), "nvidia-gb300": ("a4x-maxgpu",),
}  # fmt: skip
"""Google's accelerator type → the machines that it goes on: https://cloud.google.com/compute/docs/gpus."""

_G2 = {"4": 1, "8": 1, "12": 1, "16": 1, "24": 2, "32": 1, "48": 4, "96": 8}
_G4 = {"48": 1, "96": 2, "192": 4, "384": 8}
_WHOLE = {"a3-megagpu-8g": 8, "a3-ultragpu-8g": 8, "a3-edgegpu-8g": 8, "a4-highgpu-8g": 8, "a4x-highgpu-4g": 4, "a4x-maxgpu-4g": 4}  # fmt: skip


def gpus_of(machine: str) -> int:
    """How many GPUs a Google machine is made with; 0 where they are attached, or it is not known."""
    family, _, size = machine.rpartition("-")
    counted = re.fullmatch(r"a[23]-(?:high|mega|ultra)gpu-(\d+)g", machine)
    if counted:
        return int(counted[1])
    return _WHOLE.get(machine) or {"g2-standard": _G2, "g4-standard": _G4}.get(family, {}).get(
        size, 0
    )


_AZURE_GPU = frozenset(
    """NC4as_T4_v3 NC8as_T4_v3 NC16as_T4_v3 NC64as_T4_v3 NC24ads_A100_v4 NC48ads_A100_v4
    NC96ads_A100_v4 NC40ads_H100_v5 NC80adis_H100_v5 NCC40ads_H100_v5 ND96asr_v4
    ND96amsr_A100_v4 ND96isr_H100_v5 ND96isr_H200_v5 ND96isr_MI300X_v5 ND128isr_NDR_GB200_v6
    ND128isr_GB300_v6 NV6ads_A10_v5 NV12ads_A10_v5 NV18ads_A10_v5 NV36ads_A10_v5 NV36adms_A10_v5
    NV72ads_A10_v5 NV4ads_V710_v5 NV8ads_V710_v5 NV12ads_V710_v5 NV24ads_V710_v5 NV28adms_V710_v5
    NV4as_v4 NV8as_v4 NV16as_v4 NV32as_v4 NG8ads_V620_v1 NG16ads_V620_v1 NG32ads_V620_v1
    NG32adms_V620_v1""".split()  # noqa: SIM905 (a list of names, one a line, reads worse)
)
_AZURE_OTHER = re.compile(
    r"(A|B|D|DC|DS|E|EC|F|FX|L|M|HB|HC|HX)\d+(-\d+)?[a-z]*(_[A-Z][A-Za-z0-9]*)?(_v\d{1,2})?"
)


def google_region(value: Any) -> str | None:
    """A region of Google Cloud."""
    return None if value in REGIONS["gcp"] else _near(value, REGIONS["gcp"])


def google_zone(value: Any) -> str | None:
    """A zone of Google Cloud."""
    return None if value in google_zones() else _near(value, google_zones())


def google_place(value: Any) -> str | None:
    """A region or a zone, as GKE takes."""
    both = {*REGIONS["gcp"], *google_zones()}
    return None if value in both else _near(value, both)


def google_location(value: Any) -> str | None:
    """A region or one of the multi-regions and `global`."""
    both = {*REGIONS["gcp"], *_MULTI}
    return None if str(value).lower() in both else _near(value, both)


def bucket_location(value: Any) -> str | None:
    """A region, a dual region or a multi-region of Cloud Storage, in either case."""
    both = {*REGIONS["gcp"], *_BUCKETS}
    return None if str(value).lower() in both else _near(value, both)


def bigquery_location(value: Any) -> str | None:
    """A region, US or EU; regions of other clouds through BigQuery Omni."""
    both = {*REGIONS["gcp"], "us", "eu"}
    fine = str(value).lower() in both or re.fullmatch(r"(aws|azure)-[a-z0-9-]+", str(value))
    return None if fine else _near(value, both)


@cache
def google_zones() -> frozenset[str]:
    """Every zone."""
    zones = {f"{r}-{z}" for r in REGIONS["gcp"] for z in _OTHER_ZONES.get(r, "abc")}
    return frozenset(zones) | _AI_ZONES


def google_machine(value: Any) -> str | None:
    """A machine type of Compute Engine, custom ones included."""
    text = str(value)
    if text in _SHARED or re.fullmatch(
        r"((e2|n1|n2|n2d|n4|n4d|g2)-)?custom-(\d+|micro|small|medium)-\d+(-ext)?", text
    ):
        return None
    if re.fullmatch(r"(m[1-4]|x4|ct\w+|tpu\w+)-[a-z]+\w*-\d+\w*(-\w+)*", text):
        return None  # memory-optimised machines and TPUs, which Landfall does not use
    for ending in _LOCAL_SSD:
        text = text.removesuffix(ending)
    family, _, rest = text.partition("-")
    kind, _, size = rest.partition("-")
    sizes = _SIZES.get(family)
    if sizes is None:
        return f"a machine type of one of the families {', '.join(_SIZES)}"
    if size in sizes.get(kind, "").split():
        return None
    return "one of " + "; ".join(f"{family}-{k}-({'|'.join(s.split())})" for k, s in sizes.items())


def google_gpu(value: Any) -> str | None:
    """An accelerator type that Compute Engine attaches."""
    return None if value in GPU_FAMILIES else _near(value, GPU_FAMILIES)


def azure_region(value: Any) -> str | None:
    """A region of Azure by its name or its display name; `global` for what has none."""
    text = str(value).lower().replace(" ", "")
    return None if text in REGIONS["azure"] or text == "global" else _near(value, REGIONS["azure"])


def azure_machine(value: Any) -> str | None:
    """A size of virtual machine: GPU sizes by the table, others by their form."""
    text = str(value)
    name = text.removeprefix("Standard_").removeprefix("Basic_")
    gpus = {one.type for one in MACHINES["azure"]} | {f"Standard_{one}" for one in _AZURE_GPU}
    if name == text:
        return "a size that begins with Standard_"
    if name.startswith("N"):
        return None if text in gpus else _near(value, gpus)
    return None if _AZURE_OTHER.fullmatch(name) else "a size such as Standard_D4s_v5"


def aws_region(value: Any) -> str | None:
    """A region of the commercial partition."""
    return None if value in REGIONS["aws"] else _near(value, REGIONS["aws"])


def _near(value: Any, known: Any) -> str:
    from infra.plan.check.finding import one_of

    return one_of(sorted(known), value)


_GOOGLE = f"https://cloud.google.com/compute/docs/regions-zones, as of {AS_OF}"
FORMS: dict[str, tuple[Callable[[Any], str | None], str]] = {
    "google-region": (google_region, _GOOGLE),
    "google-zone": (google_zone, _GOOGLE),
    "google-place": (google_place, _GOOGLE),
    "google-location": (google_location, _GOOGLE),
    "bucket-location": (bucket_location, f"https://cloud.google.com/storage/docs/locations, as of {AS_OF}"),
    "bigquery-location": (bigquery_location, f"https://cloud.google.com/bigquery/docs/locations, as of {AS_OF}"),
    "google-machine": (google_machine, f"https://cloud.google.com/compute/docs/machine-resource, as of {AS_OF}"),
    "google-gpu": (google_gpu, f"https://cloud.google.com/compute/docs/gpus, as of {AS_OF}"),
    "aws-region": (aws_region, "botocore's endpoints, in landfall/intent/regions.py"),
    "azure-region": (azure_region, f"https://learn.microsoft.com/azure/reliability/regions-list, as of {AS_OF}"),
    "azure-machine": (azure_machine, f"https://learn.microsoft.com/azure/virtual-machines/sizes/overview, as of {AS_OF}"),
}  # fmt: skip
