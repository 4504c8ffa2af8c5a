"""What the lake holds: rows, snapshot and a content hash of every table. Reads only, through PyIceberg.

The hash says whether two lakes hold the same data, whatever the order of rows, files and commits:

- A row's text is its columns in the order of their names, joined by `;`, each as below or `-` for null.
- Integers in decimal; booleans 0 or 1; floating point as the 64 bits of IEEE 754 read as a signed integer
  (any NaN as one NaN, -0.0 as 0.0); moments as microseconds since 1970 UTC; dates as days since then;
  decimals in full scale; strings, bytes and lists as `length:text`, a list's text being its elements' row.
- The table's hash is the MD5 of the column names and of the sum of the rows' MD5s modulo 2^128.

MD5 tells tables apart; it does not prove that nobody forged one. Columns that tell how a row came and not
what it says are left out (`IGNORED`), so a lake that was built twice hashes the same.
"""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from pyiceberg.table import Table

from pipelines.catalog import NAMESPACES
from pipelines.context import Context

Json = dict[str, Any]
pc: Any = pyarrow.compute  # Most of its functions are made at run time; type checkers see none.
IGNORED = frozenset({"_arrived_at"})
"""Columns that differ between two runs on the same input."""
MODULUS = 1 << 128
THREADS = 2
"""Batches hashed at a time; Arrow lets go of Python's lock for most of the work."""


def lake_tables(ctx: Context) -> list[Json]:
    """Every table, by name: `table`, `rows`, `snapshot` (id as text, null where empty), `hash`."""
    catalog = ctx.catalog
    found = []
    for namespace in NAMESPACES:
        for identifier in sorted(catalog.list_tables(namespace)):
            table = catalog.load_table(identifier)
            snapshot = table.current_snapshot()
            rows, digest = table_hash(table)
            found.append(
                {
                    "table": ".".join(identifier),
                    "rows": rows,
                    "snapshot": str(snapshot.snapshot_id) if snapshot else None,
                    "hash": digest,
                }
            )
    return found


def table_hash(table: Table) -> tuple[int, str]:
    """Rows and content hash of the table's current snapshot, a batch at a time."""
    reader = table.scan().to_arrow_batch_reader()
    names = _hashed(reader.schema)
    rows = total = 0
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[int]] = deque()
        for batch in reader:
            rows += batch.num_rows
            waiting.append(pool.submit(_sum, batch.select(names)))
            if len(waiting) > 2 * THREADS:  # So that few batches lie in memory at a time.
                total += waiting.popleft().result()
        total += sum(one.result() for one in waiting)
    return rows, _digest(names, total)


def content_hash(table: pa.Table) -> str:
    """The same hash of rows in memory."""
    names = _hashed(table.schema)
    return _digest(names, sum(_sum(batch) for batch in table.select(names).to_batches()))


def _hashed(schema: pa.Schema) -> list[str]:
    return sorted(name for name in schema.names if name not in IGNORED)


def _digest(names: list[str], total: int) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    digest.update("".join(f"{len(name)}:{name}" for name in names).encode())
    digest.update((total % MODULUS).to_bytes(16, "big"))
    return digest.hexdigest()


def _sum(batch: pa.RecordBatch) -> int:
    """The sum of the rows' MD5s, each read as a number of 128 bits."""
    if batch.num_rows == 0 or batch.num_columns == 0:
        return 0
    texts = _row_texts(batch.columns)
    md5 = hashlib.md5
    joined = b"".join([md5(text, usedforsecurity=False).digest() for text in texts.to_pylist()])
    # Four limbs of 32 bits each, so that NumPy's 64-bit sums cannot overflow below 2^32 rows.
    limbs = np.frombuffer(joined, dtype=">u4").reshape(-1, 4).sum(axis=0, dtype=np.uint64)
    return sum(int(limb) << (32 * (3 - place)) for place, limb in enumerate(limbs))


def _row_texts(columns: list[pa.Array]) -> pa.Array:
    parts = [_text(column) for column in columns]
    return pc.binary_join_element_wise(*parts, b";", null_handling="replace", null_replacement=b"-")


def _text(column: pa.Array) -> pa.Array:
    """A column's canonical texts as bytes; null stays null."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary_decode())
    if pa.types.is_binary(kind) or pa.types.is_string(kind):
        return _framed(pc.cast(column, pa.binary()))
    if pa.types.is_large_binary(kind) or pa.types.is_large_string(kind):
        return _framed(pc.cast(pc.cast(column, pa.large_binary()), pa.binary()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _framed(_list_texts(column))
    return pc.cast(pc.cast(_scalar(column), pa.string()), pa.binary())


def _framed(text: pa.Array) -> pa.Array:
    """`length:text`, so that no text can be taken for two."""
    length = pc.cast(pc.cast(pc.binary_length(text), pa.string()), pa.binary())
    return pc.binary_join_element_wise(length, text, b":")


def _scalar(column: pa.Array) -> pa.Array:
    """A column as integers (or decimals) that stand for its values."""
    kind = column.type
    if pa.types.is_boolean(kind):
        return pc.cast(column, pa.int8())
    if pa.types.is_floating(kind):
        return _bits(column)
    if pa.types.is_timestamp(kind):
        return pc.cast(pc.cast(column, pa.timestamp("us", kind.tz)), pa.int64())
    if pa.types.is_date(kind):
        return pc.cast(pc.cast(column, pa.date32()), pa.int32())
    return column


def _bits(column: pa.Array) -> pa.Array:
    missing = pc.is_null(column)
    values = pc.fill_null(pc.cast(column, pa.float64()), 0.0).to_numpy(zero_copy_only=False)
    values = np.where(np.isnan(values), np.nan, values) + 0.0  # One NaN; -0.0 + 0.0 is 0.0.
    return pc.if_else(missing, pa.scalar(None, pa.int64()), pa.array(values.view(np.int64)))


def _list_texts(column: pa.Array) -> pa.Array:
    """Lists are few (reasons of quarantined rows), so they are written one by one."""
    kind = column.type.value_type
    texts = [
        None
        if value is None
        else b";".join(_text(pa.array(value, kind)).fill_null(b"-").to_pylist())
        for value in column.to_pylist()
    ]
    return pa.array(texts, pa.binary())
