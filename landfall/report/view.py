"""From the gathered facts to the year's strip and the models' story: sentences, rows, charts. No HTML but SVG."""

from __future__ import annotations

from typing import Any

from landfall.intent.ml import HIGHER_IS_BETTER
from landfall.month import Month
from landfall.report import charts, words
from landfall.report.gather import Facts, MonthFacts

View = dict[str, Any]


def target_rate(profile: dict[str, Any] | None, problem: dict[str, Any]) -> float | None:
    """The target's level in a month: share of the positive label, or the mean; None for many classes."""
    if not profile:
        return None
    column = next((c for c in profile["columns"] if c["name"] == problem["target"]), None)
    if column is None or column["personal"] != "none" or not column["count"]:
        return None
    if problem["kind"] == "regression":
        return column.get("mean")
    if problem["kind"] != "binary":
        return None
    levels = {one["value"]: one["count"] for one in column["distribution"]["values"]}
    as_boolean = {"1": "true", "0": "false"}.get(problem["positive"], "")
    return levels.get(problem["positive"], levels.get(as_boolean, 0)) / column["count"]


def metric_of(one: dict[str, Any] | None, metric: str) -> float | None:
    """A metric out of a candidate's or champion's entry, None where it has none."""
    metrics = (one or {}).get("metrics")
    value = metrics.get(metric) if isinstance(metrics, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def label_of(facts: Facts, month: Month) -> str:
    """`Jan`, with the year where the report spans more than one."""
    several = len({one.month.year for one in facts.months}) > 1
    name = words.NAMES[month.month - 1]
    return f"{name} {month.year % 100:02d}" if several else name


def strip(facts: Facts) -> View | None:
    """The year at a glance: a column a month of volume, target, drift, verdict and champion."""
    if not facts.months:
        return None
    problem = facts.problem
    rates = [target_rate(one.profile, problem) if problem else None for one in facts.months]
    received = [one.totals["received"] for one in facts.months]
    shown_rates = [rate for rate in rates if rate is not None]
    columns = []
    for one, rate, rows in zip(facts.months, rates, received, strict=True):
        columns.append(
            {
                "label": label_of(facts, one.month),
                "name": words.month_name(one.month),
                "rows": rows,
                "rows_short": f"{rows / 1000:.1f}k" if rows >= 1000 else str(rows),
                "rows_bar": charts.column(rows, max(received)),
                "rate": rate,
                "rate_text": "–"
                if rate is None
                else words.share(rate, 0)
                if problem and problem["kind"] == "binary"
                else words.short(rate),
                "rate_bar": charts.column(rate, max(shown_rates, default=0), class_="fill second"),
                "drift": drift_state(one),
                "verdict": words.DECISIONS.get(one.decision, words.DECISIONS[""]),
            }
        )
    return {
        "columns": columns,
        "reigns": reigns(facts),
        "rate_name": rate_name(problem),
        "has_rate": bool(shown_rates),
    }


def rate_name(problem: dict[str, Any] | None) -> str:
    """How the target's row is called."""
    if not problem:
        return ""
    target = words.name_of(problem["target"])
    return f"Average {target.lower()}" if problem["kind"] == "regression" else f"{target}, share"


def drift_state(one: MonthFacts) -> tuple[str, str, str]:
    """(word, class, sign) of a month's drift."""
    drift = one.steps["drift"]
    if drift is None:
        return ("not run", "none", "·")
    references = drift.get("against", {}).values()
    if not any(a.get("compared") for a in references):
        earlier = any(a.get("months") for a in references)
        return ("too few", "none", "–") if earlier else ("first", "none", "–")
    if drift.get("alarm"):
        return ("alarm", "alarm", "●")
    return ("seen", "seen", "◐") if drift.get("drifted") else ("calm", "calm", "○")


def champions(facts: Facts) -> list[dict[str, Any] | None]:
    """The entry of the record that was in force after each month, oldest month first."""
    found, now, entries = (
        [],
        None,
        [e for e in facts.record if e.get("action") in ("promote", "rollback")],
    )
    for one in facts.months:
        for entry in entries:
            if entry.get("month") == str(one.month):
                now = entry
        found.append(now)
    return found


def competitors(one: MonthFacts) -> list[dict[str, Any]]:
    """Everyone the gate measured that month but the champion: the baseline first, then candidates."""
    gate = one.steps["gate"] or {}
    return [
        c for c in (gate.get("baseline"), *(gate.get("candidates") or [])) if c and c.get("name")
    ]


def model_name(entry: dict[str, Any] | None) -> str:
    """`Boosting v3`: what a record's entry put in force."""
    if not entry:
        return "none"
    version, named = entry.get("version"), entry.get("candidate")
    return f"{words.candidate(named)} v{version}" if named else f"Version {version}"


def reigns(facts: Facts) -> list[View]:
    """Runs of months under one champion: name and number of months."""
    runs: list[View] = []
    for entry in champions(facts):
        key = entry.get("version") if entry else None
        if runs and runs[-1]["key"] == key:
            runs[-1]["span"] += 1
        else:
            runs.append({"key": key, "name": model_name(entry) if entry else "", "span": 1})
    return runs


def verdicts(facts: Facts) -> list[View]:
    """A row a month: decision, sentence, reasons, and the metric of everyone who competed."""
    rows = []
    metric = facts.problem["metric"] if facts.problem else ""
    for one in facts.months:
        gate = one.steps["gate"] or {}
        decisive, ledger = reasons(gate)
        rows.append(
            {
                "label": words.month_name(one.month),
                "verdict": words.DECISIONS.get(one.decision, words.DECISIONS[""]),
                "sentence": sentence(one, metric),
                "reasons": decisive,
                "ledger": ledger,
                "candidates": competitors(one),
                "champion": gate.get("champion"),
                "winner": gate.get("winner"),
            }
        )
    return rows


def reasons(gate: dict[str, Any]) -> tuple[list[str], list[View]]:
    """The sentences that decided, and the gate's whole ledger.

    A promotion rests on what the winner showed against champion and baseline; anything else on the
    checks that were not passed.
    """
    ledger = [
        {"who": r.get("candidate") or "all", "passed": r.get("passed"), "sentence": words.reason(r)}
        if isinstance(r, dict)
        else {"who": "all", "passed": None, "sentence": str(r)}
        for r in gate.get("reasons") or []
    ]
    checks = [r for r in gate.get("reasons") or [] if isinstance(r, dict)]
    if gate.get("decision") == "PROMOTE":
        decisive = [
            words.reason(r)
            for r in checks
            if r.get("candidate") == gate.get("winner")
            and r.get("name") in ("champion", "mistakes", "baseline")
        ]
    else:
        decisive = [
            words.reason(r)
            for r in checks
            if r.get("passed") is False and r.get("otherwise", "HOLD") != "PROMOTE"
        ]
    return decisive, ledger


def sentence(one: MonthFacts, metric: str) -> str:
    """The verdict in one plain sentence, from the gate's numbers."""
    gate, train = one.steps["gate"], one.steps["train"]
    if gate is None:
        return "The gate has not run for this month."
    name = gate.get("winner")
    best = next((c for c in competitors(one) if c["name"] == name), None)
    scored = f"{words.metric_name(metric)} {words.figure(metric_of(best, metric))}"
    held = metric_of(gate.get("champion"), metric)
    stays = "The champion stays" if gate.get("champion") else "There is still no champion"
    if one.decision == "PROMOTE" and held is None:
        return f"{words.candidate(name)} became the first champion with {scored}."
    if one.decision == "PROMOTE":
        return f"{words.candidate(name)} took over with {scored}, against {words.figure(held)} of the champion on the same rows."
    if one.decision == "HOLD":
        return f"{stays}: no candidate passed every check surely enough."
    if one.decision == "REJECT":
        return f"{stays}: every candidate was refused."
    why = str((train or {}).get("reason") or "")
    return (
        f"Nothing to judge. {words.name_of(why.rstrip('.'))}."
        if why
        else "There was nothing to judge."
    )


def metric_view(facts: Facts) -> View | None:
    """The chart of the problem's metric: candidates as marks, the champion as a line."""
    if not facts.problem:
        return None
    metric = facts.problem["metric"]
    names: dict[str, None] = {}
    for one in facts.months:
        names.update(dict.fromkeys(c["name"] for c in competitors(one)))
    series = [
        charts.Series(
            name,
            words.candidate(name),
            [next((metric_of(c, metric) for c in competitors(one) if c["name"] == name), None) for one in facts.months],
        )
        for name in sorted(names, key=lambda n: (list(words.CANDIDATES).index(n) if n in words.CANDIDATES else 99, n))
    ]  # fmt: skip
    champion = [
        metric_of((one.steps["gate"] or {}).get("champion"), metric) for one in facts.months
    ]
    if not series and not any(v is not None for v in champion):
        return None
    labels = [label_of(facts, one.month) for one in facts.months]
    promoted = [i for i, one in enumerate(facts.months) if one.decision == "PROMOTE"]
    name, meaning = words.METRICS.get(metric, (words.name_of(metric), ""))
    higher = HIGHER_IS_BETTER.get(metric, True)
    label = f"{name} of each candidate and of the champion, month by month; {'higher' if higher else 'lower'} is better."
    return {
        "chart": charts.metric_chart(labels, series, champion, promoted, label),
        "name": name,
        "meaning": meaning,
        "better": "higher" if higher else "lower",
        "series": series,
        "champion": champion,
    }
