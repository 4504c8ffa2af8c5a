"""A client's file as columns of text, for drafting: found, opened, decoded, and refused where it cannot be.

Holds the whole file in memory, since a draft is made once, of a sample or a year. Leaves out what the
values mean.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from landfall.errors import UsageError
from landfall.intent.data import FileSource
from landfall.month import Month

if TYPE_CHECKING:
    import pyarrow as pa

Encoding = Literal["utf-8", "latin-1"]
_FORMATS: dict[str, Literal["csv", "json", "parquet"]] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_DELIMITERS = ",;\t|"
_PACKAGE = "package:"


@dataclass(frozen=True)
class Table:
    """A file's rows: every column as text (null where the file has nothing), and how it is read."""

    columns: dict[str, pa.ChunkedArray]
    """Header → values, in the file's order."""
    native: dict[str, str]
    """Header → contract type, where the file itself declares types (Parquet)."""
    source: FileSource
    skipped: int = 0
    """Lines that do not split into as many fields as the header has."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values())))


def read_table(file: str, dataset: str, root: Path, encoding: Encoding) -> Table:
    """Read a file (a path, or `package:DISTRIBUTION/FILE`); raises UsageError that says what to do."""
    from pipelines.sources.file import find_file, opened

    source = _source(file, dataset, root, encoding)
    path = find_file(root, source, Month(1, 1))
    assert path is not None  # a path without {month} is found or raises
    with opened(path, source) as stream:
        content = stream.read()
    if not content.strip():
        raise UsageError(
            f"{file} is empty.",
            so="There is nothing to draft from.",
            fix="Name a file with some months of data.",
        )
    if source.format == "parquet":
        columns, native = _parquet(content, file)
        return _checked(Table(columns, native, source), file)
    text = _decoded(content, file, encoding)
    if source.format == "json":
        return _checked(Table(_json(text, file), {}, source), file)
    delimiter = _delimiter(text)
    source = source.model_copy(update={"delimiter": delimiter})
    columns, skipped = _delimited(text, delimiter, file)
    return _checked(Table(columns, {}, source, skipped), file)


def _source(file: str, dataset: str, root: Path, encoding: Encoding) -> FileSource:
    if "{month}" in file:
        raise UsageError(
            f"'{file}' stands for many files.",
            fix="Draft from one of them, then put the path with {month} into the stack's file.",
        )
    wanted = file
    if not file.startswith(_PACKAGE):
        path = Path(file).expanduser().absolute()
        if path.is_dir():
            raise UsageError(f"{file} is a folder, not a file.", fix="Name one file in it.")
        if not path.is_file():
            raise UsageError(f"There is no file {file}.", fix=_near_files(path))
        # Relative to the project, so that the stack's file means the same on another machine.
        wanted = str(path.relative_to(root) if path.is_relative_to(root) else path)
    suffixes = [s.lower() for s in Path(file).suffixes if s.lower() not in (".gz", ".zip")]
    form = _FORMATS.get(suffixes[-1] if suffixes else "")
    if form is None:
        raise UsageError(
            f"{file} has none of the endings {', '.join(_FORMATS)} (with .gz or .zip behind it or not).",
            so="What kind of file it is cannot be told.",
            fix="Give the file the ending of its kind; spreadsheets are saved as CSV first.",
        )
    return FileSource(dataset=dataset, path=wanted, format=form, encoding=encoding)


def _near_files(path: Path) -> str:
    there = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, there, n=3)
    if near:
        return f"Did you mean {', '.join(near)} in {path.parent}?"
    return "Give the path of a CSV, JSON lines or Parquet file."


def _decoded(content: bytes, file: str, encoding: Encoding) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:1000]:
        raise UsageError(
            f"{file} is no text in UTF-8 or Latin-1: it looks like UTF-16 or a binary file.",
            fix="Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8'), and draft again.",
        )
    try:
        return content.decode("utf-8-sig" if encoding == "utf-8" else "latin-1")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(
            f"{file} is no UTF-8: line {line} holds the byte 0x{content[error.start]:02x}.",
            so="Its letters would be read wrongly, so nothing was drafted.",
            fix="Draft it with --encoding latin-1 if it comes from an older Windows program.",
        ) from None


def _delimiter(text: str) -> str:
    """The sign that splits the first line into the most fields, outside quotes; the comma where none does."""
    first = text.partition("\n")[0]
    fields = {sign: len(next(csv.reader([first], delimiter=sign), [])) for sign in _DELIMITERS}
    return max(fields, key=lambda sign: (fields[sign], sign == ","))


def _delimited(text: str, delimiter: str, file: str) -> tuple[dict[str, pa.ChunkedArray], int]:
    import pyarrow as pa
    import pyarrow.csv as pv

    header = next(csv.reader([text.partition("\n")[0].rstrip("\r")], delimiter=delimiter), [])
    _check_header(header, file)
    skipped = 0

    def skip(_row: object) -> str:
        nonlocal skipped
        skipped += 1
        return "skip"

    try:
        rows = pv.read_csv(
            io.BytesIO(text.encode()),
            pv.ReadOptions(column_names=header, skip_rows=1, use_threads=False),
            pv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
            pv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise UsageError(
            f"{file} is no readable delimited text: {error}.",
            fix="Check its quotes and the sign between its fields, and draft again.",
        ) from None
    return {name: rows[name] for name in header}, skipped


def _check_header(header: Sequence[str], file: str) -> None:
    lower = [name.lower() for name in header]
    twice = sorted({name for name in header if lower.count(name.lower()) > 1})
    if twice:
        raise UsageError(
            f"{file} names columns twice: {', '.join(twice)}.", fix="Give each column its own name."
        )
    nameless = [str(place) for place, name in enumerate(header, 1) if not name.strip()]
    if nameless:
        raise UsageError(
            f"{file} has no name for column {', '.join(nameless)}.",
            fix="Write a header line that names every column.",
        )


def _json(text: str, file: str) -> dict[str, pa.ChunkedArray]:
    import pyarrow as pa

    from pipelines.sources.records import json_lines

    if text.lstrip().startswith("["):
        raise UsageError(
            f"{file} is one JSON array; JSON files are read as one object a line.",
            fix="Write one object a line (jq -c '.[]'), and draft again.",
        )
    records = [value for _, value in json_lines(io.StringIO(text), file) if value]
    names = dict.fromkeys(name for record in records for name in record)
    _check_header(list(names), file)
    return {
        name: pa.chunked_array([pa.array([_plain(r.get(name)) for r in records], pa.string())])
        for name in names
    }


def _plain(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _parquet(content: bytes, file: str) -> tuple[dict[str, pa.ChunkedArray], dict[str, str]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(io.BytesIO(content))
    except pa.ArrowException as error:
        raise UsageError(
            f"{file} is no readable Parquet file ({error}).", fix="Fetch it again, whole."
        ) from None
    _check_header(rows.column_names, file)
    columns, native = {}, {}
    for field in rows.schema:
        kind = _native_type(field.type)
        values = rows[field.name]
        if kind is None:
            text = [_plain(value) for value in values.to_pylist()]
            columns[field.name] = pa.chunked_array([pa.array(text, pa.string())])
            continue
        native[field.name] = kind
        columns[field.name] = values.cast(pa.string())
    return columns, native


def _native_type(dtype: pa.DataType) -> str | None:
    """The contract's type of a Parquet column; None where it is nested and becomes text."""
    import pyarrow as pa

    if pa.types.is_dictionary(dtype):
        return _native_type(dtype.value_type)
    if pa.types.is_decimal(dtype):
        return f"decimal({dtype.precision},{dtype.scale})"
    for test, kind in (
        (pa.types.is_boolean, "boolean"), (pa.types.is_int64, "long"), (pa.types.is_uint64, "long"),
        (pa.types.is_uint32, "long"), (pa.types.is_integer, "int"), (pa.types.is_floating, "double"),
        (pa.types.is_date, "date"), (pa.types.is_timestamp, "timestamp"),
        (pa.types.is_string, "string"), (pa.types.is_large_string, "string"),
    ):  # fmt: skip
        if test(dtype):
            return kind
    return None


def _checked(table: Table, file: str) -> Table:
    if not table.columns or table.rows == 0:
        raise UsageError(
            f"{file} has no rows"
            + (f" ({table.skipped:,} lines do not fit its header)." if table.skipped else "."),
            so="There is nothing to draft from.",
            fix="Name a file with some months of data.",
        )
    return table
