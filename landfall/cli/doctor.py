"""`landfall doctor`: what this machine can run and what is missing."""

from __future__ import annotations

from typing import Any

import typer

from landfall.cli.output import Form, Output, emit

_MARKS = {"ok": "ok     ", "missing": "MISSING", "scarce": "scarce "}


def doctor(output: Output = Form.text) -> None:
    """Say what this machine can run, what is missing and how to get it; exit 1 where the chain cannot run."""
    from landfall.doctor import can_run, examine
    from landfall.project import find_project

    project = find_project()
    checks = examine(project)
    value = {
        "ready": can_run(checks),
        "project": str(project.root),
        "home": str(project.home),
        "checks": [check._asdict() for check in checks],
    }
    emit(value, output, _print)
    if not value["ready"]:
        raise typer.Exit(1)


def _print(value: dict[str, Any]) -> None:
    for check in value["checks"]:
        state = check["state"] if check["required"] or check["state"] != "missing" else "scarce"
        mark = "absent " if state != check["state"] else _MARKS[state]
        print(f"{mark} {check['name']}: {check['found']}")
        if check["state"] != "ok":
            print(f"        for {check['purpose']}")
            print(f"        fix: {check['fix']}")
    verdict = "can run" if value["ready"] else "cannot run yet"
    print(f"\nThis machine {verdict} the whole chain (make demo).")
