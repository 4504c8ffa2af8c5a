"""Which machine carries which GPUs: accelerator and number of GPUs a node → the cloud's machine type.

As of 2026-11-24. vCPU and memory (GiB) from the price tables that `infra/plan/prices/gpu.csv` cites and, for
machines it does not price, from https://cloud.google.com/compute/docs/gpus,
https://aws.amazon.com/ec2/instance-types/ and https://learn.microsoft.com/azure/virtual-machines/sizes/overview.
Never guessed from a name: machines whose names begin alike carry other makers' GPUs (g4ad is AMD's).
Leaves out prices and which region sells a machine (`landfall/intent/gpu_regions.py`).
"""

from __future__ import annotations

from typing import NamedTuple

AS_OF = "2026-11-24"


class Machine(NamedTuple):
    """One machine type with GPUs."""

    type: str
    accelerator: str
    """As the Intent names it."""
    gpus: int
    vcpu: int
    memory_gib: int
    label: str
    """The cloud's own name of the GPU: GCP's accelerator type; elsewhere NVIDIA's product name."""


MACHINES: dict[str, tuple[Machine, ...]] = {
    "gcp": (
        Machine("n1-standard-4", "T4", 1, 4, 15, "nvidia-tesla-t4"),
        Machine("g2-standard-8", "L4", 1, 8, 32, "nvidia-l4"),
        Machine("g2-standard-24", "L4", 2, 24, 96, "nvidia-l4"),
        Machine("g2-standard-48", "L4", 4, 48, 192, "nvidia-l4"),
        Machine("g2-standard-96", "L4", 8, 96, 384, "nvidia-l4"),
        Machine("g4-standard-48", "RTX-PRO-6000", 1, 48, 180, "nvidia-rtx-pro-6000"),
        Machine("a2-highgpu-1g", "A100-40GB", 1, 12, 85, "nvidia-tesla-a100"),
        Machine("a2-highgpu-8g", "A100-40GB", 8, 96, 680, "nvidia-tesla-a100"),
        Machine("a2-ultragpu-1g", "A100-80GB", 1, 12, 170, "nvidia-a100-80gb"),
        Machine("a2-ultragpu-8g", "A100-80GB", 8, 96, 1360, "nvidia-a100-80gb"),
        Machine("a3-highgpu-1g", "H100", 1, 26, 234, "nvidia-h100-80gb"),
        Machine("a3-highgpu-8g", "H100", 8, 208, 1872, "nvidia-h100-80gb"),
        Machine("a3-ultragpu-8g", "H200", 8, 224, 2952, "nvidia-h200-141gb"),
        Machine("a4-highgpu-8g", "B200", 8, 224, 3968, "nvidia-b200"),
        Machine("a4x-highgpu-4g", "GB200", 4, 140, 884, "nvidia-gb200"),
    ),
    "aws": (
        Machine("g4dn.xlarge", "T4", 1, 4, 16, "T4"),
        Machine("g4dn.12xlarge", "T4", 4, 48, 192, "T4"),
        Machine("g4dn.metal", "T4", 8, 96, 384, "T4"),
        Machine("g5.xlarge", "A10G", 1, 4, 16, "A10G"),
        Machine("g5.12xlarge", "A10G", 4, 48, 192, "A10G"),
        Machine("g6.xlarge", "L4", 1, 4, 16, "L4"),
        Machine("g6.12xlarge", "L4", 4, 48, 192, "L4"),
        Machine("g6.48xlarge", "L4", 8, 192, 768, "L4"),
        Machine("g6e.xlarge", "L40S", 1, 4, 32, "L40S"),
        Machine("g6e.12xlarge", "L40S", 4, 48, 384, "L40S"),
        Machine("p4d.24xlarge", "A100-40GB", 8, 96, 1152, "A100"),
        Machine("p4de.24xlarge", "A100-80GB", 8, 96, 1152, "A100"),
        Machine("p5.4xlarge", "H100", 1, 16, 256, "H100"),
        Machine("p5.48xlarge", "H100", 8, 192, 2048, "H100"),
        Machine("p5en.48xlarge", "H200", 8, 192, 2048, "H200"),
        Machine("p6-b200.48xlarge", "B200", 8, 192, 2048, "B200"),
    ),
    "azure": (
        Machine("Standard_NC4as_T4_v3", "T4", 1, 4, 28, "T4"),
        Machine("Standard_NC64as_T4_v3", "T4", 4, 64, 440, "T4"),
        Machine("Standard_NV36ads_A10_v5", "A10", 1, 36, 440, "A10"),
        Machine("Standard_NV72ads_A10_v5", "A10", 2, 72, 880, "A10"),
        Machine("Standard_ND96asr_v4", "A100-40GB", 8, 96, 900, "A100"),
        Machine("Standard_NC24ads_A100_v4", "A100-80GB", 1, 24, 220, "A100"),
        Machine("Standard_NC48ads_A100_v4", "A100-80GB", 2, 48, 440, "A100"),
        Machine("Standard_NC96ads_A100_v4", "A100-80GB", 4, 96, 880, "A100"),
        Machine("Standard_ND96amsr_A100_v4", "A100-80GB", 8, 96, 1800, "A100"),
        Machine("Standard_NC40ads_H100_v5", "H100", 1, 40, 320, "H100"),
        Machine("Standard_NC80adis_H100_v5", "H100", 2, 80, 640, "H100"),
        Machine("Standard_ND96isr_H100_v5", "H100", 8, 96, 1900, "H100"),
        Machine("Standard_ND96isr_H200_v5", "H200", 8, 96, 1850, "H200"),
        Machine("Standard_ND128isr_NDR_GB200_v6", "GB200", 4, 128, 900, "GB200"),
    ),
}


def machine(provider: str, accelerator: str, gpus: int) -> Machine | None:
    """The machine with that many of that GPU a node, or None where the cloud sells none."""
    for one in MACHINES[provider]:
        if (one.accelerator, one.gpus) == (accelerator, gpus):
            return one
    return None
