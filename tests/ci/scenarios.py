"""Builds to try, and what came of them: the library and the pipelines under Groovy 2.4, Jenkins' own language.

A test marked by `@scenario(...)` is handed the finished `Build`. All scenarios of a session run in one Java process
(tests/ci/harness), each on its own. What a command would answer is made from the classes that the command prints, so an
answer cannot have a field that the command has not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.release.admit import Admitted
from infra.release.apply import Outcome
from infra.release.approval import Due
from infra.release.release import Release
from landfall.errors import LandfallError
from landfall.project import find_project

ROOT = find_project(Path(__file__)).root
HARNESS = ROOT / "tests" / "ci" / "harness"
STACK = "harbor-gcp-dev"
APPROVER = "lead@harbor.example"
Json = dict[str, Any]

MAIN = {"JOB_NAME": "harbor/infra/main", "BRANCH_NAME": "main"}
PULL_REQUEST = {
    "JOB_NAME": "harbor/infra/PR-7", "BRANCH_NAME": "PR-7", "CHANGE_ID": "7", "CHANGE_TARGET": "main"
}  # fmt: skip
MULTIBRANCH = ("Jenkinsfile", "ci/pipelines/pipelines.Jenkinsfile")
"""The jobs that Jenkins tells their branch; to the others it says nothing (ci/jenkins/jobs/seed.groovy)."""
SCENARIOS: dict[str, Json] = {}


def scenario(pipeline: str, **given: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the build that the test looks at: `env`, `params`, `answers`, `inputs`, `credentials`, ….

    Answers of the test come first; the first that matches wins.
    """

    def register(test: Callable[..., None]) -> Callable[..., None]:
        answers = [*given.pop("answers", []), *USUAL]
        alone = {"JOB_NAME": f"harbor/{Path(pipeline).name.removesuffix('.Jenkinsfile')}"}
        SCENARIOS[test.__name__] = {
            "name": test.__name__, "pipeline": pipeline, "env": MAIN if pipeline in MULTIBRANCH else alone,
            **given, "answers": answers,
        }  # fmt: skip
        return test

    return register


def says(match: str, out: Any = None, code: int = 0, **more: Any) -> Json:
    """An answer to lines that hold the words of `match` in this order, and its options anywhere."""
    return {"match": _parts(match), "out": {} if out is None else out, "code": code, **more}


def _parts(words: str) -> list[str]:
    """`run --from train --refuse` as `run`, `--from train` and `--refuse`."""
    head, *options = words.split(" --")
    return [head, *(f"--{one}" for one in options)]


def fails(match: str, error: LandfallError, **more: Any) -> Json:
    """The answer of a command that raises."""
    return says(match, error.as_dict(), error.exit_code, **more)


def release(stack: str = STACK, kind: Any = "up", **more: Any) -> Json:
    """What `landfall stack preview` or `plan` prints; `reasons` for a yes, `refused` where it may not be."""
    reasons = more.pop("reasons", [])
    due = Due(needed=bool(reasons), reasons=reasons, approvers=more.pop("approvers", [APPROVER]))
    made = Release(
        stack=stack, kind=kind, client="harbor", environment="dev", cloud="gcp", version="0.1.0",
        commit="c0ffee", made="2026-11-27T10:00:00+00:00", digest="5" * 64, sources="6" * 64,
        changes=more.pop("changes", {"update": 1}), steps=[], risks=[], cost={}, violations=[],
        approval=due, refused=more.pop("refused", []),
    )  # fmt: skip
    assert not more, more
    return made.model_dump(mode="json")


def touched(
    stacks: list[str], deploys: list[str] | None = None, left: dict[str, str] | None = None
) -> Json:
    """What `landfall stack touched --branch` prints; a branch applies all, unless told."""
    chosen = stacks if deploys is None else deploys
    return {"base": "", "stacks": stacks, "why": {}, "deploys": chosen, "left": left or {}}


def known(watched: list[str], by_hand: list[str] | None = None) -> Json:
    """What `landfall clients` prints."""
    return {"version": "0.1.0", "stacks": [], "watched": watched, "by_hand": by_hand or []}


def admitted(job: str = "up", stack: str = STACK) -> Json:
    """What `landfall stack admit` prints."""
    credentials = "" if job == "plan" else "landfall-deploy"
    return Admitted(
        stack, job, "harbor", "dev", "gcp", "main", [APPROVER], credentials
    ).as_dict()  # fmt: skip


