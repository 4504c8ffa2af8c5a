"""`landfall check`: the same checks and policies over a saved plan, ours or anyone's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landfall.cli.output import Form, emit


def check(
    file: Annotated[
        Path,
        typer.Argument(
            help="a saved plan, a list of {type, name, inputs}, or the JSON of `pulumi preview`"
        ),
    ],
    output: Annotated[Form, typer.Option("--output", help="json, or text for people")] = Form.json,
) -> None:
    """Check a saved plan's types and values and judge it by the policies.

    Exit 3: a mandatory policy is broken. Exit 1: a cloud would refuse a value.
    """
    import datetime

    from infra.plan.load import load
    from infra.plan.report import assess
    from landfall.cli.plan import leave, show

    assessed = assess(load(file), None, datetime.date.today())
    value = {
        "file": str(file),
        "resources": len(assessed.plan.resources),
        "findings": [one.as_dict() for one in assessed.findings],
        "violations": [one.as_dict() for one in assessed.violations],
    }
    emit(value, output, lambda _: show(assessed))
    leave(assessed)
