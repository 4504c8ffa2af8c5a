"""A contract's rules as Spark SQL: how text becomes typed values, and which faults a row has.

Every rule is a condition and the sentence that tells it; a row's reasons are the sentences of all that
hold. Written as SQL text, because a month's plan is then built by a handful of calls into the JVM and
not by thousands. Leaves out what concerns a whole batch (volume, freshness, columns) and duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from landfall.month import Month
from pipelines.contract import Column, Contract
from pipelines.timeformat import parse_format

RAW = "_raw"
"""The bronze column with the whole line, where a line could not be split into the header's fields."""
_SHOWN = 60
_INFINITY = "double('Infinity')"
_ZONED = r"(?i)(Z|[+-]\d{2}:?\d{2}|UTC|GMT)$"


class Rule(NamedTuple):
    """SQL for a rule's breach (null counts as none) and for the sentence that tells it."""

    broken: str
    reason: str


def name_sql(name: str, of: str = "") -> str:
    """A column's name in SQL, whatever characters it holds."""
    return (f"{of}." if of else "") + "`" + name.replace("`", "``") + "`"


def text_sql(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def moment_sql(value: datetime) -> str:
    """A naive UTC time as a literal."""
    return f"timestamp_ntz'{value.isoformat(sep=' ')}'"


def given(name: str) -> str:
    """The name of a column's received text, null where the contract says that it stands for nothing."""
    return f"{name}\x1fgiven"


def given_sql(name: str, contract: Contract) -> str:
    """A column's received text, or null where it is one of the contract's `null_values`."""
    nothing = ", ".join(text_sql(value) for value in contract.null_values)
    column = name_sql(name)
    return f"if({column} IN ({nothing}), NULL, {column})" if nothing else column


def typed_sql(column: Column, contract: Contract) -> str:
    """The typed value of a column's `given` text, null where the text is none of that type."""
    text = name_sql(given(column.name))
    if column.type == "string":
        return text
    if column.format is not None:
        text = _iso(text, column.format)
    if column.type == "timestamp":
        return _timestamp(text, contract.timezone)
    if column.type == "date":
        return f"if({_is_dated(text)}, try_cast({text} AS date), NULL)"
    if column.type == "double":
        # Java reads a trailing d or f as part of a number; a file's author means something else.
        suffixed = f"right({text}, 1) IN ('d', 'f', 'D', 'F') AND NOT {text} ILIKE '%inf'"
        return f"if({suffixed}, NULL, try_cast({text} AS double))"
    return f"try_cast({text} AS {'bigint' if column.type == 'long' else column.type})"


def _iso(text: str, form: str) -> str:
    """Text of a contract's `format` in ISO 8601, null where it has another form."""
    known = parse_format(form)
    pattern = text_sql(f"^{known.pattern}$")
    return f"if({text} RLIKE {pattern}, regexp_replace({text}, {pattern}, {text_sql(known.replacement())}), NULL)"


def _is_dated(text: str) -> str:
    # Spark also takes '2013' for a year and '10:00' for today at ten.
    return f"length({text}) >= 8 AND substring({text}, 5, 1) = '-'"


def _timestamp(text: str, zone: str) -> str:
    """UTC without a zone; text that names a zone or offset is converted from it, else from `zone`."""
    # The session's zone is UTC, so dropping the zone leaves UTC.
    instant = f"if({_is_dated(text)}, try_cast({text} AS timestamp), NULL)"
    if zone.upper() not in ("UTC", "ETC/UTC", "Z"):
        local = f"to_utc_timestamp({instant}, {text_sql(zone)})"
        instant = f"if({text} RLIKE {text_sql(_ZONED)}, {instant}, {local})"
    return f"cast({instant} AS timestamp_ntz)"


def rules(contract: Contract, month: Month | None) -> list[Rule]:
    """Every rule of the contract over typed columns and their `given` texts; `month` bounds the time."""
    split = text_sql("row: it does not split into as many fields as the header has")
    found = [Rule(f"{RAW} IS NOT NULL", split)]
    for column in contract.columns:
        required = not column.nullable or column.name in (*contract.key, contract.time)
        found += _column_rules(column, required)
    if contract.time and month is not None:
        time = name_sql(contract.time)
        # Compared as text: Spark writes times and numbers into the code it generates, but not texts, so
        # that the code of one month serves all others, compiled and warm.
        outside = f"left(cast({time} AS string), {len(str(month))}) != {text_sql(str(month))}"
        told = f"concat({text_sql(contract.time + ': ')}, {time}, {text_sql(f' UTC is outside {month}')})"
        found.append(Rule(outside, told))
    return found


def _column_rules(column: Column, required: bool) -> Iterator[Rule]:
    value, text = name_sql(column.name), name_sql(given(column.name))
    shown = f"if(length({text}) > {_SHOWN}, concat(left({text}, {_SHOWN}), '…'), {text})"

    def says(sentence: str, mark: str = "'" if column.type == "string" else "") -> str:
        before, after = text_sql(f"{column.name}: {mark}"), text_sql(f"{mark} {sentence}")
        return f"concat({before}, {shown}, {after})"

    if required:
        yield Rule(f"{text} IS NULL", text_sql(f"{column.name}: it is missing"))
    if column.type != "string":
        article = "an" if column.type == "int" else "a"
        told = says(f"is not {article} {column.type}", "'")
        yield Rule(f"{value} IS NULL AND {text} IS NOT NULL", told)
    if column.type == "double":
        # Neither NaN nor the infinities are below infinity.
        yield Rule(f"NOT abs({value}) < {_INFINITY}", says("is not a finite number"))
    if column.type.startswith("decimal"):
        exact = f"try_cast({text} AS decimal(38,18))"
        yield Rule(f"{value} != {exact}", says(f"does not fit {column.type} exactly"))
    yield from _bounds(column, value, says)
    if column.allowed is not None:
        allowed = ", ".join(text_sql(one) for one in column.allowed)
        yield Rule(f"{text} NOT IN ({allowed})", says(f"is none of {', '.join(column.allowed)}"))
    if column.pattern is not None:
        whole = text_sql(rf"\A(?:{column.pattern})\z")
        yield Rule(f"NOT {text} RLIKE {whole}", says(f"is not of the form {column.pattern}"))


def _bounds(column: Column, value: str, says: Callable[[str], str]) -> Iterator[Rule]:
    number = column.type in ("int", "long", "double") or column.type.startswith("decimal")
    if column.range is None or not number:
        return
    low, high = column.range
    # Spark orders NaN above every number; it is told as not finite, and not a second time as too high.
    finite = f" AND abs({value}) < {_INFINITY}" if column.type == "double" else ""
    if low is not None:
        yield Rule(f"{value} < {low!r}{finite}", says(f"is below {low:g}"))
    if high is not None:
        yield Rule(f"{value} > {high!r}{finite}", says(f"is above {high:g}"))


def is_faulty(found: list[Rule]) -> str:
    """SQL for whether a row breaks any rule."""
    return f"coalesce({' OR '.join(f'({rule.broken})' for rule in found)}, false)"


def reasons(found: list[Rule]) -> str:
    """SQL for the sentences of every rule that a row breaks, in the contract's order."""
    told = ", ".join(f"if({rule.broken}, {rule.reason}, NULL)" for rule in found)
    return f"array_compact(array({told}))"
