"""Landed files: which versions there are, whether a file can be read at all, and its rows as text.

A file is looked at once from end to end before Spark sees it (checksum, compression, encoding,
header), so that what is wrong with the whole is told with its place. Leaves out the values: they are
judged row by row.
"""

from __future__ import annotations

import atexit
import codecs
import csv
import hashlib
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from landfall.errors import BatchFault
from landfall.storage import Store
from pipelines.contract import Contract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_CHUNK = 1 << 20
SPLIT = 8 * _CHUNK
"""Bytes of a text file that one Spark task reads (`spark.sql.files.maxPartitionBytes`)."""
_MISSING = "\x00"
"""What Spark writes for a field that is not there; no text file holds it, so nothing is mistaken."""


@dataclass(frozen=True)
class Landed:
    """One version of a dataset's month (or of the whole list, month `all`) in the landing zone."""

    dataset: str
    month: str
    version: int
    path: str
    bytes: int
    sha256: str
    format: str
    encoding: str
    delimiter: str
    arrived_at: datetime
    """Naive UTC."""

    @property
    def batch(self) -> str:
        """The batch's id: 16 hex digits that follow from what was landed, and from nothing else."""
        told = f"{self.dataset}\n{self.month}\n{self.version}\n{self.sha256}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def fault(self, what: str, fix: str = "") -> BatchFault:
        """The error that refuses this batch."""
        return BatchFault(
            f"{self.dataset} {self.month} v{self.version} ({Path(self.path).name}): {what}",
            so="Nothing of it was published; readers see what they saw before.",
            fix=fix
            or "Land a corrected file (it becomes the next version) and run the month again.",
        )


def landed_versions(store: Store, dataset: str, month: str) -> list[Landed]:
    """The versions of a dataset's month that have a manifest, oldest first."""
    found = []
    for path in store.list(f"{dataset}/{month}"):
        folder, _, name = path.rpartition("/")
        if name == "manifest.json":
            found.append(_landed(store.read_json(path), folder))
    return sorted(found, key=lambda one: one.version)


def _landed(manifest: dict[str, Any], folder: str) -> Landed:
    arrived = datetime.fromisoformat(manifest["arrived_at"])
    if arrived.tzinfo is not None:
        arrived = arrived.astimezone(UTC).replace(tzinfo=None)
    return Landed(
        dataset=manifest["dataset"], month=manifest["month"], version=int(manifest["version"]),
        path=f"{folder}/{manifest['file']}", bytes=int(manifest["bytes"]),
        sha256=manifest["sha256"], format=manifest.get("format", "csv"),
        encoding=manifest.get("encoding") or "utf-8", delimiter=manifest.get("delimiter") or ",",
        arrived_at=arrived,
    )  # fmt: skip


@dataclass(frozen=True)
class Audit:
    """What the look from end to end found: the header's names, whether a field holds line ends, splits."""

    header: list[str]
    multiline: bool
    starts: list[int] | None = None
    """Lines that begin before each SPLIT of the file, header apart; None where it is read in one piece."""


def audit(store: Store, landed: Landed, contract: Contract) -> Audit:
    """Look at the whole file; raises BatchFault where it cannot be taken as it is.

    Checks the checksum against the manifest, the compression, the encoding, and that every column of
    the contract is there under its name.
    """
    if landed.format == "parquet":
        found = _audit_parquet(store, landed)
    else:
        found = _audit_text(store, landed)
    if landed.format != "json":  # whose names are known only once Spark has seen the rows
        found = replace(found, header=contract.names(found.header))
        _check_names(landed, found.header, contract)
    return found


def _audit_text(store: Store, landed: Landed) -> Audit:
    scan = _TextScan(landed)
    try:
        for part in _unpacked(landed, _checked(store, landed)):
            scan.feed(part)
    except FileNotFoundError:
        raise landed.fault("the file is gone, though its manifest is there.") from None
    scan.end()
    if landed.format == "json":
        return Audit([], scan.first.lstrip()[:1] == "[")
    first = scan.first
    if not first.strip():
        raise landed.fault("it is empty: there is not even a header.")
    whole = scan.multiline or scan.blank or landed.path.endswith(".gz")
    header = next(csv.reader([first], delimiter=landed.delimiter))
    return Audit(header, scan.multiline, None if whole else scan.starts)


def _checked(store: Store, landed: Landed) -> Iterator[bytes]:
    """The file's bytes; at their end, raises BatchFault where the checksum is not the manifest's."""
    digest = hashlib.sha256()
    for part in _parts(store, landed.path):
        digest.update(part)
        yield part
    if digest.hexdigest() != landed.sha256:
        raise landed.fault(
            f"its SHA-256 is {digest.hexdigest()[:12]}…, but {landed.sha256[:12]}… was landed: "
            "the file was changed afterwards.",
        )


def _parts(store: Store, path: str) -> Iterator[bytes]:
    local = urlparse(store.uri)
    if local.scheme != "file":
        content = store.read(path)
        yield from (content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK))
        return
    with (Path(unquote(local.path)) / path).open("rb") as stream:
        while part := stream.read(_CHUNK):
            yield part


