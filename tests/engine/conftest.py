"""A project of its own for the real CLI: the committed files, a file backend, stand-in providers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from landfall.project import find_project
from tests.engine.standin import Cloud, providers

ROOT = find_project(Path(__file__)).root
_SECONDS = 900


@dataclass
class Cli:
    """The `pulumi` command in a project of its own, and the pretended cloud that it works on."""

    folder: Path
    environment: dict[str, str]
    cloud: Cloud

    def run(self, *arguments: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run `pulumi`; `expect` is the exit code that must come (None: any)."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if expect is not None:
            said = f"{_errors(done.stdout)}\n{done.stderr[-3000:]}"
            assert done.returncode == expect, f"pulumi {' '.join(arguments)}: {said}"
        return done

    def state(self, stack: str) -> list[dict[str, Any]]:
        """The resources of a stack's exported state, without the stack itself."""
        told = json.loads(self.run("stack", "export", "--stack", stack).stdout)
        return [
            one
            for one in told["deployment"].get("resources", [])
            if one["type"] != "pulumi:pulumi:Stack"
        ]


def _errors(told: str) -> str:
    """What the CLI's JSON says went wrong, or the end of what it printed."""
    try:
        diagnostics = json.loads(told).get("diagnostics", [])
    except ValueError:
        return told[-3000:]
    return "\n".join(one["message"][-3000:] for one in diagnostics if one["severity"] == "error")


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    if shutil.which("pulumi") is None:
        pytest.skip("NOT PROVEN HERE: no `pulumi` CLI on PATH, so the real engine was not run")
    base = tmp_path_factory.mktemp("engine")
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
            "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
            "PYTHONWARNINGS": "ignore",
            "NO_COLOR": "1",
        }
        yield Cli(folder, environment, cloud)
