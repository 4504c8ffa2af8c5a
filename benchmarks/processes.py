"""What a process and all below it use: CPU and memory, from /proc. Linux only."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple


class Use(NamedTuple):
    """CPU seconds so far, those of children that have ended included; memory in MiB, shared pages shared out."""

    cpu: float
    memory: float


def tree(root: int | None = None) -> Use:
    """What the process `root` (this one for None) and its descendants use now."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            stats[int(entry.name)] = told
            below[int(told[1])].append(int(entry.name))
    mine, waiting = [], [root or os.getpid()]
    while waiting:
        mine.append(waiting.pop())
        waiting += below[mine[-1]]
    ticks = sum(sum(map(int, stats[pid][11:15])) for pid in mine if pid in stats)
    return Use(ticks / os.sysconf("SC_CLK_TCK"), sum(map(_memory, mine)))


def _memory(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
