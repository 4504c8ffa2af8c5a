"""All that a draft rests on, told from the file: its columns, time, target, key, months and suspicions."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from landfall.errors import UsageError
from landfall.intent.ml import Kind
from pipelines.draft.infer import Column, as_time, infer
from pipelines.draft.shape import Key, Months, kind_of, leaks, months_of, propose_key
from pipelines.draft.table import Table
from pipelines.draft.words import column_name


@dataclass(frozen=True)
class Survey:
    """What was found in a file."""

    name: str
    table: Table
    columns: list[Column]
    time: Column
    target: Column
    kind: Kind
    key: Key
    months: Months
    leaks: dict[str, float]

    @property
    def is_series(self) -> bool:
        """Whether the time alone tells rows apart, so that there is a row before each."""
        return self.key.columns == (self.time.name,)

    @property
    def others(self) -> list[Column]:
        """The columns that are neither time nor target."""
        return [column for column in self.columns if column not in (self.time, self.target)]


def survey(name: str, table: Table, time: str, target: str, kind: Kind | None) -> Survey:
    """Look at a whole file. Raises UsageError where a column is missing, no time or useless as a target."""
    headers = {
        option: _header(table, option, wanted) for option, wanted in (("--time", time), ("--target", target))
    }  # fmt: skip
    if headers["--time"] == headers["--target"]:
        raise UsageError(
            f"'{time}' is named as time and as target.", fix="Name two different columns."
        )
    columns: list[Column] = []
    for header, values in table.columns.items():
        taken = [column.name for column in columns]
        columns.append(infer(header, column_name(header, taken), values, table.native.get(header)))
    found = {column.header: column for column in columns}
    when, what = found[headers["--time"]], found[headers["--target"]]
    if not as_time(when):
        raise _no_time(when)
    problem = kind_of(what, kind)
    key = propose_key(columns, when, what)
    others = [column for column in columns if column not in (when, what)]
    suspected = leaks(others, what, problem)
    return Survey(name, table, columns, when, what, problem, key, months_of(when), suspected)


def _header(table: Table, option: str, wanted: str) -> str:
    """The file's own name of a column, given as in the file or as the contract would call it."""
    headers = list(table.columns)
    if wanted in headers:
        return wanted
    same = [header for header in headers if column_name(header, ()) == column_name(wanted, ())]
    if len(same) == 1:
        return same[0]
    lower = {header.lower(): header for header in headers}
    near = difflib.get_close_matches(wanted.lower(), list(lower), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(lower[one] for one in near)}? " if near else ""
    raise UsageError(
        f"The file has no column '{wanted}' ({option}).",
        so=f"{hint}Its columns are: {', '.join(headers)}.",
        fix=f"Name one of them with {option}.",
    )


def _no_time(column: Column) -> UsageError:
    some = column.values.drop_null().unique().to_pylist()[:3]
    shown = ", ".join(f"'{value}'" for value in some) or "nothing"
    return UsageError(
        f"The column '{column.header}' holds no times that can be read: {shown}.",
        so="Rows are sorted into months by it.",
        fix="Name another column with --time, or write it as 2013-01-31 10:00:00, 31.01.2013 or "
        "01/31/2013 14:30 (with the day and a year of four digits).",
    )
