"""What every source gives for a month."""

from __future__ import annotations

from typing import NamedTuple

from landfall.month import Month


class Slice(NamedTuple):
    """One month of a dataset, as it is to be landed."""

    name: str
    """The file's name."""
    content: bytes
    format: str
    encoding: str
    delimiter: str
    origin: str
    """Where it came from, for people; never a secret."""
    rows: int | None = None
    """How many records it holds, where that is known without parsing it again."""


def without_fringe(counts: dict[Month, int], least: int) -> list[Month]:
    """The months that hold rows, in order, without those at either end that hold fewer than `least`.

    A source in local time reaches some hours into the next month of UTC, which is no month of its own.
    Where no month holds enough, all are given: what is wrong is then the ingestion's to say.
    """
    months = sorted(month for month, count in counts.items() if count)
    enough = [month for month in months if counts[month] >= least]
    if not enough:
        return months
    return [month for month in months if enough[0] <= month <= enough[-1]]
