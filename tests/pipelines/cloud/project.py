"""A project with one stack on a cloud whose sources are the demo's flights; its Platform is a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from landfall.platform import Platform
from landfall.platform_file import VARIABLE
from tests.infra.samples import PROJECT

SOURCES = ("flights", "weather", "planes", "airports", "airlines")


@dataclass
class Flights:
    """The project in `root`; commands run as a user types them, in processes of their own."""

    root: Path
    stack: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.root / "platform.json"

    def landfall(self, *arguments: str) -> dict[str, Any]:
        """Run `landfall … --output json` and give what it prints; fails with what it said."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "landfall.cli", *arguments, "--stack", self.stack,
             "--output", "json"],
            capture_output=True, text=True, check=False, timeout=500, cwd=self.root, env=self.environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return json.loads(done.stdout)

    @property
    def environment(self) -> dict[str, str]:
        """This process's, without what would lead elsewhere, and the project's own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LANDFALL_")}
        return kept | {
            "LANDFALL_PROJECT": str(self.root),
            "LANDFALL_HOME": str(self.root / "home"),
            "LANDFALL_CACHE": str(PROJECT.cache_dir),
            "LANDFALL_SPARK": "embedded",
            "PYTHONPATH": str(PROJECT.root),
            VARIABLE: str(self.file),
            **self.variables,
        }


def flights_project(root: Path, sample: str, platform: Platform) -> Flights:
    """The sample's intent with the demo's sources and model; contracts and dbt are the repository's own."""
    intent = {**PROJECT.read_stack(sample)}
    demo = PROJECT.read_stack("demo-local-dev")
    intent |= {"sources": demo["sources"], "ml": demo["ml"]}
    (root / "stacks").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text("name: landfall\n")
    told = yaml.safe_dump({"config": {"landfall:intent": intent}})
    (root / "stacks" / f"Pulumi.{sample}.yaml").write_text(told)
    for folder in ("pipelines", "warehouse", "landfall", "ml"):
        (root / folder).symlink_to(PROJECT.root / folder)
    flights = Flights(root, sample)
    flights.file.write_text(platform.model_dump_json())
    return flights
