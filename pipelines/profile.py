"""The profile of a month's features: what is in each column, what is odd, what to impute or drop.

Stores one JSON artifact a month, `profiles/<problem>/<month>.json`. Describes and advises; changes no
data, and leaves judging change over time to drift. The advice follows the rules in `advice.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa

from landfall.month import Month
from pipelines.advice import advise
from pipelines.context import Context, Json
from pipelines.features import (
    MONTH,
    categories,
    kind_of,
    masked_columns,
    numbers,
    read_months,
    role_of,
)
from pipelines.stats import correlation_ratio, cramers_v, pairwise_correlation, ranks

TOP = 12
PAIRS = 15
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MAX_LEVELS = 200
"""Categories with more levels than this are not tested against others: their tables are too sparse."""


def profile_month(ctx: Context, month: Month) -> Json:
    """Profile the month's rows of the feature table; returns path, rows, columns and findings."""
    problem = ctx.ml.problem
    table = read_months(ctx, [month]).drop_columns([MONTH])
    masked = masked_columns(ctx)
    columns, values = [], {}
    for name in table.column_names:
        kind = kind_of(name, table.schema.field(name).type, problem)
        head = {"name": name, "kind": kind, "role": role_of(name, table.schema.field(name).type, problem),
                "type": str(table.schema.field(name).type), "personal": masked.get(name, "none")}  # fmt: skip
        described, values[name] = _describe(table[name], kind, hide=name in masked)
        columns.append(head | described)
    open_columns = {c["name"]: values[c["name"]] for c in columns if _comparable(c)}
    related = _relations(columns, open_columns)
    pairs = sorted(related, key=lambda p: (-abs(p["strength"]), p["a"], p["b"]))
    with_target = [
        {"name": p["b"] if p["a"] == problem.target else p["a"], **_measures(p)}
        for p in pairs
        if problem.target in (p["a"], p["b"])
    ]
    features = [p for p in pairs if problem.target not in (p["a"], p["b"])]
    findings = advise(columns, features, with_target)
    path = f"profiles/{problem.name}/{month}.json"
    profile = {
        "problem": problem.name,
        "month": str(month),
        "table": f"gold.{problem.table}",
        "target": problem.target,
        "rows": table.num_rows,
        "columns": columns,
        "correlations": features[:PAIRS],
        "with_target": with_target,
        "findings": findings,
    }
    ctx.artifacts.write_json(path, profile)
    return {"path": path, "rows": table.num_rows, "columns": len(columns), "findings": findings}


