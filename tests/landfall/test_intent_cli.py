"""`landfall intent` checks files and stacks, and prints samples, schema and reference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from landfall.cli.intent import app
from landfall.errors import UsageError
from landfall.intent.examples import PROVIDERS
from landfall.project import find_project


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDFALL_PROJECT", str(find_project(Path(__file__)).root))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("cloud", PROVIDERS)
def test_a_printed_sample_passes_the_check_as_it_is(cloud: str, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.sample.yaml"
    path.write_text(call("example", "--cloud", cloud).stdout, encoding="utf-8")
    done = call("check", str(path), "--output", "json")
    assert done.exit_code == 0
    value = json.loads(done.stdout)
    assert value["valid"] is True
    assert value["cloud"]["provider"] == cloud


def test_a_stack_is_checked_by_name() -> None:
    done = call("check", "--stack", "demo-local-dev")
    assert done.exit_code == 0
    assert "valid. hudson-air, dev, this machine." in done.stdout


def test_a_bad_file_ends_in_a_usage_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("config: { landfall:intent: { environment: dev } }", encoding="utf-8")
    done = call("check", str(path))
    assert isinstance(done.exception, UsageError)
    assert "bad.yaml is not a valid intent (2 errors)" in done.exception.what


def test_an_unknown_cloud_has_no_sample() -> None:
    done = call("example", "--cloud", "oracle")
    assert isinstance(done.exception, UsageError)
    assert "local, gcp, aws, azure" in done.exception.fix


def test_the_schema_is_json_and_the_reference_is_the_committed_page() -> None:
    schema = json.loads(call("schema").stdout)
    assert schema["title"] == "Intent"
    page = find_project(Path(__file__)).root / "docs" / "intent.md"
    assert call("docs").stdout == page.read_text(encoding="utf-8")


def test_every_sample_in_the_reference_page_is_valid() -> None:
    page = (find_project(Path(__file__)).root / "docs" / "intent.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in page.split("```yaml\n")[1:]]
    assert len(blocks) == len(PROVIDERS)
    for block in blocks:
        assert "landfall:intent" in yaml.safe_load(block)["config"]
