"""The regression journey: hourly temperatures of Seattle, from the file to judged months, once a test run.

Other tests use the project that it leaves; they may add to it, and put the champion back they found.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.byod.project import ClientProject, public_file

LAST = "2010-04"
ANSWERS = {
    "description": "The usual temperature of an hour of the year in Seattle.",
    "owner": "weather-desk@example.com",
    "timezone": "America/Los_Angeles",  # the hour that summer time skips is not in the file
}


@dataclass(frozen=True)
class Journey:
    """The project, and what each command on the way printed as JSON."""

    client: ClientProject
    drafted: dict[str, Any]
    unready: dict[str, Any]
    refused: dict[str, Any]
    ready: dict[str, Any]
    ran: dict[str, Any]


@cache
def journey(folder: Path) -> Journey:
    """Draft, be refused, decide, run to April."""
    client = ClientProject(folder / "temps")
    shutil.copy(public_file("seattle-temps.csv"), client.root / "temps.csv")
    drafted = client.json("landfall dataset init temps.csv --time date --target temp --name temps")
    unready = client.json("landfall dataset check temps", expected=1)
    refused = client.json("landfall run --month 2010-01 --stack temps-local-dev", expected=2)
    decide(client.root / "pipelines/contracts/temps.yml", dict(ANSWERS))
    ready = client.json("landfall dataset check temps")
    client.environment["LANDFALL_STACK"] = "temps-local-dev"
    ran = client.json(f"landfall run --all --until {LAST}")
    return Journey(client, drafted, unready, refused, ready, ran)


def decide(path: Path, answers: dict[str, str]) -> None:
    """What a person does to a draft: answer the marked lines, and take the marks out."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        field = line.partition(":")[0]
        if field in answers:
            line = f"{field}: {answers.pop(field)}"
        if not ("DECIDE" in line and line.lstrip().startswith("#")):
            lines.append(line)
    assert not answers
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
