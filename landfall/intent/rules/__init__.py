"""The rules between fields of an Intent: what no single field can know.

Each rule is a function of the Intent that yields problems, with a docstring for the reference page
and the parts that it reads. Pure: no cloud is asked, nothing is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from landfall.intent.rules import adopted, place, room, services  # noqa: F401 (importing registers the rules)
from landfall.intent.rules.base import CLOUD_NAMES, RULES, Problem, nearest

if TYPE_CHECKING:
    from landfall.intent import Intent

__all__ = ["CLOUD_NAMES", "RULES", "Problem", "check", "nearest"]


def check(intent: Intent, broken: frozenset[str] = frozenset()) -> list[Problem]:
    """Every problem between fields, leaving out rules that read a part named in `broken`."""
    return [problem for rule in RULES if not rule.parts & broken for problem in rule.check(intent)]
