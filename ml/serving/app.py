"""The ASGI application: Open Inference Protocol V2 by hand, so that one row costs little more than its JSON.

Answers health and metadata, checks and queues inference, and serves /metrics. Errors are V2's
`{"error": …}`, with `field` and `reason` for 422. Leaves out the process around it (`server`).
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from landfall import __version__
from ml.serving.access import AccessLog
from ml.serving.batcher import Ticket
from ml.serving.fleet import Fleet, Loaded
from ml.serving.metrics import CONTENT_TYPE, Metrics
from ml.serving.protocol import Inference, RequestError, decode, encode, metadata
from ml.serving.throttle import Throttle

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_TEAM = re.compile(rb"[a-z][a-z0-9-]{1,18}[a-z0-9]")
_JSON = (b"content-type", b"application/json")


class Reply:
    """What goes back: status, body, and headers besides the usual ones."""

    __slots__ = ("body", "headers", "status", "version")

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: tuple[tuple[bytes, bytes], ...] = (_JSON,),
        version: int | None = None,
    ) -> None:
        self.body = body
        self.status = status
        self.headers = headers
        self.version = version


class Application:
    """One model's server. `draining` turns readiness off and closes connections as they are answered."""

    def __init__(
        self,
        name: str,
        fleet: Fleet,
        throttle: Throttle,
        metrics: Metrics,
        log: AccessLog,
        *,
        queue_rows: int,
        max_body: int,
    ) -> None:
        """`queue_rows` bounds the rows that wait or are predicted, `max_body` a request's bytes."""
        self.name = name
        self.fleet = fleet
        self.draining = False
        self._throttle = throttle
        self._metrics = metrics
        self._log = log
        self._queue_rows = queue_rows
        self._max_body = max_body
        self._rows = 0
        metrics.queue_rows.set_function(lambda: self._rows)
        # Unique without asking the kernel each time: a random start and a counter.
        self._ids = map(f"{secrets.token_hex(6)}-{{:x}}".format, itertools.count())
        self._infer_path = f"/v2/models/{name}/infer"

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        start = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else next(self._ids)
        path: str = scope["path"]
        route = "infer" if path == self._infer_path else self._route(path)
        reply: Reply
        try:
            reply = await self._answer(scope["method"], path, route, headers, request_id, receive)
        except RequestError as error:
            reply = _error_reply(error)
        except Exception as error:
            self._log.event("bug", id=request_id, error=repr(error))
            reply = _error_reply(RequestError(500, f"The server failed ({type(error).__name__})."))
        await self._send(send, reply, request_id)
        seconds = time.perf_counter() - start
        self._metrics.answered(route, reply.status, seconds)
        self._log.line(
            f'{{"time":{time.time():.3f},"id":"{request_id}","method":"{scope["method"]}",'
            f'"path":{json.dumps(path)},"status":{reply.status},"ms":{seconds * 1000:.2f},'
            f'"version":{reply.version or "null"},"team":{json.dumps(_team(headers))}}}'
        )

    async def _send(self, send: Send, reply: Reply, request_id: str) -> None:
        headers = [
            *reply.headers,
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-request-id", request_id.encode()),
        ]
        if self.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def _route(self, path: str) -> str:
        """The kind of address, for metrics; the details are checked when it is answered."""
        fixed = {
            "/v2": "server", "/v2/": "server", "/v2/health/live": "live",
            "/v2/health/ready": "ready", "/metrics": "metrics",
        }  # fmt: skip
        if path in fixed:
            return fixed[path]
        parts = path.split("/")[2:]
        if path.startswith("/v2/models/") and len(parts) >= 2:
            rest = parts[4:] if len(parts) > 3 and parts[2] == "versions" else parts[2:]
            return {(): "model", ("ready",): "model_ready", ("infer",): "infer"}.get(
                tuple(rest), "other"
            )
        return "other"

    async def _answer(
        self, method: str, path: str, route: str, headers: dict[bytes, bytes], request_id: str,
        receive: Receive,
    ) -> Reply:  # fmt: skip
        if route == "other":
            raise RequestError(404, f"There is nothing at {path[:200]}.")
        allowed = "POST" if route == "infer" else "GET"
        if method != allowed and not (method == "HEAD" and allowed == "GET"):
            reply = _error_reply(RequestError(405, f"{path[:200]} takes {allowed} only."))
            reply.headers = (*reply.headers, (b"allow", allowed.encode()))
            return reply
        if route == "infer":
            return await self._infer(self._version_in(path), headers, request_id, receive)
        return self._describe(path, route)

    def _describe(self, path: str, route: str) -> Reply:
        if route == "metrics":
            return Reply(
                self._metrics.render(), headers=((b"content-type", CONTENT_TYPE.encode()),)
            )
        if route == "server":
            return _json({"name": "landfall", "version": __version__, "extensions": []})
        if route == "live":
            return _json({"live": True})
        ready = not self.draining
        if route == "ready":
            return _json({"live": True, "ready": ready}, 200 if ready else 503)
        version = self._version_in(path)
        loaded = self.fleet.find(version)
        if route == "model_ready":
            return _json({"name": self.name, "ready": ready}, 200 if ready else 503)
        versions = self.fleet.versions if version is None else [loaded.model.version]
        return _json(metadata(self.name, loaded.model, versions))

    def _version_in(self, path: str) -> str | None:
        """The version in `/v2/models/NAME[/versions/V]…`; raises RequestError for another model."""
        if path == self._infer_path:
            return None
        parts = path.split("/")
        if parts[3] != self.name:
            raise RequestError(404, f"There is no model '{parts[3][:100]}'; this is '{self.name}'.")
        return parts[5] if len(parts) > 5 and parts[4] == "versions" else None

    async def _infer(
        self, version: str | None, headers: dict[bytes, bytes], request_id: str, receive: Receive
    ) -> Reply:
        team = _team(headers)
        wait = self._throttle.take(team)
        if wait:
            self._metrics.refused("throttle")
            raise RequestError(429, f"Team '{team}' sends faster than agreed.", retry_after=wait)
        if b"inference-header-content-length" in headers:
            raise RequestError(415, "Binary tensors are not taken; send the data as JSON.")
        raw = decode(await self._body(headers, receive))
        loaded, canary = self.fleet.route(version, team, _canary_key(raw, request_id))
        if canary:
            return await self._try_candidate(loaded, raw, request_id, team)
        return await self._predict(loaded, raw, request_id, team)

    async def _predict(
        self, loaded: Loaded, raw: dict[str, Any], request_id: str, team: str, canary: bool = False
    ) -> Reply:
        inference = _read(loaded, raw)
        self._admit(inference.rows)
        try:
            ticket = Ticket(inference, request_id, team, canary, time.monotonic())
            values = await loaded.batcher.submit(ticket)
        finally:
            self._rows -= inference.rows
        body = encode(self.name, loaded.model, inference, values)
        return Reply(body, version=loaded.model.version)

    async def _try_candidate(
        self, candidate: Loaded, raw: dict[str, Any], request_id: str, team: str
    ) -> Reply:
        """The candidate's answer; where it has none, the champion's, as no caller pays for the trial.

        Only what the champion can answer counts against the candidate.
        """
        version = candidate.model.version
        try:
            reply = await self._predict(candidate, raw, request_id, team, canary=True)
        except RequestError as error:
            if error.status == 429:
                raise
            reply = await self._predict(self.fleet.champion, raw, request_id, team)
            self.fleet.note_canary(version, failed=True)
            return reply
        self.fleet.note_canary(version, failed=False)
        return reply

    def _admit(self, rows: int) -> None:
        """Count the rows in, or raise RequestError: 413 for what never fits, 429 for what does later."""
        if rows > self._queue_rows:
            raise RequestError(
                413, f"{rows} rows in one request; at most {self._queue_rows} are taken."
            )
        if self._rows + rows > self._queue_rows:
            self._metrics.refused("queue")
            raise RequestError(429, "The queue is full; try again shortly.", retry_after=1)
        self._rows += rows

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        length = headers.get(b"content-length", b"0")
        too_large = RequestError(413, f"The body is larger than {self._max_body} bytes.")
        if length.isdigit() and int(length) > self._max_body:
            raise too_large
        message = await receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._max_body:
                raise too_large
        return body


def _team(headers: dict[bytes, bytes]) -> str:
    """The team of X-Team; empty where there is none or it is no name a team may have."""
    given = headers.get(b"x-team", b"")
    return given.decode() if _TEAM.fullmatch(given) else ""


def _canary_key(raw: dict[str, Any], request_id: str) -> str:
    """`parameters.key`, else `id`, else the request id: what stays the same when a caller asks again."""
    parameters = raw.get("parameters")
    key = parameters.get("key") if type(parameters) is dict else None
    key = key or raw.get("id")
    return key if type(key) is str else request_id


def _read(loaded: Loaded, raw: dict[str, Any]) -> Inference:
    try:
        return loaded.reader.read(raw)
    except RecursionError:  # nested so deeply that it cannot even be told
        raise RequestError(400, "The body is nested too deeply.") from None


def _json(value: dict[str, Any], status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status)


def _error_reply(error: RequestError) -> Reply:
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)
    if error.retry_after:
        headers = (_JSON, (b"retry-after", b"%d" % error.retry_after))
    return Reply(json.dumps(error.as_dict()).encode(), error.status, headers)
