"""The month's canary: the gate's winner behind the real server, for a share of the month's requests, before it is promoted.

A server process of our own on loopback serves the champion and, for half of the keys, the winner; it is asked for rows
of the month, one a request. The winner has to answer without failing (where it fails, the server itself gives the
champion's answer and ends the trial), to give what the gate saw, and not to be much slower. Before the first promotion
the winner is served alone. What was found is the month's `canary` result, and `promote` heeds it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import pyarrow as pa
import pyarrow.parquet as pq

from landfall.errors import LandfallError
from landfall.month import Month
from ml.data import read_rows
from ml.registry import champion_version, load_version
from ml.serving.source import RegistrySource
from ml.verdict import winner_of
from pipelines.context import Context, Json

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from landfall.intent.ml import Serving
    from landfall.platform import Platform

SHARE = 0.5
"""Of the requests: as many answers as the champion's, so that both can be compared."""
ROWS = 400
START_SECONDS = 120
ASK_SECONDS = 60
"""Time for all requests together; those that did not get their turn are not asked."""
SAME = 1e-6
"""As a model is held to its own example (ml/model.py): a row alone is summed in another order than a month."""
SLOWER = 3.0
SLACK_MS = 20.0
"""The winner's p99 may be this many times the champion's, and this much besides: one row takes a millisecond or two."""


class Trial(RegistrySource):
    """The registry as the trial's server sees it: the champion that is, and the winner as candidate."""

    def __init__(self, platform: Platform, problem: str, winner: int) -> None:
        super().__init__(platform, problem)
        self._winner = winner

    def champion(self) -> int:
        """The champion; before the first promotion the winner stands in."""
        return super().champion() or self._winner

    def candidate(self) -> int | None:
        """The winner, where there is a champion to try it against."""
        return self._winner if super().champion() else None


def try_canary(ctx: Context, month: Month, rows: int = ROWS) -> Json:
    """Try the month's winner; returns and keeps `passed`, `version`, `reasons`, `answers`, `failures`, `differing`,
    `p99_ms`. Where the gate promotes nothing there is nothing to try: `passed` is None."""
    gate = ctx.need(month, "gate")
    winner = winner_of(gate)
    if gate["decision"] != "PROMOTE" or winner is None:
        return _kept(
            ctx, month, {"passed": None, "version": None, "reasons": ["the gate promotes nothing"]}
        )
    version = winner["version"]
    asked = _requests(ctx, month, gate, version, rows)
    settings = ctx.intent.serving.model_copy(update={"canary": SHARE, "pins": {}, "throttle": {}})
    answers, failures = _ask(ctx, month, settings, version, asked)
    champion = champion_version(ctx.platform, ctx.ml.problem.name)
    return _kept(
        ctx,
        month,
        {
            "version": version,
            "champion": champion,
            **judge(answers, failures, version, settings.canary_max_error),
        },
    )


def judge(answers: list[Json], failures: int, winner: int, max_error: float) -> Json:
    """Judge a trial: `answers` (each `version` that answered, `status`, `ms`, `differs`), and how often the server
    had to give the champion's answer because the winner failed."""
    mine = [one for one in answers if one["version"] == winner]
    others = [one for one in answers if one["version"] != winner and one["status"] == 200]
    refused = sum(one["status"] != 200 for one in answers)
    differing = sum(one["differs"] for one in mine)
    slow, fast = _p99(mine), _p99(others)
    tried = len(mine) + failures
    reasons = []
    if not mine:
        reasons.append("it answered no request")
    if failures and failures / tried >= max_error:
        reasons.append(f"it failed {failures} of {tried} requests; the champion answered them")
    if refused:
        reasons.append(f"{refused} requests got no answer")
    if differing:
        reasons.append(f"{differing} of {len(mine)} answers are not what the gate saw")
    if others and slow > SLOWER * fast + SLACK_MS:
        reasons.append(f"its p99 is {slow:.1f} ms against the champion's {fast:.1f} ms")
    return {
        "passed": not reasons,
        "reasons": reasons,
        "answers": len(mine),
        "failures": failures,
        "differing": differing,
        "p99_ms": {"winner": round(slow, 2), "champion": round(fast, 2) if others else None},
    }


def _p99(answers: list[Json]) -> float:
    times = sorted(one["ms"] for one in answers)
    return times[min(len(times) - 1, int(0.99 * len(times)))] if times else 0.0


def _kept(ctx: Context, month: Month, result: Json) -> Json:
    told = {"month": str(month), **result}
    ctx.artifacts.write_json(ctx.result_path(month, "canary"), told)
    return told


