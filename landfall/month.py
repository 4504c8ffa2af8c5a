"""A calendar month, the unit of work of every flow. UTC; knows nothing of data."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple, Self

from landfall.errors import UsageError

# Years that datetime can hold, the month's end included.
_FORM = re.compile(r"(?!0000|9999)([0-9]{4})-(0[1-9]|1[0-2])")


class Month(NamedTuple):
    """A month, ordered by time: `Month(2013, 3)`, written `2013-03`."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM`; raises UsageError on anything else."""
        found = _FORM.fullmatch(text)
        if not found:
            raise UsageError(
                f"'{text}' is not a month.", fix="Write the year and the month, as in 2013-03."
            )
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The month that holds `moment` (aware datetimes are taken to UTC first)."""
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
        return cls(moment.year, moment.month)

    def plus(self, months: int) -> Month:
        """The month so many months later (earlier where negative)."""
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)

    def since(self, other: Month) -> int:
        """How many months lie between `other` and this one."""
        return (self.year - other.year) * 12 + self.month - other.month

    @property
    def start(self) -> datetime:
        """The first moment of the month, naive UTC."""
        return datetime(self.year, self.month, 1)

    @property
    def end(self) -> datetime:
        """The first moment after the month, naive UTC."""
        return self.plus(1).start

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def span(first: Month, last: Month) -> list[Month]:
    """Every month from `first` to `last`, both included; empty where last comes before first."""
    return [first.plus(i) for i in range(last.since(first) + 1)]
