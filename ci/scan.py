"""Known holes in what is installed and in the images: `make scan`. Ends with 1 where there is one.

Every locked list is asked of pip-audit as it stands, without installing it. Where REGISTRY says where the images of
`make images` lie, each is asked of grype: it ends with 1, too, where one was asked for and could not be looked at. grype
signs in to a registry by Docker's configuration or by its own GRYPE_REGISTRY_AUTH_… variables.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
AUDIT = ROOT / ".venv-scan" / "bin" / "pip-audit"
SEVERITIES = ("High", "Critical")


def main() -> int:
    """Scan, print one line a hole, and keep all as scan.json."""
    lists = sorted((ROOT / "requirements").glob("*.txt"))
    holes, failed = [], []
    for one in lists:
        print(f"scan: {one.name}", file=sys.stderr, flush=True)
        try:
            holes += dependencies(one)
        except (OSError, ValueError) as error:
            failed.append(f"{one.name}: {error}")
    registry = os.environ.get("REGISTRY", "")
    skipped = [] if registry else ["images: say where they lie, REGISTRY=registry.example/landfall"]
    for one in images(registry) if registry else []:
        print(f"scan: {one}", file=sys.stderr, flush=True)
        try:
            holes += _image(one)
        except (OSError, ValueError) as error:
            failed.append(f"{one}: {error}")
    told = {"holes": holes, "failed": failed, "skipped": skipped}
    (ROOT / "scan.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for hole in holes:
        mended = (
            f"mended in {', '.join(hole['fixed_in'])}" if hole["fixed_in"] else "not mended yet"
        )
        print(f"{hole['where']}: {hole['package']} {hole['version']}: {hole['id']} ({mended})")
    for what in skipped:
        print(f"NOT SCANNED: {what}")
    for what in failed:
        print(f"FAILED: {what}")
    print(f"{len(holes)} holes in {len(lists)} lists; scan.json has them")
    return 1 if holes or failed else 0


def dependencies(locked: Path) -> list[dict[str, Any]]:
    """The holes of one list; raises ValueError with pip-audit's words where it could not look at every package of it."""
    done = subprocess.run(
        [AUDIT, "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json", "-r", locked],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.strip():
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise ValueError(lines[-1])
    told = json.loads(done.stdout)["dependencies"]
    unknown = [one for one in told if "skip_reason" in one]
    if unknown:
        raise ValueError(
            f"{len(unknown)} of {len(told)} not looked at: {unknown[0]['skip_reason']}"
        )
    return [
        {
            "where": locked.name,
            "package": one["name"],
            "version": one.get("version", ""),
            "id": hole["id"],
            "fixed_in": hole.get("fix_versions", []),
        }
        for one in told
        for hole in one.get("vulns", [])
    ]


def images(registry: str) -> list[str]:
    """The images of `make images` there, by their tags."""
    bake = json.loads((ROOT / "ci" / "images" / "docker-bake.json").read_text(encoding="utf-8"))
    values = {name: one["default"] for name, one in bake["variable"].items()}
    values["REGISTRY"] = registry
    found = []
    for target in bake["group"]["default"]["targets"]:
        (tag,) = bake["target"][target]["tags"]
        for name, value in values.items():
            tag = tag.replace(f"${{{name}}}", value)
        found.append(tag)
    return found


def _image(tag: str) -> list[dict[str, Any]]:
    """The graver holes of one image; raises OSError or ValueError where grype is not there or could not look at it."""
    if shutil.which("grype") is None:
        raise OSError("grype is not on PATH")
    done = subprocess.run(
        ["grype", f"registry:{tag}", "-o", "json", "-q"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise ValueError(lines[-1])
    return [
        {
            "where": tag,
            "package": one["artifact"]["name"],
            "version": one["artifact"]["version"],
            "id": one["vulnerability"]["id"],
            "fixed_in": one["vulnerability"].get("fix", {}).get("versions", []),
        }
        for one in json.loads(done.stdout)["matches"]
        if one["vulnerability"]["severity"] in SEVERITIES
    ]


if __name__ == "__main__":
    sys.exit(main())
