"""Which months a model learns from and is judged on, and whether a training is due.

Month m is judged on; the window is the k months before it. What is promoted is the very model that was
judged: it is not fitted again on m, so its figures are its own. Leaves out the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from landfall.intent.ml import Cadence
from landfall.month import Month


class Due(NamedTuple):
    """Whether to train now, and why (or why not)."""

    now: bool
    reason: str


def training_window(month: Month, cadence: Cadence) -> list[Month]:
    """The `window_months` months before `month`, oldest first."""
    return [month.plus(-back) for back in range(cadence.window_months, 0, -1)]


def is_due(month: Month, cadence: Cadence, trained: Sequence[Month], alarm: bool) -> Due:
    """Whether the cadence (or a drift alarm) asks for a training on `month`.

    `trained` are the months that were trained for so far; the month itself and later ones do not
    count, so that running a month again decides the same again.
    """
    earlier = [one for one in trained if one < month]
    if not earlier:
        return Due(True, "no model was trained before")
    since = month.since(max(earlier))
    if since >= cadence.every_months:
        return Due(
            True, f"{since} month(s) since the last training, due every {cadence.every_months}"
        )
    if alarm and cadence.on_drift:
        return Due(True, "the drift step raised an alarm")
    return Due(
        False,
        f"not due: {since} month(s) since the last training, due every {cadence.every_months}"
        + ("" if alarm else ", and no drift alarm"),
    )


def missing_months(window: Sequence[Month], rows: Mapping[str, int]) -> list[str]:
    """The months of the window that have no rows (`rows` counts them by YYYY-MM)."""
    return [str(month) for month in window if not rows.get(str(month))]


def months_told(months: Sequence[str]) -> str:
    """Months (YYYY-MM, in order) for a person: runs are told by their ends, as `2012-01 to 2012-11`."""
    runs: list[list[Month]] = []
    for month in map(Month.parse, months):
        if runs and month.since(runs[-1][-1]) == 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    told = [
        f"{run[0]} to {run[-1]}" if len(run) > 2 else " or ".join(map(str, run)) for run in runs
    ]
    return " or ".join(told)
