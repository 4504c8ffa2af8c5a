"""What every bus does, whatever it is made of."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipelines.bus import MAX_DELIVERIES, Bus, Message
from tests.pipelines.bus.conftest import LEASE, Backend

BODY = {
    "type": "landed",
    "dataset": "flüge",
    "month": "2013-03",
    "version": 1,
    "deep": {"n": [1.5]},
}
WAIT = 10.0


def _take(bus: Bus, count: int) -> list[Message]:
    """That many messages, however many receives it takes."""
    found: list[Message] = []
    deadline = time.monotonic() + WAIT
    while len(found) < count and time.monotonic() < deadline:
        found += bus.receive(count - len(found), wait_seconds=1)
    return found


def _eventually(there: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        if there():
            return True
        time.sleep(0.1)
    return False


def test_what_is_published_is_received_with_subject_and_body(backend: Backend) -> None:
    with backend.open() as bus:
        identity = bus.publish("landed", BODY)
        (message,) = _take(bus, 1)
    assert identity
    assert (message.subject, message.body, message.deliveries) == ("landed", BODY, 1)


def test_a_message_waits_for_a_consumer_that_comes_later(backend: Backend) -> None:
    with backend.open() as bus:
        bus.publish("landed", BODY)
    with backend.open() as later:
        assert len(_take(later, 1)) == 1


def test_an_empty_queue_gives_nothing_after_the_wait(backend: Backend) -> None:
    with backend.open() as bus:
        assert bus.receive(wait_seconds=0) == []


def test_an_acknowledged_message_never_comes_again(backend: Backend) -> None:
    with backend.open() as bus:
        bus.publish("landed", BODY)
        (message,) = _take(bus, 1)
        bus.ack(message)
        time.sleep(LEASE + 0.5)
        assert bus.receive() == []


def test_a_received_message_is_hidden_until_its_lease_ends_and_then_comes_again(
    backend: Backend,
) -> None:
    with backend.open() as bus, backend.open() as other:
        bus.publish("landed", BODY)
        (message,) = _take(bus, 1)
        began = time.monotonic()
        again = other.receive(wait_seconds=0)
        # Pub/Sub's shortest look takes as long as the lease here, so it may just see it again.
        assert again == [] or time.monotonic() - began >= LEASE - 0.5
        again = again or _take(other, 1)
        assert again[0].body == message.body
        assert again[0].deliveries >= 2


def test_an_extended_lease_keeps_it_hidden_longer(backend: Backend) -> None:
    with backend.open() as bus, backend.open() as other:
        bus.publish("landed", BODY)
        (message,) = _take(bus, 1)
        message = bus.extend(message, 30)
        time.sleep(LEASE + 0.5)
        assert other.receive() == []
        bus.ack(message)


def test_a_failed_message_comes_again_at_once_and_counts_its_deliveries(backend: Backend) -> None:
    with backend.open() as bus:
        bus.publish("landed", BODY)
        for delivery in (1, 2):
            (message,) = _take(bus, 1)
            assert message.deliveries == delivery
            bus.nack(message)


def test_a_failed_message_may_be_given_time(backend: Backend) -> None:
    with backend.open() as bus:
        bus.publish("landed", BODY)
        (message,) = _take(bus, 1)
        bus.nack(message, delay=20)
        assert bus.receive() == []


def test_after_the_fifth_failure_it_is_a_dead_letter_that_stays_to_be_looked_at(
    backend: Backend,
) -> None:
    with backend.open() as bus:
        bus.publish("landed", BODY)
        for _ in range(MAX_DELIVERIES):
            (message,) = _take(bus, 1)
            bus.nack(message)
        assert bus.receive() == []
        assert _eventually(lambda: [one.body for one in bus.dead_letters()] == [BODY])
        assert _eventually(lambda: [one.body for one in bus.dead_letters()] == [BODY])


def test_several_messages_come_up_to_the_limit(backend: Backend) -> None:
    with backend.open() as bus:
        for number in range(12):
            bus.publish("landed", {**BODY, "version": number})
        first = bus.receive(5, wait_seconds=2)
        assert 1 <= len(first) <= 5
        rest = _take(bus, 12 - len(first))
        assert {one.body["version"] for one in [*first, *rest]} == set(range(12))


def test_acknowledging_after_the_lease_ended_does_no_harm(backend: Backend) -> None:
    with backend.open() as bus, backend.open() as other:
        bus.publish("landed", BODY)
        (message,) = _take(bus, 1)
        bus.nack(message)
        (again,) = _take(other, 1)
        bus.ack(message)
        bus.nack(message)
        other.ack(again)
        bus.ack(message)
