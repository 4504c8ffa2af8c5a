"""Stand-ins for the clouds' queues on this machine: moto, azurite, Google's own pstest.

Azurite (npm) and pstest (Go) are fetched once into the project's cache by their registries' clients.
Where npm or Go is missing the tests are skipped with a line that says so.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from landfall.project import find_project

AZURITE = "3.37.0"
AZURITE_ACCOUNT = "devstoreaccount1"
# The account key that Microsoft publishes for every local stand-in; it opens nothing else.
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_START_SECONDS = 60
_MAKE_SECONDS = 400
"""Below the 600 s of a test. From cold, two busy cores took 56 s for pstest and 21 s for azurite."""


def tool(name: str, what: str) -> str:
    """The path of a program that a stand-in needs; skips, and says why, where it is missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/local/go/bin")
    if not found:
        pytest.skip(f"NOT PROVEN HERE: {what} needs `{name}`, which this machine does not have")
    return found


@contextmanager
def process(command: list[str], ready: str, cwd: Path | None = None) -> Iterator[re.Match[str]]:
    """A server until the end of the block; gives the match of `ready` in what it prints."""
    with tempfile.TemporaryFile("w+") as said:
        running = subprocess.Popen(command, cwd=cwd, stdout=said, stderr=subprocess.STDOUT)
        try:
            yield _wait(running, said, ready)
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _wait(running: subprocess.Popen[bytes], said: object, ready: str) -> re.Match[str]:
    deadline = time.monotonic() + _START_SECONDS
    text = ""
    while time.monotonic() < deadline and running.poll() is None:
        said.seek(0)  # pyright: ignore[reportAttributeAccessIssue]
        text = said.read()  # pyright: ignore[reportAttributeAccessIssue]
        if found := re.search(ready, text):
            return found
        time.sleep(0.1)
    raise RuntimeError(f"{running.args} did not start: {text[-2000:]}")


@contextmanager
def azurite() -> Iterator[str]:
    """Azure Storage Queues by azurite; gives the connection string."""
    npm = tool("npm", "the Azure queue on azurite")
    node = tool("node", "the Azure queue on azurite")
    folder = find_project().cache_dir / f"azurite-{AZURITE}"
    script = "node_modules/azurite/dist/src/queue/main.js"
    _once(folder, script, [npm, "install", "--no-audit", "--no-fund", f"azurite@{AZURITE}"])
    with (
        tempfile.TemporaryDirectory() as data,
        process(
            [
                node, str(folder / script), "--queueHost", "127.0.0.1", "--queuePort", "0",
                "--disableTelemetry", "--skipApiVersionCheck", "--silent", "--location", data,
            ],
            r"listen(?:s|ing) (?:at|on) (http://127\.0\.0\.1:\d+)",
            Path(data),
        ) as found,
    ):  # fmt: skip
        yield (
            f"DefaultEndpointsProtocol=http;AccountName={AZURITE_ACCOUNT};"
            f"AccountKey={AZURITE_KEY};QueueEndpoint={found[1]}/{AZURITE_ACCOUNT};"
        )


@contextmanager
def pstest() -> Iterator[str]:
    """Pub/Sub by Google's own test server, which comes with its Go client; gives host:port."""
    go = tool("go", "Pub/Sub on Google's pstest")
    source = Path(__file__).with_name("pstest")
    folder = find_project().cache_dir / "pstest"
    if folder.is_dir() and (folder / "go.sum").read_bytes() != (source / "go.sum").read_bytes():
        shutil.rmtree(folder)
    _once(folder, "pstest", [go, "build", "-o", "pstest", "."], source)
    with process([str(folder / "pstest")], r"(127\.0\.0\.1:\d+)") as found:
        yield found[1]


def _once(folder: Path, result: str, command: list[str], source: Path | None = None) -> None:
    """Run `command` in a fresh folder and keep it as `folder`, unless `result` is there already."""
    if (folder / result).exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / "made"
        if source:
            shutil.copytree(source, made)
        else:
            made.mkdir()
        try:
            subprocess.run(
                command, cwd=made, capture_output=True, text=True, timeout=_MAKE_SECONDS, check=True
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            why = f"{error}: {str(error.stderr or '')[-300:]}"
            pytest.skip(f"NOT PROVEN HERE: a stand-in could not be made: {why}")
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
