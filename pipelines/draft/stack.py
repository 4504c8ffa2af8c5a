"""The drafted stack: the intent's section for one file and one problem, sized by its rows a month."""

from __future__ import annotations

import math

from landfall.intent.ml import Kind
from pipelines.draft.models import _free, features_of
from pipelines.draft.shape import rarer_label
from pipelines.draft.survey import Survey
from pipelines.draft.words import listed, scalar

METRIC: dict[Kind, str] = {"binary": "pr_auc", "multiclass": "macro_f1", "regression": "mae"}
_WINDOW_ROWS = 300
"""Rows that a training window should hold."""
_GATE_ROWS = 200
_LEAST_JUDGED = 10


def stack_name(name: str) -> str:
    """The stack of a dataset on this machine."""
    return f"{name}-local-dev"


def window_months(found: Survey) -> int:
    """Months that give a model enough rows; from half a year on, whole years, so that seasons are in it."""
    wanted = math.ceil(_WINDOW_ROWS / max(1, found.months.usual))
    if wanted > 6:
        wanted = 12 * math.ceil(wanted / 12)
    # A year that the file does not have, beside months to judge on, helps nobody.
    return max(2, min(wanted, 24, len(found.months.counts) - 2))


def gate_rows(found: Survey) -> int:
    """The fewest rows of a month that decide: 200, of small months four fifths, never under ten."""
    return max(_LEAST_JUDGED, min(_GATE_ROWS, found.months.usual * 4 // 5))


def stack_text(found: Survey, command: str) -> str:
    """`stacks/Pulumi.<name>-local-dev.yaml`."""
    source = found.table.source
    fields = [
        "kind: file", f"dataset: {found.name}", f"path: {scalar(source.path)}", f"time: {found.time.name}",
    ]  # fmt: skip
    if source.format != "csv":
        fields.append(f"format: {source.format}")
    if source.encoding != "utf-8":
        fields.append(f"encoding: {source.encoding}")
    if source.delimiter != ",":
        fields.append(f"delimiter: {scalar(source.delimiter)}")
    usual = found.months.usual
    lines = [
        f"# Drafted by `{command}`. docs/intent.md explains each field.",
        f"# Run: landfall run --all --stack {stack_name(found.name)}",
        "config:",
        "  landfall:intent:",
        f"    client: {{ name: {scalar(found.name.replace('_', ' ').title())}, slug: {slug(found.name)} }}",
        "    environment: dev",
        "    cloud: { provider: local }",
        "    warehouse: { engine: duckdb }",
        "    sources:",
        f"      - {{ {', '.join(fields)} }}",
        "    ml:",
        "      problem:",
        *_problem(found),
        f"      # The file has {usual:,} rows a month as a rule.",
        f"      cadence: {{ window_months: {window_months(found)} }}",
        *_gate(found),
    ]
    return "\n".join(lines) + "\n"


def _problem(found: Survey) -> list[str]:
    target = _free(found.target.name)
    key = listed([_free(name) for name in found.key.columns])
    lines = [
        f"name: {found.name}",
        f"kind: {found.kind}",
        f"table: features_{found.name}",
        f"time: {_free(found.time.name)}",
        f"key: {key}",
        f"target: {target}",
    ]
    if found.kind == "binary":
        lines.append("# The rarer label; what is worth finding is the positive one.")
        lines.append(f"positive: {_text(rarer_label(found.target))}")
    lines.append(f"metric: {METRIC[found.kind]}")
    excluded = [_free(name) for name in found.leaks if _free(name) in features_of(found)]
    if excluded:
        lines.append(
            "# Suspected to give the target away, so no model sees them; see the contract."
        )
        lines.append(f"exclude: {listed(excluded)}")
    return [f"        {line}" for line in lines]


def _text(label: str) -> str:
    # A label is text to the intent, also where YAML would read a number.
    return f'"{label}"' if label.replace(".", "", 1).lstrip("-").isdigit() else scalar(label)


def _gate(found: Survey) -> list[str]:
    rows = gate_rows(found)
    lines = []
    if rows < _GATE_ROWS:
        lines.append(
            "      # Months this small prove large differences only: where unsure, the gate holds."
        )
    return [*lines, f"      gate: {{ min_rows: {rows} }}"]


def slug(name: str) -> str:
    """A client's short name of 3 to 20 signs."""
    short = name.replace("_", "-")[:20].strip("-")
    while "--" in short:
        short = short.replace("--", "-")
    return short if len(short) >= 3 else f"{short}-data"
