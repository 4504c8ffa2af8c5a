"""How a file writes dates and times, as one rule that Python and Spark read alike.

A format such as `dd/MM/yyyy HH:mm` becomes a regular expression and a rewriting to ISO 8601; both
engines then parse the rewritten text as they parse any other. Leaves out two-digit years, names of
months, AM and PM, and seconds since an epoch: whoever has those converts them before landing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

LETTERS = ("yyyy", "MM", "dd", "HH", "mm", "ss")
_TOKEN = re.compile("|".join(LETTERS))
_BETWEEN = re.compile(r"[-/., :_T]*")
_ZONE = r"(?:[.,]\d+)?\s*(Z|[+-]\d{2}:?\d{2})?"
RULE = "a format has yyyy, MM and dd, may go on with HH, mm and ss, and knows - / . , : _ T and blanks between"


class TimeFormat(NamedTuple):
    """A format, ready to use: which texts have it, and what they become."""

    pattern: str
    """Matches the whole of a text of this format; the same to Python and to Java."""
    groups: tuple[int | None, ...]
    """The number of the group that holds each of LETTERS, or None."""
    zone: int | None
    """The number of the group that holds a zone, of formats with hours."""

    def replacement(self, sign: str = "$") -> str:
        """What the text becomes in ISO 8601; `sign` is `$` for Java and a backslash for Python."""
        year, month, day, hour, minute, second = (
            f"{sign}{group}" if group else "00" for group in self.groups
        )
        date = f"{year}-{month}-{day}"
        if self.zone is None:
            return date
        return f"{date} {hour}:{minute}:{second}{sign}{self.zone}"

    def iso(self, text: str) -> str | None:
        """The text in ISO 8601 (not yet checked to be a day of the calendar), or None where it has another form."""
        found = re.fullmatch(self.pattern, text)
        return found.expand(self.replacement("\\")) if found else None


@cache
def parse_format(text: str) -> TimeFormat:
    """Read a format; raises ValueError with the rule where it is none."""
    parts = _TOKEN.findall(text)
    between = _TOKEN.split(text)
    known = [letters for letters in LETTERS if letters in parts]
    times = known[3:]
    if (
        sorted(parts) != sorted(known)
        or known[:3] != list(LETTERS[:3])
        or times != list(LETTERS[3 : 3 + len(times)])
        or any(not _BETWEEN.fullmatch(piece) for piece in between)
    ):
        raise ValueError(f"'{text}' is no format of a date or time; {RULE}")
    pattern = r"\s*"
    for place, letters in enumerate(parts):
        # Without a sign between them digits could not be told apart, so there both are needed.
        tight = (place + 1 < len(parts) and not between[place + 1]) or (
            place and not between[place]
        )
        digits = r"(\d{4})" if letters == "yyyy" else r"(\d{2})" if tight else r"(\d{1,2})"
        pattern += re.escape(between[place]) + digits
    pattern += re.escape(between[-1]) + (_ZONE if times else "") + r"\s*"
    groups = tuple(parts.index(one) + 1 if one in parts else None for one in LETTERS)
    return TimeFormat(pattern, groups, len(parts) + 1 if times else None)
