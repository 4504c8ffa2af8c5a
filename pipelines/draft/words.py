"""How drafts are written: YAML values on one line, plain descriptions, numbers rounded outwards."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection

MARK = "DECIDE:"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./()-]*[A-Za-z0-9_)]|[A-Za-z]")
_WORDS = {
    "y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "nan", "inf",
}  # fmt: skip
RESERVED = frozenset(
    [
        "all",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "at",
        "between",
        "both",
        "by",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "cross",
        "current",
        "current_date",
        "current_time",
        "current_timestamp",
        "default",
        "desc",
        "describe",
        "distinct",
        "do",
        "else",
        "end",
        "except",
        "exists",
        "false",
        "fetch",
        "following",
        "for",
        "from",
        "full",
        "grant",
        "group",
        "grouping",
        "groups",
        "having",
        "if",
        "in",
        "inner",
        "insert",
        "intersect",
        "interval",
        "into",
        "is",
        "join",
        "lateral",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "merge",
        "natural",
        "new",
        "no",
        "not",
        "null",
        "of",
        "offset",
        "on",
        "or",
        "order",
        "outer",
        "over",
        "partition",
        "pivot",
        "placing",
        "preceding",
        "qualify",
        "range",
        "recursive",
        "references",
        "returning",
        "right",
        "row",
        "rows",
        "select",
        "session_user",
        "set",
        "show",
        "some",
        "start",
        "summarize",
        "symmetric",
        "system",
        "table",
        "tablesample",
        "then",
        "to",
        "top",
        "trailing",
        "true",
        "truncate",
        "union",
        "unique",
        "unpivot",
        "update",
        "user",
        "using",
        "values",
        "variadic",
        "view",
        "when",
        "where",
        "window",
        "with",
        "within",
    ]
)
"""Words that one of the engines keeps for itself; a column of that name is quoted."""


def scalar(value: object) -> str:
    """A value as YAML on one line, quoted where YAML would read it otherwise."""
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        return json.dumps(value, ensure_ascii=False)
    if value is None:
        return "null"
    if isinstance(value, float):
        return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else repr(value)
    return json.dumps(value)


def listed(values: Collection[object]) -> str:
    """Values as a YAML list on one line."""
    return f"[{', '.join(scalar(value) for value in values)}]"


def column_name(header: str, taken: Collection[str]) -> str:
    """An identifier made of a header, other than those taken: `Order ID (new)` is `order_id_new`."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header.strip())
    name = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")
    if not name or not name[0].isalpha():
        name = f"c_{name}".rstrip("_")
    return unused(name[:60], taken)


def unused(name: str, taken: Collection[str]) -> str:
    """The name, with a number behind it where it is taken."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def sentence(header: str) -> str:
    """A header as the start of a description: `temp_max` is `Temp max.`"""
    words = " ".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header).replace("_", " ").split())
    return f"{words[:1].upper()}{words[1:]}."


def widened(low: float, high: float) -> tuple[float, float]:
    """Bounds a full span further out than the data, rounded outwards; what is never negative stays so."""
    span = (high - low) or max(abs(high), 1.0)
    step = 10.0 ** math.floor(math.log10(span))
    least = math.floor((low - span) / step) * step
    most = math.ceil((high + span) / step) * step
    least, most = (max(least, 0.0) if low >= 0 else least), (min(most, 0.0) if high <= 0 else most)
    digits = max(0, -math.floor(math.log10(step)))
    return round(least, digits), round(most, digits)
