"""Bronze and silver by Landfall against the same by hand (PySpark, DuckDB), at 336,776 rows and ten times them.

    python -m benchmarks.ingest [--scales 1 10] [--rounds 3] [--output text|json]

A year of flights, a file a month, from the landing zone to silver. In each round Landfall and the Spark
job by hand take turns month by month in one warm session, on tables of their own; then the same job
runs in a JVM of its own with PySpark's stock settings, and DuckDB. A figure is the median over the rounds of
a whole year, in seconds and in seconds of CPU (Python and JVM), which other work on the machine sways
less. Landfall's time includes all it does beyond that job: the look through the file (checksum,
encoding), the contract's rules, the audit on a branch, the counts, the ledger. Leaves out the landing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import yaml

from benchmarks import by_hand
from benchmarks.flight_files import MonthFile, land, write_year
from landfall.intent import parse_intent
from landfall.local import local_platform
from landfall.project import Project, find_project
from landfall.storage import Store
from pipelines.context import Context
from pipelines.ingest import ingest_month

TARGET = 1.3


class Spent(NamedTuple):
    """What some work took: seconds by the clock and, where it is known, of CPU."""

    seconds: float
    cpu: float | None = None

    def plus(self, more: Spent) -> Spent:
        """Both together."""
        return Spent(self.seconds + more.seconds, (self.cpu or 0) + (more.cpu or 0))


@dataclass
class Lake:
    """A home in a temporary folder with one warm session, and datasets of flights by any name."""

    home: Path
    spark: Any = None

    def context(self, dataset: str, most: int) -> Context:
        """A fresh Context over one dataset of flights; its contract allows `most` rows a month."""
        project = Project(root=self.home / "project", home=self.home)
        project.contracts_dir.mkdir(parents=True, exist_ok=True)
        contract = yaml.safe_load((find_project().contracts_dir / "flights.yml").read_text())
        contract |= {"dataset": dataset, "volume": {"min_rows": 1, "max_rows": most}}
        (project.contracts_dir / f"{dataset}.yml").write_text(yaml.safe_dump(contract))
        raw = {
            "client": {"name": "Benchmark", "slug": "bench"},
            "environment": "dev",
            "cloud": {"provider": "local"},
            "sources": [{"kind": "file", "dataset": dataset, "path": "x-{month}.csv"}],
        }
        intent = parse_intent(raw, "benchmarks/ingest.py")
        ctx = Context(project, "bench", intent, local_platform(intent, "bench", self.home))
        if self.spark is None:
            from pipelines.spark import open_spark

            ctx.catalog  # noqa: B018  (makes the catalog's file)
            self.spark = open_spark(ctx.platform, find_project().cache_dir)
        ctx.__dict__["spark"] = self.spark
        return ctx


def main() -> None:
    """Write the files, run the rounds, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--scales", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    result = measure(asked.scales, asked.rounds)
    print(json.dumps(result, indent=1)) if asked.output == "json" else _print(result)


def measure(scales: list[int], rounds: int) -> dict[str, Any]:
    """All figures of one run, JSON-ready: seconds a year by scale, tool and round."""
    found: dict[int, list[dict[str, Spent]]] = {scale: [] for scale in scales}
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as folder:
        home = Path(folder)
        lake = Lake(home)
        files = {}
        for scale in scales:
            (home / f"x{scale}").mkdir()
            files[scale] = write_year(home / f"x{scale}", scale)
        rows = {scale: [file.rows for file in of] for scale, of in files.items()}
        _in_turns(lake, "warm", files[scales[0]][:3])
        for number in range(rounds):
            for scale in scales:
                told = _in_turns(lake, f"r{number}_x{scale}", files[scale])
                told["spark, stock settings"] = Spent(_stock(home / f"x{scale}"))
                told["duckdb"] = Spent(sum(_duckdb(files[scale])))
                found[scale].append(told)
                said = ", ".join(f"{tool} {spent.seconds:.1f} s" for tool, spent in told.items())
                print(f"round {number + 1}, {sum(rows[scale]):,} rows: {said}", file=sys.stderr)
        lake.spark.stop()
    return _summary(found, rows)


