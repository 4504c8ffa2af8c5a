"""Which stacks a change touches, told by the files of `git diff`: so that a build plans these and no other.

Errs on the side of too many: a file of the program touches every stack whose cloud it serves. Says, too, which of
them a build of a branch applies. Leaves out whether it may: `admit.py` judges that, by the checked intent.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import PurePosixPath

from landfall.errors import UsageError
from landfall.intent.governance import Jenkins
from landfall.project import STACK_PREFIX, Project, read_intent

_CLOUDS = {"gcp": "gcp", "aws": "aws", "azure": "azure"}
_PROGRAM = ("infra/", "landfall/", "Pulumi.yaml", "requirements/infra.txt")
_NOT_THE_PROGRAM = (
    "landfall/cli/",
    "landfall/report/",
    "infra/release/",
    "infra/plan/",
    "infra/policy/",
)
"""Below the program's folders, but no part of what is built."""


def touched(project: Project, base: str) -> dict[str, str]:
    """Stack → why it is touched, for the changes since the common ancestor with `base`; raises UsageError for a bad one."""
    return of_files(project, changed_files(project, base))


def changed_files(project: Project, base: str) -> list[str]:
    """The files that differ between HEAD and its common ancestor with `base`."""
    if base.startswith("-"):
        raise UsageError(f"'{base}' is no git reference.", fix="For example: --base origin/main")
    done = subprocess.run(
        ["git", "diff", "--name-only", "-z", f"{base}...HEAD", "--"],
        cwd=project.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise UsageError(
            f"git cannot compare with '{base}': {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no reason given'}",
            so="Which stacks are touched is not known.",
            fix="Fetch it first (a shallow clone lacks history): git fetch --unshallow origin main",
        )
    return [name for name in done.stdout.split("\0") if name]


def of_files(project: Project, files: list[str]) -> dict[str, str]:
    """The same for a list of changed files, relative to the project."""
    found: dict[str, str] = {}
    for stack in project.stacks():
        why = _why(project, stack, files)
        if why is not None:
            found[stack] = why
    return found


def of_client(project: Project, stacks: Iterable[str], client: str) -> list[str]:
    """Those of the stacks that are this client's (its slug), and those that do not say whose they are."""
    found = []
    for stack in stacks:
        named = project.read_stack(stack).get("client")
        slug = named.get("slug") if isinstance(named, dict) else None
        if slug in (client, None):
            found.append(stack)
    return found


def not_applied(project: Project, stack: str, branch: str) -> str | None:
    """Why a build of this branch does not apply the stack; None where it does."""
    jenkins = project.read_stack(stack).get("jenkins")
    if jenkins is None:
        return "its intent names no Jenkins: apply it by hand, or add `jenkins` to it"
    default = Jenkins.model_fields["branch"].default
    own = jenkins.get("branch", default) if isinstance(jenkins, dict) else default
    return None if own == branch else f"its intent applies '{own}', this is '{branch}'"


def _why(project: Project, stack: str, files: list[str]) -> str | None:
    raw = project.read_stack(stack)
    cloud = raw.get("cloud")
    provider = cloud.get("provider") if isinstance(cloud, dict) else None
    if provider not in _CLOUDS:
        return None
    own = {
        f"{project.stacks_dir.name}/{STACK_PREFIX}{name}.yaml" for name in _chain(project, stack)
    }
    for file in files:
        if file in own:
            return file
        if file.startswith(_PROGRAM) and not file.startswith(_NOT_THE_PROGRAM):
            part = PurePosixPath(file).parts
            if part[0] == "infra" and len(part) > 2 and part[1] in _CLOUDS and part[1] != provider:
                continue
            return file
    return None


def _chain(project: Project, stack: str) -> list[str]:
    """The stack and those it is `like`."""
    names = [stack]
    like = read_intent(project.stack_file(stack)).get("like")
    while isinstance(like, str) and like not in names:
        names.append(like)
        like = read_intent(project.stack_file(like)).get("like")
    return names
