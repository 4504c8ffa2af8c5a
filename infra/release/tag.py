"""The git tag of an applied release: which commit a stack was last applied from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from landfall.errors import LandfallError, Refused

if TYPE_CHECKING:
    from infra.release.release import Release
    from landfall.project import Project


def tag(project: Project, release: Release, folder: Path, *, push: bool) -> str:
    """Tag the release's commit (HEAD where it names none), and push the tag to `origin` where asked.

    Raises Refused where the release was not applied.
    """
    outcome = folder / "outcome.json"
    if (
        not outcome.is_file()
        or json.loads(outcome.read_text(encoding="utf-8"))["result"] != "succeeded"
    ):
        raise Refused(
            f"The release in {folder} was not applied.", fix=f"landfall stack up {folder}"
        )
    made = "".join(one for one in release.made if one.isdigit())[:14]
    name = f"applied/{release.stack}/{made}-{release.digest[:12]}"
    message = f"{release.stack} applied: {release.digest}"
    who = ("-c", "user.name=landfall", "-c", "user.email=landfall@localhost")
    _git(
        project, *who, "tag", "--annotate", "--force", "--message", message, name,
        release.commit or "HEAD",
    )  # fmt: skip
    if push:
        _git(project, "push", "origin", f"refs/tags/{name}")
    return name


def _git(project: Project, *arguments: str) -> None:
    done = subprocess.run(
        ["git", *arguments], cwd=project.root, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        raise LandfallError(
            f"git could not do it: {done.stderr.strip()[-300:]}",
            so="The stack is applied; only its tag is missing.",
            fix=f"By hand: git {' '.join(arguments[-2:])}",
        )
