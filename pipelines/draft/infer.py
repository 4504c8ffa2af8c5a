"""What each column of a file holds: type, form of its times, missing values, range, levels, personal data.

Everything is told from all rows, not from the first. What is told here is a proposal: the contract that
is drafted from it marks what a person must decide.
"""

# pyright: reportAttributeAccessIssue=false
# (pyarrow makes its compute functions at import, where no type checker sees them.)
from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipelines.draft.personal import suspect
from pipelines.sources.moments import moment_of

if TYPE_CHECKING:
    import pyarrow as pa

MARKERS = (
    "NA", "N/A", "n/a", "#N/A", "NULL", "Null", "null", "NaN", "nan", "None", "none", "-", "--", "?",
    "missing", ".",
)  # fmt: skip
"""Words for a missing value, where everything else in the column is a number or a time."""
TEXT_MARKERS = ("NA", "N/A", "#N/A", "NULL", "null", "NaN")
"""The ones that mean it among text too."""
_DATES = (
    "yyyy/MM/dd", "dd.MM.yyyy", "dd/MM/yyyy", "MM/dd/yyyy", "dd-MM-yyyy", "MM-dd-yyyy", "yyyy.MM.dd",
    "yyyyMMdd",
)  # fmt: skip
_TIMES = ("", " HH:mm", " HH:mm:ss", "THH:mm", "THH:mm:ss")
_ISO = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}(?:[T ].*)?")
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_ZONED = re.compile(r"(?:Z|UTC|GMT|\d{2}[+-]\d{2}:?\d{2})\s*$", re.IGNORECASE)
_INT = r"^\s*[+-]?(0|[1-9]\d*)\s*$"
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_LEADING_ZERO = r"^\s*0\d"
MAX_LEVELS = 12
"""Text with at most so many different values gets a list of allowed ones."""


@dataclass
class Column:
    """A column as the file shows it; `values` is text with null for what is missing."""

    header: str
    name: str
    type: str
    values: pa.ChunkedArray
    format: str | None = None
    other_format: str | None = None
    """Another form that every value has too, as of 03/04/2013."""
    missing: int = 0
    markers: tuple[str, ...] = ()
    distinct: int = 0
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    """All values of text that has few, the most frequent first."""
    zoned: bool = False
    """Whether its times carry a zone."""
    unreadable: tuple[str, ...] = ()
    """Values of the time column that are no time, some of them."""
    personal: str = "none"
    why_personal: str = ""
    note: str = ""

    @property
    def present(self) -> int:
        """Rows with a value."""
        return len(self.values) - self.missing

    @property
    def is_number(self) -> bool:
        """Whether a model can count with it."""
        return self.type in ("int", "long", "double") or self.type.startswith("decimal")

    @property
    def identifies(self) -> bool:
        """Whether nearly every row has its own value, of a whole number or text."""
        return (
            self.type in ("int", "long", "string")
            and self.present > 20
            and self.distinct > 0.9 * self.present
        )


