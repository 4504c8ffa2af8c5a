"""Micro-batching: rows of several requests predicted by one call, in a thread beside the event loop.

While the thread predicts, later requests gather; the next batch leaves when it is full or when its
first request has waited `max_wait`. Leaves out which version answers a request (`fleet`).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ml.serving.protocol import Inference, RequestError
from ml.serving.source import Model

if TYPE_CHECKING:
    import numpy as np


@dataclass(slots=True)
class Ticket:
    """One request on its way through a batch."""

    inference: Inference
    request_id: str
    team: str
    canary: bool
    since: float
    """Monotonic seconds."""
    answer: asyncio.Future[np.ndarray] = field(init=False)


Record = Callable[[Model, list[Ticket], dict[str, list[Any]], "np.ndarray"], None]
"""What is told of every batch that was answered; called in the batch's thread."""


class Batcher:
    """The queue and the thread of one version."""

    def __init__(self, model: Model, max_batch: int, max_wait: float, record: Record) -> None:
        """`max_batch` in rows, `max_wait` in seconds."""
        self._model = model
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._record = record
        self._waiting: deque[Ticket] = deque()
        self._rows = 0
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"predict-v{model.version}")
        self._loop: asyncio.AbstractEventLoop | None = None

    def submit(self, ticket: Ticket) -> asyncio.Future[np.ndarray]:
        """Queue a request; its future gives the values of its rows, or raises RequestError."""
        loop = self._loop = self._loop or asyncio.get_running_loop()
        ticket.answer = loop.create_future()
        self._waiting.append(ticket)
        self._rows += ticket.inference.rows
        if not self._busy:
            self._schedule()
        return ticket.answer

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being predicted."""
        return not self._busy and not self._waiting

    def warm(self) -> None:
        """Predict the model's example in the batch's own thread; raises LandfallError where it fails."""
        self._thread.submit(_warm, self._model).result()

    def close(self) -> None:
        """End the thread once it is idle."""
        self._thread.shutdown(wait=False)

    def _schedule(self) -> None:
        """Send the next batch now, or when its oldest request has waited long enough."""
        if self._rows >= self._max_batch:
            self._flush()
        elif self._timer is None and self._loop is not None:
            rest = self._waiting[0].since + self._max_wait - time.monotonic()
            if rest <= 0:
                self._flush()
            else:
                self._timer = self._loop.call_later(rest, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        assert self._loop is not None
        batch = [self._waiting.popleft()]
        rows = batch[0].inference.rows
        while self._waiting and rows + self._waiting[0].inference.rows <= self._max_batch:
            batch.append(self._waiting.popleft())
            rows += batch[-1].inference.rows
        self._rows -= rows
        self._busy = True
        work = self._loop.run_in_executor(self._thread, self._predict, batch)
        work.add_done_callback(lambda done: self._done(batch, done))

    def _done(
        self, batch: list[Ticket], done: asyncio.Future[list[np.ndarray | RequestError]]
    ) -> None:
        self._busy = False
        for ticket, outcome in zip(batch, done.result(), strict=True):
            if ticket.answer.done():  # the client went away
                continue
            if isinstance(outcome, RequestError):
                ticket.answer.set_exception(outcome)
            else:
                ticket.answer.set_result(outcome)
        if self._waiting:
            self._schedule()

    def _predict(self, batch: list[Ticket]) -> list[np.ndarray | RequestError]:
        """In the thread: one call for all; where that fails, one a request, so that only the guilty pay."""
        try:
            return self._predict_together(batch)
        except Exception as error:
            if len(batch) > 1:
                return [self._predict([ticket])[0] for ticket in batch]
            return [_refusal(error)]

    def _predict_together(self, batch: list[Ticket]) -> list[np.ndarray | RequestError]:
        columns = _merge(self._model, batch)
        rows = sum(ticket.inference.rows for ticket in batch)
        values = self._model.predict(columns, rows)
        _check(self._model, values, rows)
        outcomes: list[np.ndarray | RequestError] = []
        start = 0
        for ticket in batch:
            outcomes.append(values[start : start + ticket.inference.rows])
            start += ticket.inference.rows
        self._record(self._model, batch, columns, values)
        return outcomes


def _merge(model: Model, batch: list[Ticket]) -> dict[str, list[Any]]:
    if len(batch) == 1:
        return {c.name: batch[0].inference.columns[i] for i, c in enumerate(model.columns)}
    parts = [ticket.inference.columns for ticket in batch]
    return {
        column.name: [value for part in parts for value in part[i]]
        for i, column in enumerate(model.columns)
    }


def _check(model: Model, values: np.ndarray, rows: int) -> None:
    import numpy as np

    shape = (rows, len(model.classes)) if model.classes else (rows,)
    if values.shape != shape:
        raise RuntimeError(f"the model gave shape {values.shape} for {shape}")
    if not np.isfinite(values).all():
        raise FloatingPointError("the model gave a value that is not finite")


def _refusal(error: Exception) -> RequestError:
    """ValueError and ArithmeticError are the model's word on the values; anything else is our fault."""
    kind = type(error).__name__
    if isinstance(error, (ValueError, ArithmeticError)):
        return RequestError(
            422,
            f"inputs: the model has no finite prediction for these values ({kind})",
            field="inputs",
            reason="value",
        )
    return RequestError(500, f"The model failed ({kind}).")


def _warm(model: Model) -> None:
    from threadpoolctl import threadpool_limits

    # One row in a thousand gains by OpenMP's threads, and their busy waiting takes the event loop's core.
    threadpool_limits(1)
    columns = {c.name: list(model.example[c.name]) for c in model.columns}
    rows = len(next(iter(columns.values())))
    for _ in range(3):
        _check(model, model.predict(columns, rows), rows)