def _in_turns(lake: Lake, name: str, files: list[MonthFile]) -> dict[str, Spent]:
    """What Landfall and the job by hand took over the files, in turns month by month."""
    dataset = f"flights_{name}"
    ctx = lake.context(dataset, 10 * max(file.rows for file in files))
    store = Store(ctx.platform.storage.landing)
    bronze, silver = f"lake.gold.hand_bronze_{name}", f"lake.gold.hand_silver_{name}"
    by_hand.make_tables(lake.spark, bronze, silver)
    jvm = lake.spark._jvm.java.lang.ProcessHandle.current().pid()
    spent = {"landfall": Spent(0, 0), "spark by hand": Spent(0, 0)}
    for number, file in enumerate(files):
        land(store, dataset, file)

        def landfall(file: MonthFile = file) -> None:
            told = ingest_month(ctx, file.month)["counts"][dataset]
            if told["received"] != file.rows:
                raise SystemExit(f"{file.month}: {told['received']} of {file.rows} rows arrived")

        def hand(file: MonthFile = file) -> None:
            by_hand.spark_month(lake.spark, bronze, silver, file.path)

        turns = [("landfall", landfall), ("spark by hand", hand)]
        for tool, work in turns if number % 2 else reversed(turns):
            spent[tool] = spent[tool].plus(_timed(work, jvm))
    _compare(ctx, dataset, lake.spark, silver)
    return spent


def _timed(work: Callable[[], None], jvm: int) -> Spent:
    cpu, began = _cpu(jvm), time.perf_counter()
    work()
    return Spent(time.perf_counter() - began, _cpu(jvm) - cpu)


def _cpu(jvm: int) -> float:
    """Seconds of CPU that this process and its JVM have used so far."""
    after_name = Path(f"/proc/{jvm}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK")


def _compare(ctx: Context, dataset: str, spark: Any, silver: str) -> None:
    """Both ways must have come to the same rows, but for those that the contract keeps out."""
    kept = spark.table(f"lake.silver.{dataset}").count()
    out = ctx.catalog.load_table(f"quarantine.{dataset}").scan().count()
    if kept + out != spark.table(silver).count():
        raise SystemExit(
            f"{dataset}: {kept} rows in silver and {out} in quarantine; by hand others"
        )


def _stock(folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.by_hand", str(folder)]
    ended = subprocess.run(
        command, cwd=find_project().root, capture_output=True, text=True, check=True, timeout=900
    )
    return sum(json.loads(ended.stdout.splitlines()[-1]))


def _duckdb(files: list[MonthFile]) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="landfall-duckdb-") as folder:
        return by_hand.duckdb_year([file.path for file in files], Path(folder))


def _summary(
    found: dict[int, list[dict[str, Spent]]], months: dict[int, list[int]]
) -> dict[str, Any]:
    scales = {}
    rows = {scale: sum(of) for scale, of in months.items()}
    for scale, rounds in found.items():
        tools = {name: _tool(rounds, name, rows[scale]) for name in rounds[0]}
        scales[str(scale)] = {"rows": rows[scale], "files": len(months[scale]), "tools": tools}
    first, last = min(found), max(found)
    pairs = [(a["landfall"], b["landfall"]) for a, b in zip(found[first], found[last], strict=True)]
    return {
        "cpus": os.cpu_count(),
        "scales": scales,
        "rows_grow": rows[last] / rows[first],
        "seconds_grow": [round(large.seconds / small.seconds, 2) for small, large in pairs],
    }


def _tool(rounds: list[dict[str, Spent]], name: str, rows: int) -> dict[str, Any]:
    """Medians of one tool, and Landfall's time as a multiple of its, a round."""
    seconds = median(told[name].seconds for told in rounds)
    ratios = [told["landfall"].seconds / told[name].seconds for told in rounds]
    found = {
        "seconds": round(seconds, 2),
        "rows_s": round(rows / seconds),
        "ratio": round(median(ratios), 2),
        "ratios": [round(one, 2) for one in ratios],
    }
    cpu = [(told["landfall"].cpu or 0, told[name].cpu or 0) for told in rounds]
    if all(theirs for _, theirs in cpu):
        found["cpu_seconds"] = round(median(theirs for _, theirs in cpu), 2)
        found["cpu_ratio"] = round(median(ours / theirs for ours, theirs in cpu), 2)
    return found


def _print(result: dict[str, Any]) -> None:
    for told in result["scales"].values():
        print(
            f"{told['rows']:,} rows, {told['files']} files, medians of the rounds, {result['cpus']} CPUs"
        )
        print(f"  {'':<24}{'seconds':>9}{'rows/s':>11}{'CPU s':>9}  landfall takes, times as long")
        for name, tool in told["tools"].items():
            cpu = tool.get("cpu_seconds", "")
            spread = ", ".join(f"{one:.2f}" for one in tool["ratios"])
            by_cpu = f"; by CPU {tool['cpu_ratio']:.2f}" if cpu else ""
            print(
                f"  {name:<24}{tool['seconds']:>9.1f}{tool['rows_s']:>11,}{cpu:>9}"
                f"  {tool['ratio']:.2f} ({spread}){by_cpu}"
            )
    grown = result["seconds_grow"]
    print(
        f"{result['rows_grow']:.0f} times the rows take landfall {median(grown):.1f} times as long "
        f"({', '.join(map(str, grown))})"
    )


if __name__ == "__main__":
    main()
