"""Drift: how a month's features and target differ from what came before, and whether to raise an alarm.

A month is set against three references: the `window` a model of this month trains on (the
`cadence.window_months` before), the `previous` month, and the month `drift.lookback` back. Both sides
are sampled to a fixed size, chosen by month and seed alone, because what a test finds significant
grows with the rows while what matters does not.

A column drifted against a reference when its PSI *and* its effect size reach the intent's bounds. A
reference shows drift when the share of drifted features reaches `drift.share`, or the target drifted.
The month drifted when the window or the previous month shows drift; the lookback is reported beside
them and decides nothing, since any season would trip it. The alarm is raised when k of the last n
months drifted. Leaves out acting on it: the train step reads `alarm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from landfall.intent.ml import Problem
from landfall.month import Month, span
from pipelines.context import Context, Json
from pipelines.features import (
    categories,
    kind_of,
    masked_columns,
    numbers,
    read_months,
    role_of,
    rows_of,
)
from pipelines.stats import bin_numbers, cohens_h, cramers_v, distances, psi

LEVELS = 20
"""Categories keep so many levels, the reference's most frequent; the rest is one level `other`."""
MIN_ROWS = 50
"""Fewer rows than this on either side are not compared: chance alone moves them that far."""
DECIDING = ("window", "previous")


def detect_drift(ctx: Context, month: Month) -> Json:
    """Compare the month with its references; see the module's text for the rules.

    Returns `alarm`, `drifted`, `reason` (a sentence), `against` (per reference: months, rows, share,
    drifted features), `features` and `target` (per reference: psi, effect and more), `recent`.
    """
    ml = ctx.ml
    references = {
        "window": span(month.plus(-ml.cadence.window_months), month.plus(-1)),
        "previous": [month.plus(-1)],
        "lookback": [month.plus(-ml.drift.lookback)],
    }
    wanted = sorted({month, *(m for months in references.values() for m in months)})
    table = read_months(ctx, wanted)
    current = _sample(rows_of(table, [month]), ml.problem, ml.drift.sample, [ml.seed, *month, 0])
    roles = {
        field.name: role_of(field.name, field.type, ml.problem)
        for field in table.schema
        if field.name != "month"
    }
    measured = [
        name
        for name, role in roles.items()
        if role == "feature" and _measurable(table, name, ml.problem)
    ]
    found: dict[str, dict[str, Json]] = {name: {} for name in [*measured, ml.problem.target]}
    against: dict[str, Json] = {}
    for salt, (label, months) in enumerate(references.items(), 1):
        rows = rows_of(table, months)
        there = sorted(rows["month"].unique().to_pylist())
        head: Json = {"months": there, "rows": rows.num_rows}
        if min(rows.num_rows, current.num_rows) < MIN_ROWS:
            against[label] = head | {"compared": False, "drifted": False}
            continue
        reference = _sample(rows, ml.problem, ml.drift.sample, [ml.seed, *month, salt])
        for name in found:
            kind = kind_of(name, table.schema.field(name).type, ml.problem)
            one = compare(reference[name], current[name], kind)
            one["drifted"] = one["psi"] >= ml.drift.psi and one["effect"] >= ml.drift.effect
            found[name][label] = one
        against[label] = head | _judge(found, ml.problem.target, label, ml.drift.share)
    drifted = any(against[label]["drifted"] for label in DECIDING)
    recent = _recent(ctx, month, drifted, ml.drift.n)
    alarm = sum(one["drifted"] for one in recent) >= ml.drift.k
    masked = masked_columns(ctx)
    return {
        "alarm": alarm,
        "drifted": drifted,
        "reason": _reason(against, alarm, recent, ml.drift.k),
        "rows": rows_of(table, [month]).num_rows,
        "against": against,
        "features": [_row(name, found[name], table, ml.problem, masked) for name in measured],
        "target": _row(ml.problem.target, found[ml.problem.target], table, ml.problem, masked),
        "recent": recent,
        "bounds": {"psi": ml.drift.psi, "effect": ml.drift.effect, "share": ml.drift.share,
                   "k": ml.drift.k, "n": ml.drift.n, "sample": ml.drift.sample},
    }  # fmt: skip


def compare(reference: pa.ChunkedArray, current: pa.ChunkedArray, kind: str) -> Json:
    """PSI, effect size and what they rest on, for two samples of one column.

    The effect of numbers is the Wasserstein distance in pooled standard deviations (Cohen's d for a
    pure shift), that of categories Cramér's V. A change in the share of missing values has an effect
    of its own (Cohen's h); the greater of the two counts.
    """
    gone_before, gone_now = _missing(reference, kind), _missing(current, kind)
    h = cohens_h(gone_before, gone_now)
    if kind == "number":
        a, b = numbers(reference), numbers(current)
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        before, now = bin_numbers(a, b) if len(a) else (np.zeros(1), np.full(1, float(len(b))))
        far = distances(a, b)
        own: Json = far | {"distance": far["wasserstein"]}
    else:
        before, now = _level_counts(reference, current)
        shares = np.abs(before / max(before.sum(), 1) - now / max(now.sum(), 1))
        own = {
            "distance": cramers_v(np.vstack([before, now])),
            "total_variation": float(shares.sum() / 2),
        }
    before = np.append(before, gone_before * len(reference))
    now = np.append(now, gone_now * len(current))
    measures: dict[str, Any] = own | {
        "psi": psi(before, now),
        "effect": max(own["distance"], abs(h)),
        "missing_before": gone_before,
        "missing_now": gone_now,
    }
    del measures["distance"]
    return {name: round(float(value), 5) for name, value in measures.items()}


