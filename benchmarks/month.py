"""From the event that a month has landed to the verdict on its models, in a session that is warm.

    python -m benchmarks.month [--warm 3] [--months 3] [--output text|json]

In a home of its own the first `--warm` months run as `landfall run` runs them; then a listener, as
`landfall listen` has it, gets the events of one further month after the other. The clock starts when the
month's files are in the landing zone and their events on the bus, and stops when the verdict is stored
and the listener has acknowledged. CPU is that of all processes of the run. Leaves out the start of the session.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.processes import tree
from landfall.month import Month
from landfall.project import Project, default_stack, find_project
from pipelines.bus.listen import Listener
from pipelines.context import Context, open_context
from pipelines.flow import run_month
from pipelines.land import available_months, land_month

TARGET_SECONDS = 20


def main() -> None:
    """Warm up, hear the events, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--warm", type=int, default=3)
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    result = measure(asked.warm, asked.months)
    print(json.dumps(result, indent=1)) if asked.output == "json" else _print(result)


def measure(warm: int, months: int) -> dict[str, Any]:
    """All figures of one run, JSON-ready: a list of months with seconds, CPU, steps and decision."""
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as folder:
        project = Project(find_project().root, Path(folder))
        with open_context(default_stack(), project) as ctx:
            chosen = available_months(ctx)[: warm + months]
            for month in chosen[:warm]:
                run_month(ctx, month)
            _listener(ctx, []).listen(once=True, timeout=1)  # the events of the months above
            found = [_hear(ctx, month) for month in chosen[warm:]]
    seconds = [one["seconds"] for one in found]
    return {
        "months": found,
        "seconds": round(median(seconds), 1),
        "most": max(seconds),
        "target": TARGET_SECONDS,
    }


def _hear(ctx: Context, month: Month) -> dict[str, Any]:
    land_month(ctx, month)
    told: list[dict[str, Any]] = []
    cpu, began = tree().cpu, time.perf_counter()
    _listener(ctx, told).listen(once=True, timeout=5)
    seconds = time.perf_counter() - began
    spent = tree().cpu - cpu
    (result,) = told
    if result["month"] != str(month) or result["verdict"] is None:
        raise SystemExit(f"{month}: no verdict came of its events")
    return {
        "month": str(month),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(spent, 1),
        "steps": {step["name"]: round(step["seconds"], 1) for step in result["steps"]},
        "decision": result["verdict"]["decision"],
    }


def _listener(ctx: Context, told: list[dict[str, Any]]) -> Listener:
    def run(month: Month) -> dict[str, Any]:
        told.append(run_month(ctx, month))
        return told[-1]

    return Listener(ctx, run, threading.Event(), lambda _: None)


def _print(result: dict[str, Any]) -> None:
    for one in result["months"]:
        steps = ", ".join(f"{name} {seconds}" for name, seconds in one["steps"].items())
        print(
            f"{one['month']}: {one['seconds']} s from event to {one['decision']} "
            f"({one['cpu_seconds']} s of CPU; {steps})"
        )
    print(
        f"median {result['seconds']} s, most {result['most']} s; target at most {result['target']} s"
    )


if __name__ == "__main__":
    main()
