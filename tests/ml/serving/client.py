"""A server process and requests to it, for the tests of serving."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

SCRIPT = Path(__file__).parent / "fake_server.py"
ROOT = Path(__file__).parents[3]


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A running server; use as a context. `command` prints one JSON object once it serves."""

    def __init__(self, command: list[str], model: str, stderr: Path, **environment: str) -> None:
        self.stderr = stderr
        self._model = model
        settings = {"PYTHONPATH": str(ROOT), **environment}
        with stderr.open("wb") as errors:
            self.process = subprocess.Popen(
                ["env", *(f"{k}={v}" for k, v in settings.items()), *command],
                stdout=subprocess.PIPE, stderr=errors, cwd=ROOT,
            )  # fmt: skip
        assert self.process.stdout is not None
        text = ""
        while not text.rstrip().endswith("}"):
            line = self.process.stdout.readline().decode()
            assert line, stderr.read_text()
            text += line
        self.told = json.loads(text)
        self._netloc = urlparse(self.told["address"]).netloc

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._netloc, timeout=20)

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None,
        connection: http.client.HTTPConnection | None = None,
    ) -> Answer:  # fmt: skip
        own = connection or self.connect()
        try:
            own.request(method, path, body, headers or {})
            return Answer(own.getresponse())
        finally:
            if connection is None:
                own.close()

    def infer(
        self, request: dict[str, Any] | bytes, *, version: int | None = None,
        headers: dict[str, str] | None = None,
        connection: http.client.HTTPConnection | None = None,
    ) -> Answer:  # fmt: skip
        middle = "" if version is None else f"/versions/{version}"
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        path = f"/v2/models/{self._model}{middle}/infer"
        return self.request("POST", path, body, headers, connection)

    def metric(self, name: str) -> float:
        """A metric by its full name with labels; 0 where it is not there."""
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0

    def log(self) -> list[dict[str, Any]]:
        lines = self.stderr.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def start_toy(
    folder: Path, versions: dict[int, dict[str, Any]], champion: int | None = 1, **settings: Any
) -> Server:
    """Write a toy registry and serve it."""
    write_toy(folder, versions, champion, **settings)
    return Server([sys.executable, str(SCRIPT), str(folder)], "toy", folder / "stderr")


def write_toy(
    folder: Path, versions: dict[int, dict[str, Any]], champion: int | None = 1, **settings: Any
) -> None:
    options = {"poll": 0.05, "grace": 0.3, "log_seconds": 0.2, **settings.pop("options", {})}
    for version, told in versions.items():
        (folder / f"v{version}.json").write_text(json.dumps(told))
    (folder / "settings.json").write_text(json.dumps({**settings, "options": options}))
    if champion is not None:
        appoint(folder, "champion", champion)


def appoint(folder: Path, role: str, version: int) -> None:
    """Make a version champion or candidate, atomically."""
    draft = folder / f".{role}"
    draft.write_text(str(version))
    draft.replace(folder / role)


def row(x: object = 1.0, y: object = None, city: object = "Oslo", **more: Any) -> dict[str, Any]:
    """A request for one row of the toy model."""
    return rows([x], [y], [city], **more)


def rows(x: list[Any], y: list[Any], city: list[Any], **more: Any) -> dict[str, Any]:
    columns = (("x", "FP64", x), ("y", "FP64", y), ("city", "BYTES", city))
    inputs = [{"name": n, "shape": [len(v)], "datatype": t, "data": v} for n, t, v in columns]
    return {"inputs": inputs, **more}


def prediction(answer: Answer) -> list[float]:
    assert answer.status == 200, answer.body
    return answer.json()["outputs"][0]["data"]


def eventually(check: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.02)


class Load:
    """Closed-loop callers, each on one connection, until stopped or told by the server to go away."""

    def __init__(self, server: Server, callers: int) -> None:
        self.answers: list[Answer] = []
        self.lost: list[str] = []
        self._server = server
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(i,)) for i in range(callers)]
        for thread in self._threads:
            thread.start()

    def _call(self, number: int) -> None:
        connection = self._server.connect()
        sent = 0
        while not self._stop.is_set():
            request = row(float(sent + 1), id=f"{number}-{sent}")
            try:
                answer = self._server.infer(request, connection=connection)
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                break
            self.answers.append(answer)
            sent += 1
            if answer.headers.get("connection") == "close":
                break
        connection.close()

    def stop(self) -> None:
        self._stop.set()
        self.join()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(20)
