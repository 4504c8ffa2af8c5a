"""Consume landed events and start the flow of their month, once for all events that came together.

A message is acknowledged only when its month's flow has ended well; until then its lease is renewed,
so a listener that dies lets another begin anew. A month that fails is tried again, later each time,
and told to the engineers when it is given up. Leaves out what the flow does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from landfall.errors import LandfallError
from landfall.faults import translate
from landfall.month import Month
from landfall.platform import Platform
from landfall.storage import Store
from pipelines.bus import open_bus
from pipelines.bus.base import LEASE, MAX_DELIVERIES, Bus, Message
from pipelines.context import Context, Json
from pipelines.land import REFERENCE

RETRY_SECONDS = 30
"""A failed month waits so long, times the deliveries it has had."""
_STEP = 2.0
"""Seconds that one look at the queue waits, so that a request to stop is heard soon."""
_BATCH = 500
"""Events taken at once."""
_SETTLE = 1.0
"""Seconds to wait for the other events of one landing."""


class Listener:
    """Turns events into runs of `run(month)`; `stop` ends it after the run under way."""

    def __init__(
        self,
        ctx: Context,
        run: Callable[[Month], Json],
        stop: threading.Event,
        tell: Callable[[str], None],
    ) -> None:
        self._ctx = ctx
        self._run = run
        self._stop = stop
        self._tell = tell
        self.runs: list[Json] = []
        """Per run: month, events, status `done` or `failed`, and the error's text."""

    def listen(self, *, once: bool = False, timeout: float | None = None) -> None:
        """Until told to stop, or after the first batch, or when nothing came for `timeout` seconds."""
        with open_bus(self._ctx.platform) as bus:
            while not self._stop.is_set():
                messages = self._batch(bus, 0.0 if once and timeout is None else timeout)
                if not messages:
                    return
                self._handle(bus, messages)
                if once:
                    return

    def _batch(self, bus: Bus, timeout: float | None) -> list[Message]:
        """The next events, those that come right after the first included; none means to end."""
        left = timeout
        found: list[Message] = []
        while not found and not self._stop.is_set():
            step = _STEP if left is None else min(_STEP, left)
            found = bus.receive(wait_seconds=step)
            if left is not None:
                left -= step
                if left <= 0:
                    break
        more = found
        while more and len(found) < _BATCH and not self._stop.is_set():
            more = bus.receive(wait_seconds=_SETTLE)
            found += more
        return found

    def _handle(self, bus: Bus, messages: list[Message]) -> None:
        messages = list({one.id: one for one in messages}.values())  # a bus may hand one out twice
        by_month: dict[Month, list[Message]] = {}
        lists: list[Message] = []
        for message in messages:
            period = message.body.get("month") if message.subject == "landed" else None
            if period == REFERENCE:
                lists.append(message)
            elif month := _month(period):
                by_month.setdefault(month, []).append(message)
            else:
                self._tell(f"passed over: {message.subject} {message.id} names no month")
                bus.ack(message)
        # A changed list is taken up by whatever month runs; alone, by the newest that has landed.
        newest = max(by_month, default=None) or (_newest(self._ctx) if lists else None)
        if newest:
            by_month.setdefault(newest, []).extend(lists)
        else:
            for message in lists:
                bus.ack(message)  # no month has landed: the first one's flow takes the list up
        waiting = [message for some in by_month.values() for message in some]
        with _kept(self._ctx.platform, waiting, self._tell) as current:
            for month in sorted(by_month):
                events = by_month[month]
                if self._stop.is_set():
                    for message in events:
                        bus.nack(current(message))
                    continue
                error = self._run_one(month, events)
                for message in events:
                    if error is None:
                        bus.ack(current(message))
                    else:
                        bus.nack(current(message), RETRY_SECONDS * message.deliveries)

    def _run_one(self, month: Month, events: list[Message]) -> LandfallError | None:
        self._tell(f"{month}: {len(events)} events, running the flow")
        try:
            self._run(month)
        except Exception as error:
            known = translate(error) or LandfallError(f"{type(error).__name__}: {error}")
        else:
            self._tell(f"{month}: done")
            self.runs.append({"month": str(month), "events": len(events), "status": "done"})
            return None
        self.runs.append(
            {"month": str(month), "events": len(events), "status": "failed", "error": str(known)}
        )
        if max(message.deliveries for message in events) < MAX_DELIVERIES:
            self._tell(f"{month}: failed, will be tried again: {known}")
        else:
            self._tell(f"{month}: failed {MAX_DELIVERIES} times, given up: {known}")
            from pipelines.bus import notify

            told = {"month": str(month), "stack": self._ctx.stack, **known.as_dict()}
            notify(self._ctx, "flow given up", told)
        return known


def _month(text: object) -> Month | None:
    try:
        return Month.parse(text) if isinstance(text, str) else None
    except LandfallError:
        return None


def _newest(ctx: Context) -> Month | None:
    store = Store(ctx.platform.storage.landing, ctx.platform.storage.options)
    months: set[Month] = set()
    for source in ctx.intent.sources:
        paths = store.list(source.dataset)
        named = {path.split("/")[1] for path in paths if path.endswith("/manifest.json")}
        months |= {month for name in named if (month := _month(name))}
    return max(months, default=None)


@contextmanager
def _kept(
    platform: Platform, messages: list[Message], tell: Callable[[str], None]
) -> Iterator[Callable[[Message], Message]]:
    """Renew the messages' leases until the end; gives what maps a message to its newest receipt."""
    newest = {message.id: message for message in messages}
    end = threading.Event()
    guard = threading.Lock()

    def renew() -> None:
        lease = float(platform.events.settings.get("lease_seconds", LEASE))
        while not end.wait(lease / 3):
            try:
                with open_bus(platform) as bus:
                    for identity in list(newest):
                        with guard:
                            if identity in newest:
                                newest[identity] = bus.extend(newest[identity], lease)
            except Exception as error:
                tell(f"a lease could not be renewed: {error}")

    def current(message: Message) -> Message:
        with guard:  # taken out: what is acknowledged or given back must not be renewed any more
            return newest.pop(message.id)

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield current
    finally:
        end.set()
        thread.join()
