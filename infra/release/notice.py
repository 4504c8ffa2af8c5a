"""What people are written when something happens: to whom, under which subject, with which words.

One place for the words, so that Jenkins' mail step, a chat hook and a shell say the same. Leaves out sending.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from landfall.errors import UsageError

if TYPE_CHECKING:
    from infra.release.release import Release
    from landfall.intent import Intent

_SHOWN = 10
_STAYS = ("HOLD", "REJECT")


class Event(StrEnum):
    """What happened."""

    failed = "failed"
    refused = "refused"
    approval = "approval"
    drift = "drift"
    over_budget = "over-budget"
    waivers = "waivers"
    held = "held"
    rolled_back = "rolled-back"
    promoted = "promoted"


_SUBJECT = {
    Event.failed: "a build failed",
    Event.refused: "a change was refused",
    Event.approval: "a change waits for your yes",
    Event.drift: "the cloud is no longer as it was applied",
    Event.over_budget: "the expected cost exceeds the budget",
    Event.waivers: "a waiver has expired or expires soon",
    Event.held: "a model was held: the champion stays",
    Event.rolled_back: "a model was rolled back",
    Event.promoted: "a model was promoted",
}
_WHOM = {
    Event.approval: ("approvers",), Event.drift: ("technical", "security"),
    Event.over_budget: ("technical", "billing"), Event.waivers: ("technical", "security"),
}  # fmt: skip


@dataclass(frozen=True)
class Notice:
    """One message. JSON as `landfall notice --output json` prints it."""

    to: list[str]
    subject: str
    body: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return dict(vars(self))


def notice(
    event: Event, stack: str, intent: Intent, *, release: Release | None = None,
    details: dict[str, Any] | None = None, build: str = "",
) -> Notice:  # fmt: skip
    """The message for an event; `details` is the JSON of the command that found it. `to` is empty where nobody is named."""
    lines = [f"{stack}: {_SUBJECT[event]}.", ""]
    if release is not None:
        lines += _of_release(release)
    if details is not None:
        lines += _of_details(details)
    if build:
        lines += ["", f"The build: {build}"]
    if event is Event.approval:
        lines += [f"Answer there ({build}input/), by the digest that it shows."] if build else []
    subject = f"[landfall] {stack}: {_SUBJECT[event]}"
    return Notice(_to(event, intent), subject, "\n".join(lines).rstrip() + "\n")


def to_client(
    event: Event, client: str, intents: list[dict[str, object]], *,
    details: dict[str, Any] | None = None, build: str = "",
) -> Notice:  # fmt: skip
    """The message to the technical contacts of all of a client's stacks, where no stack is known.

    Takes the intents as they are written: that one of them does not hold may be what happened.
    """
    contacts = [one.get("contacts") for one in intents]
    named = [one.get("technical") for one in contacts if isinstance(one, dict)]
    lines = [f"{client}: {_SUBJECT[event]}.", "", *(_of_details(details) if details else [])]
    lines += ["", f"The build: {build}"] if build else []
    to = sorted({one for one in named if isinstance(one, str)})
    return Notice(to, f"[landfall] {client}: {_SUBJECT[event]}", "\n".join(lines).rstrip() + "\n")


def _to(event: Event, intent: Intent) -> list[str]:
    whom = _WHOM.get(event, ("technical",))
    named: set[str] = set()
    if "approvers" in whom and intent.jenkins:
        named |= set(intent.jenkins.approvers)
    if intent.contacts is not None:
        named |= {getattr(intent.contacts, one) for one in whom if one != "approvers"}
    return sorted(named)


def _of_release(one: Release) -> list[str]:
    changes = ", ".join(f"{n} {op}" for op, n in one.changes.items()) or "no change"
    lines = [
        f"Changes: {changes}.",
        f"Cost: {one.cost['after']:,.0f} USD a month expected ({one.cost['delta']:+,.0f}).",
    ]
    for title, rows in (("Refused", one.refused), ("To be approved", one.approval.reasons)):
        if rows:
            lines += ["", f"{title}:", *[f"  - {row}" for row in rows[:_SHOWN]]]
    return [*lines, "", f"Digest: {one.digest}"]


def _of_details(details: dict[str, Any]) -> list[str]:
    """The lists and words that our commands' JSON holds, in a person's form."""
    lines: list[str] = []
    for key in ("what", "so", "fix", "month", "model", "version", "decision", "winner"):
        if details.get(key):
            lines.append(f"{key}: {details[key]}")
    for key in ("changes", "reasons", "waivers", "checks", "pending"):
        found = (
            _against(details.get(key)) if details.get("decision") in _STAYS else details.get(key)
        )
        if isinstance(found, list) and found:
            lines += [f"{key}:", *[f"  - {_row(one)}" for one in found[:_SHOWN]]]
            if len(found) > _SHOWN:
                lines.append(f"  - … and {len(found) - _SHOWN} more")
    if not lines:
        raise UsageError(
            "The file holds nothing to tell.",
            fix="Give the JSON that a landfall command printed with --output json.",
        )
    return lines


def _against(found: Any) -> Any:
    """Of a gate's checks those that were not passed: they are why the champion stays."""
    if not isinstance(found, list):
        return found
    failed = [one for one in found if not isinstance(one, dict) or one.get("passed") is False]
    return failed or found


def _row(one: Any) -> str:
    if not isinstance(one, dict):
        return str(one)
    if "sentence" in one:
        return str(one["sentence"])
    return ", ".join(
        f"{key} {value}" for key, value in one.items() if value not in ("", None, [], {})
    )
