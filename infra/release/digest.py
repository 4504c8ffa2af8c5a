"""The digests that bind an approval to a change: of what would be done, and of what it is made from.

The steps of a preview are taken without what differs between two runs of the same (times, stack traces, the
providers' ids). A secret's value is masked in them, so the sources' digest covers the stack's file, where it stands
encrypted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.plan.change import operation
from landfall.project import Project, read_intent

_CODE = ("infra", "landfall")
_FILES = ("Pulumi.yaml", "requirements/infra.txt")


def steps_digest(preview: Mapping[str, Any], stack: str, kind: str, sources: str) -> str:
    """64 hex digits for the preview's changes to the stack, made from these sources."""
    steps = sorted(
        (_step(one) for one in preview.get("steps") or [] if operation(one) not in ("same", "refresh")),
        key=lambda one: (one["urn"], one["op"]),
    )  # fmt: skip
    whole = {"stack": stack, "kind": kind, "sources": sources, "steps": steps}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _step(one: Mapping[str, Any]) -> dict[str, Any]:
    after, before = one.get("newState") or {}, one.get("oldState") or {}
    return {
        "op": operation(one),
        "urn": str(one.get("urn")),
        "provider": str(one.get("provider", "")).rpartition("::")[0],
        "id": before.get("id", ""),
        "inputs": after.get("inputs"),
        "was": before.get("inputs"),
        "protect": [bool(before.get("protect")), bool(after.get("protect"))],
        "retain": [bool(before.get("retainOnDelete")), bool(after.get("retainOnDelete"))],
        "replaces": sorted(one.get("replaceReasons") or ()),
    }


def sources_digest(project: Project, stack: str) -> str:
    """64 hex digits for the program, the pinned packages and the stack's files, also those it is `like`."""
    digest = hashlib.sha256()
    files = [project.root / name for name in _FILES] + _stack_files(project, stack)
    for folder in _CODE:
        files += sorted(
            path
            for path in (project.root / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
    for path in files:
        if path.is_file():
            digest.update(path.relative_to(project.root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _stack_files(project: Project, stack: str) -> list[Path]:
    files: list[Path] = []
    name: object = stack
    while isinstance(name, str) and project.stack_file(name) not in files:
        files.append(project.stack_file(name))
        name = read_intent(files[-1]).get("like")
    return files
