"""docs/commands.md against the commands: every key that it shows is printed, and no key goes untold.

The examples are of the demo's year; here the same commands run on a smaller project.
"""

from __future__ import annotations

import json
import shlex
import shutil
from itertools import pairwise
from typing import Any

import pytest

from tests.byod.project import ClientProject, public_file
from tests.byod.temps import journey
from tests.docs.pages import ROOT, fences

pytestmark = [pytest.mark.slow, pytest.mark.spark]
PAGE = ROOT / "docs" / "commands.md"
BY_NAME = {
    "counts", "datasets", "metrics", "params", "judged", "suspected_leaks", "personal", "again", "recorded",
}  # fmt: skip
"""Dictionaries whose keys are names: what stands behind one name has the form of all."""
BY_KIND = {"detail", "total_variation"}
"""What differs between kinds of problems and of columns."""
INSTEAD = {"2013-07": "2010-04", "2013-03": "2010-03"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> ClientProject:
    found = journey(tmp_path_factory.getbasetemp()).client
    shutil.copy(public_file("seattle-weather.csv"), found.root / "weather.csv")
    be_held(found)
    return found


def be_held(client: ClientProject) -> None:
    """Run one more month, of which the gate asks more rows than it has: engineers get a notice."""
    stack = client.root / "stacks/Pulumi.temps-local-dev.yaml"
    text = stack.read_text(encoding="utf-8")
    stack.write_text(text.replace("min_rows: 200", "min_rows: 5000"), encoding="utf-8")
    assert client.json("landfall run --month 2010-05")["verdict"]["decision"] == "HOLD"
    stack.write_text(text, encoding="utf-8")


def examples() -> list[tuple[list[str], Any]]:
    """The commands of each block whose output is shown as JSON, and that JSON."""
    found = []
    blocks = fences(PAGE)
    for before, after in pairwise(blocks):
        if after.kind == "json":
            assert before.kind == "sh"
            found.append((before.text.splitlines(), json.loads(after.text)))
    return found


def lacking(told: Any, printed: Any, place: str = "") -> list[str]:
    """What is shown and not printed, or of another type."""
    if told is None or printed is None:
        return []
    if isinstance(told, dict):
        if not isinstance(printed, dict):
            return [f"{place} is no object"]
        if place.rpartition(".")[2] in BY_NAME:
            shown = next(iter(told.items()), None)
            return [
                fault
                for name, one in printed.items()
                for fault in (lacking(shown[1], one, f"{place}.{name}") if shown else [])
            ]
        keys = [key for key in told if key not in BY_KIND]
        missing = [f"{place}.{key} is not printed" for key in keys if key not in printed]
        shared = [key for key in keys if key in printed]
        return missing + [f for k in shared for f in lacking(told[k], printed[k], f"{place}.{k}")]
    if isinstance(told, list):
        if not isinstance(printed, list):
            return [f"{place} is no list"]
        if told and isinstance(told[0], dict):
            return lacking(told[0], printed[0], f"{place}[]") if printed else [f"{place} is empty"]
        return []
    same = isinstance(printed, type(told)) or {type(told), type(printed)} <= {int, float}
    return [] if same else [f"{place} is {type(printed).__name__}, shown as {type(told).__name__}"]


def on_the_small_project(command: str, client: ClientProject) -> str:
    for told, here in INSTEAD.items():
        command = command.replace(told, here)
    if "promote 19" in command or "reproduce 19" in command:
        shown = client.json("landfall model show")
        champion = shown["champion"]["version"]
        other = next(one for one in shown["versions"] if one not in (1, champion))
        command = command.replace("promote 19", f"promote {other}")
        command = command.replace("reproduce 19", f"reproduce {champion}")
    return command


def test_every_documented_key_is_printed_and_every_key_is_documented(client: ClientProject) -> None:
    faults: list[str] = []
    shown = examples()
    assert len(shown) > 15
    for commands, told in shown:
        printed: Any = {}
        for line in commands:
            command = on_the_small_project(line, client)
            if shlex.split(command)[1] == "serve":
                with client.serving("landfall serve") as printed:
                    pass
            else:
                printed = json.loads(client.run(command, expected=None))
        found = lacking(told, printed)
        found += [f".{key} is not documented" for key in printed.keys() - told.keys()]
        faults += [f"{commands[-1]}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_the_exit_codes_are_as_documented(client: ClientProject) -> None:
    client.run("landfall lake show", expected=0)
    client.run("landfall dataset check nothing_of_that_name", expected=2)
    client.run("landfall run --month 2010-04 --from nowhere", expected=2)
    champion = client.json("landfall model show")["champion"]["version"]
    client.run(f"landfall model promote {champion} --why again", expected=3)
    record = client.root / ".landfall/lake/artifacts/record/temps.jsonl"
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace("flow (", "flaw (", 1), encoding="utf-8")
    client.run("landfall model history", expected=1)
    record.write_text(text, encoding="utf-8")
    client.run("landfall model history", expected=0)
