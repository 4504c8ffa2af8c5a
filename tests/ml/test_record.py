"""The promotion record: its chain shows every change, and its champions follow a stack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.errors import LandfallError, UsageError
from landfall.storage import Store
from ml.record import GENESIS, Record, champions, digest, parse_chain, rollback_target


def chain(actions: list[tuple[str, int]]) -> str:
    """The text of a record with these actions."""
    lines, previous = [], GENESIS
    for number, (action, version) in enumerate(actions, 1):
        entry = {
            "seq": number, "prev": previous, "month": "2013-03", "action": action,
            "version": version, "who": "a", "why": "é\u2028b", "metrics": {"pr_auc": 0.1 * number},
        }  # fmt: skip
        entry["hash"] = previous = digest(entry)
        lines.append(json.dumps(entry, sort_keys=True, separators=(",", ":")))
    return "".join(line + "\n" for line in lines)


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["promote", "rollback", "hold", "reject"]), st.integers(1, 5)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(actions=ACTIONS)
def test_an_untouched_chain_holds(actions):
    entries, faults = parse_chain(chain(actions))
    assert faults == []
    assert [(e["action"], e["version"]) for e in entries] == actions


@settings(max_examples=150)
@given(actions=ACTIONS, data=st.data())
def test_any_changed_character_shows(actions, data):
    text = chain(actions)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([c for c in "0a}\n" if c != text[at]]))
    assert parse_chain(text[:at] + other + text[at + 1 :])[1]


@settings(max_examples=60)
@given(actions=ACTIONS, data=st.data())
def test_a_removed_or_moved_entry_shows(actions, data):
    lines = chain([*actions, ("promote", 1)]).splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 2))
    assert parse_chain("".join(lines[:at] + lines[at + 1 :]))[1]
    assert parse_chain("".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]))[1]


@settings(max_examples=60)
@given(actions=ACTIONS, data=st.data())
def test_a_torn_tail_shows(actions, data):
    text = chain(actions)
    last = text.rstrip("\n").rfind("\n") + 1
    cut = data.draw(st.integers(last + 1, len(text) - 1))
    assert parse_chain(text[:cut])[1]


@settings(max_examples=100)
@given(actions=ACTIONS)
def test_a_rollback_gives_back_exactly_the_champion_before(actions):
    entries = [{"action": a, "version": v, "month": "2013-03"} for a, v in actions]
    stack = champions(entries)
    if not stack:
        return
    another = {"action": "promote", "version": 99, "month": "2013-04"}
    back = {
        "action": "rollback",
        "version": rollback_target([*entries, another], None),
        "month": "2013-04",
    }
    assert champions([*entries, another, back])[-1] == stack[-1]


def test_holds_and_rejections_change_no_champion():
    entries = [{"action": a, "version": 3, "month": "2013-03"} for a in ("hold", "reject")]
    assert champions(entries) == []


def test_a_champion_is_asked_for_as_of_the_months_before():
    entries = [
        {"action": "promote", "version": 1, "month": "2013-03"},
        {"action": "promote", "version": 2, "month": "2013-04"},
        {"action": "rollback", "version": 1, "month": "2013-04"},
    ]
    assert champions(entries, before="2013-03") == []
    assert champions(entries, before="2013-04") == [1]
    assert champions(entries[:2], before="2013-05") == [1, 2]
    assert champions(entries, before="2013-05") == [1]


def test_a_rollback_needs_somewhere_to_go():
    one = [{"action": "promote", "version": 1, "month": "2013-03"}]
    with pytest.raises(UsageError, match="no earlier champion"):
        rollback_target(one, None)
    two = [*one, {"action": "promote", "version": 2, "month": "2013-04"}]
    with pytest.raises(UsageError, match="no earlier champion; those are 1"):
        rollback_target(two, 7)


def test_entries_follow_each_other_on_disk_and_a_lost_end_shows_against_the_head(make_context):
    ctx = make_context()
    record = Record(ctx.platform, "late_arrival")
    assert record.champion() is None
    record.append("promote", "ann", "first", {"version": 1, "month": "2013-03"})
    last = record.append("promote", "bob", "second", {"version": 2, "month": "2013-04"})
    assert record.champion() == 2
    assert record.verify(last["hash"]) == []
    store = Store(ctx.platform.storage.artifacts)
    kept = record.text().splitlines(keepends=True)[0]
    store.write(record.path, kept.encode())
    assert record.verify() == []
    assert "no longer there" in record.verify(last["hash"])[0]


def test_nothing_is_appended_to_a_broken_chain(make_context):
    ctx = make_context()
    record = Record(ctx.platform, "late_arrival")
    record.append("promote", "ann", "first", {"version": 1, "month": "2013-03"})
    path = Path(ctx.platform.storage.artifacts.removeprefix("file://")) / record.path
    path.write_text(path.read_text().replace("ann", "eve"))
    with pytest.raises(LandfallError, match="entry 1 was changed"):
        record.append("promote", "bob", "second", {"version": 2, "month": "2013-04"})
    with pytest.raises(LandfallError, match="does not hold"):
        record.champion()