def _unpacked(landed: Landed, parts: Iterator[bytes]) -> Iterator[bytes]:
    if not landed.path.endswith(".gz"):
        yield from parts
        return
    unpack = zlib.decompressobj(wbits=31)
    try:
        for part in parts:
            rest = part
            while rest:
                yield unpack.decompress(rest)
                rest = unpack.unused_data
                if unpack.eof and rest:
                    unpack = zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise landed.fault(f"it is no readable gzip file ({error}).") from None
    if not unpack.eof:
        raise landed.fault("the gzip file is cut off before its end.")


class _TextScan:
    """Decodes a stream of bytes strictly, keeps the first line, and follows quotes across lines."""

    def __init__(self, landed: Landed) -> None:
        self._landed = landed
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._latin = landed.encoding.lower().replace("_", "-") in ("latin-1", "iso-8859-1")
        self._utf8 = True
        self._high = False
        self._lines = 1
        self._bytes = 0
        self._tail = b""
        self._head = b""
        self.starts: list[int] = []
        self.blank = False
        """Whether some line may be blank: such lines are no rows, so counting lines counts no rows."""
        self._quotes = 0
        self._open_at_line_end = False

    @property
    def first(self) -> str:
        """The first line, without its end and without a byte order mark."""
        line = self._head.partition(b"\n")[0].removesuffix(b"\r").removeprefix(codecs.BOM_UTF8)
        return line.decode("latin-1" if self._latin else "utf-8", errors="replace")

    @property
    def multiline(self) -> bool:
        """Whether some quoted field holds a line end; false where the quotes do not pair up."""
        return self._open_at_line_end and self._quotes % 2 == 0

    def feed(self, part: bytes) -> None:
        """Take the next bytes."""
        if b"\x00" in part:
            raise self._landed.fault(
                f"it holds a zero byte near line {self._lines + part[: part.index(0)].count(10)}: "
                "it is no text file, or its encoding is UTF-16."
            )
        self._decode(part)
        if len(self._head) < _CHUNK and b"\n" not in self._head:
            self._head += part
        if self._quotes % 2 or b'"' in part:
            self._follow_quotes(part)
        self._count(part)

    def _count(self, part: bytes) -> None:
        joined = self._tail + part
        self.blank = self.blank or any(
            mark in joined for mark in (b"\n\n", b"\n\r", b"\n ", b"\n\t", b"\r\r")
        )
        if self._bytes % SPLIT == 0:
            # A task reads the lines that begin at or before its end and skips its first one, so as
            # many rows as there were line ends lie before it: the header takes the place of one.
            self.starts.append(self._lines - 1)
        self._tail = part[-1:]
        self._bytes += len(part)
        self._lines += part.count(b"\n")

    def end(self) -> None:
        """Take the end of the file."""
        self._decode(b"", final=True)
        if self._latin and self._utf8 and self._high:
            raise self._landed.fault(
                "it is declared latin-1, but its text is UTF-8.",
                "Set the source's encoding to utf-8.",
            )

    def _decode(self, part: bytes, *, final: bool = False) -> None:
        if self._latin and not self._utf8:
            return
        try:
            self._decoder.decode(part, final)
        except UnicodeDecodeError as error:
            self._utf8 = False
            if self._latin:
                return
            line = self._lines + part[: error.start].count(b"\n")
            raise self._landed.fault(
                f"it is declared {self._landed.encoding}, but near line {line} the byte "
                f"0x{error.object[error.start]:02x} is none of it ({error.reason}).",
                "Land the file in that encoding, or set the source's encoding (as latin-1).",
            ) from None
        self._high = self._high or not part.isascii()

    def _follow_quotes(self, part: bytes) -> None:
        pieces = part.split(b"\n")
        for number, piece in enumerate(pieces):
            self._quotes += piece.count(b'"')
            if number < len(pieces) - 1 and self._quotes % 2:
                self._open_at_line_end = True


def _audit_parquet(store: Store, landed: Landed) -> Audit:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = b"".join(_checked(store, landed))
    try:
        return Audit(list(pq.ParquetFile(io.BytesIO(content)).schema_arrow.names), False)
    except (pa.ArrowInvalid, OSError) as error:
        raise landed.fault(f"it is no readable Parquet file ({error}).") from None


def _check_names(landed: Landed, header: list[str], contract: Contract) -> None:
    twice = sorted({n for n in header if [h.lower() for h in header].count(n.lower()) > 1})
    if twice:
        raise landed.fault(f"columns are named twice: {', '.join(twice)}.")
    nameless = [str(place) for place, name in enumerate(header, 1) if not name.strip()]
    if nameless:
        raise landed.fault(f"column {', '.join(nameless)} has no name.")
    ours = [name for name in header if name.startswith("_")]
    if ours:
        raise landed.fault(
            f"column {', '.join(ours)}: names that begin with '_' are kept for the lake's own columns."
        )
    missing = [column.in_file for column in contract.columns if column.name not in header]
    if missing:
        spare = [name for name in header if name not in {c.name for c in contract.columns}]
        beside = f" The file has instead: {', '.join(spare)}." if spare else ""
        raise landed.fault(
            f"column {', '.join(missing)} of the contract is missing.{beside}",
            f"Land a file with that column, or take it out of {contract.dataset}.yml.",
        )


