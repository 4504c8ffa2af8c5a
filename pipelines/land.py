"""Copy a month of every source into the landing zone, and say so on the bus.

The zone is append-only: a month's data is a numbered version, `<dataset>/<month>/v0001/`, whose file
is written first and whose manifest last and only once, so a version is there whole or not at all, and
two landers at once cannot take the same number. Leaves out what the data say: ingestion judges that.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from landfall.errors import LandfallError
from landfall.intent.data import Source
from landfall.month import Month
from landfall.storage import Store
from pipelines.bus import open_bus
from pipelines.context import Context, Json
from pipelines.sources import Reader, Slice, describe, open_source

REFERENCE = "all"
"""Stands for the month of a dataset that is one whole list."""
MANIFEST = "manifest.json"
ANNOUNCED = "announced.json"


def land_month(ctx: Context, month: Month) -> Json:
    """Land every source's data of `month`; per dataset its status, version, files, bytes, sha256.

    `status` is `new`, `unchanged` (the newest version has the same checksum) or `absent` (the source
    has nothing of that month). Raises LandfallError where no source of events has any of it.
    """
    store = Store(ctx.platform.storage.landing, ctx.platform.storage.options)
    result: Json = {}
    readers = [(source, open_source(ctx, source)) for source in ctx.intent.sources]
    for source, reader in readers:
        found = reader.read(month)
        period = REFERENCE if reader.is_reference else str(month)
        if found is None:
            result[source.dataset] = {"status": "absent"}
        else:
            result[source.dataset] = land_slice(store, source, period, found)
    # All at the end, so that whoever hears of one finds the others landed too.
    for source, reader in readers:
        _announce(ctx, store, source.dataset, REFERENCE if reader.is_reference else str(month))
    events = [source.dataset for source, reader in readers if not reader.is_reference]
    if events and all(result[dataset]["status"] == "absent" for dataset in events):
        raise _empty(month, [reader for _, reader in readers], events)
    return result


def available_months(ctx: Context) -> list[Month]:
    """Every month of which some source holds data, in order; raises LandfallError where there is none."""
    readers = [open_source(ctx, source) for source in ctx.intent.sources]
    months = sorted({month for reader in readers for month in reader.months()})
    if not months:
        raise LandfallError(
            f"The sources of '{ctx.stack}' hold no month at all.",
            fix="Give a source a `time` column or {month} in its path, and put its file there.",
        )
    return months


def arrived(ctx: Context, month: Month) -> dict[str, bool]:
    """Per dataset of events, whether the month has landed or its source holds it; lands nothing."""
    store = Store(ctx.platform.storage.landing, ctx.platform.storage.options)
    found: dict[str, bool] = {}
    for source in ctx.intent.sources:
        reader = open_source(ctx, source)
        if not reader.is_reference:
            has = bool(landed(store, source.dataset, str(month)))
            found[source.dataset] = has or month in reader.months()
    return found


def land_slice(store: Store, source: Source, period: str, found: Slice) -> Json:
    """Make `found` the newest version of the dataset's period, unless the newest has the same bytes."""
    sha256 = hashlib.sha256(found.content).hexdigest()
    while True:
        versions = landed(store, source.dataset, period)
        if versions and versions[-1]["sha256"] == sha256:
            return _told("unchanged", versions[-1])
        number = versions[-1]["version"] + 1 if versions else 1
        folder = f"{source.dataset}/{period}/v{number:04d}"
        manifest = {
            "dataset": source.dataset,
            "month": period,
            "version": number,
            "file": _file_name(found.name, sha256),
            "bytes": len(found.content),
            "sha256": sha256,
            "format": found.format,
            "encoding": found.encoding,
            "delimiter": found.delimiter,
            "arrived_at": datetime.now(UTC).isoformat(),
            "source": describe(source),
            "rows": found.rows,
        }
        store.write(f"{folder}/{manifest['file']}", found.content)
        # Another lander may have taken the number meanwhile; then look again at what is newest.
        if store.create_json(f"{folder}/{MANIFEST}", manifest):
            return _told("new", manifest)


def landed(store: Store, dataset: str, period: str) -> list[Json]:
    """The manifests of a dataset's period, oldest first; a version without one does not exist."""
    paths = [path for path in store.list(f"{dataset}/{period}") if path.endswith(f"/{MANIFEST}")]
    return sorted((store.read_json(path) for path in paths), key=lambda one: one["version"])


def _file_name(name: str, sha256: str) -> str:
    # The checksum in the name keeps two landers' files apart before either has its manifest.
    stem, dot, rest = name.partition(".")
    return f"{stem}.{sha256[:8]}{dot}{rest}"


def _told(status: str, manifest: Json) -> Json:
    folder = f"{manifest['dataset']}/{manifest['month']}/v{manifest['version']:04d}"
    told = {
        "status": status,
        "version": manifest["version"],
        "files": [f"{folder}/{manifest['file']}"],
        "bytes": manifest["bytes"],
        "sha256": manifest["sha256"],
    }
    if manifest.get("rows") is not None:
        told["rows"] = manifest["rows"]
    return told


def _announce(ctx: Context, store: Store, dataset: str, period: str) -> None:
    """Publish every version that has no mark yet: one killed before its event is announced next time."""
    for manifest in landed(store, dataset, period):
        mark = f"{dataset}/{period}/v{manifest['version']:04d}/{ANNOUNCED}"
        if store.exists(mark):
            continue
        event = {key: manifest[key] for key in ("dataset", "month", "version", "sha256")}
        with open_bus(ctx.platform) as bus:
            identity = bus.publish("landed", {"type": "landed", **event})
        store.write_json(mark, {"event": identity, "at": datetime.now(UTC).isoformat()})


def _empty(month: Month, readers: list[Reader], events: list[str]) -> LandfallError:
    months = sorted({one for reader in readers for one in reader.months()})
    there = f"They hold {months[0]} to {months[-1]}." if months else "They hold no month at all."
    return LandfallError(
        f"No source holds data of {month} (asked: {', '.join(events)}). {there}",
        so="Nothing was landed for that month.",
        fix="Wait for the month's files or deliver them, or choose a month that is there.",
    )
