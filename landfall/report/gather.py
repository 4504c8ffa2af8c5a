"""What the report tells: the stored results of every step and month, put side by side.

Reads the artifacts zone and, for the reasons of quarantine, its tables. A missing or unreadable piece
becomes None (shown as "not run"), never a guess.
"""

from __future__ import annotations

import os
import platform
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from landfall.month import Month
from ml.verdict import heeded
from pipelines.context import Context, Json

STEPS = ("land", "ingest", "build", "profile", "drift", "train", "gate", "promote")
COUNTS = ("received", "silver", "duplicates", "quarantined")
_REASON = re.compile(
    r"^(\w+): .*(?:'|\S) ((?:UTC )?is (?:not|none|below|above|outside) .*|does not .*)$", re.DOTALL
)
_MONTH_FOLDER = re.compile(r"(\d{4}-\d{2})/([a-z]+)\.json$")


@dataclass
class MonthFacts:
    """One month: each step's stored result, or None where the step has not run."""

    month: Month
    steps: dict[str, Json | None]
    profile: Json | None = None

    @property
    def counts(self) -> dict[str, Json]:
        """Dataset → received, silver, duplicates, quarantined (and corrected)."""
        return (self.steps["ingest"] or {}).get("counts") or {}

    @property
    def totals(self) -> dict[str, int]:
        """The four counts over all datasets."""
        return {key: sum(int(c.get(key) or 0) for c in self.counts.values()) for key in COUNTS}

    @property
    def decision(self) -> str:
        """PROMOTE, HOLD, REJECT, NONE, or '' where the gate has not run."""
        return str((self.steps["gate"] or {}).get("decision") or "")

    @property
    def seconds(self) -> dict[str, float]:
        """Step → wall seconds of its last run."""
        return {
            name: float(result["seconds_step"])
            for name, result in self.steps.items()
            if result and isinstance(result.get("seconds_step"), int | float)
        }


@dataclass
class Facts:
    """Everything the page shows."""

    client: str
    stack: str
    environment: str
    provider: str
    problem: Json | None
    drift: Json | None
    cadence: Json | None
    months: list[MonthFacts]
    record: list[Json]
    record_faults: list[str]
    reasons: list[tuple[str, str, int]]
    machine: dict[str, str]
    written: datetime
    datasets: list[str] = field(default_factory=list)

    @property
    def last_profile(self) -> Json | None:
        """The newest profile there is."""
        return next((one.profile for one in reversed(self.months) if one.profile), None)


def gather(ctx: Context) -> Facts:
    """Read everything the report needs from the stack's artifacts."""
    ml = ctx.intent.ml
    months = [_month(ctx, month) for month in _months(ctx)]
    record, faults = _record(ctx)
    return Facts(
        client=ctx.intent.client.name,
        stack=ctx.stack,
        environment=ctx.intent.environment,
        provider=ctx.intent.cloud.provider,
        problem=ml.problem.model_dump() if ml else None,
        drift=ml.drift.model_dump() if ml else None,
        cadence=ml.cadence.model_dump() if ml else None,
        months=months,
        record=record,
        record_faults=faults,
        reasons=_reasons(ctx) if any(one.counts for one in months) else [],
        machine=_machine(),
        written=datetime.now(UTC),
        datasets=[source.dataset for source in ctx.intent.sources],
    )


def _months(ctx: Context) -> list[Month]:
    folder = f"runs/{ctx.intent.ml.problem.name if ctx.intent.ml else 'data'}"
    found = {
        m[1]
        for path in ctx.artifacts.list(folder)
        if (m := _MONTH_FOLDER.search(path)) and m[2] in STEPS
    }
    return sorted(Month.parse(text) for text in found)


def _month(ctx: Context, month: Month) -> MonthFacts:
    steps = {step: _read(ctx, ctx.result_path(month, step)) for step in STEPS}
    if steps["gate"]:
        said = [_read(ctx, ctx.result_path(month, name)) for name in ("canary", "answer")]
        steps["gate"] = heeded(steps["gate"], *said)
    facts = MonthFacts(month, steps)
    where = (facts.steps["profile"] or {}).get("path")
    facts.profile = _read(ctx, where) if where else None
    return facts


def _read(ctx: Context, path: str) -> Json | None:
    """A stored JSON object; None where it is absent or torn."""
    try:
        found = ctx.artifacts.read_json(path)
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _record(ctx: Context) -> tuple[list[Json], list[str]]:
    """The promotion record's entries, and what is wrong with its chain of hashes."""
    if ctx.intent.ml is None:
        return [], []
    from ml.record import parse_chain

    path = f"record/{ctx.ml.problem.name}.jsonl"
    if not ctx.artifacts.exists(path):
        return [], []
    return parse_chain(ctx.artifacts.read(path).decode("utf-8", errors="replace"))


def _reasons(ctx: Context, most: int = 12) -> list[tuple[str, str, int]]:
    """(dataset, reason, rows) of what lies in quarantine, most frequent first.

    A reason names the value it is about; here values are left out, so that equal faults count
    together and nothing personal reaches the page.
    """
    from pyiceberg.exceptions import NoSuchTableError

    found: Counter[tuple[str, str]] = Counter()
    for source in ctx.intent.sources:
        try:
            table = ctx.catalog.load_table(f"quarantine.{source.dataset}")
        except NoSuchTableError:
            continue
        column = table.scan(selected_fields=("_reasons",)).to_arrow()["_reasons"]
        for chunk in column.chunks:
            for one in chunk.flatten().value_counts().to_pylist():
                found[source.dataset, without_value(one["values"])] += one["counts"]
    return [(dataset, reason, n) for (dataset, reason), n in found.most_common(most)]


def without_value(reason: str) -> str:
    """`dep_delay: -9999 is below -180` as `dep_delay is below -180`; what has another form, by column."""
    found = _REASON.match(reason)
    if found:
        return f"{found[1]} {found[2]}"
    column, colon, rest = reason.partition(": ")
    return (
        f"{column} breaks a rule"
        if colon and rest != "it is missing"
        else f"{column} is missing"
        if colon
        else "breaks a rule"
    )


def _machine() -> dict[str, str]:
    found = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count() or "unknown"),
        "python": platform.python_version(),
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        found["memory"] = f"{size / 2**30:.0f} GiB"
    return found
