"""One engineer's desk: a small stack of their own, the real CLI, and `landfall stack …` as a person types it.

The stack is the foundation of a sample, with people named who may approve. Its state is saved at each step, as it is
for everybody, so that a kill leaves what a kill leaves.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml

from infra.plan.stacks import plan_intent
from infra.release.builds import Builds
from landfall.intent import Intent, parse_intent
from landfall.project import Project
from tests.engine.conftest import Cli

STACK = "harbor-gcp-dev"
APPROVER = "lead@harbor.example"
_SECONDS = 300
T = TypeVar("T")


class Desk:
    """The project of a CLI, its files, and the commands on them."""

    def __init__(self, cli: Cli, home: Path) -> None:
        self.cli = cli
        self.project = Project(root=cli.folder, home=home)
        self.builds = Builds(home)
        self.file = self.project.stack_file(STACK)
        self._environment = {
            **{key: value for key, value in cli.environment.items() if key != "BUILD_URL"},
            "LANDFALL_PROJECT": str(cli.folder),
            "LANDFALL_HOME": str(home),
        }

    def begin(self) -> None:
        """Write the stack's intent and make the stack."""
        self._write(
            layout={"build": ["foundation"]},
            jenkins={"issuer": "https://jenkins.example.com/oidc", "approvers": [APPROVER]},
        )
        self.cli.run("stack", "init", f"organization/landfall/{STACK}")
        self.cli.cloud.adopt(plan_intent(self.project, self.intent, STACK))

    @property
    def intent(self) -> Intent:
        return parse_intent(self.project.read_stack(STACK), STACK)

    @contextmanager
    def edited(self, **parts: Any) -> Iterator[None]:
        """Top-level parts of the stack's intent, changed until the block ends."""
        before = self.file.read_text(encoding="utf-8")
        self._write(**parts)
        try:
            yield
        finally:
            self.file.write_text(before, encoding="utf-8")

    def _write(self, **parts: Any) -> None:
        content = yaml.safe_load(self.file.read_text(encoding="utf-8"))
        content["config"]["landfall:intent"].update(parts)
        self.file.write_text(yaml.safe_dump(content), encoding="utf-8")

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """`landfall stack ARGUMENTS --output json`, begun; ended with the block, if it did not end before."""
        process = subprocess.Popen(
            [sys.executable, "-m", "landfall.cli", "stack", *arguments, "--output", "json"],
            cwd=self.cli.folder, env=self._environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with process:
            try:
                yield process
            finally:
                process.kill()

    def stack(self, *arguments: str, expect: int = 0) -> tuple[Any, str]:
        """The JSON and the words of `landfall stack ARGUMENTS`, which must end with this exit code."""
        with self.started(*arguments) as process:
            out, err = process.communicate(timeout=_SECONDS)
        said = f"landfall stack {' '.join(arguments)}: {out[-2000:]}\n{err[-3000:]}"
        assert process.returncode == expect, said
        assert "Traceback" not in err, said
        return (json.loads(out) if out.strip() else None), err

    def preview(self, folder: Path, *more: str, expect: int = 0) -> dict[str, Any]:
        """The release of the stack as its file says now, written to the folder."""
        return self.stack("preview", STACK, "--release", str(folder), *more, expect=expect)[0]

    def engines_pid(self, process: subprocess.Popen[str]) -> int:
        """The `pulumi` that this `landfall stack` has registered and that still runs."""

        def running() -> list[int]:
            assert process.poll() is None, "it ended before it came so far"
            return [one.pid for one in self.builds.of(STACK) if self.builds.ended(one) is None]

        return eventually(running)[0]

    def held(self) -> Any:
        """All that the engine holds of the stack, to see that nothing was done."""
        return self.cli.export(STACK)["deployment"].get("resources", [])


def eventually(ask: Callable[[], T], seconds: float = 60) -> T:
    """The first answer that is not empty."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.1)
    return found


def calm(cli: Cli) -> None:
    """Wait until the cloud has nothing more to do but what is stalled."""
    before, since = -1, time.monotonic()
    while time.monotonic() - since < 1.5:
        now = len(cli.cloud.live)
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(0.1)


def kill(pid: int) -> None:
    """End an engine and all that it started, as an agent that vanishes does: nothing is saved or said."""
    for one in _family(pid):
        os.kill(one, signal.SIGKILL)


def _family(pid: int) -> list[int]:
    """A process and all below it, which the engine puts into groups of their own."""
    told = [
        path.read_text(encoding="utf-8") for path in Path(f"/proc/{pid}/task").glob("*/children")
    ]
    children = [int(one) for text in told for one in text.split()]
    return [pid, *(below for child in children for below in _family(child))]
