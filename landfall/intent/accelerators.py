"""The GPUs that each cloud rents for training and serving, by the names an Intent uses.

As of 2026-11-24. Sources: https://cloud.google.com/compute/docs/gpus and the AcceleratorType enum of
Vertex AI; https://aws.amazon.com/ec2/instance-types/ (accelerated computing);
https://learn.microsoft.com/azure/virtual-machines/sizes/overview (GPU accelerated). Leaves out TPUs,
Trainium, Inferentia and AMD's GPUs, for which Landfall builds no pools, fractional GPUs, and which
region has capacity: that is a question of quota.
"""

from __future__ import annotations

AS_OF = "2026-11-24"

ACCELERATORS: dict[str, dict[str, str]] = {
    "gcp": {
        "T4": "n1 with nvidia-tesla-t4",
        "L4": "g2-standard",
        "RTX-PRO-6000": "g4-standard",
        "A100-40GB": "a2-highgpu",
        "A100-80GB": "a2-ultragpu",
        "H100": "a3-highgpu",
        "H200": "a3-ultragpu",
        "B200": "a4-highgpu",
        "GB200": "a4x-highgpu",
    },
    "aws": {
        "T4": "g4dn",
        "A10G": "g5",
        "L4": "g6",
        "L40S": "g6e",
        "A100-40GB": "p4d",
        "A100-80GB": "p4de",
        "H100": "p5",
        "H200": "p5en",
        "B200": "p6-b200",
    },
    "azure": {
        "T4": "NCasT4_v3",
        "A10": "NVadsA10_v5",
        "A100-40GB": "ND_A100_v4",
        "A100-80GB": "NC_A100_v4",
        "H100": "NCads_H100_v5",
        "H200": "ND_H200_v5",
        "GB200": "ND_GB200_v6",
    },
}
"""Cloud → GPU → the machine family that carries it."""
