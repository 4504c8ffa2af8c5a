"""Plans written by hand: of one resource, and of the mistakes in `mistakes.yaml`."""

from __future__ import annotations

import copy
import hashlib
import re
from pathlib import Path
from typing import Any

import yaml

from infra.plan.check import check
from infra.plan.check.finding import Finding
from infra.plan.model import Plan, Resource


def _read(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))


MISTAKES = _read("mistakes.yaml")
AFTERWARDS = _read("mistakes_after.yaml")
"""Written when the rules were done; see the head of the file."""
THIRD = _read("mistakes_third.yaml")
"""Written of types for which there was no rule; see the head of the file."""
FOURTH = _read("mistakes_fourth.yaml")
"""Written by somebody who had not seen the checks; see the head of the file."""
FIFTH = _read("mistakes_fifth.yaml")
"""As the fourth; see the head of the file."""


def resource(type_: str, inputs: dict[str, Any], name: str = "it", **more: Any) -> Resource:
    """A resource as a plan holds it."""
    urn = f"urn:pulumi:dev::landfall::{type_}::{name}"
    return Resource(urn=urn, type=type_, name=name, inputs=inputs, source="here.py:1", **more)


def found(type_: str, inputs: dict[str, Any], *others: Resource) -> list[Finding]:
    """What the checks find in a plan of that resource and others."""
    return check(Plan("dev", "", (resource(type_, inputs), *others)))


def mistaken(mistake: dict[str, Any], inputs: dict[str, Any]) -> list[Finding]:
    """What the checks find with these inputs in the mistake's place."""
    more = [resource(w["type"], w["inputs"], f"with{i}") for i, w in enumerate(mistake.get("with", []))]  # fmt: skip
    return found(mistake["type"], inputs, *more)


def wrong(mistake: dict[str, Any]) -> dict[str, Any]:
    """The sound inputs with the mistake in them."""
    inputs = copy.deepcopy(mistake["good"])
    keys = [
        int(key[1:-1]) if key.startswith("[") else key
        for key in re.findall(r"\[\d+\]|[^.\[\]]+", mistake["path"])
    ]
    at: Any = inputs
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = mistake["wrong"]
    return inputs


def held_out(mistake: dict[str, Any]) -> bool:
    """Whether nobody may look at it while writing rules."""
    return int(hashlib.sha256(mistake["id"].encode()).hexdigest(), 16) % 3 == 1


def at_fault(finding: Finding, mistake: dict[str, Any]) -> bool:
    """Whether a finding is about the place of the mistake (or, of a document, what lies in it)."""
    stem = re.split(r"[.\[]", mistake["path"])[0]
    return finding.name == "it" and finding.path.startswith(stem)