def _missing(column: pa.ChunkedArray, kind: str) -> float:
    if not len(column):
        return 0.0
    if kind == "number":
        return float((~np.isfinite(numbers(column))).mean())
    return column.null_count / len(column)


def _level_counts(
    reference: pa.ChunkedArray, current: pa.ChunkedArray
) -> tuple[np.ndarray, np.ndarray]:
    codes_before, levels = categories(reference)
    codes_now, levels_now = categories(current)
    before = np.bincount(codes_before[codes_before >= 0], minlength=len(levels))
    kept = sorted(range(len(levels)), key=lambda i: (-before[i], levels[i]))[:LEVELS]
    place = {levels[i]: at for at, i in enumerate(kept)}

    def counts(codes: np.ndarray, names: list[str]) -> np.ndarray:
        to = np.array([place.get(name, len(place)) for name in names] or [0])
        return np.bincount(to[codes[codes >= 0]], minlength=len(place) + 1).astype(float)

    return counts(codes_before, levels), counts(codes_now, levels_now)


def _sample(table: pa.Table, problem: Problem, size: int, seed: list[int]) -> pa.Table:
    """At most `size` rows without replacement. Rows are ordered by time and key first, so the choice
    does not depend on how the table's files happen to be laid out."""
    if table.num_rows <= size:
        return table
    keys = [key for key in dict.fromkeys([problem.time, *problem.key]) if key in table.column_names]
    at = table.select(keys).append_column("__row", pa.array(np.arange(table.num_rows)))
    order = at.sort_by([(key, "ascending") for key in keys])["__row"]
    chosen = np.random.default_rng(seed).choice(table.num_rows, size, replace=False)
    return table.take(order.take(pa.array(np.sort(chosen))))


def _measurable(table: pa.Table, name: str, problem: Problem) -> bool:
    """Times always move on, and text that differs in every other row has no distribution."""
    kind = kind_of(name, table.schema.field(name).type, problem)
    if kind == "time":
        return False
    return kind == "number" or len(table[name].unique()) <= max(LEVELS, table.num_rows / 2)


def _judge(found: dict[str, dict[str, Json]], target: str, label: str, bound: float) -> Json:
    names = [name for name in found if name != target]
    moved = [name for name in names if found[name][label]["drifted"]]
    share = len(moved) / len(names) if names else 0.0
    on_target = found[target][label]["drifted"]
    return {
        "compared": True,
        "share": round(share, 4),
        "features": moved,
        "target": on_target,
        "drifted": on_target or (bool(moved) and share >= bound),
    }


def _recent(ctx: Context, month: Month, drifted: bool, n: int) -> list[Json]:
    """The last n months that have a result, this one last."""
    recent = []
    for back in range(n - 1, 0, -1):
        earlier = ctx.result(month.plus(-back), "drift")
        if earlier is not None:
            recent.append(
                {"month": str(month.plus(-back)), "drifted": bool(earlier.get("drifted"))}
            )
    return [*recent, {"month": str(month), "drifted": drifted}]


def _row(
    name: str, found: dict[str, Json], table: pa.Table, problem: Problem, masked: dict[str, str]
) -> Json:
    return {
        "name": name,
        "kind": kind_of(name, table.schema.field(name).type, problem),
        "personal": masked.get(name, "none"),
        "drifted": any(found[label]["drifted"] for label in DECIDING if label in found),
        "psi": max((found[label]["psi"] for label in DECIDING if label in found), default=None),
        "effect": max(
            (found[label]["effect"] for label in DECIDING if label in found), default=None
        ),
        "against": found,
    }


def _reason(against: dict[str, Json], alarm: bool, recent: list[Json], k: int) -> str:
    if not any(against[label]["compared"] for label in DECIDING):
        return "Nothing earlier to compare with."
    parts = []
    for label, words in (("window", "the training window"), ("previous", "the month before")):
        one = against[label]
        if not one["compared"]:
            continue
        what = [f"{len(one['features'])} features ({one['share']:.0%})"] if one["features"] else []
        what += ["the target"] if one["target"] else []
        parts.append(f"against {words} {' and '.join(what) or 'nothing'} moved")
    months = sum(one["drifted"] for one in recent)
    tail = f"{months} of the last {len(recent)} months drifted ({k} raise the alarm)"
    text = f"{'; '.join(parts)}; {tail}."
    return f"Alarm: {text}" if alarm else text[0].upper() + text[1:]
