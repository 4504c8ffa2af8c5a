"""A snapshot of an Iceberg table as one Parquet file of this machine, read through PyIceberg.

For an engine on this machine whose lake lies in a bucket. A snapshot never changes, so its copy is made
once; those of earlier snapshots go. Leaves out tables larger than the disk: their warehouse is the cloud's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyiceberg.table import Table


def copy_table(table: Table, folder: Path, name: str) -> Path:
    """The copy of the table's current snapshot, batch by batch; gives `<folder>/<name>/<snapshot>.parquet`."""
    import pyarrow.parquet as pq

    current = table.current_snapshot()
    file = folder / name / f"{current.snapshot_id if current else 0}.parquet"
    if file.is_file():
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    reader = table.scan().to_arrow_batch_reader()
    handle = tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False)  # noqa: SIM115
    handle.close()
    part = Path(handle.name)
    try:
        with pq.ParquetWriter(part, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        for old in file.parent.glob("*.parquet"):
            old.unlink()
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file
