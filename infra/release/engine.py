"""The `pulumi` command as a build uses it: ended at its limit, its output masked, its home the build's own.

Every call names its stack and never asks a question. What fails is told by `infra/release/words.py`. Leaves out
what a release is and when it may be applied. Source of words and exit codes: the CLI itself, 3.260 and 3.272.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from infra.release.masking import Masker
from landfall.errors import LandfallError, MissingTool

LIMITS = {"preview": 15 * 60, "refresh": 30 * 60, "up": 3 * 3600, "destroy": 3 * 3600}
"""Seconds that a command may take; all others two minutes. A cluster takes half an hour, a warehouse less."""
_OTHERS = 120
_GRACE = 60
"""Seconds from the first signal, which lets the engine save its state and let go of the lock, to the last."""


@dataclass(frozen=True)
class Done:
    """One finished call. Both texts are masked."""

    code: int
    out: str
    err: str
    pid: int
    seconds: float

    def json(self) -> Any:
        """The one JSON document on stdout; None where there is none."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None


class Hung(LandfallError):
    """A call was ended at its limit."""


@dataclass
class Engine:
    """The CLI in a project, with what its environment needs besides the process's own."""

    root: Path
    environment: Mapping[str, str]
    """The whole environment of the calls."""
    limits: Mapping[str, float] = field(default_factory=lambda: dict(LIMITS))
    grace: float = _GRACE

    def __post_init__(self) -> None:
        found = shutil.which("pulumi", path=self.environment.get("PATH"))
        if found is None:
            raise MissingTool(
                "There is no `pulumi` on PATH.",
                so="Only it can ask the clouds and the state; `landfall plan` needs neither.",
                fix="Install it from https://www.pulumi.com/docs/install/.",
            )
        self._command = found
        # Kubeconfigs call `landfall`, which whoever started us by its path need not have on PATH.
        path = [self.environment.get("PATH", ""), sysconfig.get_path("scripts")]
        self._whole = {**self.environment, "PATH": os.pathsep.join(filter(None, path))}
        self._masker = Masker(self.environment)

    def run(
        self,
        *arguments: str,
        stack: str,
        on_line: Callable[[str], None] = lambda _: None,
        on_start: Callable[[int], None] = lambda _: None,
    ) -> Done:
        """Run `pulumi ARGUMENTS --stack STACK`; raises Hung at the limit, else whatever the exit code.

        `on_line` is told each masked line of stdout as it comes, `on_start` the process's id.
        """
        began = time.monotonic()
        process = subprocess.Popen(
            [self._command, *arguments, "--stack", stack, "--non-interactive", "--color", "never"],
            cwd=self.root, env=self._whole, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, errors="replace",
        )  # fmt: skip
        with _ended_with_us(process, self.grace):
            on_start(process.pid)
            out, err = (
                _Reader(process.stdout, self._masker, on_line),
                _Reader(process.stderr, self._masker),
            )
            limit = self.limits.get(arguments[0], _OTHERS)
            hung = not _ends_within(process, limit)
            if hung:
                _stop(process, self.grace)
            elif (
                process.returncode < 0
            ):  # killed from outside: the language host and plugins it leaves
                _signal(process, signal.SIGKILL, group=True)
        if hung:
            raise Hung(
                f"`pulumi {arguments[0]}` of {stack} did not end within {limit / 60:.0f} minutes and was ended.",
                so="What it had begun may be half done; it last said: "
                + _tail(out.text(), err.text()),
                fix=f"Look at what is pending: landfall stack pending {stack}",
            )
        return Done(
            process.returncode, out.text(), err.text(), process.pid, time.monotonic() - began
        )


class _Reader:
    """Reads a stream to its end in a thread, so that a full pipe never blocks the CLI."""

    def __init__(
        self,
        stream: IO[str] | None,
        masker: Masker,
        on_line: Callable[[str], None] = lambda _: None,
    ) -> None:
        assert stream is not None
        self._stream, self._masker, self._on_line = stream, masker, on_line
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            for line in self._stream:
                masked = self._masker.text(line)
                self._lines.append(masked)
                self._on_line(masked)

    def text(self) -> str:
        # A plugin that outlives the CLI may hold the pipe open; what came is all there will be.
        self._thread.join(timeout=5)
        return self._masker.text("".join(self._lines))


def _ends_within(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop(process: subprocess.Popen[str], grace: float) -> None:
    """Ask twice, as the CLI wants it (the first saves and lets go of the lock), then end the whole group."""
    for _ in range(2):
        _signal(process, signal.SIGINT)
        if _ends_within(process, grace / 2):
            break
    _signal(process, signal.SIGKILL, group=True)
    process.wait()


def _signal(process: subprocess.Popen[str], number: signal.Signals, group: bool = False) -> None:
    try:
        if group:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)
    except ProcessLookupError:
        pass


@contextmanager
def _ended_with_us(process: subprocess.Popen[str], grace: float) -> Iterator[None]:
    """A build that is aborted takes the CLI along in good order, so that no lock stays behind."""

    def leave(number: int, _: FrameType | None) -> None:
        raise KeyboardInterrupt(f"signal {number}")

    here = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, leave) if here else None
    try:
        yield
    except BaseException:
        _stop(process, grace)
        raise
    finally:
        if here:
            signal.signal(signal.SIGTERM, before)


def _tail(*texts: str) -> str:
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    return (lines[-1][:300] if lines else "nothing") + "."


@contextmanager
def build_home(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a build: the CLI's home is its own, so that two builds never share one; a person keeps theirs.

    Plugins are shared: the home's `plugins` is a link to those that are installed on the machine.
    """
    if not environment.get("BUILD_URL"):
        yield dict(environment)
        return
    shared = Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")
    with tempfile.TemporaryDirectory(prefix="pulumi-home-") as home:
        if (shared / "plugins").is_dir():
            (Path(home) / "plugins").symlink_to((shared / "plugins").resolve())
        yield {**environment, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
