"""The first screen: three sentences and five figures that a client understands in half a minute."""

from __future__ import annotations

from typing import Any

from landfall.report import words
from landfall.report.gather import Facts
from landfall.report.view import View, competitors, metric_of, model_name


def headline(facts: Facts) -> View:
    """Title, sentences and tiles, each resting on what there is."""
    problem = facts.problem
    title = words.name_of(problem["name"]) if problem else "Data flow"
    span = ""
    if facts.months:
        first, last = facts.months[0].month, facts.months[-1].month
        span = (
            words.month_name(first)
            if first == last
            else f"{words.month_name(first)} to {words.month_name(last)}"
        )
    question = problem["question"] if problem else ""
    return {
        "title": title,
        "question": question,
        "span": span,
        "sentences": _sentences(facts),
        "tiles": _tiles(facts),
    }


def _sum(facts: Facts, key: str) -> int:
    return sum(one.totals[key] for one in facts.months)


def latest(facts: Facts) -> tuple[Any, float | None, float | None]:
    """The last month on which the model now in use was measured, its metric there, the baseline's."""
    if not facts.problem:
        return None, None, None
    metric, now = facts.problem["metric"], in_force(facts)
    for one in reversed(facts.months):
        gate = one.steps["gate"] or {}
        there = {c["name"]: c for c in competitors(one)}
        entry = (
            there.get(str(gate.get("winner")))
            if one.decision == "PROMOTE"
            else gate.get("champion")
        )
        if entry and now and entry.get("version") == now.get("version"):
            return one.month, metric_of(entry, metric), metric_of(there.get("baseline"), metric)
    return None, None, None


def _promotions(facts: Facts) -> list[dict[str, Any]]:
    return [e for e in facts.record if e.get("action") == "promote"]


def in_force(facts: Facts) -> dict[str, Any] | None:
    """The record's entry by which the model now in use came into use."""
    return next(
        (e for e in reversed(facts.record) if e.get("action") in ("promote", "rollback")), None
    )


def _sentences(facts: Facts) -> list[str]:
    if not facts.months:
        return ["Nothing has run yet. The first command is: landfall run --all."]
    received, aside = _sum(facts, "received"), _sum(facts, "quarantined")
    months = len(facts.months)
    kept = "All of them met the data contract."
    if aside:
        kept = (
            f"{aside:,} of them broke the data contract and {'was' if aside == 1 else 'were'} set aside "
            f"with {'its reason' if aside == 1 else 'their reasons'}; none was lost."
        )
    found = [f"{received:,} rows arrived in {months} month{'s' if months > 1 else ''}. {kept}"]
    now = in_force(facts)
    if now and facts.problem:
        month, value, base = latest(facts)
        name = words.metric_name(facts.problem["metric"])
        text = f"The model in use is {model_name(now)}."
        if value is not None and month is not None:
            text += f" In {words.month_name(month)}, which it had not seen, it reached a {name} of {words.figure(value)}"
            text += (
                f"; the plainest guess reaches {words.figure(base)}." if base is not None else "."
            )
        found.append(text)
        changed = len(_promotions(facts)) - 1
        by_hand = any("verdict" not in e for e in _promotions(facts)[1:]) or any(
            e.get("action") == "rollback" for e in facts.record
        )
        how = (
            "by the gate or by a person's decision"
            if by_hand
            else "each time only after a challenger had beaten it on the same rows"
        )
        found.append(
            f"The champion was replaced {words.times(changed)} over the time, {how}."
            if changed > 0
            else "It has not been replaced yet."
        )
    elif facts.problem:
        found.append("No model is in use yet.")
    return found


def _tiles(facts: Facts) -> list[View]:
    if not facts.months:
        return []
    received, aside, twice = (_sum(facts, key) for key in ("received", "quarantined", "duplicates"))
    tiles: list[View] = [
        {"name": "Rows checked", "value": f"{received:,}", "note": f"{words.share(aside / received, 2) if received else '–'} set aside, {twice:,} duplicates"}
    ]  # fmt: skip
    if facts.problem:
        _, value, base = latest(facts)
        now = in_force(facts)
        since = next(
            (
                e.get("month")
                for e in reversed(facts.record)
                if e.get("action") in ("promote", "rollback")
            ),
            None,
        )
        tiles.append(
            {
                "name": "Model in use",
                "value": model_name(now) if now else "none yet",
                "note": f"since {since}" if since else "nothing was promoted",
            }
        )
        better = (
            f"the plainest guess {words.figure(base)}"
            if base is not None
            else "no baseline to compare"
        )
        tiles.append(
            {
                "name": words.metric_name(facts.problem["metric"]),
                "value": words.figure(value),
                "note": better if value is not None else "not judged yet",
            }
        )
        alarms = sum(bool((one.steps["drift"] or {}).get("alarm")) for one in facts.months)
        drifted = sum(bool((one.steps["drift"] or {}).get("drifted")) for one in facts.months)
        tiles.append(
            {
                "name": "Drift alarms",
                "value": f"{alarms}",
                "note": f"{drifted} of {len(facts.months)} months differed from before",
                "warn": alarms > 0,
            }
        )
    seconds = sum(sum(one.seconds.values()) for one in facts.months)
    took = words.duration(seconds) if seconds else "not recorded"
    if facts.provider == "local":
        tiles.append({"name": "Cloud cost", "value": "0", "note": f"{took} on one machine"})
    else:
        tiles.append(
            {"name": "Run time", "value": took, "note": f"see the bill of {facts.provider}"}
        )
    return tiles
