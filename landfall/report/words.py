"""The report's words: numbers as people write them, verdicts as sentences, the glossary, the limits.

Every sentence rests on a stored result; where one is missing the sentence says so.
"""

from __future__ import annotations

import re
from typing import Any

from landfall.month import Month

NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December")  # fmt: skip
METRICS = {
    "pr_auc": ("PR-AUC", "how surely the rare class is ranked first; a guess scores that class's share, perfect is 1"),
    "roc_auc": ("ROC-AUC", "how often a positive row is ranked above a negative one; a guess scores 0.5, perfect is 1"),
    "f1": ("F1", "the balance of precision and recall; perfect is 1"),
    "precision": ("Precision", "of the rows called positive, the share that were"),
    "recall": ("Recall", "of the positive rows, the share that were found"),
    "accuracy": ("Accuracy", "the share of rows that were called rightly"),
    "macro_f1": ("Macro F1", "F1 averaged over the classes, each counting the same; perfect is 1"),
    "log_loss": ("Log loss", "how wrong the probabilities were"),
    "brier": ("Brier score", "the squared error of the probabilities"),
    "mae": ("MAE", "the average miss, in the target's own unit"),
    "rmse": ("RMSE", "the typical miss, large misses weighing more"),
    "r2": ("R²", "the share of the target's spread that is explained; perfect is 1"),
}  # fmt: skip
CANDIDATES = {
    "baseline": "Baseline",
    "linear": "Linear",
    "boosting": "Boosting",
    "mlp": "Neural network",
}
DECISIONS = {
    "PROMOTE": ("Promoted", "promote", "▲"),
    "HOLD": ("Held", "hold", "■"),
    "REJECT": ("Rejected", "reject", "✕"),
    "NONE": ("No verdict", "none", "–"),
    "": ("Not run", "none", "·"),
}
GLOSSARY = (
    ("Alarm", "Raised when several recent months drifted, not one alone, so that a single odd month does not wake anybody."),
    ("Baseline", "The plainest prediction possible. A model that does not beat it is of no use."),
    ("Candidate", "A freshly trained model that competes for the champion's place."),
    ("Champion", "The model in use. It keeps its place until a candidate is surely better."),
    ("Data contract", "What producer and consumer agreed on for a dataset: columns, types, allowed values, volume, personal data."),
    ("Drift", "The data of a month differ from those the model learnt from, so its judgement may no longer hold."),
    ("Effect size", "How far two months lie apart in units that do not grow with the number of rows."),
    ("Gate", "The test that every candidate must pass: floors, speed, size, and a proven advantage over the champion."),
    ("PSI", "Population stability index: how much a distribution has moved. By custom below 0.1 little, from 0.25 much."),
    ("Quarantine", "Where rows go that break the contract, each with its reasons. None is lost, none reaches a model."),
    ("Silver", "The cleaned table: typed, without duplicates, checked against the contract."),
    ("Snapshot", "A fixed state of a table. Whoever returns to it finds exactly the same rows."),
    ("Training window", "The months a model learns from; they end before the month it is judged on."),
)  # fmt: skip
LIMITS = (
    ("Scale", "One machine handled these months. A cluster's throughput, and its price, are measured on the cloud only."),
    ("Security and access", "Networks, keys, identities and audit logs belong to a cloud's stack. On a laptop there is one user and one disk."),
    ("Availability", "Nothing here shows fail-over, backup across regions or recovery times."),
    ("Live traffic", "Models were judged on months that had already passed. Their effect on real decisions needs a pilot."),
    ("Other data", "What held for these sources need not hold for others. New sources bring faults of their own; the contracts are where they surface."),
)  # fmt: skip


def name_of(identifier: str) -> str:
    """`late_arrival` as `Late arrival`."""
    words = identifier.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def candidate(name: str | None) -> str:
    """A candidate's name for people."""
    return CANDIDATES.get(name or "", name_of(name or "unknown"))


def metric_name(metric: str) -> str:
    """A metric's usual name."""
    return METRICS.get(metric, (name_of(metric), ""))[0]


def month_name(month: Month) -> str:
    """`March 2013`."""
    return f"{LONG[month.month - 1]} {month.year}"


def count(value: Any) -> str:
    """An integer with thousands set apart; a dash where there is none."""
    return f"{value:,}" if isinstance(value, int) else "–"


def share(value: float | None, digits: int = 1) -> str:
    """A share as per cent; tiny but present ones are not rounded to nothing."""
    if value is None:
        return "–"
    least = 10 ** -(digits + 2)
    return f"< {least:.{digits}%}" if 0 < value < least else f"{value:.{digits}%}"


def figure(value: Any, digits: int = 3) -> str:
    """A measure with three decimals, or three significant digits where it is large or tiny."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "–"
    if value == 0 or 0.0005 <= abs(value) < 100:
        return f"{value:.{digits}f}"
    return f"{value:,.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"


def short(value: Any) -> str:
    """A number as short as a small chart needs it."""
    if not isinstance(value, int | float):
        return str(value)
    if abs(value) >= 1e6 or 0 < abs(value) < 0.001:
        return f"{value:.2g}"
    if abs(value) >= 100:
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """`8.4 s`, `3 min 5 s`, `1 h 2 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def reason(value: Any) -> str:
    """One entry of the gate's ledger as a sentence: its own where it has one."""
    if isinstance(value, dict):
        told = (
            value.get("sentence") or value.get("why") or value.get("reason") or value.get("detail")
        )
        if told:
            return by_name(str(told), value.get("candidate"))
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return str(value)


def by_name(sentence: str, candidate_id: str | None) -> str:
    """A sentence of the gate with its candidate's name for people: `mlp keeps …` as `Neural network keeps …`."""
    if not candidate_id:
        return sentence
    return re.sub(rf"(^|(?<=\. )){re.escape(candidate_id)}\b", candidate(candidate_id), sentence)


def times(number: int) -> str:
    """`never`, `once`, `twice`, `3 times`."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
