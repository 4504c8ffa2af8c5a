"""`landfall land`: copy a month of every source into the landing zone."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from landfall.cli.output import Form, MonthText, Output, Stack, emit


def land(
    month: MonthText,
    stack: Stack,
    ask: Annotated[
        bool, typer.Option("--ask", help="only say whether the month is there; exit 3 where not")
    ] = False,
    output: Output = Form.text,
) -> None:
    """Copy a month of every source into the landing zone, and publish an event for what is new."""
    from landfall.month import Month
    from pipelines.context import open_context
    from pipelines.land import arrived, land_month

    chosen = Month.parse(month)
    with open_context(stack) as ctx:
        if ask:
            there = arrived(ctx, chosen)
            emit({"month": str(chosen), "stack": stack, "datasets": there}, output, _print_arrived)
            if not all(there.values()):
                raise typer.Exit(3)
            return
        datasets = land_month(ctx, chosen)
    emit({"month": str(chosen), "stack": stack, "datasets": datasets}, output, _print)


def _print(value: dict[str, Any]) -> None:
    for dataset, told in value["datasets"].items():
        if told["status"] == "absent":
            typer.echo(f"{dataset}: absent, the source has nothing of {value['month']}")
            continue
        rows = f", {told['rows']:,} rows" if "rows" in told else ""
        typer.echo(
            f"{dataset}: {told['status']}, version {told['version']}, {told['bytes']:,} bytes{rows}"
        )


def _print_arrived(value: dict[str, Any]) -> None:
    for dataset, there in value["datasets"].items():
        typer.echo(f"{dataset}: {'there' if there else 'not yet there'}")