def _describe(column: pa.ChunkedArray, kind: str, *, hide: bool) -> tuple[Json, Any]:
    """A column's JSON, and its values in the form that relations need (None for times)."""
    if kind == "number":
        raw = numbers(column)
        infinite = int(np.isinf(raw).sum())
        values = np.where(np.isfinite(raw), raw, np.nan)
        present = values[~np.isnan(values)]
        basic = _counts(len(raw), len(present), len(np.unique(present))) | {"infinite": infinite}
        return basic | ({} if hide else _describe_numbers(present)), values
    if kind == "time":
        filled = column.drop_null()
        basic = _counts(len(column), len(filled), len(filled.unique()))
        if hide or not len(filled):
            return basic, None
        stamps = np.sort(filled.cast(pa.timestamp("us")).to_numpy())
        return basic | {"min": str(stamps[0]), "max": str(stamps[-1])}, None
    codes, levels = categories(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    basic = _counts(len(codes), int(counts.sum()), len(levels))
    return basic | ({} if hide else _describe_levels(counts, levels)), codes


def _counts(rows: int, present: int, cardinality: int) -> Json:
    missing = rows - present
    return {
        "count": present,
        "missing": missing,
        "missing_share": round(missing / rows, 6) if rows else 0.0,
        "cardinality": cardinality,
    }


def _describe_numbers(present: np.ndarray) -> Json:
    if not len(present):
        return {"distribution": None, "outliers": None}
    scale = float(np.abs(present).max()) or 1.0
    shrunk = present / scale  # the sum of squares of absurd values must not overflow
    q = dict(zip(QUANTILES, np.quantile(present, QUANTILES).tolist(), strict=True))
    return {
        "mean": float(shrunk.mean()) * scale,
        "std": float(shrunk.std()) * scale,
        "min": float(present.min()),
        "max": float(present.max()),
        "quantiles": {f"{share:g}": value for share, value in q.items()},
        "outliers": _outliers(present, q[0.25], q[0.75]),
        "distribution": histogram(present, q[0.01], q[0.99]),
    }


def _outliers(present: np.ndarray, first: float, third: float) -> Json | None:
    """Tukey's outer fences: beyond three interquartile ranges from the quartiles. None where IQR is 0."""
    reach = 3 * (third - first)
    if reach <= 0 or not math.isfinite(reach):
        return None
    low, high = first - reach, third + reach
    count = int(((present < low) | (present > high)).sum())
    return {
        "rule": "3 IQR",
        "low": low,
        "high": high,
        "count": count,
        "share": round(count / len(present), 6),
    }


def histogram(present: np.ndarray, low: float, high: float) -> Json:
    """Counts over bins of a round width (1, 2 or 5 times a power of ten) that begin at its multiples.

    The width depends on the magnitude alone, so months share their bin edges unless the data change
    scale. 12 to 32 bins span the 1 % to 99 % quantiles; what lies beyond counts in the outermost bins.
    """
    if high <= low or not math.isfinite(high - low):
        low, high = float(present.min()), float(present.max())
    if high <= low or not math.isfinite(high - low):
        return {"kind": "histogram", "edges": [low, high], "counts": [len(present)]}
    exponent = math.floor(math.log10((high - low) / 12))
    width = next(m * 10.0**exponent for m in (5, 2, 1) if (high - low) / (m * 10.0**exponent) >= 12)
    if width < 1 and not np.any(present % 1):  # whole numbers fill no bins between them
        width, exponent = 1.0, 0
    first, last = math.floor(low / width), math.floor(high / width) + 1
    edges = np.round(np.arange(first, last + 1) * width, max(0, -exponent))
    if len(edges) < 3 or np.any(np.diff(edges) <= 0):
        return {"kind": "histogram", "edges": [low, high], "counts": [len(present)]}
    place = np.clip(np.searchsorted(edges, present, side="right") - 1, 0, len(edges) - 2)
    return {
        "kind": "histogram",
        "edges": edges.tolist(),
        "counts": np.bincount(place, minlength=len(edges) - 1).tolist(),
    }


def _describe_levels(counts: np.ndarray, levels: list[str]) -> Json:
    order = sorted(range(len(levels)), key=lambda i: (-counts[i], levels[i]))
    top = [{"value": levels[i], "count": int(counts[i])} for i in order[:TOP]]
    rest = int(counts.sum()) - sum(one["count"] for one in top)
    return {"distribution": {"kind": "top", "values": top, "other": rest}}


def _comparable(column: Json) -> bool:
    if (
        column["personal"] != "none"
        or column["role"] not in ("feature", "target")
        or column["kind"] == "time"
    ):
        return False
    return column["count"] > 2 and (
        column["kind"] == "number" or column["cardinality"] <= MAX_LEVELS
    )


def _relations(columns: list[Json], values: dict[str, np.ndarray]) -> list[Json]:
    """Every comparable pair with its measures and one `strength` in [-1, 1] to sort by."""
    kinds = {c["name"]: c["kind"] for c in columns}
    numeric = [name for name in values if kinds[name] == "number"]
    found: list[Json] = []
    if numeric:
        straight, count = pairwise_correlation(np.column_stack([values[n] for n in numeric]))
        monotone, _ = pairwise_correlation(np.column_stack([ranks(values[n]) for n in numeric]))
        for i, a in enumerate(numeric):
            for j, b in enumerate(numeric[:i]):
                if not math.isnan(monotone[i, j]) and not math.isnan(straight[i, j]):
                    found.append({"a": b, "b": a, "measure": "spearman", "pearson": round(float(straight[i, j]), 4),
                                  "strength": round(float(monotone[i, j]), 4), "rows": int(count[i, j])})  # fmt: skip
    names = list(values)
    for i, b in enumerate(names):
        for a in names[:i]:
            if kinds[a] == kinds[b] == "number":
                continue
            found.append({"a": a, "b": b, **_mixed(values[a], kinds[a], values[b], kinds[b])})
    return found


def _mixed(a: np.ndarray, kind_a: str, b: np.ndarray, kind_b: str) -> Json:
    if kind_a == kind_b:
        here = (a >= 0) & (b >= 0)
        wide = int(b.max()) + 1 if len(b) else 1
        joint = np.bincount(
            a[here].astype(np.int64) * wide + b[here], minlength=(int(a.max()) + 1) * wide
        )
        return {
            "measure": "cramers_v",
            "strength": round(cramers_v(joint.reshape(-1, wide).astype(float)), 4),
            "rows": int(here.sum()),
        }
    codes, values = (b, a) if kind_a == "number" else (a, b)
    here = (codes >= 0) & ~np.isnan(values)
    return {
        "measure": "eta",
        "strength": round(correlation_ratio(codes[here], values[here]), 4),
        "rows": int(here.sum()),
    }


def _measures(pair: Json) -> Json:
    return {key: value for key, value in pair.items() if key not in ("a", "b")}
