"""The data contract: one YAML file a dataset, from which schema, checks, docs and dbt sources follow.

Leaves out how a check is run: the ingestion turns rules into Spark expressions.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from landfall.errors import UsageError
from landfall.intent.base import Identifier
from pipelines.timeformat import parse_format

Type = Annotated[
    str,
    Field(pattern=r"^(string|int|long|double|boolean|date|timestamp|decimal\(\d{1,2},\d{1,2}\))$"),
]
DECIDE = "DECIDE"
"""A drafted contract marks with this word what only a person can decide; such a contract is refused."""


class Rule(BaseModel):
    """A part of a contract: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Column(Rule):
    """One column: what it means and what its values may be."""

    name: Identifier
    type: Type
    header: str | None = Field(default=None, min_length=1, examples=["Order Date"])
    """The column's name in the files, where that is another than `name`."""
    description: str = Field(min_length=1)
    unit: str = ""
    nullable: bool = True
    range: tuple[float | None, float | None] | None = None
    """Least and greatest value, either of which may be null (open)."""
    allowed: list[str] | None = None
    pattern: str | None = None
    """A regular expression that the whole value must match."""
    format: str | None = Field(default=None, examples=["dd/MM/yyyy HH:mm"])
    """How a date or timestamp is written (yyyy MM dd HH mm ss), where it is not as `2013-01-31 10:00:00`."""
    personal: Literal["none", "identifier", "contact", "sensitive"] = "none"
    """Personal data tag; anything but `none` is masked in profiles and reports."""

    @property
    def in_file(self) -> str:
        """The column's name in the files."""
        return self.header or self.name


class Volume(Rule):
    """Rows that a batch may hold (bounds included)."""

    min_rows: int = Field(default=1, ge=0)
    max_rows: int = Field(default=1_000_000_000, ge=1)


class Contract(Rule):
    """What producer and consumer agreed on for one dataset."""

    dataset: Identifier
    version: int = Field(default=1, ge=1)
    description: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    kind: Literal["events", "reference"]
    """`events` come a month at a time; a `reference` is a whole list, replaced row by row by its key."""
    key: list[Identifier] = Field(min_length=1)
    time: Identifier | None = None
    """The event time of `events`, a timestamp or date column; rows outside the month go to quarantine."""
    null_values: list[str] = ["", "NA"]
    timezone: str = "UTC"
    """The zone of timestamps that carry none; all are stored in UTC."""
    columns: list[Column] = Field(min_length=1)
    volume: Volume = Volume()
    max_quarantined: float = Field(default=0.05, ge=0, le=1)
    """The share of faulty rows from which the whole batch is refused."""
    freshness_days: int | None = Field(default=None, ge=0)
    """Days after the month's end by which its first file must have arrived; null does not ask."""

    @model_validator(mode="after")
    def _consistent(self) -> Contract:
        names = [column.name for column in self.columns]
        twice = {name for name in names if names.count(name) > 1}
        headers = [column.in_file for column in self.columns]
        twice |= {header for header in headers if headers.count(header) > 1}
        if twice:
            raise ValueError(f"columns named twice: {', '.join(sorted(twice))}")
        for name in (*self.key, *([self.time] if self.time else [])):
            if name not in names:
                raise ValueError(
                    f"'{name}' is a key or time, but no column; columns: {', '.join(names)}"
                )
        if self.kind == "events" and self.time is None:
            raise ValueError(
                "kind 'events' needs 'time', the column by which rows belong to a month"
            )
        if self.time and self.column(self.time).type not in ("timestamp", "date"):
            raise ValueError(f"time '{self.time}' must be a timestamp or date column")
        for column in self.columns:
            if column.pattern:
                try:
                    re.compile(column.pattern)
                except re.error as error:
                    raise ValueError(
                        f"pattern of '{column.name}' is no regular expression: {error}"
                    ) from None
            if column.format:
                if column.type not in ("timestamp", "date"):
                    raise ValueError(f"'{column.name}' has a format, but is no timestamp or date")
                parse_format(column.format)
        return self

    def names(self, headers: list[str]) -> list[str]:
        """A file's headers as the lake names them; those that the contract does not know stay."""
        known = {column.in_file: column.name for column in self.columns}
        return [known.get(header, header) for header in headers]

    def column(self, name: str) -> Column:
        """The column of that name; raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def load_contract(path: Path) -> Contract:
    """Read one contract; raises UsageError that names the file, the field and the rule."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = yaml.safe_load(text)
    except FileNotFoundError:
        raise UsageError(
            f"There is no contract {path}.",
            fix="Draft one: landfall dataset init FILE --time COLUMN --target COLUMN --name NAME",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not readable YAML: {error}", fix="Mend the file.") from None
    if DECIDE in text:
        lines = [str(i) for i, line in enumerate(text.splitlines(), 1) if DECIDE in line]
        raise UsageError(
            f"{path} still has {DECIDE} in line {', '.join(lines)}.",
            so="A person has to decide there before data is checked against it.",
            fix=f"Replace each {DECIDE} mark by the decision.",
        )
    try:
        return Contract.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(
            f"{path}: {where}: {first['msg']} (found: {first.get('input')!r:.80}).",
            fix="Mend the contract; docs/contracts.md lists every field.",
        ) from None


def load_contracts(folder: Path, datasets: list[str]) -> dict[str, Contract]:
    """The contracts of these datasets, each from `<folder>/<dataset>.yml`."""
    return {name: load_contract(folder / f"{name}.yml") for name in datasets}
