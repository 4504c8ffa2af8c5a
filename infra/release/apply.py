"""Apply a release: exactly what was looked at, or nothing.

Before the engine is let loose: the sources are those of the release, the yes is there where one is due, nothing is
left pending, and a fresh preview comes to the same digest; that preview's plan then binds the apply. One apply a
stack at a time is the engine's own lock; a lock that a finished build of ours left is recovered once.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.release.approval import Approval, demand
from infra.release.builds import Builds
from infra.release.digest import sources_digest
from infra.release.engine import Done, Engine
from infra.release.locks import applying
from infra.release.release import Looked, Release, look, read
from infra.release.state import read_state
from infra.release.unlocked import run_unlocked
from infra.release.words import events, failure, not_needed
from landfall.cli.output import status
from landfall.errors import LandfallError, Refused

if TYPE_CHECKING:
    from landfall.project import Project


@dataclass(frozen=True)
class Outcome:
    """What an apply came to. JSON as `landfall stack up --output json` prints it."""

    stack: str
    kind: str
    digest: str
    result: str
    """`succeeded`; a failure raises."""
    changes: dict[str, int]
    seconds: float
    approved_by: str
    recovered: list[str]
    """The finished builds of ours whose locks were recovered."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return dict(vars(self))


def apply(project: Project, engine: Engine, builds: Builds, folder: Path, kind: str) -> Outcome:
    """Apply the release in `folder`; raises Refused where it may not be, LandfallError where it failed."""
    release = read(folder)
    if release.kind != kind:
        raise Refused(
            f"The release in {folder} is for `{release.kind}`, not for `{kind}`.",
            fix=f"landfall stack {release.kind} {folder}",
        )
    if release.refused:
        raise Refused(
            f"This release of {release.stack} is refused: {'; '.join(release.refused[:3])}.",
            so="Nothing was applied.",
            fix="Mend it and preview again.",
        )
    if sources_digest(project, release.stack) != release.sources:
        raise _changed(release, "the program or the stack's file is not what it was made from")
    given = demand(folder, release)
    bound = folder.absolute() / "bound-plan.json"
    arguments = [kind, "--yes", "--skip-preview", "--json"]
    if kind == "up":
        arguments += ["--plan", str(bound)]
    try:
        looked = _still_the_same(engine, builds, release, bound)
        done, recovered = run_unlocked(
            engine, builds, release.stack, *arguments,
            again=lambda: _still_the_same(engine, builds, release, bound),
        )  # fmt: skip
    finally:
        bound.unlink(missing_ok=True)  # it holds the inputs of all resources
    spared = not_needed(done, looked.preview) if done.code != 0 else set[str]()
    if spared:
        names = ", ".join(sorted(one.rpartition("::")[2] for one in spared))
        status(f"{len(spared)} adopted resource(s) wanted no change after all: {names}")
    whole = done.code == 0 or bool(spared)
    outcome = _outcome(release, done, given, recovered, whole)
    _keep(folder, outcome, done)
    if not whole:
        raise _failed(engine, done, release)
    _remember(builds, folder, release, outcome)
    return outcome


def _remember(builds: Builds, folder: Path, release: Release, outcome: Outcome) -> None:
    """Keep what is applied now, for `landfall clients` and for the next upgrade to be held against."""
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    kept = {key: plan[key] for key in ("stack", "cloud", "resources", "outputs")}
    builds.note("plan", release.stack, kept)
    builds.note(
        "applied",
        release.stack,
        {
            **outcome.as_dict(),
            **{
                key: getattr(release, key) for key in ("client", "environment", "version", "commit")
            },
            "cost": release.cost["after"],
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )


def _still_the_same(engine: Engine, builds: Builds, release: Release, bound: Path) -> Looked:
    status(f"{release.stack}: looking once more, so that what is applied is what was looked at")
    looked = look(engine, release.stack, release.kind, release.sources, save_plan=bound)
    if looked.state.pending:
        first = looked.state.pending[0]
        # An apply that runs has operations under way, too, and they need no settling.
        raise applying(release.stack, builds) or Refused(
            f"{len(looked.state.pending)} operation(s) of {release.stack} were left pending, first "
            f"'{first.name}' ({first.doing}).",
            so="The engine does not know what became of them; nothing was applied.",
            fix=f"landfall stack recover {release.stack}",
        )
    if looked.digest != release.digest:
        raise _changed(release, "a preview comes to other changes now")
    return looked


def _changed(release: Release, why: str) -> Refused:
    return Refused(
        f"{release.stack} has changed since it was previewed: {why}.",
        so="Nothing was applied: the plan is not the one that was looked at and approved.",
        fix=f"Preview again, and let it be approved again: landfall stack preview {release.stack} --release DIR",
    )


def _outcome(
    release: Release, done: Done, given: Approval | None, recovered: list[str], whole: bool
) -> Outcome:
    summary = next(
        (one["summaryEvent"] for one in reversed(events(done.out)) if "summaryEvent" in one), {}
    )
    changes = Counter(summary.get("resourceChanges") or {})
    changes.pop("same", None)
    return Outcome(
        release.stack, release.kind, release.digest,
        "succeeded" if whole else "failed",
        dict(sorted(changes.items())), round(done.seconds, 1), given.by if given else "", recovered,
    )  # fmt: skip


def _keep(folder: Path, outcome: Outcome, done: Done) -> None:
    text = json.dumps(outcome.as_dict(), indent=1, sort_keys=True)
    (folder / "outcome.json").write_text(text + "\n", encoding="utf-8")
    (folder / "events.jsonl").write_text(done.out, encoding="utf-8")


def _failed(engine: Engine, done: Done, release: Release) -> LandfallError:
    error = failure(done, release.stack, release.kind)
    pending = read_state(engine, release.stack).pending
    if pending:
        names = ", ".join(f"{one.name} ({one.doing})" for one in pending)
        error.so = f"{error.so} Left pending: {names}.".strip()
        error.fix = f"landfall stack recover {release.stack}"
    return error
