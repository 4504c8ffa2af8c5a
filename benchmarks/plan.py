"""How long a plan takes, where the time goes, whether it grows in line, and what azure-native's aliases cost.

    python -m benchmarks.plan [--rounds 3] [--output text|json]

Each round plans the largest sample stack of each cloud in a process of its own, as `landfall plan` does: by the clock, by
CPU, and by part, and once more as Pulumi's SDKs and its own recording come (the whole SDKs imported, an alias URN each): that
ratio is what a figure taken on another machine can be held to. Then programs of ten to eighty groups of azure-native resources are recorded, with our handling of
aliases and with Pulumi's own. Leaves out starting Python and printing.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any
from unittest import mock

from landfall.project import find_project

STACKS = {
    "gcp": "kestrel-gcp-staging",
    "aws": "northwind-aws-adopt",
    "azure": "fjord-azure-dev",
}
"""The largest of each cloud: all layers in one stack; on GCP and AWS with Snowflake."""
TARGETS = {"gcp": 4.0, "aws": 4.0, "azure": 12.0}
"""Seconds by the clock on two free cores; all three together 20."""
MEMORY_MIB = 1024
GROUPS = (10, 20, 40, 80)
_EACH = 4  # resources a group


class Parts:
    """Seconds by the clock and of CPU for each named part."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, float]] = {}

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.told[name] = {
            "seconds": round(time.perf_counter() - wall, 3),
            "cpu": round(time.process_time() - cpu, 3),
        }


def plain() -> None:
    """From here on, this process records with the SDKs and with Pulumi as they come."""
    from infra.plan import record, sdk

    for module, names in (
        (record, ("spare_imports", "cheap_aliases", "cheap_positions")),
        (sdk, ("spare_imports",)),
    ):
        for name in names:
            setattr(module, name, lambda: None)


def one_stack(stack: str, as_it_comes: bool) -> dict[str, Any]:
    """Plan a stack once in this process, part by part; the SDKs' import is part of `record`."""
    parts = Parts()
    if as_it_comes:
        plain()
    with parts.part("import"):
        from infra.plan.check import check
        from infra.plan.cost import estimate
        from infra.plan.parity import parity
        from infra.plan.policies import judge
        from infra.plan.stacks import plan_intent, read_stack
    project = find_project()
    with parts.part("intent"):
        intent = read_stack(project, stack)
    with parts.part("record"):
        plan = plan_intent(project, intent, stack)
    with parts.part("check"):
        check(plan)
    with parts.part("policies"):
        judge(plan, intent, datetime.date.today())
    with parts.part("cost"):
        estimate(plan, intent)
    with parts.part("parity"):
        parity(intent)
    total = {key: round(sum(p[key] for p in parts.told.values()), 3) for key in ("seconds", "cpu")}
    with parts.part("record again, modules loaded"):
        plan_intent(project, intent, stack)
    return {
        "stack": stack,
        "resources": len(plan.resources),
        **total,
        "memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "parts": parts.told,
    }


def synthetic(groups: int) -> Callable[[], None]:
    """A program of that many storage accounts, containers, security groups and grants."""

    def program() -> None:
        import pulumi
        import pulumi_azure_native as azure

        provider = azure.Provider("azure", subscription_id="11111111-2222-3333-4444-555555555555")
        options = pulumi.ResourceOptions(provider=provider)
        for i in range(groups):
            account = azure.storage.StorageAccount(
                f"account-{i}", account_name=f"acme{i}", resource_group_name="acme",
                kind="StorageV2", sku={"name": "Standard_ZRS"}, opts=options,
            )  # fmt: skip
            azure.storage.BlobContainer(
                f"container-{i}", account_name=account.name, resource_group_name="acme", opts=options
            )  # fmt: skip
            azure.network.NetworkSecurityGroup(
                f"group-{i}", resource_group_name="acme", opts=options
            )
            azure.authorization.RoleAssignment(
                f"grant-{i}", scope=account.id, principal_id="22222222-3333-4444-5555-666666666666",
                role_definition_id="/roles/reader", opts=options,
            )  # fmt: skip

    return program


