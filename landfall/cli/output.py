"""How commands speak: data on stdout as text or JSON, status on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from landfall.errors import LandfallError
from landfall.project import default_stack, find_project


class Form(StrEnum):
    """What `--output` may say."""

    text = "text"
    json = "json"


def complete_stack(incomplete: str) -> list[str]:
    """Stacks whose names begin so, for the shell's completion; none outside a project."""
    try:
        names = find_project().stacks()
    except LandfallError:
        return []
    return [name for name in names if name.startswith(incomplete)]


Output = Annotated[Form, typer.Option("--output", help="text for people, json for machines")]
Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        default_factory=default_stack,
        show_default="$LANDFALL_STACK, else demo-local-dev",
        help="the stack in stacks/",
        autocompletion=complete_stack,
    ),
]
MonthText = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="the month to work on")]


def emit(value: dict[str, Any], output: str, text: Callable[[dict[str, Any]], None]) -> None:
    """Print a command's data: as JSON, or by `text`, which prints it for a person."""
    if output == Form.json:
        json.dump(value, sys.stdout, indent=1, sort_keys=True, default=str)
        sys.stdout.write("\n")
    else:
        text(value)


def status(message: str) -> None:
    """Say on stderr what is going on."""
    print(message, file=sys.stderr, flush=True)
