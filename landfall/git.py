"""git, asked about a project: what stood where a change began. Leaves out what needs git's own words on a failure."""

from __future__ import annotations

import subprocess

from landfall.errors import LandfallError, UsageError
from landfall.project import Project


def git(project: Project, *arguments: str) -> str | None:
    """What git prints, in the project's folder; None where it says no. Raises LandfallError where there is no git."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=project.root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise LandfallError("git is not installed.", fix="sudo apt-get install -y git") from None
    return done.stdout.strip() if done.returncode == 0 else None


def common_ancestor(project: Project, base: str) -> str:
    """The commit that HEAD and `base` have in common; raises UsageError where git knows none."""
    found = None if base.startswith("-") else git(project, "merge-base", base, "HEAD")
    if not found:
        raise UsageError(
            f"git knows no common ancestor with '{base}'.",
            so="What changed is not known.",
            fix="Fetch it first (a shallow clone lacks history): git fetch --unshallow origin main",
        )
    return found