def growth(rounds: int) -> dict[str, Any]:
    """CPU seconds a resource for programs of several sizes, and what they are with Pulumi's own aliases."""
    from infra.plan import record as recorder

    def seconds(groups: int) -> float:
        gc.collect()
        start = time.process_time()
        recorder.record(synthetic(groups), "bench", "azure")
        return time.process_time() - start

    seconds(2)  # the modules
    ours = {n: median(seconds(n) for _ in range(rounds)) for n in GROUPS}
    with mock.patch.object(recorder, "cheap_aliases"):
        theirs = {n: median(seconds(n) for _ in range(rounds)) for n in GROUPS[:3]}
    per = {n * _EACH: round(1000 * ours[n] / (n * _EACH), 2) for n in GROUPS}
    return {
        "ms_a_resource": per,
        "grown": round(per[GROUPS[-1] * _EACH] / per[GROUPS[0] * _EACH], 2),
        "aliases_by_pulumi": {
            n * _EACH: round(theirs[n] / ours[n], 2) for n in GROUPS[:3]
        },
    }  # fmt: skip


def run(rounds: int) -> dict[str, Any]:
    """Everything, as JSON."""
    stacks: dict[str, Any] = {}
    for cloud, stack in STACKS.items():
        told = [_in_a_process(stack) for _ in range(rounds + 1)][1:]  # the first warms the disk
        best = sorted(told, key=lambda one: one["seconds"])[len(told) // 2]
        stacks[cloud] = {
            **best,
            "rounds": [{k: t[k] for k in ("seconds", "cpu")} for t in told],
            "plain": _in_a_process(stack, "--plain")["seconds"],
        }
    return {
        "machine": {"cpus": os.cpu_count(), "load": os.getloadavg()[0]},
        "stacks": stacks,
        "together": round(sum(one["seconds"] for one in stacks.values()), 2),
        "growth": growth(rounds),
    }


def _in_a_process(stack: str, *more: str) -> dict[str, Any]:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.plan", "--one", stack, *more],
        stdout=subprocess.PIPE, text=True, check=True, env=env,
    )  # fmt: skip
    return json.loads(done.stdout)


def show(told: dict[str, Any]) -> None:
    """The figures for a person."""
    print(f"{told['machine']['cpus']} CPUs, load {told['machine']['load']:.1f}")
    for cloud, one in told["stacks"].items():
        holds = "holds" if one["seconds"] <= TARGETS[cloud] else "NOT HELD"
        print(
            f"{cloud:<6}{one['stack']:<22}{one['resources']:>4} resources {one['seconds']:>6.2f} s"
            f" ({one['cpu']:.2f} s of CPU) of {TARGETS[cloud]:.0f}: {holds};"
            f" {one['memory_mib']} MiB of {MEMORY_MIB}"
        )
        parts = ", ".join(f"{name} {p['seconds']:.2f}" for name, p in one["parts"].items())
        print(f"      {parts}")
        times = one["plain"] / one["seconds"]
        print(
            f"      with the SDKs and Pulumi as they come {one['plain']:.2f} s: {times:.1f} times as long"
        )
    print(f"all three {told['together']:.2f} s of 20")
    grown = told["growth"]
    sizes = ", ".join(f"{n}: {ms} ms" for n, ms in grown["ms_a_resource"].items())
    print(f"azure-native, CPU a resource by number of resources: {sizes}; grown {grown['grown']}x")
    times = ", ".join(f"{n}: {x}x" for n, x in grown["aliases_by_pulumi"].items())
    print(f"with Pulumi's own alias URNs: {times}")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", choices=("text", "json"), default="text")
    parser.add_argument("--one", metavar="STACK", help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(one_stack(chosen.one, chosen.plain)))
        return
    told = run(chosen.rounds)
    if chosen.output == "json":
        print(json.dumps(told, indent=1))
    else:
        show(told)


if __name__ == "__main__":
    main()