def rows(
    spark: SparkSession, store: Store, landed: Landed, found: Audit, contract: Contract
) -> tuple[DataFrame, list[str]]:
    """Every row as text with `_raw` and `_row`, and the names of columns the contract does not know.

    `_raw` is null but where a line does not split into as many fields as the header has; `_row`
    counts the file's rows from 1.
    """
    path = _spark_path(spark, store, landed)
    if landed.format == "json":
        known = spark.read.json(path, multiLine=found.multiline, primitivesAsString=True).columns
        known = [name for name in known if name != "_corrupt_record"]
        found = Audit(known, found.multiline)
        _check_names(landed, contract.names(known), contract)
    contracted = {column.name for column in contract.columns}
    extra = [name for name in contract.names(found.header) if name not in contracted]
    if landed.format == "parquet":
        return _numbered(_parquet_rows(spark, path, contract), None), extra
    from pyspark.sql.types import StringType, StructField, StructType

    schema = StructType([StructField(name, StringType()) for name in [*found.header, "_raw"]])
    encoding = "UTF-8" if landed.encoding.lower() in ("utf-8", "utf8") else "ISO-8859-1"
    reader = spark.read.schema(schema).options(
        mode="PERMISSIVE", columnNameOfCorruptRecord="_raw", encoding=encoding,
        multiLine=str(found.multiline).lower(),
    )  # fmt: skip
    if landed.format == "json":
        frame = reader.options(primitivesAsString="true").json(path)
        return _numbered(frame.toDF(*contract.names(frame.columns)), None), extra
    frame = reader.options(
        header="true", enforceSchema="true", sep=landed.delimiter, quote='"', escape='"',
        columnPruning="false", nullValue=_MISSING, emptyValue="",
    ).csv(path)  # fmt: skip
    return _numbered(frame, found.starts), extra


def _numbered(frame: DataFrame, starts: list[int] | None) -> DataFrame:
    """The rows with `_row`, their number in the file; without `starts`, read by one task in order."""
    from pyspark.sql import functions as F  # noqa: N812 - as all of Spark writes it

    inside = F.monotonically_increasing_id().bitwiseAND(F.lit((1 << 33) - 1)) + 1
    if starts is None or len(starts) < 2:
        return frame.coalesce(1).withColumn("_row", inside)
    before = F.element_at(F.array(*[F.lit(n) for n in starts]), F.spark_partition_id() + 1)
    return frame.withColumn("_row", inside + before)


def _spark_path(spark: SparkSession, store: Store, landed: Landed) -> str:
    """What Spark opens: the file where it lies, or a copy on this machine where Spark is on it alone.

    A bucket's file needs a Hadoop file system of that cloud, which managed Spark brings along. One machine
    needs none: it reads the file from its own disk.
    """
    parsed = urlparse(store.uri)
    # Hadoop takes a path as it is written: it does not undo the %20 of a URI.
    if parsed.scheme == "file":
        return f"file:{unquote(parsed.path)}/{landed.path}"
    if not (spark.sparkContext.master or "").startswith("local"):
        return store.url(landed.path)
    copy = _scratch() / landed.dataset
    shutil.rmtree(copy, ignore_errors=True)  # the dataset's version before, which is published
    copy.mkdir()
    file = copy / Path(landed.path).name
    with file.open("wb") as stream:
        stream.writelines(_checked(store, landed))
    return f"file:{file}"


@cache
def _scratch() -> Path:
    """A folder of this process's own, which goes when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="landfall-landed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _parquet_rows(spark: SparkSession, path: str, contract: Contract) -> DataFrame:
    from pyspark.sql import Column
    from pyspark.sql import functions as F  # noqa: N812 - as all of Spark writes it

    frame = spark.read.parquet(path)
    frame = frame.toDF(*contract.names(frame.columns))
    whole = {column.name for column in contract.columns if column.type in ("int", "long")}

    def as_text(name: str, kind: str) -> Column:
        value = F.col("`" + name.replace("`", "``") + "`")
        if kind == "timestamp":
            return F.concat(value.cast("string"), F.lit("Z")).alias(name)
        if kind in ("double", "float") and name in whole:
            # Writers that know no missing integers store them as doubles: 5.0 is 5.
            integral = F.when(value == F.floor(value), value.cast("bigint").cast("string"))
            return F.coalesce(integral, value.cast("string")).alias(name)
        return value.cast("string").alias(name)

    columns = [as_text(name, kind) for name, kind in frame.dtypes]
    return frame.select(*columns, F.lit(None).cast("string").alias("_raw"))
