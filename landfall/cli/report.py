"""`landfall report`: one self-contained HTML file about what was run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landfall.cli.output import Form, Output, Stack, emit, status


def report(
    stack: Stack,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="PATH",
            help="where to write it",
            show_default="report.html in the home",
        ),
    ] = None,
    output: Output = Form.text,
) -> None:
    """Write the report: the year at a glance, counts, drift, verdicts, history and cost."""
    from landfall.report import write_report
    from pipelines.context import open_context

    with open_context(stack) as ctx:
        target = file or ctx.project.home / "report.html"
        status(f"reading the results of {stack}")
        path = write_report(ctx, target)
    emit({"report": str(path)}, output, lambda value: print(f"report: {value['report']}"))
