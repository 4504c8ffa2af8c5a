"""The main process's side of the dbt worker: start it, ask it, end it.

One worker serves one engine for as long as that lives. A worker that died is an error once; the next
request starts another. Knows nothing of what is asked.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from landfall.errors import LandfallError, MissingTool, Refused
from landfall.project import Project, environment

Json = dict[str, Any]
INSTALLATION = Path(__file__).resolve().parents[1]
TAIL = 600
"""Characters of the worker's own output that an error quotes."""


class WorkerFailure(Exception):
    """The worker answered that it could not do what it was asked."""

    def __init__(self, kind: str, what: str, failures: list[Json]) -> None:
        super().__init__(what)
        self.kind = kind
        self.what = what
        self.failures = failures


def dbt_python(project: Project, environment: str = ".venv-dbt") -> Path:
    """The interpreter of an environment of dbt's own: the project's, else the installation's."""
    folders = [project.root / environment, INSTALLATION / environment]
    for folder in folders:
        python = folder / "bin" / "python"
        if python.exists():
            return python
    raise MissingTool(
        f"dbt's environment {folders[0]} is not there.",
        so="The warehouse cannot be built without it.",
        fix="make setup" if environment == ".venv-dbt" else "ci/setup.sh warehouse",
    )


class Worker:
    """A process of `worker.py`. `settings` is its first line; `folder` takes its logs."""

    def __init__(
        self, project: Project, settings: Json, folder: Path, environment: str = ".venv-dbt"
    ) -> None:
        self._project = project
        self._environment = environment
        self._settings = settings
        self.log = folder / "worker.log"
        self._process: subprocess.Popen[str] | None = None
        self._stderr: IO[Any] | None = None

    @property
    def pid(self) -> int | None:
        """The running process, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, variables: dict[str, str]) -> Json:
        """Start the process and give what it says of itself. Raises Refused where its file is in use."""
        python = dbt_python(self._project, self._environment)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._stderr = self.log.open("w")
        # Only what is named here is inherited, so that no variable of dbt's changes what is built.
        inherited = {name: environment(name) for name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self._process = subprocess.Popen(
            [str(python), "-I", "-W", "ignore", str(Path(__file__).with_name("worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            cwd=self.log.parent,
            env={k: v for k, v in inherited.items() if v} | {"DO_NOT_TRACK": "1"} | variables,
            start_new_session=True,  # Ctrl-C reaches us alone; we end the worker.
        )
        try:
            return self._exchange(self._settings)
        except WorkerFailure as failure:
            self.close()
            if failure.kind == "locked":
                raise Refused(
                    f"The warehouse is in use: {failure.what}.",
                    so="Nothing was changed.",
                    fix="Wait for the other run, or end the process that is named.",
                ) from None
            raise LandfallError(
                f"The warehouse could not be opened: {failure.what}.", fix=f"See {self.log}."
            ) from None

    def ask(self, request: Json) -> Any:
        """One request's result. Raises WorkerFailure, or LandfallError where the process died."""
        return self._exchange(request)

    def _exchange(self, message: Json) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker is not started")
        try:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        except BaseException:
            self.close()  # Interrupted amid an answer: the next one would be read for this request.
            raise
        if not line:
            code = process.wait()
            tail = self._tail()
            self.close()
            raise LandfallError(
                f"The warehouse's worker ended unexpectedly (exit code {code}).",
                so=f"Nothing was published. Its last words: {tail}"
                if tail
                else "Nothing was published.",
                fix=f"Run the same command again; a new one is started. Its log: {self.log}",
            )
        answer = json.loads(line)
        if not answer["ok"]:
            raise WorkerFailure(answer["kind"], answer["what"], answer["failures"])
        return answer["result"]

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-TAIL:].strip() if self.log.exists() else ""

    def close(self) -> None:
        """End the process; it stops at once when its stdin ends, and by force where it does not."""
        process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None


def scratch_file(folder: Path, suffix: str) -> Path:
    """The path of a new empty file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = tempfile.NamedTemporaryFile(dir=folder, suffix=suffix, delete=False)  # noqa: SIM115
    handle.close()
    return Path(handle.name)
