"""A grant is used once it is in force: an apply that has just made it waits, any other goes on at once."""

from __future__ import annotations

import datetime

import pytest

from infra.azure.roles import SETTLES, _remaining

NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("created_on", "seconds"),
    [
        ("2026-11-30T12:00:00.1234567Z", 180),
        ("2026-11-30T11:59:00Z", 120),
        ("2026-11-30T11:00:00Z", 0),
        ("2025-01-01T00:00:00", 0),
        # A clock ahead of ours does not make it longer.
        ("2026-11-30T12:10:00Z", 180),
        (None, 0),
        ("created-on of it", 0),
    ],
)
def test_it_waits_for_what_is_left_of_three_minutes(created_on: object, seconds: float) -> None:
    assert SETTLES.total_seconds() == 180
    assert _remaining(created_on, NOW) == pytest.approx(seconds, abs=0.2)
