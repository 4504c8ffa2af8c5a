"""A client's copy of the project, in which commands run as a person would type them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from landfall.project import find_project

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Pulumi.yaml", "stacks", "pipelines/contracts", "warehouse/dbt")
"""All that a client's copy needs besides the installed code."""
SERVING = 120


class ClientProject:
    """The copy and its home; `run` types a command in it and gives back what came out."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("LANDFALL_")},
            "LANDFALL_CACHE": str(find_project(ROOT).cache_dir),
        }
        for part in PARTS:
            target = self.root / part
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, target)

    def run(self, command: str, expected: int | None = 0) -> str:
        """What a `landfall` command printed on stdout; fails where it exits otherwise than expected.

        None expects any of the documented exit codes.
        """
        program, *rest = shlex.split(command)
        assert program == "landfall"
        done = subprocess.run(
            [sys.executable, "-m", "landfall.cli", *rest],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        allowed = (0, 1, 2, 3) if expected is None else (expected,)
        assert done.returncode in allowed, f"{command}: {done.returncode}\n{done.stderr[-3000:]}"
        assert "Traceback" not in done.stderr
        return done.stdout

    def json(self, command: str, expected: int = 0) -> dict[str, Any]:
        """The same with `--output json`, read."""
        return json.loads(self.run(f"{command} --output json", expected))

    @contextmanager
    def serving(self, command: str) -> Iterator[dict[str, Any]]:
        """What a server announces, while it runs; SIGTERM must end it with exit code 0."""
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "landfall.cli", *shlex.split(command)[1:]),
                *("--port", "0", "--grace", "0", "--output", "json"),
            ],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert server.stdout
        with server.stdout as pipe:
            try:
                told = ""
                for line in pipe:
                    told += line
                    if line == "}\n":
                        break
                yield json.loads(told)
                server.send_signal(signal.SIGTERM)
                assert server.wait(SERVING) == 0
            finally:
                if server.poll() is None:
                    server.kill()
                    server.wait()


def ask(address: str, path: str, body: str | None = None) -> dict[str, Any]:
    """The JSON answer of a server."""
    request = urllib.request.Request(address + path, data=body.encode() if body else None)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def public_file(name: str) -> Path:
    """A file of the `vega_datasets` package."""
    return Path(str(distribution("vega_datasets").locate_file(f"vega_datasets/_data/{name}")))
