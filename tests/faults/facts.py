"""What a home holds, as two runs on the same input must agree on it: content, never ids or times."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from landfall.project import Project
from ml.record import Record
from pipelines.context import Context
from pipelines.lake import lake_tables
from tests.faults.shop import shop_context

Json = dict[str, Any]
# Ids that a library draws, moments, measured durations, and what tells how often a step was begun.
VOLATILE = {
    "run_id", "snapshot", "snapshots", "inputs", "hash", "prev", "time", "record", "at", "event",
    "seconds", "seconds_step", "fit_seconds", "latency_ms", "reused", "status", "changed", "notified",
    "arrived_at", "id",
}  # fmt: skip


def tables(project: Project) -> dict[str, tuple[int, str]]:
    """Rows and content hash of every table that readers see, as `landfall lake show` tells them."""
    ctx = shop_context(project)
    try:
        return {one["table"]: (one["rows"], one["hash"]) for one in lake_tables(ctx)}
    finally:
        ctx.catalog.close()


def branches(project: Project) -> list[str]:
    """Branches that somebody left behind."""
    ctx = shop_context(project)
    try:
        return [
            f"{'.'.join(name)}@{ref}"
            for space in ("bronze", "silver", "quarantine", "gold")
            for name in ctx.catalog.list_tables(space)
            for ref in ctx.catalog.load_table(name).refs()
            if ref != "main"
        ]
    finally:
        ctx.catalog.close()


def record(project: Project) -> list[Json]:
    """The promotion record's entries; fails where its chain does not hold."""
    ctx = shop_context(project)
    return [scrubbed(entry) for entry in Record(ctx.platform, ctx.ml.problem.name).entries()]


def results(ctx: Context) -> dict[str, Any]:
    """Every step's stored result, every profile, by path; fails where one is torn."""
    paths = [path for path in ctx.artifacts.list() if path.endswith(".json")]
    return {path: scrubbed(json.loads(ctx.artifacts.read(path))) for path in paths}


def models(project: Project) -> list[Json]:
    """Every version's facts, by its number."""
    folder = project.home / "models" / "late_order" / "versions"
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    facts = [{k: v for k, v in one.items() if k != "folder"} for one in found]
    return [scrubbed(one) for one in sorted(facts, key=lambda one: one["version"])]


def mlflow(home: Path) -> Json:
    """What MLflow's registry says: versions with their fingerprint and decision, the champion, live runs."""
    with closing(sqlite3.connect(home / "mlflow.db")) as db:
        tags = "select version, key, value from model_version_tags where key in ('fingerprint', 'decision')"
        alias = "select alias, version from registered_model_aliases"
        runs = "select name, status from runs where lifecycle_stage = 'active'"
        return {what: sorted(db.execute(sql)) for what, sql in (("versions", tags), ("alias", alias), ("runs", runs))}  # fmt: skip


def messages(home: Path) -> list[tuple[str, str, str]]:
    """Queue, subject and body of everything that waits on the bus, in order."""
    with closing(sqlite3.connect(home / "bus.db")) as db:
        found = db.execute("select queue, subject, body from messages order by number").fetchall()
    scrub = [(q, s, json.dumps(scrubbed(json.loads(body)), sort_keys=True)) for q, s, body in found]
    return [(queue, subject, body) for queue, subject, body in scrub]


def everything(project: Project) -> Json:
    """All of it, for one comparison."""
    ctx = shop_context(project)
    return {
        "tables": tables(project),
        "record": record(project),
        "results": results(ctx),
        "models": models(project),
        "mlflow": mlflow(project.home),
        "messages": sorted(set(messages(project.home))),
        "branches": branches(project),
    }


def scrubbed(value: Any) -> Any:
    """A JSON value without what may differ between two runs on the same input."""
    if isinstance(value, dict):
        told = {k: scrubbed(v) for k, v in value.items() if k not in VOLATILE}
        if told.get("name") == "latency":
            told.pop("value", None)
        return told
    if isinstance(value, list):
        return [scrubbed(one) for one in value]
    return value
