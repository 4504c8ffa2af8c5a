"""The monthly flow as tasks of an orchestrator: the local runner's steps, and what a scheduler adds to them.

A scheduler adds four tasks: waiting for the month, asking a person before a promotion, the choice
between the two ways, and telling people of a refusal. `python -m pipelines.orchestration STACK` writes the
description that the Airflow DAG reads (`pipelines/dags/landfall_month.json`): Airflow's environment
holds none of our packages. Knows no orchestrator; Kubeflow's file is made by `pipelines/kubeflow`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.flow import STEPS

Kind = Literal["wait", "step", "choose", "ask", "tell"]
DESCRIPTION = Path(__file__).parent / "dags" / "landfall_month.json"
MONTH, STACK = "MONTH", "STACK"
"""Stand for the month and the stack in a task's words; each orchestrator puts its own in their place."""
COMMAND = "/opt/landfall/.venv/bin/landfall"
"""Where our image for Airflow has the command (ci/images/airflow)."""
_MINUTES = {"ingest": 240, "build": 120, "train": 720}
"""The longest that a step may take; 60 for the others."""


@dataclass(frozen=True)
class Task:
    """One task: what it runs (`landfall` and `words`), after which others, how often it may be tried again."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    retries: int = 0
    minutes: int = 60


def tasks() -> list[Task]:
    """Every task in order: waiting, the steps, and before `promote` the choice and the person's word.

    Steps may be tried again: the same month twice gives the same tables. `promote` is not, so that a
    person looks first where the record or the registry did not take a verdict.
    """
    found = [Task("await_month", "wait", ("land", "--ask", "--month", MONTH, "--stack", STACK))]
    for step in STEPS:
        last = found[-1].name
        if step.name == "promote":
            found.append(Task("choose", "choose", after=(last,)))
            found.append(Task("approve", "ask", after=("choose",)))
            found.append(_step(step.name, ("choose", "approve"), 0))
        else:
            found.append(_step(step.name, (last,), 2))
    told = ("notice", "held", STACK, "--send", "--output", "json")
    return [*found, Task("tell", "tell", told, after=("promote",))]


def _step(name: str, after: tuple[str, ...], retries: int) -> Task:
    words = ("run", "--month", MONTH, "--from", name, "--to", name, "--stack", STACK)
    return Task(name, "step", (*words, "--output", "json"), after, retries, _MINUTES.get(name, 60))


def description(stack: str, start: str = "2013-01-01", command: str = COMMAND) -> dict[str, Any]:
    """What the DAG reads: `stack`, `start` (the first month's first day), `command`, `tasks`; JSON-ready."""
    listed = json.loads(json.dumps([asdict(task) for task in tasks()]))
    return {"stack": stack, "start": start, "command": command, "tasks": listed}


def main(words: list[str]) -> None:
    """Write the description for a stack, and for a command that lies elsewhere than in our image."""
    text = json.dumps(description(*words), indent=1) + "\n"
    DESCRIPTION.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or ["demo-local-dev"])
