"""A token bucket a team: so many requests a second, with a second's worth of burst.

Teams that the intent does not name are not throttled; the server's queue bounds them all together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping


class Throttle:
    """The buckets of all throttled teams. Used from the event loop only."""

    def __init__(
        self, rates: Mapping[str, float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`rates` in requests a second; 0 refuses the team altogether."""
        self._clock = clock
        self._rates = dict(rates)
        self._tokens = {team: max(1.0, rate) for team, rate in rates.items() if rate > 0}
        self._at = dict.fromkeys(rates, clock())

    def take(self, team: str) -> int:
        """0 where the request may pass, else the seconds (whole, at least 1) to wait before the next."""
        rate = self._rates.get(team)
        if rate is None:
            return 0
        if rate <= 0:
            return 3600
        now = self._clock()
        tokens = min(max(1.0, rate), self._tokens[team] + (now - self._at[team]) * rate)
        self._at[team] = now
        if tokens >= 1:
            self._tokens[team] = tokens - 1
            return 0
        self._tokens[team] = tokens
        return max(1, math.ceil((1 - tokens) / rate))
