"""One file with a time column, cut into months once and kept in the home's spool.

The spool is keyed by the file's checksum and by what decides the cut, so twelve months of one file
cost one pass, and a changed file is cut anew. Records keep their own characters. A record whose time
is unreadable goes where the record before it went (the first ones: where the first readable one goes),
so that it lies with its month in a file that grows, and the contract quarantines it there.
"""

from __future__ import annotations

import codecs
import fcntl
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from landfall.errors import LandfallError
from landfall.intent.data import FileSource
from landfall.month import Month
from pipelines.sources.base import Slice, without_fringe
from pipelines.sources.file import find_file, opened, readable
from pipelines.sources.moments import Months
from pipelines.sources.records import delimited, json_lines

if TYPE_CHECKING:
    from pipelines.context import Context

_CUT = 1
"""Raised when the way of cutting changes, so that an older spool is not used."""
_HELD = 200_000
"""Records kept in memory before they are written out."""


class CutFile:
    """A file whose time column says to which month a record belongs."""

    is_reference = False

    def __init__(self, ctx: Context, source: FileSource) -> None:
        self._root = ctx.project.root
        self._source = source
        self._spool = ctx.project.home / "spool" / source.dataset
        contract = ctx.contracts[source.dataset]
        time = next((c for c in contract.columns if c.name == source.time), None)
        dates = time is not None and time.type == "date"
        form = time.format if time else None
        self._time = time.in_file if time else source.time
        self._settings = [_CUT, source.format, self._time, source.encoding, source.delimiter]
        self._settings += [contract.timezone, dates, form]
        self._least = contract.volume.min_rows
        self._month_of = Months(contract.timezone, dates=dates, form=form)

    def months(self) -> list[Month]:
        """The months of which the file holds records.

        Those at either end with fewer rows than the contract lets a batch hold are left out.
        """
        with self._cut() as (_, index):
            counts = {Month.parse(text): rows for text, rows in index.items()}
        return without_fringe(counts, self._least)

    def read(self, month: Month) -> Slice | None:
        """The month's records under the file's own header."""
        with self._cut() as (folder, index):
            if str(month) not in index:
                return None
            s = self._source
            content = (folder / f"{month}{_SUFFIX[s.format]}").read_bytes()
            stem = Path(s.path).name.partition(".")[0]
            return Slice(
                f"{stem}-{month}{_SUFFIX[s.format]}", content, s.format, s.encoding, s.delimiter,
                s.path, index[str(month)],
            )  # fmt: skip

    @contextmanager
    def _cut(self) -> Iterator[tuple[Path, dict[str, int]]]:
        """The folder of the slices and how many records each month has, nobody else changing them."""
        path = find_file(self._root, self._source, Month(1, 1))
        assert path is not None  # a path without {month} is found or raises
        self._spool.mkdir(parents=True, exist_ok=True)
        with (self._spool / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with readable(path, self._source), path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256")
            digest.update(json.dumps(self._settings).encode())
            folder = self._spool / digest.hexdigest()[:24]
            if not folder.is_dir():
                self._make(path, folder)
            yield folder, json.loads((folder / "index.json").read_text(encoding="utf-8"))

    def _make(self, path: Path, folder: Path) -> None:
        for old in self._spool.iterdir():  # earlier states of the file, and cuts that were killed
            if old.is_dir():
                shutil.rmtree(old)
        work = Path(tempfile.mkdtemp(prefix=".part-", dir=self._spool))
        try:
            counts = self._write_slices(path, work)
            (work / "index.json").write_text(json.dumps(counts), encoding="utf-8")
            work.rename(folder)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise

    def _write_slices(self, path: Path, work: Path) -> dict[str, int]:
        with opened(path, self._source) as raw:
            if self._source.format == "parquet":
                return self._write_parquet(io.BytesIO(raw.read()), path, work)
            # Bytes that are none of the encoding come back as they were: ingestion names them.
            text = io.TextIOWrapper(
                raw, encoding=self._source.encoding, errors="surrogateescape", newline=""
            )
            if self._source.format == "csv":
                header, records = self._delimited(text, path)
            else:
                header, records = "", self._json(text, path)
            slices = _Slices(work, self._source, header)
            for month, record in _filled(records, path, self._source):
                slices.add(month, record)
            return slices.finish()

    def _delimited(
        self, text: io.TextIOWrapper, path: Path
    ) -> tuple[str, Iterator[tuple[Month | None, str]]]:
        records = delimited(text, self._source.delimiter)
        header, names = next(records, ("", []))
        header = header.removeprefix("\ufeff").removeprefix(_LATIN_BOM)
        names = [name.removeprefix("\ufeff").removeprefix(_LATIN_BOM) for name in names]
        if names and names[0].startswith('"'):  # a quoted name behind the mark
            names[0] = names[0].strip('"')
        if self._time not in names:
            raise self._no_time(path, names)
        place, month_of = names.index(self._time), self._month_of
        if not header.endswith(("\n", "\r")):
            header += "\n"
        return header, (
            (month_of(fields[place]) if len(fields) > place else None, record)
            for record, fields in records
        )

    def _json(self, text: io.TextIOWrapper, path: Path) -> Iterator[tuple[Month | None, str]]:
        seen: dict[str, None] = {}
        found = False
        for line, value in json_lines(text, str(path)):
            found = found or self._time in value
            seen.update(dict.fromkeys(value) if len(seen) < 50 else {})
            yield self._month_of(value.get(self._time or "")), line
        if not found:
            raise self._no_time(path, list(seen))

    def _write_parquet(self, raw: io.BytesIO, path: Path, work: Path) -> dict[str, int]:
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(raw)
        except pa.ArrowException as error:
            raise LandfallError(
                f"{self._source.dataset}: {path} is no readable Parquet file ({error}).",
                fix="Fetch the file again, whole, and run the same command.",
            ) from None
        if self._time not in table.column_names:
            raise self._no_time(path, table.column_names)
        values = table.column(self._time).to_pylist()
        records = ((self._month_of(value), row) for row, value in enumerate(values))
        rows: dict[Month, list[int]] = {}
        for month, row in _filled(records, path, self._source):
            rows.setdefault(month, []).append(row)
        for month, chosen in rows.items():
            pq.write_table(table.take(np.array(chosen)), work / f"{month}.parquet")
        return {str(month): len(chosen) for month, chosen in rows.items()}

    def _no_time(self, path: Path, names: list[str]) -> LandfallError:
        shown = [_shown(name) for name in names[:40]]
        return LandfallError(
            f"{self._source.dataset}: {path} has no column '{self._time}' to cut it by.",
            so=f"It has: {', '.join(shown) or 'nothing, it is empty'}.",
            fix="Correct the source's `time` (or its delimiter) in the stack's file.",
        )


_SUFFIX = {"csv": ".csv", "json": ".json", "parquet": ".parquet"}
T = TypeVar("T")
_LATIN_BOM = codecs.BOM_UTF8.decode("latin-1")


def _filled(
    records: Iterable[tuple[Month | None, T]], path: Path, source: FileSource
) -> Iterator[tuple[Month, T]]:
    """Every record with a month: its own, else that of the record before it."""
    early: list[T] = []
    last: Month | None = None
    for month, record in records:
        if month is None and last is None:
            early.append(record)
            continue
        last = month or last
        assert last is not None
        for first in early:
            yield last, first
        early = []
        yield last, record
    if early:
        raise LandfallError(
            f"{source.dataset}: none of the {len(early):,} records of {path} has a readable time "
            f"in '{source.time}'.",
            so="They belong to no month, so nothing was landed.",
            fix="Write the times as 2013-01-31T10:00:00Z, or name another column as `time`.",
        )


def _shown(name: str) -> str:
    """A column's name for a terminal: short, and without what no terminal can print."""
    return "".join(c if c.isprintable() else "?" for c in name[:60])


class _Slices:
    """The months' files while they are written; few are open at a time, whatever the months are."""

    def __init__(self, folder: Path, source: FileSource, header: str) -> None:
        self._folder = folder
        self._source = source
        self._header = header
        self._held: dict[Month, list[str]] = {}
        self._holding = 0
        self._counts: dict[str, int] = {}

    def add(self, month: Month, record: str) -> None:
        """Take one record's text."""
        if not record.endswith(("\n", "\r")):  # the file's last line may have no end
            record += "\n"
        self._held.setdefault(month, []).append(record)
        self._holding += 1
        if self._holding >= _HELD:
            self._flush()

    def finish(self) -> dict[str, int]:
        """Write what is left; gives records a month."""
        self._flush()
        return self._counts

    def _flush(self) -> None:
        for month, records in self._held.items():
            path = self._folder / f"{month}{_SUFFIX[self._source.format]}"
            with path.open(
                "a", encoding=self._source.encoding, errors="surrogateescape", newline=""
            ) as stream:
                if str(month) not in self._counts:
                    stream.write(self._header)
                stream.writelines(records)
            self._counts[str(month)] = self._counts.get(str(month), 0) + len(records)
        self._held, self._holding = {}, 0
