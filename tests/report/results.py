"""Results of the steps as a year of runs would have stored them, over the real profile and drift.

Counts, models and verdicts are made up from a fixed seed; shapes are those the steps write.
"""

from __future__ import annotations

import hashlib
import json
import random

import pyarrow as pa

from landfall.month import Month
from ml.record import Record
from pipelines.context import Context, Json
from pipelines.drift import detect_drift
from pipelines.features import rows_of
from pipelines.profile import profile_month
from tests.report.year import months_of

MODELS = ("baseline", "linear", "boosting", "mlp")
DECISIONS = (
    "NONE",
    "PROMOTE",
    "PROMOTE",
    "HOLD",
    "HOLD",
    "PROMOTE",
    "REJECT",
    "HOLD",
    "PROMOTE",
    "HOLD",
    "HOLD",
    "HOLD",
)
SECONDS = {
    "land": 0.4,
    "ingest": 3.6,
    "build": 2.1,
    "profile": 0.2,
    "drift": 0.2,
    "train": 4.8,
    "gate": 0.9,
    "promote": 0.3,
}


def store_year(ctx: Context, table: pa.Table) -> None:
    """Store every step's result of every month in the table, and the promotion record."""
    rng = random.Random(7)
    version, champion = 0, 0
    for number, month in enumerate(months_of(table)):
        rows = rows_of(table, [month]).num_rows
        decision = DECISIONS[number % len(DECISIONS)]
        held = None if version == 0 else scores(rng, month, 0.43)
        candidates = [] if decision == "NONE" else [
            {"name": name, "version": version + 1 + i, "metrics": scores(rng, month, level), "latency_ms": 0.4}
            for i, (name, level) in enumerate(zip(MODELS, (0.0, 0.40, 0.442, 0.42), strict=True))
        ]  # fmt: skip
        gate = verdict(decision, candidates, held, champion)
        version += len(candidates)
        results = {
            "land": {"flights": {"status": "new", "version": 1, "files": 1, "bytes": rows * 90, "sha256": "0" * 64}},
            "ingest": {"counts": counts(rng, rows, first=number == 0), "batches": [], "snapshots": {}, "schema_changes": []},
            "build": {"table": "gold.features_flights", "rows": rows, "snapshot": 1, "tests": 41, "models": 9, "seconds": 2.0},
            "profile": profile_month(ctx, month),
            "drift": detect_drift(ctx, month),
            "train": {"status": "skipped" if decision == "NONE" else "trained", "reason": "no earlier month to learn from", "candidates": candidates},
            "gate": gate,
            "promote": {"applied": {"PROMOTE": "promoted", "HOLD": "held", "REJECT": "rejected"}.get(decision, "none"), "version": champion or None, "record": None, "notified": decision in ("HOLD", "REJECT")},
        }  # fmt: skip
        for step, result in results.items():
            seconds = round(SECONDS[step] * rng.uniform(0.8, 1.3), 3)
            ctx.artifacts.write_json(
                ctx.result_path(month, step), {**result, "seconds_step": seconds}
            )
        champion = remember(ctx, month, gate, champion)


def scores(rng: random.Random, month: Month, level: float) -> Json:
    """Plausible metrics of a model, or of guessing where the level is 0."""
    base = {
        1: 0.23,
        2: 0.24,
        3: 0.21,
        4: 0.25,
        5: 0.22,
        6: 0.29,
        7: 0.31,
        8: 0.22,
        9: 0.14,
        10: 0.16,
        11: 0.16,
        12: 0.29,
    }[month.month]
    ap = base if level == 0 else base + (level - 0.24) * rng.uniform(0.9, 1.05)
    return {"pr_auc": ap, "roc_auc": 0.5 if level == 0 else 0.6 + level / 4, "f1": 0.0 if level == 0 else level, "precision": level,
            "recall": level * 1.1, "accuracy": 1 - base, "log_loss": 0.6 - level / 5, "brier": 0.2 - level / 10}  # fmt: skip


def counts(rng: random.Random, rows: int, first: bool) -> Json:
    """Counts a dataset; reference data arrive once."""

    def one(received: int, bad: int = 0, twice: int = 0) -> Json:
        return {
            "received": received,
            "silver": received - bad - twice,
            "duplicates": twice,
            "quarantined": bad,
            "corrected": 0,
        }

    reference = (
        {"planes": one(3322), "airports": one(1458, 3), "airlines": one(16)}
        if first
        else {"planes": one(0), "airports": one(0), "airlines": one(0)}
    )
    return {
        "flights": one(rows, rng.randint(0, 40), rng.randint(0, 9)),
        "weather": one(2200, rng.randint(0, 4)),
        **reference,
    }


def verdict(decision: str, candidates: list[Json], metrics: Json | None, champion: int) -> Json:
    """A gate's answer with a ledger of reasons."""
    winner = "boosting" if decision == "PROMOTE" else None
    sentence = {
        "PROMOTE": "is surely better than the champion: PR-AUC 0.442 against 0.417 (gain +0.0120 to +0.0410; sure at 99.9%, 98.3% asked).",
        "HOLD": "is not surely better than the champion: PR-AUC 0.442 against 0.439 (gain -0.0041 to +0.0110; sure at 81.0%, 98.3% asked).",
        "REJECT": "is surely worse than the champion: PR-AUC 0.402 against 0.439 (gain -0.0410 to -0.0110; sure at 0.0%, 98.3% asked).",
        "NONE": "there is no candidate this month",
    }[decision]
    return {
        "decision": decision, "winner": winner, "metric": "pr_auc", "candidates": candidates[1:],
        "baseline": candidates[0] if candidates else None,
        "champion": {"name": "champion", "version": champion, "metrics": metrics} if metrics else None,
        "reasons": [
            {"name": "rows", "candidate": None, "passed": True, "sentence": "27,080 rows to judge by.", "otherwise": "HOLD"},
            *({"name": "champion", "candidate": one["name"], "passed": decision == "PROMOTE", "sentence": f"{one['name']} {sentence}", "otherwise": "HOLD"} for one in candidates[1:]),
        ],
    }  # fmt: skip


def remember(ctx: Context, month: Month, gate: Json, champion: int) -> int:
    """Append to the promotion record what the gate decided; gives the champion from then on."""
    action = {"PROMOTE": "promote", "HOLD": "hold", "REJECT": "reject"}.get(gate["decision"])
    if action is None:
        return champion
    foremost = next(one for one in gate["candidates"] if one["name"] == "boosting")
    why = next(r["sentence"] for r in gate["reasons"] if r["candidate"] == "boosting")
    facts = {
        "month": str(month), "version": foremost["version"], "candidate": "boosting", "snapshot": 1,
        "metrics": foremost["metrics"], "champion": champion or None, "verdict": "0" * 64,
        "code": hashlib.sha256(json.dumps(gate).encode()).hexdigest()[:12],
    }  # fmt: skip
    Record(ctx.platform, ctx.ml.problem.name).append(action, "flow (demo)", why, facts)
    return foremost["version"] if action == "promote" else champion