def infer(header: str, name: str, values: pa.ChunkedArray, native: str | None) -> Column:
    """What a column holds; `native` is the type that the file itself declares."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = values.drop_null().value_counts().sort("descending", by="counts")
    levels = counted.field("values").cast(pa.string())
    blank = pc.equal(pc.utf8_trim_whitespace(levels), "")
    named = pc.is_in(levels, pa.array(MARKERS))
    rest = levels.filter(pc.invert(pc.or_(blank, named)))
    kind, form, other, note = _type_of(rest, native)
    words = TEXT_MARKERS if kind == "string" else MARKERS
    gone = pc.or_(blank, pc.is_in(levels, pa.array(words)))
    missing_words = [word for word in levels.filter(gone).to_pylist() if word]
    kept = levels.filter(pc.invert(gone))
    cleaned = pc.if_else(
        pc.is_in(values, levels.filter(gone)), pa.scalar(None, pa.string()), values
    )
    column = Column(
        header, name, kind, cleaned, form, other,
        missing=cleaned.null_count, markers=tuple(sorted(missing_words)), distinct=len(kept),
        note=note,
    )  # fmt: skip
    if column.is_number and len(kept):
        numbers = pc.cast(pc.utf8_trim_whitespace(kept), pa.float64())
        numbers = numbers.filter(pc.is_finite(numbers))
        bounds = pc.min_max(numbers).as_py()
        column.low, column.high = bounds["min"], bounds["max"]
    if kind == "string" and 0 < len(kept) <= MAX_LEVELS and len(kept) * 20 <= column.present:
        column.levels = tuple(kept.to_pylist())
    if kind == "timestamp":
        column.zoned = all(_ZONED.search(text) for text in kept.to_pylist())
    column.personal, column.why_personal = suspect(name, kind, kept.to_pylist()[:500])
    return column


def _type_of(levels: pa.Array, native: str | None) -> tuple[str, str | None, str | None, str]:
    """Type, form, another possible form, and a note, from the different values that are not missing."""
    import pyarrow.compute as pc

    if native is not None:
        return native, None, None, ""
    if not len(levels):
        return "string", None, None, "it has no value in the whole file"
    if pc.all(pc.is_in(pc.utf8_lower(levels), _texts("true", "false"))).as_py():
        return "boolean", None, None, ""
    if pc.all(pc.match_substring_regex(levels, _NUMBER)).as_py():
        return _number_type(levels)
    if pc.all(pc.match_substring_regex(levels, r"^\s*[+-]?\d+,\d+\s*$")).as_py():
        return (
            "string",
            None,
            None,
            "numbers with a decimal comma stay text: land them with a point",
        )
    forms, kind = _forms_of(levels.to_pylist(), compact=False)
    if forms:
        return kind, forms[0], forms[1] if len(forms) > 1 else None, ""
    return "string", None, None, ""


def _number_type(levels: pa.Array) -> tuple[str, str | None, str | None, str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.any(pc.match_substring_regex(levels, _LEADING_ZERO + r"\d*\s*$")).as_py():
        return "string", None, None, "digits with leading zeros are a code, not a number"
    if not pc.all(pc.match_substring_regex(levels, _INT)).as_py():
        return "double", None, None, ""
    furthest = pc.max(pc.abs(pc.cast(pc.utf8_trim_whitespace(levels), pa.float64()))).as_py()
    if furthest >= 2**63:
        return "string", None, None, "whole numbers beyond 64 bits stay text"
    return ("int" if furthest < 2**31 else "long"), None, None, ""


def as_time(column: Column) -> bool:
    """Make a column the time column where at least 19 of 20 of its values are times; False where not."""
    if column.type in ("date", "timestamp"):
        return True
    levels = column.values.drop_null().unique().to_pylist()
    forms, kind = _forms_of(levels, compact=True, share=0.95)
    if not forms:
        return False
    column.type, column.format = kind, forms[0]
    column.other_format = forms[1] if len(forms) > 1 else None
    column.low = column.high = None
    column.levels, column.note = (), ""
    column.zoned = kind == "timestamp" and all(_ZONED.search(text) for text in levels)
    column.unreadable = tuple(text for text in levels if read_moment(text, forms[0]) is None)[:5]
    return True


def _forms_of(
    levels: list[str], *, compact: bool, share: float = 1.0
) -> tuple[list[str | None], str]:
    """Every form that the texts have (None is ISO 8601), and whether they are dates or timestamps."""
    some = levels[:200]
    fitting: list[str | None] = []
    candidates = [
        date + clock for date in _DATES for clock in _TIMES if compact or date != "yyyyMMdd"
    ]
    for form in (None, *candidates):
        if _readable(some, form) >= share * len(some) > 0 and (
            _readable(levels, form) >= share * len(levels)
        ):
            fitting.append(form)
            if form is None:
                break
    kind = "timestamp" if any(_CLOCK.search(text) for text in levels) else "date"
    return fitting, kind


def _readable(texts: list[str], form: str | None) -> int:
    return sum(read_moment(text, form) is not None for text in texts)


def read_moment(text: str, form: str | None) -> datetime | None:
    """The moment that ingestion would read from a text, or None; without a form, ISO 8601 with its day."""
    if form is None and not _ISO.fullmatch(text):
        return None
    try:
        return moment_of(text, form)
    except (ValueError, OverflowError):
        return None


def _texts(*words: str) -> pa.Array:
    import pyarrow as pa

    return pa.array(words)
