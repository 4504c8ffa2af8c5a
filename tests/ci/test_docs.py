"""docs/jenkins.md, as a reader types it: its commands, its variables, its list of plugins."""

from __future__ import annotations

import re

import pytest
import yaml
from typer.exceptions import TyperException
from typer.testing import CliRunner

from landfall.cli import build_app
from tests.ci.controller import HERE, ROOT, plugins
from tests.docs.pages import typed
from tests.docs.test_pages import COMMANDS

PAGE = ROOT / "docs" / "jenkins.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_command_is_one_that_its_parser_takes() -> None:
    read = 0
    for words in typed(PAGE):
        line = words[: words.index(">")] if ">" in words else words
        found = [path for path in COMMANDS if tuple(line[1 : len(path) + 1]) == path]
        if line[0] != "landfall" or not found:
            continue  # a noun by itself, or another program
        path = max(found, key=len)
        rest = line[1 + len(path) :]
        if not rest and "`landfall " + " ".join(path) + " " in TEXT:
            continue  # named in passing; typed in full elsewhere
        try:
            COMMANDS[path].make_context(" ".join(path), rest)
        except TyperException as error:
            pytest.fail(f"{' '.join(words)}: {error}")
        read += 1
    assert read > 30


def test_every_file_that_a_command_is_given_is_made_by_the_one_before() -> None:
    rows = [line for line in TEXT.splitlines() if " --file " in line]
    assert rows
    for row in rows:
        for name in re.findall(r"--file (\S+\.json)`", row):
            assert f"--output json > {name}`" in row.partition("--file")[0], row


def test_every_variable_that_the_page_sets_is_one_that_the_program_reads() -> None:
    set_there = set(re.findall(r"export\s+(LANDFALL_\w+)=", TEXT))
    assert "LANDFALL_STACK" in set_there
    code = "".join(
        file.read_text(encoding="utf-8")
        for folder in ("landfall", "infra", "pipelines")
        for file in (ROOT / folder).rglob("*.py")
    )
    assert {name for name in set_there if f'"{name}"' not in code} == set()


def test_the_stack_of_the_example_is_one_that_jenkins_may_apply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stacks = re.findall(r"export LANDFALL_STACK=(\S+)`?", TEXT)
    (cloud,) = {one.strip("`.") for one in stacks} - {"demo-local-dev"}
    monkeypatch.setenv("LANDFALL_PROJECT", str(ROOT))
    line = ["stack", "admit", cloud, "--job", "up", "--branch", "main"]
    asked = CliRunner().invoke(build_app(), line)
    assert asked.exit_code == 0, asked.exception


def test_an_existing_jenkins_is_told_of_every_plugin_that_a_pipeline_or_the_seed_uses() -> None:
    needs = yaml.safe_load((HERE / "needs.yaml").read_text(encoding="utf-8"))
    wanted = set(needs["steps"].values()) | {"oidc-provider"} - {"core"}
    part = TEXT.partition("## An existing Jenkins")[2].partition("2. **Configuration**")[0]
    told = {name for name in re.findall(r"`([a-z0-9-]+)`", part) if name in plugins()}
    brought = {"workflow-basic-steps", "workflow-cps", "workflow-durable-task-step", "workflow-job", "workflow-scm-step", "pipeline-model-definition", "pipeline-stage-step"}  # fmt: skip
    assert wanted - brought - {"core"} <= told  # the rest is what `workflow-aggregator` itself is
    assert "workflow-aggregator" in told
