"""The process: a socket, the loaded fleet, uvicorn around the application, and an orderly end.

On SIGTERM or SIGINT readiness turns off and every answer closes its connection; after `grace` seconds
the listener closes, what is in flight is answered, predictions are written, and the process exits 0.
A second SIGINT does not wait. Leaves out several workers: a replica is a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import signal
import socket
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from landfall.errors import LandfallError
from landfall.intent.ml import Serving
from landfall.storage import Store
from ml.serving.access import AccessLog
from ml.serving.app import Application
from ml.serving.batcher import Ticket
from ml.serving.fleet import Fleet
from ml.serving.journal import Journal
from ml.serving.metrics import Metrics
from ml.serving.source import Model, ModelSource
from ml.serving.throttle import Throttle

if TYPE_CHECKING:
    import numpy as np

MAX_BODY = 4 * 1024 * 1024
_BACKLOG = 2048
_KEEP_ALIVE = 75
"""Seconds an idle connection stays open: longer than common clients and proxies keep theirs (60)."""


def open_socket(host: str, port: int) -> socket.socket:
    """A bound socket (port 0: any free one); raises LandfallError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise _address_error(error, host, port) from None
    return sock


def run_server(
    source: ModelSource,
    settings: Serving,
    sock: socket.socket,
    store: Store,
    *,
    announce: Callable[[dict[str, Any]], None],
    poll: float = 1.0,
    grace: float = 1.0,
    log_seconds: float = 10.0,
) -> None:
    """Serve until told to stop. `announce` gets address, model and version once requests are answered.

    `poll` is the seconds between two looks at the registry, `log_seconds` those between two writes of
    predictions. Raises LandfallError where there is no champion or a pinned version does not load.
    """
    metrics, log = Metrics(), AccessLog()
    journal = Journal(store, source.name, metrics, log, seconds=log_seconds)

    def record(
        model: Model, batch: list[Ticket], columns: dict[str, list[Any]], values: np.ndarray
    ) -> None:
        metrics.predicted(model.version, len(values))
        journal.add(model, batch, columns, values)

    fleet = Fleet(source, settings, metrics, log, record)
    try:
        fleet.start()
        host, port = sock.getsockname()[:2]
        _listen(sock, host, port)
        app = Application(
            source.name, fleet, Throttle(settings.throttle), metrics, log,
            queue_rows=settings.queue, max_body=MAX_BODY,
        )  # fmt: skip
        gc.collect()
        gc.freeze()  # the models and libraries will not go away: keep the collector off them
        told = {
            "address": _address(host, port),
            "model": source.name,
            "version": fleet.champion.model.version,
        }
        _Server(app, grace, poll, lambda: announce(told)).run(sockets=[sock])
    finally:
        fleet.close()
        journal.close()
        log.close()


class _Server(uvicorn.Server):
    """uvicorn with our drain: told to stop, it turns unready first and closes the listener later."""

    def __init__(
        self, app: Application, grace: float, poll: float, announce: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app, loop="uvloop", http="httptools", ws="none", lifespan="off", interface="asgi3",
                log_level="warning", access_log=False, server_header=False, date_header=False,
                proxy_headers=False, timeout_keep_alive=_KEEP_ALIVE, timeout_graceful_shutdown=30,
                backlog=_BACKLOG,
            )
        )  # fmt: skip
        self._app = app
        self._grace = grace
        self._poll = poll
        self._announce = announce
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        self._announce()

    async def main_loop(self) -> None:
        async with _following(self._app.fleet, self._poll):
            await super().main_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # uvicorn's own handler would raise the signal again at the end; a drained server exits 0.
        if self._app.draining:
            self.should_exit = True
            self.force_exit = sig == signal.SIGINT
            return
        self._app.draining = True
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._loop.call_later, self._grace, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


@contextlib.asynccontextmanager
async def _following(fleet: Fleet, poll: float) -> AsyncIterator[None]:
    """Look at the registry every `poll` seconds while the block runs."""

    async def follow() -> None:
        while True:
            await asyncio.sleep(poll)
            await fleet.refresh()

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _listen(sock: socket.socket, host: str, port: int) -> None:
    try:
        sock.listen(_BACKLOG)
    except OSError as error:  # somebody else bound the same address and listened first
        raise _address_error(error, host, port) from None


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _address_error(error: OSError, host: str, port: int) -> LandfallError:
    if error.errno == errno.EADDRINUSE:
        return LandfallError(
            f"Port {port} on {host} is in use.",
            so="Nothing was started.",
            fix="End the other process, or choose another port: landfall serve --port 0 takes any free one.",
        )
    if error.errno == errno.EACCES:
        return LandfallError(
            f"Port {port} may not be used by this user.",
            so="Nothing was started.",
            fix="Choose a port above 1023: landfall serve --port 8080",
        )
    return LandfallError(
        f"The address {host}:{port} cannot be used: {error.strerror or error}.",
        so="Nothing was started.",
        fix="Choose an address of this machine, such as --host 127.0.0.1",
    )
