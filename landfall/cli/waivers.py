"""`landfall waivers`: which breaches of policies are accepted, by whom and until when; exit 3 where one has expired."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, complete_stack, emit

SOON = 30
"""Days before a waiver's last day from which it is told that it runs out."""


def waivers(
    stacks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STACK]...",
            help="stacks; all where none is named",
            autocompletion=complete_stack,
        ),
    ] = None,
    output: Output = Form.text,
) -> None:
    """List waivers with their last day. Exit 3: one has expired, and its policy bites again."""
    from landfall.intent import intent_of
    from landfall.project import find_project

    project, today = find_project(), datetime.datetime.now(datetime.UTC).date()
    found: list[dict[str, Any]] = []
    for stack in stacks or project.stacks():
        intent = intent_of(project, stack)
        for one in intent.waivers:
            days = (one.expires - today).days
            state = "expired" if days < 0 else "soon" if days <= SOON else "holds"
            found.append(
                {"stack": stack, **one.model_dump(mode="json"), "days": days, "state": state}
            )
    reasons = [
        f"{one['stack']}: the waiver of {one['policy']} for {one['resource']} ran out on {one['expires']} ({one['owner']})"
        for one in found
        if one["state"] == "expired"
    ]
    emit({"today": str(today), "waivers": found, "reasons": reasons}, output, _print)
    if reasons:
        raise typer.Exit(3)


def _print(value: dict[str, Any]) -> None:
    if not value["waivers"]:
        print("no waiver")
    for one in sorted(value["waivers"], key=lambda one: one["days"]):
        until = {
            "expired": f"EXPIRED on {one['expires']}",
            "soon": f"until {one['expires']}, {one['days']} days",
        }
        print(
            f"{one['stack']}: {one['policy']} for {one['resource']}: {until.get(one['state'], 'until ' + one['expires'])}"
        )
        print(f"  {one['reason']} ({one['owner']})")
