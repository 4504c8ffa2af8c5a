"""Where a run stands, on stderr: one bar on a terminal, a line a step in a log.

Says nothing of results; those are the command's data. Leaves out time left: months differ too much.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from landfall.month import Month


class Progress:
    """Told of each step as `run_month` tells it; use as a context manager."""

    def __init__(self, months: int, steps: int) -> None:
        self._months, self._steps, self._done = months, steps, 0
        self._bar = _bar(months * steps) if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, month: Month, step: str, state: str, seconds: float) -> None:
        number = min(self._done // self._steps + 1, self._months)
        place = f"[{number}/{self._months}] " if self._months > 1 else ""
        if state == "done":
            self._done += 1
        if self._bar:
            self._bar.update(
                self._bar.task_ids[0], completed=self._done, description=f"{month} {step}"
            )
        elif state != "started":
            failed = " failed" if state == "failed" else ""
            print(f"{place}{month} {step}{failed} {seconds:.1f} s", file=sys.stderr, flush=True)


def _bar(total: int):
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import (
        Progress as Bar,
    )

    bar = Bar(
        TextColumn("{task.description:<16}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
        # Lines on stdout go above the bar where both are one terminal, and to their file where not.
        redirect_stdout=sys.stdout.isatty(),
    )  # fmt: skip
    bar.add_task("", total=total)
    return bar
