"""`landfall listen`: run the flow of every month that lands, or read the notices to engineers."""

from __future__ import annotations

import json
import signal
import threading
from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, Stack, emit, status

_LOCK_SECONDS = 600
"""How long a run waits for another one in the same home."""


def listen(
    stack: Stack,
    once: Annotated[
        bool, typer.Option("--once", help="end after the events that are there")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="end when nothing came for so many seconds")
    ] = None,
    notices: Annotated[
        bool, typer.Option("--notices", help="read the notices to engineers, and take them away")
    ] = False,
    dead: Annotated[
        bool, typer.Option("--dead", help="show the events that were given up")
    ] = False,
    output: Output = Form.text,
) -> None:
    """Run the flow for each month that lands, until told to stop (SIGTERM ends after the run under way)."""
    from landfall.errors import UsageError
    from pipelines.context import open_context

    if notices and dead:
        raise UsageError("--notices and --dead exclude each other.", fix="Choose one of them.")
    with open_context(stack) as ctx:
        if notices:
            _read_notices(ctx, output)
        elif dead:
            emit({"stack": stack, "dead": _dead_letters(ctx)}, output, _print_dead)
        else:
            runs = _run_events(ctx, once, timeout)
            emit({"stack": stack, "runs": runs}, output, _print_runs)
            if any(run["status"] == "failed" for run in runs):
                raise typer.Exit(1)


def _run_events(ctx: Any, once: bool, timeout: float | None) -> list[dict[str, Any]]:
    from pipelines.bus.listen import Listener
    from pipelines.flow import run_month

    stop = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    listener = Listener(ctx, lambda month: run_month(ctx, month, wait=_LOCK_SECONDS), stop, status)
    status(f"listening on queue '{ctx.platform.events.queue}' …")
    try:
        listener.listen(once=once, timeout=timeout)
    finally:
        signal.signal(signal.SIGTERM, before)
    return listener.runs


def _read_notices(ctx: Any, output: str) -> None:
    from pipelines.bus import open_bus

    with open_bus(ctx.platform, "notices") as bus:
        taken = []
        while messages := bus.receive():
            taken += messages
        told = [{"subject": one.subject, "body": one.body} for one in taken]
        emit({"stack": ctx.stack, "notices": told}, output, _print_notices)
        for message in taken:  # only now, so that a notice nobody saw comes again
            bus.ack(message)


def _dead_letters(ctx: Any) -> list[dict[str, Any]]:
    from pipelines.bus import open_bus

    with open_bus(ctx.platform) as bus:
        return [
            {"subject": one.subject, "body": one.body, "deliveries": one.deliveries}
            for one in bus.dead_letters(100)
        ]


def _print_runs(value: dict[str, Any]) -> None:
    for run in value["runs"]:
        error = f": {run['error']}" if "error" in run else ""
        typer.echo(f"{run['month']}: {run['status']}, {run['events']} events{error}")
    if not value["runs"]:
        status("no events")


def _print_notices(value: dict[str, Any]) -> None:
    for notice in value["notices"]:
        typer.echo(
            f"{notice['subject']}: {json.dumps(notice['body'], sort_keys=True, default=str)}"
        )
    if not value["notices"]:
        status("no notices")


def _print_dead(value: dict[str, Any]) -> None:
    for one in value["dead"]:
        typer.echo(f"{one['subject']}: {json.dumps(one['body'], sort_keys=True)}")
    if not value["dead"]:
        status("no dead letters")
