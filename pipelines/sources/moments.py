"""To which month a value of the time column belongs, read as the contract's timestamps are read.

Gives no timestamps: silver's are made by Spark from the same text.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from landfall.errors import UsageError
from landfall.month import Month
from pipelines.timeformat import parse_format

_FORM = re.compile(
    r"\s*(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ]\s*(?:(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d*)?)?)?"
    r"\s*(Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?)?)?)?\s*",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?")
_REMEMBERED = 100_000


class Months:
    """Text, date or datetime to its month in UTC; the answers are remembered, as times repeat.

    `zone` is that of times that carry none; dates have none and are never moved. `form` is how the
    contract says that they are written, where that is not ISO 8601.
    """

    def __init__(self, zone: str, *, dates: bool = False, form: str | None = None) -> None:
        self._zone = zone_info(zone)
        self._dates = dates
        self._form = form
        self._known: dict[object, Month | None] = {}

    def __call__(self, value: object) -> Month | None:
        """The month, or None where `value` is no time."""
        try:
            return self._known[value]
        except KeyError:
            pass
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        month = self._known[value] = self._month(value)
        return month

    def _month(self, value: object) -> Month | None:
        try:
            if isinstance(value, str):
                moment = moment_of(value, self._form)
            elif isinstance(value, datetime):
                moment = value
            elif isinstance(value, date):
                return Month(value.year, value.month)
            else:
                return None
            if moment is None:
                return None
            if self._dates:
                return Month(moment.year, moment.month)
            return Month.of(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))
        except (ValueError, OverflowError):
            return None


def zone_info(name: str) -> ZoneInfo:
    """The time zone of a contract; raises UsageError where this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(
            f"'{name}' is no time zone known here.",
            fix="Write the contract's timezone as in the IANA list: America/New_York, or UTC.",
        ) from None


def moment_of(text: str, form: str | None = None) -> datetime | None:
    """The moment that a text names, in its own zone or in none; None where it is of another form.

    `form` is a contract's `format`; without one ISO 8601 is read. Raises ValueError for a day or hour
    that the calendar does not have.
    """
    if form is not None:
        text = parse_format(form).iso(text) or ""
    found = _FORM.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    return datetime(year, month, day or 1, hour, minute, second, tzinfo=_zone(found[7]))


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    found = _OFFSET.search(text)
    if not found:
        return UTC
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(offset if found[1] == "+" else -offset)
