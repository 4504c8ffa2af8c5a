"""A pull request's plan: what the change would build, held against what its base builds, with no credentials.

The base is recorded in a git worktree of its own, by the base's own program. Leaves out what is really applied: that
is the preview's part, on the branch.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.plan.change import between
from infra.plan.cost import estimate
from infra.plan.load import parse
from infra.plan.model import Plan
from infra.plan.report import assess
from infra.release.digest import sources_digest
from infra.release.masking import Masker
from infra.release.phases import unmarked
from infra.release.release import Release, compose, cost_of, judged, of_all_layers, write
from landfall.errors import LandfallError
from landfall.git import common_ancestor, git
from landfall.project import whole_environment

if TYPE_CHECKING:
    from landfall.intent import Intent
    from landfall.project import Project

_SECONDS = 300


def propose(
    project: Project, stack: str, intent: Intent, base: str, today: datetime.date, folder: Path
) -> Release:
    """Plan the stack here and at the common ancestor with `base`, and write the comparison to `folder`."""
    from infra.plan.stacks import plan_intent

    before = _recorded_at(project, stack, base)
    plan = plan_intent(project, intent, stack)
    assessed = of_all_layers(assess(plan, intent, today, before), project, intent, stack)
    changes = between(before, plan)
    marks = (before.outputs.get("release") or {}) if before.resources else {}
    cost = cost_of(estimate(before, intent) if before.resources else None, assessed.cost)
    made = compose(
        stack, intent, "plan", assessed, changes, cost, digest="", sources=sources_digest(project, stack),
        commit="", first=not before.resources,
        refused=unmarked(changes, {"release": marks}) + judged(assessed),
    )  # fmt: skip
    write(made, None, assessed, folder, Masker(whole_environment()))
    return made


def _recorded_at(project: Project, stack: str, base: str) -> Plan:
    """The stack's plan at the common ancestor with `base`; empty where it has no such stack."""
    nothing = Plan(stack, "", ())
    with _worktree(project, base) as there:
        if not (there / "stacks" / f"Pulumi.{stack}.yaml").is_file():
            return nothing
        file = there / ".landfall-plan.json"
        done = subprocess.run(
            [sys.executable, "-m", "landfall.cli", "plan", stack, "--save", str(file)],
            cwd=there, capture_output=True, text=True, check=False, timeout=_SECONDS,
            env={**whole_environment(), "PYTHONPATH": str(there), "LANDFALL_PROJECT": str(there)},
        )  # fmt: skip
        if not file.is_file():
            raise LandfallError(
                f"{stack} cannot be planned as it is at {base}: {done.stderr.strip()[-500:]}",
                so="What the change does to it is not known.",
                fix="Mend the base first, or plan it alone: landfall plan " + stack,
            )
        content: Any = json.loads(file.read_text(encoding="utf-8"))
    return parse(content, f"the plan at {base}")


@contextmanager
def _worktree(project: Project, base: str) -> Iterator[Path]:
    ancestor = common_ancestor(project, base)
    with tempfile.TemporaryDirectory(prefix="landfall-base-") as folder:
        there = Path(folder) / "base"
        if git(project, "worktree", "add", "--detach", "--force", str(there), ancestor) is None:
            raise LandfallError(f"git made no worktree of {base}.", fix="git worktree prune")
        try:
            yield there
        finally:
            git(project, "worktree", "remove", "--force", str(there))
