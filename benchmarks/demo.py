"""The commands of `make demo` after its set-up, in a home of their own: seconds and peak memory.

    python -m benchmarks.demo [--until 2013-12] [--output text|json]

Memory is that of all processes of a command together, twice a second, shared pages shared out (PSS).
Leaves out the set-up.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.processes import tree
from landfall.project import find_project

TARGET_SECONDS = 180
TARGET_MIB = 4096
_MOST_SECONDS = 1800


def main() -> None:
    """Run the demo, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--until", default="2013-12")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    result = measure(asked.until)
    if asked.output == "json":
        print(json.dumps(result, indent=1))
        return
    for one in result["commands"]:
        print(
            f"{one['command']}: {one['seconds']} s, {one['cpu_seconds']} s of CPU, {one['peak_mib']} MiB"
        )
    print(
        f"demo {result['seconds']} s (target {TARGET_SECONDS}), peak {result['peak_mib']} MiB "
        f"(target {TARGET_MIB})"
    )


def measure(until: str) -> dict[str, Any]:
    """All figures of one run, JSON-ready."""
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as home:
        found = [
            _watched(command, home) for command in (["run", "--all", "--until", until], ["report"])
        ]
    return {
        "commands": found,
        "seconds": round(sum(one["seconds"] for one in found), 1),
        "peak_mib": max(one["peak_mib"] for one in found),
    }


def _watched(arguments: list[str], home: str) -> dict[str, Any]:
    program = Path(sys.executable).with_name("landfall")
    command = ["env", f"LANDFALL_HOME={home}", str(program), *arguments]
    began, peak, cpu = time.perf_counter(), 0.0, 0.0
    with tempfile.TemporaryFile("w+") as said:
        running = subprocess.Popen(command, cwd=find_project().root, stdout=said, stderr=said)
        try:
            while running.poll() is None and time.perf_counter() - began < _MOST_SECONDS:
                use = tree(running.pid)
                peak, cpu = max(peak, use.memory), max(cpu, use.cpu)
                time.sleep(0.5)
        finally:
            running.kill()
            running.wait()
        if running.returncode:
            said.seek(0)
            raise SystemExit(f"landfall {' '.join(arguments)} failed:\n{said.read()[-2000:]}")
    return {
        "command": f"landfall {' '.join(arguments)}",
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mib": round(peak),
    }


if __name__ == "__main__":
    main()
