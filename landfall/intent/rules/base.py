"""What a rule between fields is, and what it yields."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from landfall.intent.network import PUBLIC_RANGES, too_open

if TYPE_CHECKING:
    from landfall.intent import Intent

CLOUD_NAMES = {"gcp": "Google Cloud", "aws": "AWS", "azure": "Azure", "local": "this machine"}
REGION_EXAMPLE = {"gcp": "europe-west4", "aws": "eu-west-1", "azure": "westeurope"}


class Problem(NamedTuple):
    """One thing wrong: the field's path as Pulumi writes it, the value, the rule, an example that fits."""

    path: str
    value: object
    rule: str
    example: str = ""


class Rule(NamedTuple):
    """A check and the parts of the Intent that it reads (it waits until they are sound)."""

    parts: frozenset[str]
    check: Callable[[Intent], Iterator[Problem]]


RULES: list[Rule] = []


def rule(*parts: str) -> Callable[[Callable[[Intent], Iterator[Problem]]], None]:
    """Register a check that reads these top-level parts."""

    def register(check: Callable[[Intent], Iterator[Problem]]) -> None:
        RULES.append(Rule(frozenset(parts), check))

    return register


def few_and_narrow(path: str, listed: list[str], what: str) -> Iterator[Problem]:
    """What is wrong with the public ranges at `path` that are let in over the internet; `what` says who comes from them."""
    if len(listed) > PUBLIC_RANGES:
        yield Problem(
            path,
            f"{len(listed)} ranges",
            f"may list {PUBLIC_RANGES} ranges at most: {what}",
            "[203.0.113.7/32]",
        )
    for i, text in enumerate(listed):
        if fault := too_open(text):
            yield Problem(f"{path}[{i}]", text, fault, "203.0.113.7/32")


def nearest(word: str, known: list[str]) -> str:
    """The known word that `word` was probably meant to be, or ''."""
    word = word.lower()
    # A word cut short or written out, as `production` for `prod`, is further off than difflib allows.
    for one in known:
        if min(len(one), len(word)) >= 3 and (word.startswith(one) or one.startswith(word)):
            return one
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else ""
