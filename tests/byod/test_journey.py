"""From a public file to a served model, with commands and marked decisions alone: no Python is written.

Both tables are NOAA's, in the public domain, as the `vega_datasets` package ships them. The multi-class
journey is docs/your-data.md itself, command by command.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from pipelines.contract import Contract
from tests.byod.project import ROOT, ClientProject, ask, public_file
from tests.byod.temps import journey

pytestmark = [pytest.mark.slow, pytest.mark.spark]
GUIDE = ROOT / "docs" / "your-data.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_a_file_of_measurements_becomes_a_served_regression(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    done = journey(tmp_path_factory.getbasetemp())
    drafted = done.drafted
    assert (drafted["kind"], drafted["rows"], drafted["key"]) == ("regression", 8759, ["date"])
    assert not done.unready["ready"]
    assert "still has DECIDE" in done.refused["what"]
    assert done.ready["ready"]
    months = done.ran["months"]
    assert [one["month"] for one in months] == ["2010-01", "2010-02", "2010-03", "2010-04"]
    for one in months:
        counts = one["counts"]["temps"]
        assert counts["received"] == counts["silver"] > 600
    assert [one["verdict"]["decision"] for one in months[:3]] == ["NONE", "NONE", "PROMOTE"]
    assert done.client.json("landfall model show")["champion"]["metrics"]["mae"] < 2
    with done.client.serving("landfall serve") as told:
        about = ask(told["address"], f"/v2/models/{told['model']}")
        assert {one["name"] for one in about["inputs"]} >= {"hour_of_day", "temp_before"}
        row = {"hour_of_day": 15, "temp_before": 60.0, "month_of_year": 4, "day_of_week": 2}
        answer = ask(told["address"], f"/v2/models/{told['model']}/infer", infer_body(row))
    assert 45 < answer["outputs"][0]["data"][0] < 75


def infer_body(row: dict[str, float]) -> str:
    """One row of numbers as a request of the Open Inference Protocol."""
    inputs = [{"name": k, "datatype": "FP64", "shape": [1], "data": [v]} for k, v in row.items()]
    return json.dumps({"inputs": inputs})


def test_the_guide_takes_a_file_to_a_served_multiclass_model(tmp_path: Path) -> None:
    client = ClientProject(tmp_path)
    fences = FENCE.findall(GUIDE.read_text(encoding="utf-8"))
    commands = [line for kind, text in fences if kind == "sh" for line in text.splitlines()]
    contract = next(text for kind, text in fences if kind == "yaml")
    shutil.copy(public_file("seattle-weather.csv"), client.root / "weather.csv")
    drafted = client.root / "pipelines/contracts/seattle.yml"
    seen: list[str] = []
    server = None
    for command in commands:
        match shlex.split(command)[:3]:
            case ["landfall", "serve", *_]:
                server = command
            case ["landfall", "dataset", "check"] if "check" not in seen:
                client.run(command, expected=1)
                differs_only_in_words(drafted.read_text(encoding="utf-8"), contract)
                drafted.write_text(contract, encoding="utf-8")
                seen.append("check")
            case ["landfall", *_]:
                seen.append(client.run(command))
            case ["export", setting]:
                name, _, value = setting.partition("=")
                client.environment[name] = value
            case ["curl", *_]:
                assert server, "the guide asks before it serves"
                seen.append(curl(client, server, command))
            case other:
                assert other[0] in ("make", "cp"), f"the guide has a command nobody runs: {command}"
    for wanted in ("promoted, macro_f1", "is ready", "report: ", '"label"'):
        assert any(wanted in told for told in seen), wanted


def differs_only_in_words(draft: str, decided: str) -> None:
    """The contract in the guide is the draft with words added: no type, rule or key is another."""
    words = {"description", "owner", "unit"}
    before, after = (yaml.safe_load(text) for text in (draft, decided))
    Contract.model_validate(after)

    def bare(contract: dict) -> dict:
        columns = [{k: v for k, v in c.items() if k not in words} for c in contract["columns"]]
        return {k: v for k, v in contract.items() if k not in words} | {"columns": columns}

    assert bare(before) == bare(after)


def curl(client: ClientProject, server: str, command: str) -> str:
    """What the guide's `curl` gets from the guide's server."""
    words = shlex.split(command)
    url = next(word for word in words if "/v2/" in word)
    body = words[words.index("-d") + 1] if "-d" in words else None
    with client.serving(server) as told:
        return str(ask(told["address"], url[url.index("/v2/") :], body)).replace("'", '"')
