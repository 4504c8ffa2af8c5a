"""A small project of a test's own: stack, contracts and files below a temporary folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from landfall.project import Project
from pipelines.context import Context, open_context

Json = dict[str, Any]


def small_project(folder: Path, sources: list[Json], **contracts: Json) -> Context:
    """A Context on `sources`; keyword arguments change fields of the dataset's plain contract."""
    (folder / "stacks").mkdir(parents=True, exist_ok=True)
    contracts_dir = folder / "pipelines" / "contracts"
    contracts_dir.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: small\n")
    intent = {
        "client": {"name": "Small", "slug": "small"},
        "environment": "dev",
        "cloud": {"provider": "local"},
        "sources": sources,
    }
    stack = {"config": {"landfall:intent": intent}}
    (folder / "stacks" / "Pulumi.small.yaml").write_text(yaml.safe_dump(stack))
    for source in sources:
        contract = plain_contract(source) | contracts.get(source["dataset"], {})
        (contracts_dir / f"{source['dataset']}.yml").write_text(yaml.safe_dump(contract))
    return open_context("small", Project(root=folder, home=folder / "home"))


def plain_contract(source: Json) -> Json:
    """Columns `at` (the time) and `name`."""
    time = source.get("time") or source.get("watermark") or "at"
    return {
        "dataset": source["dataset"],
        "description": "a test's own",
        "owner": "tests",
        "kind": "events",
        "key": [time],
        "time": time,
        "columns": [
            {"name": time, "type": "timestamp", "description": "when"},
            {"name": "name", "type": "string", "description": "who"},
        ],
    }
