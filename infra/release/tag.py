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


def tag(project: Project, release: Release, folder: Path) -> str:
    """Tag the release's commit (HEAD where it names none); raises Refused where it was not applied."""
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
    done = subprocess.run(
        ["git", "-c", "user.name=landfall", "-c", "user.email=landfall@localhost", "tag", "--annotate",
         "--force", "--message", message, name, release.commit or "HEAD"],
        cwd=project.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise LandfallError(
            f"git made no tag: {done.stderr.strip()[:300]}", fix="Tag it by hand: git tag " + name
        )
    return name
