"""However an intent is spoilt, the answer is an error with sentences, never a crash."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landfall.intent import parse_intent
from landfall.intent.problems import IntentError
from landfall.project import find_project

PROJECT = find_project(Path(__file__))
STACKS = {stack: PROJECT.read_stack(stack) for stack in PROJECT.stacks()}
JUNK = st.sampled_from(
    [None, True, 0, -1, 10**30, 0.5, float("nan"), float("inf"), "", "x", "€\n", "10.0.0.0/33",
     [], [None], [[]], {}, {"a": 1}, {1: 2}, {None: 3}, date(2013, 1, 1), b"\xff", "europe-west4"]
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value below, the containers included."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STACKS)), st.data())
def test_a_spoilt_intent_is_accepted_or_refused_in_words(stack: str, data: st.DataObject) -> None:
    raw = copy.deepcopy(STACKS[stack])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(raw)))
        holder: Any = raw
        for step in path[:-1]:
            holder = holder[step]
        action = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "remove":
            del holder[path[-1]]
        elif action == "add" and isinstance(holder, dict):
            holder[data.draw(st.sampled_from(["extra", "regio", 7]))] = copy.deepcopy(
                data.draw(JUNK)
            )
        else:
            holder[path[-1]] = copy.deepcopy(data.draw(JUNK))
        if not places(raw):
            break
    refused = _refusal(raw, stack)
    if refused is not None:
        assert refused.problems
        assert refused.what.startswith(f"{stack} is not a valid intent (")
        json.dumps(refused.as_dict())


def _refusal(raw: Any, where: str) -> IntentError | None:
    try:
        parse_intent(raw, where)
    except IntentError as error:
        return error
    return None
