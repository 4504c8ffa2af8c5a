"""The step `promote`, and the same by hand: the record first, the alias after, a notice to people.

The record decides; the alias follows it and is mended from it (`ml.registry.sync_alias`) where a kill
came between. Judges nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from landfall.errors import Refused
from landfall.month import Month
from landfall.platform import Platform
from landfall.project import person
from ml.record import Entry, Record, champions, rollback_target
from ml.registry import sync_alias, version_info
from ml.verdict import answer_to, heeded
from pipelines.context import Context, Json

_APPLIED = {"PROMOTE": "promoted", "HOLD": "held", "REJECT": "rejected", "NONE": "none"}
_HEAD = "record_head"


def apply_verdict(ctx: Context, month: Month) -> Json:
    """Write the month's verdict to the record, move the alias where it says so, tell people of HOLD and REJECT.

    Returns `applied` (`promoted`, `held`, `rejected`, `none`), `version`, `record` (hash), `notified`.
    Applying the same verdict again changes nothing and tells nobody twice (after a kill, at least once).
    """
    said = ctx.result(month, "answer")
    gate = heeded(ctx.need(month, "gate"), ctx.result(month, "canary"), said)
    problem = ctx.ml.problem.name
    decision = gate["decision"]
    if decision == "NONE":
        sync_alias(ctx.platform, problem)
        return {"applied": "none", "version": None, "record": None, "notified": False}
    check_head(ctx.platform, problem)
    entry = _recorded(ctx, month, gate) or _append(ctx, month, gate, answer_to(gate, said))
    keep_head(ctx.platform, problem, entry)
    notified = decision == "PROMOTE" or _notify_once(ctx, month, gate, entry)
    return {
        "applied": _APPLIED[decision],
        "version": entry["version"],
        "record": entry["hash"],
        "notified": notified and decision != "PROMOTE",
    }


def promote_by_hand(platform: Platform, problem: str, version: int, why: str) -> Entry:
    """Make a version champion on a person's word; raises UsageError (unknown version), Refused (it is already)."""
    info = version_info(platform, problem, version)
    record = Record(platform, problem)
    check_head(platform, problem)
    if record.champion() == version:
        raise Refused(f"Version {version} is the champion already.", so="Nothing was changed.")
    entry = record.append("promote", person(), why, _facts_by_hand(record, info, "PROMOTE"))
    keep_head(platform, problem, entry)
    return entry


def roll_back(platform: Platform, problem: str, to: int | None, why: str) -> Entry:
    """Make an earlier champion (the one before, unless told) champion again; raises UsageError."""
    record = Record(platform, problem)
    check_head(platform, problem)
    version = rollback_target(record.entries(), to)
    info = version_info(platform, problem, version)
    entry = record.append("rollback", person(), why, _facts_by_hand(record, info, "ROLLBACK"))
    keep_head(platform, problem, entry)
    return entry


def check_head(platform: Platform, problem: str) -> None:
    """Raise Refused where the record lacks the last entry that MLflow knows of: its end was cut off."""
    faults = Record(platform, problem).verify(known_head(platform, problem))
    if faults:
        raise Refused(
            f"The promotion record of '{problem}' does not hold: {faults[0]}.",
            so="Nothing was promoted.",
            fix="See every fault with `landfall model history`, then restore the file from a backup.",
        )


def known_head(platform: Platform, problem: str) -> str | None:
    """The hash of the last entry, as kept beside the record in MLflow; None before the first."""
    from mlflow.exceptions import MlflowException

    from ml.tracking import open_client

    try:
        return open_client(platform).get_registered_model(problem).tags.get(_HEAD)
    except MlflowException:
        return None


def keep_head(platform: Platform, problem: str, entry: Entry) -> None:
    """Make MLflow follow the record: the alias, and the hash of the newest entry."""
    from ml.tracking import open_client

    sync_alias(platform, problem)
    newest = Record(platform, problem).entries()[-1]["hash"]
    client = open_client(platform)
    client.set_registered_model_tag(problem, _HEAD, newest)
    tag = {"promote": "PROMOTE", "hold": "HOLD", "reject": "REJECT"}.get(entry["action"])
    if tag and entry["version"] is not None:
        client.set_model_version_tag(problem, str(entry["version"]), "decision", tag)


