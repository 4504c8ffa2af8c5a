"""The report: one self-contained HTML file about a year of runs, readable by a client.

`gather` reads what the steps stored, `page` turns it into the file. Nothing is computed anew but sums,
and what a step did not store is said to be missing. Leaves out the live state of a model server.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.context import Context


def write_report(ctx: Context, target: Path) -> Path:
    """Write the report of the stack's runs to `target`, replacing it as a whole; returns the path.

    Works on any home, even an empty one. Raises LandfallError where the disk cannot be written.
    """
    from landfall.report.gather import gather
    from landfall.report.page import render
    from landfall.storage import Store

    target = target.absolute()
    Store(target.parent.as_uri()).write(target.name, render(gather(ctx)).encode())
    return target
