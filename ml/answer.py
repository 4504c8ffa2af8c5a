"""A person's word on a month's promotion: kept as the month's `answer`, which `promote` heeds and puts on record.

Leaves out asking: Airflow's approval, Jenkins or a shell does that, and says here who answered what, and why.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from landfall.errors import Refused
from landfall.month import Month
from landfall.project import person
from ml.verdict import heeded, winner_of
from pipelines.context import Context, Json

Said = Literal["approve", "refuse"]


def keep_answer(ctx: Context, month: Month, said: Said, who: str, why: str) -> Json:
    """Keep what a person said of the month's winner: `said`, `who` (else who runs this), `why`, `version`, `time`.

    It counts for this version only, until a later answer takes its place. Raises Refused where the verdict promotes
    nothing, and where it is too late to refuse.
    """
    gate = heeded(ctx.need(month, "gate"), ctx.result(month, "canary"))
    winner = winner_of(gate)
    if gate["decision"] != "PROMOTE" or winner is None:
        raise Refused(
            f"The verdict of {month} is {gate['decision']}: there is no promotion to {said}.",
            so="Nothing was kept.",
            fix=f"landfall model verdict --month {month}",
        )
    if said == "refuse":
        _in_time(ctx, winner["version"])
    told = {
        "month": str(month),
        "said": said,
        "who": who.strip() or person(),
        "why": why.strip(),
        "version": winner["version"],
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    ctx.artifacts.write_json(ctx.result_path(month, "answer"), told)
    return told


def _in_time(ctx: Context, version: int) -> None:
    from ml.record import Record

    if Record(ctx.platform, ctx.ml.problem.name).champion() == version:
        raise Refused(
            f"Version {version} is the champion already: it is too late to refuse its promotion.",
            so="Nothing was changed.",
            fix="landfall model rollback --why …",
        )
