"""A month's verdict as it counts: the gate's, held where the canary then failed or a person refused the winner.

The results stay as they were found; whoever acts on a verdict or shows it, reads it here.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

Json = dict[str, Any]


def winner_of(verdict: Json) -> Json | None:
    """The candidate that won; None where none did."""
    found = verdict.get("candidates") or []
    return next((one for one in found if one["name"] == verdict["winner"]), None)


def heeded(gate: Json, canary: Json | None, answer: Json | None = None) -> Json:
    """The gate's verdict, held where the month's canary failed, or a person refused, the same winner."""
    winner = winner_of(gate) if gate["decision"] == "PROMOTE" else None
    if winner is None:
        return gate
    against: list[tuple[str, str]] = []
    if canary and canary.get("passed") is False and canary["version"] == winner["version"]:
        against += [("canary", f"The canary failed: {one}.") for one in canary["reasons"]]
    given = answer_to(gate, answer)
    if given and given["said"] == "refuse":
        why = f": {given['why'].rstrip('.')}." if given["why"] else ", and gave no reason."
        against.append(("answer", f"{given['who']} refused the promotion{why}"))
    return _held(gate, against) if against else gate


def answer_to(gate: Json, answer: Json | None) -> Json | None:
    """A person's answer (`ml.answer`) where it was about this verdict's winner."""
    winner = winner_of(gate)
    return answer if answer and winner and answer["version"] == winner["version"] else None


def in_short(gate: Json, canary: Json | None, answer: Json | None) -> Json:
    """What somebody is asked about: few and short enough for a pod's last message, which holds 4,096 bytes.

    `decision` is the gate's and the canary's; `answer` what a person said before, if anybody did.
    """
    verdict = heeded(gate, canary)
    winner = winner_of(verdict)
    champion, metric = verdict["champion"] or {}, verdict["metric"]
    due = verdict["decision"] == "PROMOTE"
    mine = [one for one in verdict["reasons"] if one["candidate"] in (verdict["winner"], None)]
    return {
        "decision": verdict["decision"],
        "winner": verdict["winner"],
        "version": winner["version"] if winner else None,
        "metric": metric,
        "value": winner["metrics"].get(metric) if winner else None,
        "champion": {"version": champion["version"], "value": champion["metrics"].get(metric)}
        if champion
        else None,
        "approval": {
            "needed": due,
            "reasons": [one["sentence"][:300] for one in mine if one["passed"] is due][:8],
        },
        "answer": answer_to(gate, answer),
    }


def _held(gate: Json, against: list[tuple[str, str]]) -> Json:
    from ml.gate import Check  # with numpy, for the rare month that needs it

    name = gate["winner"]
    reasons = [asdict(Check(kind, name, False, sentence)) for kind, sentence in against]
    candidates = [
        {**one, "outcome": "HOLD" if one["name"] == name else one["outcome"]}
        for one in gate["candidates"]
    ]
    return {
        **gate,
        "decision": "HOLD",
        "reasons": [*gate["reasons"], *reasons],
        "candidates": candidates,
    }