def _requests(ctx: Context, month: Month, gate: Json, version: int, rows: int) -> list[Json]:
    """Rows of the month as V2 requests, each with what the gate saw the winner predict of it."""
    signature = load_version(ctx.platform, ctx.ml.problem.name, version).signature
    found = read_rows(ctx, [month], gate["snapshot"])
    seen = pq.read_table(pa.BufferReader(ctx.artifacts.read(gate["predictions"])))
    name = f"predicted_{gate['winner']}"
    names = (
        [f"{name}_{label}" for label in signature.labels]
        if name not in seen.column_names
        else [name]
    )
    step = max(1, found.num_rows // rows)
    few = list(range(0, found.num_rows, step))[:rows]
    made = []
    for place, row in zip(few, found.take(few).to_pylist(), strict=True):
        inputs = [
            {
                "name": c.name,
                "shape": [1],
                "datatype": "FP64" if c.type == "double" else "BYTES",
                "data": [_plain(row[c.name], c.type)],
            }
            for c in signature.columns
        ]
        expected = [seen[one][place].as_py() for one in names]
        made.append({"body": {"id": f"{month}-{place}", "inputs": inputs}, "expected": expected})
    return made


def _plain(value: Any, kind: str) -> Any:
    if value is None or value != value:
        return None
    return float(value) if kind == "double" else str(value)


def _ask(
    ctx: Context, month: Month, settings: Serving, version: int, asked: list[Json]
) -> tuple[list[Json], int]:
    """Serve in a process of its own, ask, and end it; raises LandfallError where it does not come up."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="landfall-canary-") as folder:
        arguments = (ctx.platform, ctx.ml.problem.name, settings, version, Path(folder), there)
        server = context.Process(target=_serve, args=arguments, daemon=True)
        server.start()
        there.close()
        try:
            told = here.recv() if here.poll(START_SECONDS) else None
        except EOFError:
            told = None
        try:
            if told is None or "failed" in told:
                why = told["failed"] if told else f"it did not answer within {START_SECONDS} s"
                raise LandfallError(
                    f"The canary's server did not start with version {version}: {why}",
                    so="Nothing was tried; the champion goes on answering.",
                    fix=f"Mend it, then: landfall model canary --month {month}",
                )
            return _answers(told["address"], ctx.ml.problem.name, asked)
        finally:
            server.terminate()
            server.join(20)
            if server.is_alive():
                server.kill()
                server.join()


def _serve(
    platform: Platform, problem: str, settings: Serving, winner: int, folder: Path, told: Connection
) -> None:
    """The child: the server as it always is; its predictions and its access log go away with it."""
    from landfall.storage import Store
    from ml.serving.server import open_socket, run_server

    store = Store(folder.absolute().as_uri())
    source = Trial(platform, problem, winner)
    with (
        open_socket("127.0.0.1", 0) as sock,
        (folder / "access.log").open("w") as log,
        contextlib.redirect_stderr(log),
    ):
        try:
            run_server(source, settings, sock, store, announce=told.send, grace=0.0)
        except LandfallError as error:
            told.send({"failed": str(error)})


def _answers(address: str, name: str, asked: list[Json]) -> tuple[list[Json], int]:
    """Every answer, and the server's own count of the winner's failures."""
    connection = http.client.HTTPConnection(urlparse(address).netloc, timeout=20)
    found: list[Json] = []
    end = time.monotonic() + ASK_SECONDS
    try:
        for one in asked:
            if time.monotonic() > end:
                break
            began = time.perf_counter()
            connection.request("POST", f"/v2/models/{name}/infer", json.dumps(one["body"]).encode())
            reply = connection.getresponse()
            body = json.loads(reply.read())
            seconds = time.perf_counter() - began
            found.append(
                {"status": reply.status, "ms": seconds * 1000, **_read(body, one["expected"])}
            )
        connection.request("GET", "/metrics")
        return found, _failures(connection.getresponse().read().decode())
    finally:
        connection.close()


def _read(body: Json, expected: list[float]) -> Json:
    """Who answered, and whether it differs from what the gate saw of the winner."""
    outputs = body.get("outputs") or [{}]
    values = outputs[0].get("data") or []
    same = len(values) == len(expected) and all(
        abs(a - b) <= SAME for a, b in zip(values, expected, strict=True)
    )
    version = int(body["model_version"]) if "model_version" in body else None
    return {"version": version, "differs": not same}


def _failures(metrics: str) -> int:
    lines = [x for x in metrics.splitlines() if x.startswith("landfall_canary_failures_total{")]
    return int(sum(float(line.rpartition(" ")[2]) for line in lines))