def _recorded(ctx: Context, month: Month, gate: Json) -> Entry | None:
    """The entry of this very verdict, where it is the month's newest by the flow."""
    entries = Record(ctx.platform, ctx.ml.problem.name).entries()
    mine = [e for e in entries if e["month"] == str(month) and "verdict" in e]
    return mine[-1] if mine and mine[-1]["verdict"] == _verdict_digest(gate) else None


def _append(ctx: Context, month: Month, gate: Json, answer: Json | None) -> Entry:
    """Add the verdict; where a person was asked, the entry is theirs and says what they answered, when and why."""
    record = Record(ctx.platform, ctx.ml.problem.name)
    action: Any = {"PROMOTE": "promote", "HOLD": "hold", "REJECT": "reject"}[gate["decision"]]
    foremost = _foremost(gate)
    info = version_info(ctx.platform, ctx.ml.problem.name, foremost["version"]) if foremost else {}
    facts = {
        "month": str(month),
        "decision": gate["decision"],
        "version": info.get("version"),
        "candidate": info.get("candidate"),
        "run_id": info.get("run_id"),
        "snapshot": info.get("snapshot"),
        "code": info.get("code"),
        "metrics": foremost["metrics"] if foremost else {},
        "champion": (gate["champion"] or {}).get("version"),
        "judged": {str(one["version"]): one["outcome"] for one in gate["candidates"]},
        "verdict": _verdict_digest(gate),
    }
    if answer:
        facts["answer"] = {key: answer[key] for key in ("said", "who", "why", "time")}
    who = f"flow ({answer['who'] if answer else person()})"
    return record.append(action, who, explain(gate), facts)


def _foremost(gate: Json) -> Json | None:
    """The winner, else the candidate that came nearest: held before rejected, then by the metric."""
    from landfall.intent.ml import HIGHER_IS_BETTER

    if not gate["candidates"]:
        return None
    sign = 1 if HIGHER_IS_BETTER[gate["metric"]] else -1

    def rank(one: Json) -> tuple[bool, bool, float]:
        value = one["metrics"][gate["metric"]]
        held = one["outcome"] in ("PROMOTE", "HOLD")
        return one["name"] == gate["winner"], held, sign * value if value is not None else -1e300

    return max(gate["candidates"], key=rank)


def explain(gate: Json) -> str:
    """One sentence for the record: what spoke for the winner, or against the one that came nearest."""
    foremost = _foremost(gate)
    name = gate["winner"] or (foremost["name"] if foremost else None)
    mine = [c for c in gate["reasons"] if c["candidate"] in (name, None)]
    if gate["decision"] == "PROMOTE":
        for wanted in ("champion", "baseline"):
            for check in mine:
                if check["name"] == wanted:
                    return check["sentence"]
    return " ".join(c["sentence"] for c in mine if c["passed"] is False) or "Nothing was decided."


def _verdict_digest(gate: Json) -> str:
    """What makes two verdicts the same: measured times are left out, they never repeat."""
    models = [gate["champion"], gate["baseline"], *gate["candidates"]]
    said = {
        "decision": gate["decision"],
        "winner": gate["winner"],
        "rows": gate["rows"],
        "models": [(m["name"], m["version"], m["metrics"], m.get("outcome")) for m in models if m],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _facts_by_hand(record: Record, info: Json, decision: str) -> Json:
    """By hand, an entry belongs to the newest month on record: later months are judged against it."""
    entries = record.entries()
    month = max((entry["month"] for entry in entries), default=info["month"])
    known = [e["metrics"] for e in entries if e["version"] == info["version"] and e["metrics"]]
    return {
        "month": max(month, info["month"]),
        "decision": decision,
        "version": info["version"],
        "candidate": info["candidate"],
        "run_id": info["run_id"],
        "snapshot": info["snapshot"],
        "code": info["code"],
        "metrics": known[-1] if known else {},
        "champion": (champions(entries) or [None])[-1],
    }


def _notify_once(ctx: Context, month: Month, gate: Json, entry: Entry) -> bool:
    """Tell the engineers, unless a finished run of this step did so for this very entry."""
    before = ctx.result(month, "promote") or {}
    if before.get("record") == entry["hash"] and before.get("notified"):
        return True
    from pipelines.bus import notify

    body = {
        "id": entry["hash"],
        "problem": ctx.ml.problem.name,
        "month": str(month),
        "decision": gate["decision"],
        "version": entry["version"],
        "why": entry["why"],
        "metric": gate["metric"],
        "metrics": entry["metrics"],
    }
    notify(ctx, f"{ctx.ml.problem.name} {month}: {gate['decision']}", body)
    return True
