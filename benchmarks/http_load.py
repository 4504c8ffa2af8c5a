"""A closed loop of HTTP callers on keep-alive connections: `wrk` where it is installed, else a lean client of ours.

Measures requests a second, latency and errors; bounded in time. Leaves out open-loop load (arrivals at a
rate), so latency here is that of callers who wait for their answer before they ask again.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

_LUA = """
local bodies, n, file = {}, 0, nil
init = function(args)
  for line in io.lines(args[1]) do bodies[#bodies + 1] = line end
  n = math.random(#bodies)
end
request = function()
  n = n % #bodies + 1
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, bodies[n])
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "errors": %d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Measured:
    """One round: `rate` in requests a second, latencies in milliseconds."""

    rate: float
    p50_ms: float
    p99_ms: float
    errors: int
    requests: int


def tool() -> str:
    """What will drive the load."""
    return "wrk" if shutil.which("wrk") else "asyncio"


def drive(url: str, bodies: list[bytes], connections: int, seconds: float) -> Measured:
    """POST the bodies in turn, over so many connections, for so long."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "bodies.jsonl"
        lines.write_bytes(b"\n".join(bodies) + b"\n")
        if tool() == "wrk":
            script = Path(folder) / "post.lua"
            script.write_text(_LUA)
            command = [
                "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s",
                "-s", str(script), url, "--", str(lines),
            ]  # fmt: skip
        else:
            command = [sys.executable, __file__, url, str(lines), str(connections), str(seconds)]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=seconds + 60
        )
    told = [line for line in ended.stdout.splitlines() if line.startswith("RESULT ")]
    return _measured(json.loads(told[-1].removeprefix("RESULT ")))


def _measured(told: dict[str, Any]) -> Measured:
    rate = told["requests"] / told["seconds"]
    return Measured(rate, told["p50_ms"], told["p99_ms"], told["errors"], told["requests"])


class _Caller(asyncio.Protocol):
    """One connection: sends the next request as soon as the answer before it is whole."""

    def __init__(
        self, requests: list[bytes], start: int, until: float, latencies: list[float]
    ) -> None:
        self._requests = requests
        self._next = start
        self._until = until
        self._latencies = latencies
        self._buffer = b""
        self._transport: Any = None
        self.errors = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.lower().find(b"content-length:", 0, head)
        length = int(self._buffer[at + 15 : self._buffer.index(b"\r", at)])
        if len(self._buffer) < head + 4 + length:
            return
        self._latencies.append(time.perf_counter() - self._sent)
        self.errors += not self._buffer.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        if time.perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if time.perf_counter() < self._until:
            self.errors += 1
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._requests[self._next % len(self._requests)])
        self._next += 1


async def _drive(url: str, bodies: list[bytes], connections: int, seconds: float) -> dict[str, Any]:
    at = urlparse(url)
    head = f"POST {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: application/json\r\n"
    requests = [f"{head}Content-Length: {len(b)}\r\n\r\n".encode() + b for b in bodies]
    latencies: list[float] = []
    start = time.perf_counter()
    callers = []
    for i in range(connections):
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_connection(
            lambda i=i: _Caller(requests, i * 17, start + seconds, latencies),
            at.hostname or "127.0.0.1",
            at.port or 80,
        )
        callers.append(caller)
    await asyncio.wait([caller.done for caller in callers], timeout=seconds + 30)
    taken = time.perf_counter() - start
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": taken,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        "errors": sum(caller.errors for caller in callers),
    }


if __name__ == "__main__":
    import uvloop

    _url, _lines, _connections, _seconds = sys.argv[1:]
    _told = uvloop.run(
        _drive(_url, Path(_lines).read_bytes().splitlines(), int(_connections), float(_seconds))
    )
    print("RESULT " + json.dumps(_told))
