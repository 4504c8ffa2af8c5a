"""Where a cloud stack's Platform comes from: a file that anyone can carry, never the Pulumi command.

`landfall platform show STACK --save` writes it once after each apply, to `platforms/STACK.json` in the home. With
`--share` it goes to `stacks/platform.STACK.json`, to be committed: so Jenkins' data jobs know it from their checkout,
with no way to the state, which holds more than they may see; `landfall stack verify` tells when it is out of date.
A container or a Spark driver, which has no Pulumi and no state, is given the same JSON by LANDFALL_PLATFORM: a
path, or an object's URI (`gs://…`, `s3://…`, `abfss://…`). Holds no secret: a Platform names where secrets lie.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from pydantic import ValidationError

from landfall.errors import LandfallError, UsageError
from landfall.platform import Platform
from landfall.project import Project, environment
from landfall.storage import Store

VARIABLE = "LANDFALL_PLATFORM"


def saved_file(project: Project, stack: str) -> Path:
    """Where `--save` puts a stack's Platform."""
    return project.home / "platforms" / f"{stack}.json"


def shared_file(project: Project, stack: str) -> Path:
    """Where `--share` puts it: beside the stack's own file."""
    return project.stacks_dir / f"platform.{stack}.json"


def save_platform(project: Project, platform: Platform, stack: str, *, share: bool = False) -> Path:
    """Write a stack's Platform as a whole, to the home or to be committed; gives the file."""
    file = shared_file(project, stack) if share else saved_file(project, stack)
    Store(file.parent.as_uri()).write_json(file.name, platform.model_dump(mode="json"))
    return file


def load_platform(project: Project, stack: str) -> Platform:
    """The Platform that the variable names, else the saved, else the shared one.

    Raises UsageError where there is none, or where it is another stack's.
    """
    named = environment(VARIABLE)
    saved = saved_file(project, stack)
    where = named or str(saved if saved.is_file() else shared_file(project, stack))
    try:
        content = _read(where)
    except FileNotFoundError:
        raise _missing(stack, named) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{where} cannot be read: {error}.", fix=_fix(stack)) from None
    try:
        found = json.loads(content)
    except ValueError as error:
        raise UsageError(f"{where} is not JSON: {error}.", fix=_fix(stack)) from None
    platform = parse_platform(found, stack)
    if platform.stack != stack:
        raise UsageError(
            f"{where} holds the Platform of '{platform.stack}', but '{stack}' was asked for.",
            so="Nothing was opened: one client's flow must not run on another's lake.",
            fix=f"Use --stack {platform.stack}, or: {_fix(stack)}",
        )
    return platform


def _read(where: str) -> str:
    if urlparse(where).scheme in ("", "file"):
        return Path(where.removeprefix("file://")).read_text(encoding="utf-8")
    folder, _, name = where.rpartition("/")
    try:
        return Store(folder).read(name).decode("utf-8")
    except (LandfallError, OSError, UnicodeDecodeError):
        raise
    except Exception as error:  # each SDK has errors of its own, without a common parent
        raise LandfallError(
            f"{where} cannot be read: {type(error).__name__}: {str(error)[:300]}",
            so=f"{VARIABLE} names it, so no Platform is known.",
            fix="Check the name, and that this workload's identity may read the object.",
        ) from None


def _missing(stack: str, named: str) -> UsageError:
    so = "A cloud's zones, catalog and warehouse are what its stack exported when it was applied."
    if named:
        return UsageError(
            f"{VARIABLE} names {named}, which is not there.", so=so, fix=f"Write it: {_fix(stack)}"
        )
    return UsageError(
        f"The Platform of '{stack}' is not known here.",
        so=so,
        fix=f"{_fix(stack)}   (for Jenkins' jobs: with --share, and commit it; in a container: set {VARIABLE} to "
        "that file or its URI)",
    )


def _fix(stack: str) -> str:
    return f"landfall platform show {stack} --save"


def parse_platform(outputs: Any, stack: str) -> Platform:
    """The Platform in a stack's outputs, or saved alone; raises UsageError where there is none or it is not whole."""
    found = outputs.get("platform", outputs) if isinstance(outputs, dict) else None
    if not isinstance(found, dict) or "storage" not in found:
        raise UsageError(
            f"The outputs of '{stack}' hold no platform.",
            so="Only a stack that builds the data layer provides one.",
            fix=f"Name that stack, or apply it first: pulumi up --stack {stack}",
        )
    try:
        return Platform.model_validate(found)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors()[:8]
        )
        raise UsageError(
            f"The platform that '{stack}' exports is not whole: {wrong}.",
            so="Pipelines, warehouse and models could not use it.",
            fix=f"Apply the stack with this version of Landfall: pulumi up --stack {stack}",
        ) from None
