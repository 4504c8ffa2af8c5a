"""`landfall notice`: the message that people are sent when something happens.

Mail and chat are the caller's; `--send` puts it on the Platform's queue of notices.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit
from landfall.errors import LandfallError, UsageError

if TYPE_CHECKING:
    from infra.release.notice import Event
    from landfall.project import Project


def notice(
    event: Annotated[str, typer.Argument(help="what happened, as failed, approval, drift, held")],
    stack: Annotated[str | None, typer.Argument(help="the stack in stacks/")] = None,
    client: Annotated[
        str | None, typer.Option(help="in a stack's place: all of this client's people")
    ] = None,
    release: Annotated[Path | None, typer.Option(help="the release's folder")] = None,
    file: Annotated[Path | None, typer.Option(help="the JSON of the command that found it")] = None,
    build: Annotated[str, typer.Option(help="the build's address")] = "",
    send: Annotated[
        bool, typer.Option("--send", help="put it on the Platform's queue of notices")
    ] = False,
    output: Output = Form.text,
) -> None:
    """Say to whom what is written about an event of a stack, by the contacts and approvers of its intent."""
    from infra.release.notice import Event
    from infra.release.notice import notice as write
    from infra.release.release import read
    from landfall.intent import intent_of
    from landfall.project import find_project

    try:
        what = Event(event)
    except ValueError:
        raise UsageError(
            f"There is no event '{event}'.", fix=f"Choose one of: {', '.join(Event)}."
        ) from None
    project = find_project()
    if stack is None:
        if client is None or release or send:
            raise UsageError(
                "Say of which stack.", fix=f"For example: landfall notice {event} harbor-gcp-dev"
            )
        emit(_of_client(project, what, client, file, build), output, _print)
        return
    made = write(
        what, stack, intent_of(project, stack), release=read(release) if release else None,
        details=_details(file) if file else _held(stack) if what is Event.held else None, build=build,
    )  # fmt: skip
    if send:
        from pipelines.bus import notify
        from pipelines.context import open_context

        with open_context(stack) as ctx:
            notify(ctx, what.value, made.as_dict())
    emit(made.as_dict(), output, _print)


def _of_client(
    project: Project, event: Event, client: str, file: Path | None, build: str
) -> dict[str, Any]:
    from infra.release.notice import to_client
    from infra.release.touched import of_client

    found = of_client(project, project.stacks(), client)
    intents = [project.read_stack(stack) for stack in found]
    return to_client(
        event, client, intents, details=_details(file) if file else None, build=build
    ).as_dict()


def _held(stack: str) -> dict[str, Any]:
    """Month, model and reason of the newest entry of the promotion record by which the champion stayed."""
    from ml.record import Record
    from pipelines.context import open_context

    with open_context(stack) as ctx:
        problem = ctx.ml.problem.name
        entries = Record(ctx.platform, problem).entries()
    for entry in reversed(entries):
        if entry["action"] in ("hold", "reject"):
            model = f"{problem}, {entry['candidate'] or 'no candidate'}"
            told = {key: entry[key] for key in ("month", "decision", "version")}
            return {**told, "model": model, "reasons": [entry["why"]]}
    raise LandfallError(
        f"No model of '{stack}' was held so far.",
        so="There is nothing to tell.",
        fix="landfall model history, or give the run's JSON with --file.",
    )


def _details(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} is no readable JSON: {error}", fix="Name another file.") from None
    if not isinstance(content, dict):
        raise UsageError(f"{file} holds no JSON object.", fix="Name another file.")
    return content


def _print(value: dict[str, Any]) -> None:
    print(f"To: {', '.join(value['to']) or '(nobody is named in the intent)'}")
    print(f"Subject: {value['subject']}\n")
    print(value["body"], end="")
