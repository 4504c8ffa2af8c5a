"""The code that a Platform's batches run: wheels in the artifacts zone, each under its own digest, one of them current.

Staging adds and never replaces, so a running batch keeps what it began with; publishing moves one pointer, and
publishing the digest before is the way back. Leaves out building the wheel (`make wheel`).
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from landfall.errors import LandfallError, UsageError
from landfall.storage import Store

CURRENT = "code/current.json"
FOLDER = "code"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def stage(artifacts: Store, wheel: Path, environment: Path | None = None) -> dict[str, Any]:
    """Put a wheel, and the packed environment of what it needs, where batches find them.

    `wheel` may be a folder that holds one. Returns `digest` (SHA-256 over the contents), `name`, `uri`, `environment`
    (its name or None), `new` (whether it was not there yet).
    """
    file = _one_wheel(wheel)
    contents = {file.name: file.read_bytes()}
    if environment is not None:
        if not environment.is_file():
            raise UsageError(f"There is no packed environment {environment}.")
        contents[environment.name] = environment.read_bytes()
    digest = _digest(contents)
    folder = f"{FOLDER}/{digest}"
    made = [artifacts.create(f"{folder}/{name}", content) for name, content in contents.items()]
    return {
        "digest": digest,
        "name": file.name,
        "uri": artifacts.url(f"{folder}/{file.name}"),
        "environment": environment.name if environment else None,
        "new": any(made),
    }


def publish(artifacts: Store, digest: str, who: str) -> dict[str, Any]:
    """Make a staged digest the one that batches run; returns what CURRENT then holds.

    Raises UsageError where it is not staged, LandfallError where what lies there is not what was staged.
    """
    contents = _staged(artifacts, digest)
    (name,) = [one for one in contents if one.endswith(".whl")]
    packed = next((one for one in contents if not one.endswith(".whl")), "")
    before = current(artifacts)
    if before and before["digest"] == digest:
        return before
    value = {
        "digest": digest,
        "name": name,
        "environment": packed,
        "published": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": who,
        "before": before["digest"] if before else None,
    }
    artifacts.write_json(CURRENT, value)
    return value


def current(artifacts: Store) -> dict[str, Any] | None:
    """What CURRENT holds; None before the first publication."""
    try:
        return artifacts.read_json(CURRENT)
    except FileNotFoundError:
        return None


def _staged(artifacts: Store, digest: str) -> dict[str, bytes]:
    if not _DIGEST.fullmatch(digest):
        raise UsageError(
            f"'{digest}' is no digest.",
            fix="Copy the one that `landfall code stage` printed: 64 of 0-9, a-f.",
        )
    folder = f"{FOLDER}/{digest}"
    paths = sorted(artifacts.list(folder))
    if not paths:
        raise UsageError(
            f"Nothing is staged as {digest[:12]} in {artifacts.url(FOLDER)}.",
            fix="landfall code stage dist",
        )
    contents = {path.rpartition("/")[2]: artifacts.read(path) for path in paths}
    if _digest(contents) != digest:
        raise LandfallError(
            f"What lies in {artifacts.url(folder)} is not what was staged: its digest is another.",
            so="It was not published.",
            fix="Find out who wrote there; then stage the wheel again from its commit: landfall code stage dist",
        )
    return contents


def _digest(contents: dict[str, bytes]) -> str:
    """A wheel alone is its own SHA-256, as every tool prints it; with an environment, both digests count."""
    each = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    if len(each) == 1:
        return next(iter(each.values()))
    return hashlib.sha256(
        "".join(f"{d}  {n}\n" for n, d in sorted(each.items())).encode()
    ).hexdigest()


def _one_wheel(path: Path) -> Path:
    found = sorted(path.glob("*.whl")) if path.is_dir() else [path]
    if len(found) != 1 or found[0].suffix != ".whl" or not found[0].is_file():
        raise UsageError(
            f"{path} holds {len(found)} wheels." if path.is_dir() else f"There is no wheel {path}.",
            so="Which code to stage is not clear.",
            fix="make wheel, which leaves one in dist/",
        )
    return found[0]
