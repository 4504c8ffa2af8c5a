"""The monthly flow as tasks of an orchestrator: the local runner's steps, and what a scheduler adds to them.

A scheduler adds waiting for the month, asking a person before GPU hours are spent and before a promotion, the
canary, and telling people. `python -m pipelines.orchestration STACK` writes the description that the Airflow DAG
reads (`pipelines/dags/landfall_month.json`): Airflow's environment holds none of our packages. On this machine a
task is a shell command, on a cloud's Platform a pod (`pipelines/pods.py`). Knows no orchestrator; Kubeflow's file
is made by `pipelines/kubeflow`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.flow import STEPS

Kind = Literal["wait", "step", "read", "choose", "ask", "do"]
"""`read` hands what it prints to the tasks after it, `choose` goes on by it, `ask` waits for a person."""
Rule = Literal[
    "all_success", "none_failed", "none_failed_min_one_success", "all_skipped", "one_failed"
]
"""When a task runs, by how those before it ended; Airflow's words."""
Workload = Literal["ingest", "transform", "train"]
DESCRIPTION = Path(__file__).parent / "dags" / "landfall_month.json"
MONTH, STACK, WHO, WHY = "MONTH", "STACK", "WHO", "WHY"
"""Stand for the month, the stack, and a person's name and reason; each orchestrator puts its own in their place."""
COMMAND = "/opt/landfall/.venv/bin/landfall"
"""Where our image for Airflow has the command (ci/images/airflow)."""
_MINUTES = {"ingest": 240, "build": 120, "train": 720}
"""The longest that a step may take; 60 for the others."""
_ACTS: dict[str, Workload] = {
    "await_month": "ingest", "land": "ingest", "ingest": "ingest", "build": "transform",
}  # fmt: skip
"""The workload whose identity a task has on a cloud; `train` for the others."""
_ABOUT = ("--month", MONTH, "--stack", STACK)
_JSON = ("--output", "json")


@dataclass(frozen=True)
class Task:
    """One task: what it runs (`landfall` and `words`), after which others, how often it may be tried again."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rule: Rule = "all_success"
    retries: int = 0
    minutes: int = 60
    allowed: int = 0
    """An exit code besides 0 that is no failure."""
    answer: str = ""
    """The `ask` whose answer WHO and WHY in its words are."""
    question: str = ""
    """What an `ask` asks."""
    shows: str = ""
    """The `read` that an `ask` shows."""
    refusal: Literal["skips", "fails"] = "skips"
    """What a no does: skips the tasks right after it, or ends the run."""

    @property
    def acts_as(self) -> Workload:
        """The workload that it is to a cloud."""
        return workload_of(self.name)


def workload_of(name: str) -> Workload:
    """The workload as which a task or a step runs on a cloud."""
    return _ACTS.get(name, "train")


def tasks() -> list[Task]:
    """Every task in order: waiting, the steps, and around `train` and `promote` what people are asked.

    Steps may be tried again: the same month twice gives the same tables. `promote` is not, so that a
    person looks first where the record or the registry did not take a verdict.
    """
    found = [Task("await_month", "wait", ("land", "--ask", *_ABOUT), retries=2)]
    for step in STEPS:
        if step.name == "train":
            found += _spend(found[-1].name)
        if step.name == "promote":
            found += _promotion(found[-1].name)
        else:
            found.append(_step(step.name, (found[-1].name,)))
    told = ("notice", "failed", STACK, "--send", *_JSON)
    return [*found, Task("failed", "do", told, ("promote", "refuse"), "one_failed", retries=2)]


def _step(name: str, after: tuple[str, ...]) -> Task:
    return Task(name, "step", _run(name), after, retries=2, minutes=_MINUTES.get(name, 60))


def _run(name: str) -> tuple[str, ...]:
    return ("run", "--month", MONTH, "--from", name, "--to", name, "--stack", STACK, *_JSON)


def _spend(last: str) -> list[Task]:
    """Nothing is trained before those who may have said yes to what it costs, where a yes is due."""
    spend = ("model", "spend", *_ABOUT)
    return [
        Task("spend", "read", (*spend, *_JSON), (last,), retries=2),
        Task("choose_spend", "choose", (), ("spend",)),
        Task(
            "approve_spend", "ask", (), ("choose_spend",), shows="spend", refusal="fails",
            question="spend the GPU hours to train",
        ),
        Task(
            "allow_spend", "do", (*spend, "--approved-by", WHO, *_JSON),
            ("choose_spend", "approve_spend"), "none_failed_min_one_success",
            answer="approve_spend",
        ),
    ]  # fmt: skip


def _promotion(last: str) -> list[Task]:
    """The canary, a person's word on what it and the gate found, and the promotion or the refusal on record."""
    promote = (*_run("promote"), "--approved-by", WHO, "--why", WHY)
    refuse = ("model", "refuse", *_ABOUT, "--who", WHO, "--why", WHY, *_JSON)
    return [
        Task("canary", "do", ("model", "canary", *_ABOUT, *_JSON), (last,), retries=2, allowed=3),
        Task("verdict", "read", ("model", "verdict", *_ABOUT, *_JSON), ("canary",), retries=2),
        Task("choose", "choose", (), ("verdict",)),
        Task(
            "approve", "ask", (), ("choose",), shows="verdict", question="promote the winner of",
        ),
        Task(
            "promote", "step", promote, ("choose", "approve"), "none_failed_min_one_success",
            answer="approve",
        ),
        Task("refuse", "do", refuse, ("promote",), "all_skipped", answer="approve"),
    ]  # fmt: skip


def description(stack: str, start: str = "2013-01-01", command: str = COMMAND) -> dict[str, Any]:
    """What the DAG reads: `stack`, `start` (the first month's first day), `run`, `tasks`; JSON-ready.

    `run` says as what tasks run: `shell` with the `command`, or `pod` with Airflow's `operator` and how it reaches
    the cluster; then each task has its `pod`. Raises UsageError where a cloud stack's Platform is not saved.
    """
    from pipelines.context import open_context
    from pipelines.pods import pod, reach

    with open_context(stack) as ctx:
        platform, intent = ctx.platform, ctx.intent
    listed: list[dict[str, Any]] = json.loads(json.dumps([asdict(task) for task in tasks()]))
    told: dict[str, Any] = {"stack": stack, "start": start, "tasks": listed}
    if platform.cluster is None:
        return {**told, "run": {"as": "shell", "command": command}}
    for task, entry in zip(tasks(), listed, strict=True):
        if task.words:
            entry["pod"] = pod(task, platform, intent)
    return {**told, "run": {"as": "pod", **reach(platform)}}


def main(words: list[str]) -> None:
    """Write the description for a stack, and for a command that lies elsewhere than in our image."""
    from landfall.errors import LandfallError

    try:
        text = json.dumps(description(*words), indent=1) + "\n"
    except LandfallError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    DESCRIPTION.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or ["demo-local-dev"])
