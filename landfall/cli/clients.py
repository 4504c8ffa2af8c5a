"""`landfall clients`: who runs which version where, and the upgrade campaign."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit, status

app = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Stacks by client: version, last apply, drift, cost; and upgrading them all.",
)


@app.callback()
def clients(
    context: typer.Context,
    client: Annotated[str | None, typer.Option(help="only this client's stacks")] = None,
    output: Output = Form.text,
) -> None:
    """List the stacks by client: blueprint version, last apply, drift, cost, as the register of builds knows them."""
    if context.invoked_subcommand is not None:
        return
    from infra.release.clients import rows
    from infra.release.registers import Registers
    from landfall import __version__
    from landfall.project import find_project

    project = find_project()
    found = [row.as_dict() for row in rows(project, Registers(project), client)]
    applied = [one for one in found if one["applied"]]
    value = {
        "version": __version__,
        "stacks": found,
        "watched": [one["stack"] for one in applied if one["jenkins"]],
        "by_hand": [one["stack"] for one in applied if not one["jenkins"]],
    }
    emit(value, output, _print_rows)


@app.command()
def upgrade(
    client: Annotated[str | None, typer.Option(help="only this client's stacks")] = None,
    output: Output = Form.text,
) -> None:
    """Plan this version for every applied stack, mildest first; exit 3 where a surprise stops the campaign."""
    import datetime

    from infra.release.campaign import campaign
    from infra.release.registers import Registers
    from landfall.errors import UsageError
    from landfall.project import find_project

    project = find_project()
    made = campaign(project, Registers(project), datetime.date.today(), client, tell=status)
    if client is not None and not made.steps and not made.unknown:
        raise UsageError(f"There is no client '{client}'.", fix="landfall clients lists them.")
    emit(made.as_dict(), output, _print_campaign)
    if made.stopped_at is not None:
        raise typer.Exit(3)


def _print_rows(value: dict[str, Any]) -> None:
    before = None
    for one in value["stacks"]:
        if one["client"] != before:
            print(f"{one['name']} ({one['client']})")
            before = one["client"]
        print(f"  {one['stack']:<30} {one['environment']:<8} {_applied(one)}")
    print(f"this checkout: {value['version']}")


def _applied(one: dict[str, Any]) -> str:
    if one["applied"] is None:
        return "not applied by a build"
    behind = "" if one["current"] else " (behind)"
    drift = {None: "never looked for drift", True: "DRIFTED", False: "as applied"}[one["drifted"]]
    return (
        f"{one['version']}{behind} since {one['applied']}, {one['cost']:,.0f} USD a month, {drift}"
    )


def _print_campaign(value: dict[str, Any]) -> None:
    for number, one in enumerate(value["steps"], 1):
        changes = ", ".join(f"{n} {op}" for op, n in one["changes"].items()) or "no change"
        print(
            f"{number:>3}  {one['verdict']:<8} {one['stack']}: {changes}, {one['delta']:+,.0f} USD"
        )
        for reason in one["reasons"]:
            print(f"       {reason}")
    if value["unknown"]:
        print(f"not applied by a build, so no part of it: {', '.join(value['unknown'])}")
    if value["by_hand"]:
        print(f"by hand, as their intents name no Jenkins: {', '.join(value['by_hand'])}")
    if value["stopped_at"]:
        print(
            f"STOPS at {value['stopped_at']}; before it: {', '.join(value['ready']) or 'nothing'}"
        )
    else:
        print(f"to {value['version']}: {', '.join(value['ready']) or 'nothing to upgrade'}")