def applied(kind: str = "up", stack: str = STACK, recovered: tuple[str, ...] = ()) -> Json:
    """What `landfall stack up` prints."""
    return Outcome(
        stack, kind, "5" * 64, "succeeded", {"update": 1}, 60.0, "", list(recovered)
    ).as_dict()  # fmt: skip


FOLDER = {f"releases/{STACK}/release.json": "{}"}
USUAL = [
    says("stack touched --branch main", touched([STACK])),
    says("stack touched", touched([STACK], [])),
    says("stack admit", admitted()),
    says("stack plan", release(kind="plan"), files=FOLDER),
    says("stack preview --destroy", release(kind="destroy", reasons=["it destroys the stack"]), files=FOLDER),
    says("stack preview", release(), files=FOLDER),
    says("stack approve", {"stack": STACK, "yes": True}),
    says("stack up", applied()),
    says("stack destroy", applied("destroy")),
    says("stack verify", {"stack": STACK, "ok": True, "checks": []}),
    says("stack drift", {"stack": STACK, "at": "", "drifted": False, "changes": []}),
    says("stack pending", {"stack": STACK, "pending": []}),
    says("notice", {"to": [APPROVER], "subject": "told", "body": "told"}),
]  # fmt: skip


@dataclass(frozen=True)
class Build:
    """One build that ended."""

    result: str
    failure: str | None
    log: list[Json]
    stages: list[Json]

    @property
    def lines(self) -> list[str]:
        """Every command, in order."""
        return [one["args"] for one in self.log if one["step"] == "sh"]

    def ran(self, words: str) -> list[Json]:
        """The rows of the commands that hold these words in this order, and their options anywhere."""
        return [
            r for r in self.log if r["step"] == "sh" and all(p in r["args"] for p in _parts(words))
        ]

    def never(self, *commands: str) -> bool:
        """Whether none of these commands ran."""
        found = [line for words in commands for line in (r["args"] for r in self.ran(words))]
        assert not found, found
        return True

    def steps(self, name: str) -> list[Any]:
        """The arguments of every call of a step."""
        return [one["args"] for one in self.log if one["step"] == name]

    def told(self) -> list[str]:
        """The events of which people were written: mails that were sent."""
        rows = [one for one in self.log if one["step"] in ("sh", "mail")]
        return [
            before["args"].split()[2]
            for before, row in pairwise(rows)
            if row["step"] == "mail" and before["args"].startswith("landfall notice ")
        ]

    @property
    def credentials(self) -> set[str]:
        """Every credential that any step was handed."""
        return {one for row in self.log for one in row["credentials"]}

    def stage(self, name: str) -> str:
        """How a stage ended: `ran`, `failed`, `skipped by when`, `skipped for failure`."""
        (found,) = [one["status"] for one in self.stages if one["name"] == name]
        return found


def java_home() -> str:
    """A Java that Groovy 2.4 runs on."""
    for name in ("java-17-openjdk-amd64", "java-11-openjdk-amd64", "java-17-openjdk-arm64"):
        if (Path("/usr/lib/jvm") / name).is_dir():
            return f"/usr/lib/jvm/{name}"
    return os.environ.get("JAVA_HOME", "")


def needs_groovy() -> None:
    """Skips, in red, where there is none."""
    if shutil.which("groovyc") is None:
        pytest.skip(
            "NOT PROVEN HERE: what Jenkins runs, as there is no Groovy: sudo apt-get install -y groovy"
        )


def compiled(folder: Path) -> Path:
    """The harness, compiled; skips where there is no Groovy."""
    needs_groovy()
    parts = ("Events", "Build", "Steps", "Library", "Declarative", "Syntax")
    files = [str(HARNESS / f"{name}.groovy") for name in parts]
    _groovy("groovyc", "-d", str(folder), *files)
    return folder


def run(classes: Path, scenarios: list[Json], folder: Path) -> dict[str, Build]:
    """Run scenarios in one Java process; a pipeline that Jenkins would not take is an error of the test."""
    asked, told = folder / "scenarios.json", folder / "results.json"
    asked.write_text(json.dumps(scenarios), encoding="utf-8")
    _groovy(
        "groovy", "-cp", str(classes), str(HARNESS / "Run.groovy"), str(asked), str(told), str(ROOT)
    )
    results = json.loads(told.read_text(encoding="utf-8"))
    return {
        one["name"]: Build(one["result"], one["failure"], one["log"], one["stages"])
        for one in results
    }


def _groovy(*words: str) -> None:
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "JAVA_HOME": java_home()}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
