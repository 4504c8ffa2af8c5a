"""Values against the tables of `infra/plan/values/`: which property takes what, reviewed by hand.

A table maps a resource type's property to a reference into a cloud's API model (`eks#AMITypes`), to a form
(`{form: network}`), or to limits that stand in no model, with their page (`{range: [7, 30], of: https://…}`).
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from infra.plan.check import formats, sources
from infra.plan.check.finding import Finding, at_path, finding, one_of
from infra.plan.model import Plan, Resource
from landfall.errors import LandfallError
from landfall.fast_yaml import FastLoader

TABLES = ("gcp", "aws", "azure", "snowflake", "more")
_PARTIAL = "more"
"""The table of types that the general checks look at too."""
_WORDS = frozenset({"form", "values", "range", "seconds", "iso", "length", "pattern", "any-case", "of", "warn", "say"})  # fmt: skip


def check_values(plan: Plan) -> Iterator[Finding]:
    """Findings of every property that a table names."""
    for one in plan.resources:
        for path, rule in rules().get(one.type, {}).items():
            for place, value in at_path(one.inputs, path):
                yield from _value(one, place, value, rule)


@cache
def rules() -> dict[str, dict[str, Any]]:
    """Type → path → rule, of all tables; a heading may name several types, apart by `|`."""
    found: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        for heading, paths in _read(table).items():
            for type_ in heading.split("|"):
                found.setdefault(type_.strip(), {}).update(paths)
    return found


@cache
def reviewed() -> frozenset[str]:
    """Types whose every property was looked at when their table was written; general checks leave them out."""
    return frozenset(rules()) - frozenset(_headings(_PARTIAL))


def _headings(table: str) -> Iterator[str]:
    for heading in _read(table):
        yield from (type_.strip() for type_ in heading.split("|"))


@cache
def _read(table: str) -> dict[str, Any]:
    file = importlib.resources.files("infra.plan.values") / f"{table}.yaml"
    return yaml.load(file.read_text(encoding="utf-8"), FastLoader)


def _value(one: Resource, place: str, value: Any, rule: Any) -> Iterator[Finding]:
    if isinstance(rule, list):
        for part in rule:
            yield from _value(one, place, value, part)
    elif isinstance(rule, str):
        limit = sources.limit(rule)
        allowed = limit.broken(value)
        if allowed:
            yield finding("value", one, place, value, allowed, limit.origin)
    else:
        allowed = allows(rule, value)
        if allowed:
            origin = rule.get("of") or formats.FORMS[rule["form"]][1]
            sort = "format" if "form" in rule else "name" if "pattern" in rule else "value"
            severity = "warn" if rule.get("warn") else "error"
            yield finding(sort, one, place, value, allowed, origin, severity)


def allows(rule: Mapping[str, Any], value: Any) -> str | None:
    """What a rule allows, where the value is not; None where it is fine."""
    if unknown := set(rule) - _WORDS:
        raise LandfallError(f"infra/plan/values holds rules with the unknown words {unknown}.")
    if "form" in rule and (wrong := formats.FORMS[rule["form"]][0](value)):
        return wrong
    if "values" in rule and not _among(value, rule["values"], bool(rule.get("any-case"))):
        return one_of(rule["values"], value)
    if "range" in rule and (wrong := _outside(_number(value), rule["range"], "")):
        return wrong
    if "seconds" in rule:
        wrong = _outside(formats.google_seconds(value), rule["seconds"], "s, written as 600s")
        if wrong:
            return wrong
    if "iso" in rule:
        wrong = _outside(formats.iso_seconds(value), rule["iso"], "s, written as PT5M or P14D")
        if wrong:
            return wrong
    if "length" in rule and (wrong := _outside(len(str(value)), rule["length"], "characters")):
        return wrong
    if "pattern" in rule and not re.fullmatch(rule["pattern"], str(value)):
        return str(rule.get("say") or f"a text of the form {rule['pattern']}")
    return None


def _among(value: Any, values: list[Any], any_case: bool) -> bool:
    texts = [str(one) for one in values]
    if any_case:
        return str(value).lower() in [one.lower() for one in texts]
    return str(value) in texts


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _outside(size: float | None, span: list[float | None], unit: str) -> str | None:
    low, high = span
    if size is not None and (low is None or size >= low) and (high is None or size <= high):
        return None
    if low is None or high is None:
        return f"at {'most' if low is None else 'least'} {high if low is None else low:g} {unit}".strip()
    return f"{low:g} to {high:g} {unit}".strip()
