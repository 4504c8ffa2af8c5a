"""Every benchmark, one after the other, and at the end one table of their figures against the targets.

    python -m benchmarks [NAME …]        names: ingest month demo serving; none means all

`make bench` runs this. Each benchmark is a process of its own. The table is that of docs/benchmarks.md.
Exits 0 whether or not a target holds: on a busy machine none may, and the table says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from landfall.project import find_project


class Row(NamedTuple):
    """One line of the table."""

    what: str
    target: str
    figure: str
    spread: str
    holds: bool | None
    """None where the issue sets no target."""


def ingest_rows(told: dict[str, Any]) -> list[Row]:
    """The rows of benchmarks/ingest.py."""
    found = []
    for scale in told["scales"].values():
        tools = scale["tools"]
        ours = tools["landfall"]
        rate = f"{ours['rows_s']:,} rows/s, {ours['cpu_seconds']} s of CPU"
        found.append(Row(f"ingest {scale['rows']:,} rows", "", rate, "", None))
        for name, tool in tools.items():
            if name != "landfall":
                hand = name == "spark by hand"
                figure = f"{tool['ratio']}x" + (f", by CPU {tool['cpu_ratio']}x" if hand else "")
                spread = _spread(tool["ratios"])
                holds = tool["ratio"] <= 1.3 if hand else None
                target = "at most 1.3x" if hand else ""
                found.append(Row(f"… time against {name}", target, figure, spread, holds))
    grown = told["seconds_grow"]
    times = told["rows_grow"]
    figure = f"{median(grown)} times the time"
    found.append(
        Row(f"ingest {times:.0f} times the rows", f"at most {times:.0f} times", figure,
            _spread(grown), median(grown) <= times)
    )  # fmt: skip
    return found


def month_rows(told: dict[str, Any]) -> list[Row]:
    """The row of benchmarks/month.py."""
    seconds = [one["seconds"] for one in told["months"]]
    cpu = median(one["cpu_seconds"] for one in told["months"])
    figure = f"{told['seconds']} s, {cpu} s of CPU"
    holds = told["seconds"] <= told["target"]
    what = "event to verdict, a further month"
    return [Row(what, f"at most {told['target']} s", figure, _spread(seconds), holds)]


def demo_rows(told: dict[str, Any]) -> list[Row]:
    """The rows of benchmarks/demo.py."""
    cpu = sum(one["cpu_seconds"] for one in told["commands"])
    seconds, memory = told["seconds"], told["peak_mib"]
    return [
        Row("demo, after set-up", "at most 180 s", f"{seconds} s, {cpu:.0f} s of CPU", "one run", seconds <= 180),
        Row("demo, peak memory", "under 4096 MiB", f"{memory} MiB", "one run", memory < 4096),
    ]  # fmt: skip


def serving_rows(told: dict[str, Any]) -> list[Row]:
    """The rows of benchmarks/serving.py."""
    ours = told["servers"]["landfall"]
    rates = [one["rate"] for one in ours["rounds"]]
    best = max(
        (v for k, v in told["servers"].items() if k != "landfall"), key=lambda v: v["requests_s"]
    )
    shares = ", ".join(
        f"{share:.0%} of the {name}" for name, share in told["share_of_bare"].items()
    )
    return [
        Row("serving, against mlflow models serve", "at least 3x", f"{told['ratio']}x", "", told["ratio"] >= 3),
        Row("… requests a second", "", f"{ours['requests_s']:.0f}; mlflow {best['requests_s']:.0f}", _spread(rates, 0), None),
        Row("… p99", "lower", f"{ours['p99_ms']} ms; mlflow {best['p99_ms']} ms",
            _spread([one["p99_ms"] for one in ours["rounds"]]), told["p99_ratio"] < 1),
        Row("… errors", "0", str(ours["errors"]), "", ours["errors"] == 0),
        Row("… share of the bare model on batches", "", shares, "", None),
    ]  # fmt: skip


BENCHMARKS: dict[str, Callable[[dict[str, Any]], list[Row]]] = {
    "ingest": ingest_rows,
    "month": month_rows,
    "demo": demo_rows,
    "serving": serving_rows,
}


def main() -> None:
    """Run those that are named, print the table."""
    chosen = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in chosen if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"there is no benchmark {', '.join(unknown)}; choose of {', '.join(BENCHMARKS)}")
    rows: list[Row] = []
    loads = [os.getloadavg()[0]]
    for name in chosen:
        print(f"running {name} …", file=sys.stderr, flush=True)
        rows += BENCHMARKS[name](_run(name))
        loads.append(os.getloadavg()[0])
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; load average {_spread(loads)}\n")
    print(table(rows))


def _run(name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--output", "json"]
    done = subprocess.run(
        command, cwd=find_project().root, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def machine() -> str:
    """Cores, processor and memory, from /proc."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((one.partition(": ")[2] for one in lines if one.startswith("model name")), "?")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB"


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    word = {True: "yes", False: "NO", None: ""}
    lines = [
        "| what | target | median | rounds, least to most | holds |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {r.what} | {r.target} | {r.figure} | {r.spread} | {word[r.holds]} |" for r in rows
    ]
    return "\n".join(lines)


def _spread(values: list[float], digits: int = 2) -> str:
    return f"{min(values):.{digits}f} to {max(values):.{digits}f}"


if __name__ == "__main__":
    main()
