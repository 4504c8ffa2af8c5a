"""From the gathered facts to what the page shows of the data: drift, profile, cost. No HTML but SVG."""

from __future__ import annotations

from typing import Any

from landfall.month import Month
from landfall.report import charts, words
from landfall.report.gather import STEPS, Facts
from landfall.report.view import View, drift_state, label_of


def heatmap(facts: Facts) -> View | None:
    """PSI a feature and month against the training window, the most moved features first."""
    months = [one for one in facts.months if one.steps["drift"]]
    if not months:
        return None
    cells: dict[str, dict[str, Any]] = {}
    for one in months:
        drift = one.steps["drift"] or {}
        for row in [*drift.get("features", []), {**drift.get("target", {}), "target": True}]:
            if "name" not in row:
                continue
            entry = cells.setdefault(
                row["name"], {"name": row["name"], "target": row.get("target", False), "by": {}}
            )
            against = row.get("against", {}).get("window") or row.get("against", {}).get("previous")
            if against:
                entry["by"][str(one.month)] = {
                    "psi": against["psi"],
                    "effect": against["effect"],
                    "drifted": against["drifted"],
                }
    bound = (facts.drift or {}).get("psi", 0.25)
    order = sorted(
        cells.values(),
        key=lambda c: (
            not c["target"],
            -max((v["psi"] for v in c["by"].values()), default=0),
            c["name"],
        ),
    )
    rows = [
        {"name": c["name"], "target": c["target"], "cells": [_cell(c["by"].get(str(one.month)), bound) for one in months]}
        for c in order
    ]  # fmt: skip
    return {
        "months": [
            (label_of(facts, one.month), words.month_name(one.month), drift_state(one))
            for one in months
        ],
        "rows": rows,
        "bound": bound,
        "reasons": [
            (
                words.month_name(one.month),
                drift_state(one),
                (one.steps["drift"] or {}).get("reason", ""),
            )
            for one in months
        ],
    }


def _cell(found: dict[str, Any] | None, bound: float) -> View:
    """Level 0 to 5 by how the PSI stands to the bound: under a fifth, two fifths, the bound, 2 ×, 4 ×."""
    if found is None:
        return {"text": "", "level": 0, "drifted": False, "title": "not compared"}
    psi = found["psi"]
    level = sum(psi >= bound * part for part in (0.2, 0.4, 1, 2, 4))
    return {
        "text": f"{psi:.2f}" if psi < 9.95 else f"{psi:.0f}",
        "level": level,
        "drifted": found["drifted"],
        "title": f"PSI {psi:.3f}, effect {found['effect']:.2f}"
        + (", drifted" if found["drifted"] else ""),
    }


def features(facts: Facts) -> View | None:
    """Small multiples of the newest profile: a card a feature, the target first."""
    profile = facts.last_profile
    if not profile:
        return None
    told = {one["name"]: one for one in profile["with_target"]}
    cards = []
    for column in sorted(
        profile["columns"],
        key=lambda c: (
            {"target": 0, "feature": 1}.get(c["role"], 2),
            -abs(told.get(c["name"], {}).get("strength", 0)),
        ),
    ):
        if column["role"] in ("target", "feature"):
            cards.append(_card(column, told.get(column["name"])))
    missing = sorted(
        (c for c in profile["columns"] if c["missing"]), key=lambda c: -c["missing_share"]
    )
    return {
        "month": words.month_name(Month.parse(profile["month"])),
        "rows": profile["rows"],
        "cards": cards,
        "missing": missing,
        "pairs": profile["correlations"][:6],
        "findings": profile["findings"],
    }


def every_month(facts: Facts) -> View | None:
    """Every profile in little: a row a column of the newest one, a cell a month."""
    newest = facts.last_profile
    months = [one for one in facts.months if one.profile]
    if not newest or len(months) < 2:
        return None
    found = [{c["name"]: c for c in (one.profile or {})["columns"]} for one in months]
    shown = [c for c in newest["columns"] if c["role"] in ("target", "feature")]
    shown.sort(key=lambda c: c["role"] != "target")
    return {
        "months": [label_of(facts, one.month) for one in months],
        "rows": [
            {"name": c["name"], "cells": [_middle(by_name.get(c["name"])) for by_name in found]}
            for c in shown
        ],
    }


def _middle(column: dict[str, Any] | None) -> tuple[str, str]:
    """What is in the middle of a column (its median, or its most frequent level), and its missing share."""
    if column is None:
        return "–", ""
    gone = f"{words.share(column['missing_share'], 0)} missing" if column["missing"] else ""
    if column["personal"] != "none":
        return "hidden", gone
    distribution = column.get("distribution")
    if "quantiles" in column:
        return words.short(column["quantiles"]["0.5"]), gone
    if not distribution or not distribution.get("values"):
        return "–", gone
    top = distribution["values"][0]
    return f"{top['value']} {words.share(top['count'] / column['count'], 0)}", gone


def _card(column: dict[str, Any], told: dict[str, Any] | None) -> View:
    distribution, chart = column.get("distribution"), ""
    name = column["name"]
    if distribution and distribution["kind"] == "histogram":
        chart = charts.small_histogram(
            distribution,
            f"Distribution of {name}, from {words.short(column['min'])} to {words.short(column['max'])}, median {words.short(column['quantiles']['0.5'])}.",
        )
    elif distribution:
        top = ", ".join(
            f"{v['value']} {words.share(v['count'] / column['count'], 0)}"
            for v in distribution["values"][:3]
        )
        chart = charts.small_levels(
            distribution, column["count"], f"Most frequent values of {name}: {top}."
        )
    facts = []
    if "quantiles" in column:
        facts.append(f"median {words.short(column['quantiles']['0.5'])}")
    elif column["kind"] == "category":
        facts.append(
            f"{column['cardinality']:,} {'value' if column['cardinality'] == 1 else 'values'}"
        )
    if column["missing"]:
        facts.append(f"{words.share(column['missing_share'])} missing")
    if (column.get("outliers") or {}).get("count"):
        facts.append(f"{words.share(column['outliers']['share'])} far out")
    return {
        "name": name,
        "target": column["role"] == "target",
        "masked": column["personal"] != "none",
        "chart": chart,
        "facts": facts,
        "told": told,
    }


def cost(facts: Facts) -> View | None:
    """Wall seconds by month and step, and their sums."""
    rows = [(label_of(facts, one.month), one.seconds) for one in facts.months]
    if not any(seconds for _, seconds in rows):
        return None
    by_step = {name: sum(seconds.get(name, 0) for _, seconds in rows) for name in STEPS}
    total = sum(by_step.values())
    label = "Wall seconds of each month, cut by step. " + ", ".join(
        f"{name} {words.duration(s)}" for name, s in by_step.items() if s
    )
    return {
        "rows": rows,
        "by_step": by_step,
        "total": total,
        "chart": charts.stacked_seconds(rows, STEPS, label),
        "slowest": max(by_step, key=lambda name: by_step[name]),
    }
