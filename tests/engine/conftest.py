"""Projects of their own for the real CLI: the committed files, a file backend, stand-in providers.

Told at the end: how long the engine ran, by command. Without a `pulumi` on PATH every test here is skipped, as not
proven.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from landfall.project import find_project
from tests.engine.standin import Cloud, providers

ROOT = find_project(Path(__file__)).root
NOT_PROVEN = "NOT PROVEN HERE: no `pulumi` CLI on PATH, so the real engine was not run"
_SECONDS = 900
spent: defaultdict[str, float] = defaultdict(float)
"""Seconds in the CLI, by command."""


@dataclass
class Cli:
    """The `pulumi` command in a project of its own, and the pretended cloud that it works on."""

    folder: Path
    environment: dict[str, str]
    cloud: Cloud

    def run(self, *arguments: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run `pulumi`; `expect` is the exit code that must come (None: any)."""
        began = time.monotonic()
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        spent[arguments[0]] += time.monotonic() - began
        if expect is not None:
            said = f"{_errors(done.stdout)}\n{done.stderr[-3000:]}"
            assert done.returncode == expect, f"pulumi {' '.join(arguments)}: {said}"
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin `pulumi` in a group of its own, to be ended by its id."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive"], cwd=self.folder, env=self.environment,
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    def export(self, stack: str) -> dict[str, Any]:
        """The stack's state, as `pulumi stack export` tells it."""
        return json.loads(self.run("stack", "export", "--stack", stack).stdout)

    def state(self, stack: str) -> list[dict[str, Any]]:
        """The resources of a stack's exported state, without the stack itself."""
        resources = self.export(stack)["deployment"].get("resources", [])
        return [one for one in resources if one["type"] != "pulumi:pulumi:Stack"]


def _errors(told: str) -> str:
    """What the CLI's JSON says went wrong, or the end of what it printed."""
    try:
        diagnostics = json.loads(told).get("diagnostics", [])
    except ValueError:
        return told[-3000:]
    return "\n".join(one["message"][-3000:] for one in diagnostics if one["severity"] == "error")


@contextmanager
def project(base: Path, *, checkpoints: bool) -> Iterator[Cli]:
    """A project under `base` with a state, a cloud and providers of its own.

    `checkpoints`: the engine saves its state at each step, as it does for everybody, and not only at the end, which is
    four times as fast.
    """
    folder = base / "project"
    folder.mkdir()
    for name in ("infra", "stacks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (base / "state").mkdir()
    cloud = Cloud()
    with providers(cloud) as attached:
        environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{base / 'state'}",
            "PULUMI_HOME": str(base / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "not a secret: this state lives as long as the test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_PROVIDERS": attached,
            # Else the CLI looks for, or loads, the plugin of every SDK that is installed.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
            "PYTHONWARNINGS": "ignore",
            "NO_COLOR": "1",
        }
        if not checkpoints:
            environment |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
        yield Cli(folder, environment, cloud)


@pytest.fixture(scope="session")
def real() -> None:
    """Skips, loudly, where there is no real CLI."""
    if shutil.which("pulumi") is None:
        pytest.skip(NOT_PROVEN)


@pytest.fixture(scope="session")
def cli(real: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The project in which the samples are applied as they are committed."""
    with project(tmp_path_factory.mktemp("samples"), checkpoints=False) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the engine took."""
    if spent:
        longest = sorted(spent.items(), key=lambda one: -one[1])
        told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in longest)
        terminalreporter.write_line(f"the real engine ran {sum(spent.values()):.0f} s: {told}")
