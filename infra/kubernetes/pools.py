"""The GPU pools of an intent, in the order in which `infra/<cloud>/cluster.py` names them.

Training first, then serving; within a use the intent's order of capacity. Leaves out the pools themselves.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from landfall.intent import Intent
from landfall.intent.machines import Machine, machine
from landfall.intent.ml import GpuPool

Use = Literal["training", "serving"]


class Pool(NamedTuple):
    """One pool: a use's GPUs from one kind of capacity. `place` is where it stands in `Cluster.gpu_pools`."""

    place: int
    use: Use
    capacity: str
    wanted: GpuPool
    machine: Machine | None

    @property
    def name(self) -> str:
        """As `training-spot`."""
        return f"{self.use}-{self.capacity}"

    @property
    def gpus(self) -> int:
        """All of its GPUs when it has grown."""
        return self.wanted.count * self.wanted.max_nodes


def gpu_pools(intent: Intent) -> list[Pool]:
    """Every GPU pool that the intent asks for."""
    if intent.ml is None:
        return []
    found: list[Pool] = []
    uses: tuple[tuple[Use, GpuPool | None], ...] = (
        ("training", intent.ml.training_gpu),
        ("serving", intent.ml.serving_gpu),
    )
    for use, wanted in uses:
        for capacity in wanted.capacity if wanted else ():
            assert wanted is not None
            sold = machine(intent.cloud.provider, wanted.accelerator, wanted.count)
            found.append(Pool(len(found), use, capacity, wanted, sold))
    return found


def gpus(intent: Intent, use: str) -> int:
    """GPUs that a use may hold at once: one pool's worth, since its pools stand in for each other."""
    return max((pool.gpus for pool in gpu_pools(intent) if pool.use == use), default=0)


def teams(intent: Intent) -> list[str]:
    """Who shares the cluster: the teams that the intent names, or `platform` where it names none."""
    return sorted({*intent.serving.throttle, *intent.serving.pins}) or ["platform"]
