"""A damaged or lost catalog file made anew from the tables themselves.

The catalog only says which metadata file of a table is the current one. Each table's folder holds all
of them, numbered, so the newest of each is registered again. Data files are not touched.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from landfall.errors import LandfallError, UsageError
from landfall.faults import sqlite_damage
from landfall.platform import Platform
from pipelines.catalog import open_catalog

_NUMBERED = re.compile(r"^v?(\d+)[-.].*metadata\.json$")


def catalog_file(platform: Platform) -> Path | None:
    """The SQLite file of the catalog, or None where the catalog is a service."""
    uri = platform.catalog.properties.get("uri", "")
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def check_catalog(platform: Platform) -> None:
    """Raise LandfallError where the catalog's file is damaged, before anything is read through it."""
    path = catalog_file(platform)
    damage = sqlite_damage(path) if path else None
    if damage:
        raise LandfallError(
            f"The catalog {path} is damaged: {damage}.",
            so="No table can be found through it; the tables themselves are not touched.",
            fix="landfall lake recover",
        )


def recover_catalog(platform: Platform) -> dict[str, str]:
    """Set the catalog's file aside and register every table again: table → metadata file."""
    path = catalog_file(platform)
    if path is None:
        raise UsageError(
            "This platform's catalog is a service; recover it by the service's own means."
        )
    if path.exists():
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        path.rename(path.with_name(f"{path.name}.damaged-{stamp}"))
    for leftover in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    found = newest_metadata(Path(platform.catalog.properties["warehouse"].removeprefix("file://")))
    catalog = open_catalog(platform)
    for table, metadata in found.items():
        catalog.register_table(table, f"file://{metadata}")
    return {table: str(metadata) for table, metadata in sorted(found.items())}


def newest_metadata(warehouse: Path) -> dict[str, Path]:
    """The newest readable metadata file of each `namespace.table` below a warehouse folder."""
    newest: dict[str, tuple[int, Path]] = {}
    for path in warehouse.glob("*/*/metadata/*.metadata.json"):
        numbered = _NUMBERED.match(path.name)
        if not numbered or not _readable(path):
            continue
        table = f"{path.parts[-4].removesuffix('.db')}.{path.parts[-3]}"
        version = int(numbered[1])
        if table not in newest or version > newest[table][0]:
            newest[table] = (version, path)
    return {table: path for table, (_, path) in newest.items()}


def _readable(path: Path) -> bool:
    try:
        return "table-uuid" in json.loads(path.read_bytes())
    except ValueError:
        return False
