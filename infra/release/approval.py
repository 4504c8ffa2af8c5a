"""When a person has to say yes, and the yes itself: bound to a release's digest, by somebody the intent names.

Asked where risk or cost asks for it, and nowhere else, so that a yes keeps its meaning. Leaves out who somebody is:
Jenkins knows its users; a person at a shell is taken at their word, so production is applied by Jenkins.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.plan.cost.training import UNASKED
from infra.plan.risk import ORDER, Risk
from landfall.errors import Refused, UsageError

if TYPE_CHECKING:
    from landfall.intent import Intent

FROM = "medium"
"""The mildest risk that a person looks at: service is interrupted, or rights grow."""
FILE = "approval.json"


class Due(BaseModel):
    """Whether somebody has to say yes, why, and who may."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    needed: bool
    reasons: list[str]
    approvers: list[str]


class Approval(BaseModel):
    """An answer, as `approval.json` keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stack: str
    digest: str
    answer: Literal["yes", "no"]
    by: str
    at: str
    why: str = ""
    build: str = ""


def due(
    intent: Intent, kind: str, risks: Sequence[Risk], cost: dict[str, Any], *, first: bool
) -> Due:
    """Whether the release needs a yes. `first`: nothing of the stack exists yet."""
    reasons = []
    if kind == "destroy":
        reasons.append("the whole stack is destroyed")
    if first and kind == "up" and intent.environment == "prod":
        reasons.append("it is the first apply of a production stack")
    if not first:
        graded = [one for one in risks if ORDER.index(one.severity) <= ORDER.index(FROM)]
        reasons += [f"{one.severity} risk: '{one.resource}' {one.reason}" for one in graded]
    budget = (cost.get("budget") or {}).get("amount_usd")
    if not first and budget and cost["delta"] > UNASKED * budget:
        reasons.append(
            f"the expected cost rises by {cost['delta']:,.0f} USD a month, more than {UNASKED:.0%} of the budget"
        )
    grown = cost["unpriced"]["after"] - cost["unpriced"]["before"]
    if not first and grown > 0:
        reasons.append(f"what {grown} more resources cost is not known")
    approvers = intent.jenkins.approvers if intent.jenkins else []
    return Due(needed=bool(reasons), reasons=reasons, approvers=sorted(approvers))


def answer(
    folder: Path, release: Any, by: str, digest: str, *, yes: bool, why: str, build: str
) -> Approval:
    """Keep an answer to the release in `folder`; raises Refused where it cannot count."""
    if digest != release.digest:
        raise Refused(
            f"The answer is to {digest[:12]}…, and the release of {release.stack} is {release.digest[:12]}….",
            so="What was looked at is not what would be applied.",
            fix="Look at the release that is there now, and answer that.",
        )
    allowed = {one.casefold() for one in release.approval.approvers}
    if yes and by.casefold() not in allowed:
        named = ", ".join(release.approval.approvers) or "nobody"
        raise Refused(
            f"{by or 'Nobody'} may not approve {release.stack}; the intent names {named}.",
            fix="Ask one of them, or change jenkins.approvers by a reviewed commit.",
        )
    given = Approval(
        stack=release.stack, digest=digest, answer="yes" if yes else "no", by=by, why=why, build=build,
        at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    text = json.dumps(given.model_dump(mode="json"), indent=1, sort_keys=True)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")
    return given


def demand(folder: Path, release: Any) -> Approval | None:
    """The yes that the release has; None where it needs none. Raises Refused where it needs one and has none."""
    given = _given(folder)
    if given is not None and given.answer == "no":
        raise Refused(
            f"{given.by} refused this release of {release.stack}"
            + (f": {given.why}" if given.why else "."),
            so="Nothing was applied.",
            fix="Change what they object to, and preview again.",
        )
    if not release.approval.needed:
        return None
    if given is None:
        raise Refused(
            f"This release of {release.stack} needs a yes: {'; '.join(release.approval.reasons[:3])}.",
            so="Nothing was applied.",
            fix=f"landfall stack approve {folder} --by PERSON --digest {release.digest}",
        )
    if (given.stack, given.digest) != (release.stack, release.digest):
        raise Refused(
            f"The yes of {given.by} is to another release ({given.digest[:12]}…).",
            so="Nothing was applied: what was approved is not what would be applied.",
            fix="Let them look at this one.",
        )
    if given.by.casefold() not in {one.casefold() for one in release.approval.approvers}:
        raise Refused(f"{given.by} may not approve {release.stack}.", fix="Ask an approver.")
    return given


def _given(folder: Path) -> Approval | None:
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        return Approval.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise UsageError(
            f"{file} is no approval: {str(error).splitlines()[0]}.", fix="Answer again."
        ) from None
