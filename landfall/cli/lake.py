"""`landfall lake`: what the tables hold, and a lost catalog made anew."""

from __future__ import annotations

from typing import Any

import typer

from landfall.cli.output import Form, Output, Stack, emit, status

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What the lake's tables hold; a damaged catalog made anew.",
)

WIDTH = 120
"""Characters a line may take at least, so that a narrow terminal does not cut the hashes off."""


@app.command()
def show(stack: Stack, output: Output = Form.text) -> None:
    """Rows, snapshot and content hash of every table; the hash does not depend on row order."""
    from pipelines.context import open_context
    from pipelines.lake import lake_tables
    from pipelines.recover import check_catalog

    with open_context(stack) as ctx:
        check_catalog(ctx.platform)
        emit({"tables": lake_tables(ctx)}, output, _print_tables)


@app.command()
def recover(stack: Stack, output: Output = Form.text) -> None:
    """Set a damaged catalog aside and register every table again from its own metadata."""
    from pipelines.context import open_context
    from pipelines.recover import recover_catalog

    with open_context(stack) as ctx:
        emit({"tables": recover_catalog(ctx.platform)}, output, _print_recovered)


def _print_tables(value: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not value["tables"]:
        status("The lake has no tables yet: landfall run --all")
        return
    table = Table("table", "rows", "snapshot", "hash", box=None)
    for column in table.columns:
        column.no_wrap = True
    table.columns[1].justify = "right"
    for row in value["tables"]:
        table.add_row(row["table"], f"{row['rows']:,}", row["snapshot"] or "", row["hash"])
    console = Console()
    console.width = max(console.width, WIDTH)
    console.print(table)


def _print_recovered(value: dict[str, Any]) -> None:
    for name, metadata in value["tables"].items():
        typer.echo(f"{name}  {metadata}")
    status(f"{len(value['tables'])} tables registered.")
