"""A cloud stack's Platform is a file: saved once, found by every command, never another stack's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from landfall.cli import build_app
from landfall.errors import LandfallError, UsageError
from landfall.local import local_platform
from landfall.platform import Platform
from landfall.platform_file import VARIABLE, load_platform, save_platform
from landfall.project import Project, find_project
from landfall.storage import Store
from pipelines.context import open_context

STACK = "northwind-aws-dev"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path / "home"))
    return find_project(Path(__file__))


@pytest.fixture
def platform(project: Project, tmp_path: Path) -> Platform:
    """Some whole Platform, under the sample's name."""
    intent = open_context("demo-local-dev", project).intent
    return local_platform(intent, STACK, tmp_path / "elsewhere")


def test_without_a_file_the_error_says_which_command_writes_it(project: Project) -> None:
    with pytest.raises(UsageError, match="not known here") as told:
        open_context(STACK, project)
    assert f"landfall platform show {STACK} --save" in told.value.fix
    assert VARIABLE in told.value.fix


def test_a_saved_platform_is_the_context_s(project: Project, platform: Platform) -> None:
    file = save_platform(project, platform, STACK)
    assert file == project.home / "platforms" / f"{STACK}.json"
    with open_context(STACK, project) as ctx:
        assert ctx.platform == platform
        assert ctx.intent.cloud.provider == "aws"


def test_the_command_saves_what_the_stack_exports(
    project: Project, platform: Platform, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"data": {}, "platform": platform.model_dump(mode="json")}))
    told = CliRunner().invoke(
        build_app(),
        ["platform", "show", STACK, "--file", str(outputs), "--save", "--output", "json"],
    )
    assert told.exit_code == 0, told.output
    assert load_platform(project, STACK) == platform
    assert json.loads(told.stdout)["stack"] == STACK


def test_a_shared_platform_is_known_in_every_checkout_and_yields_to_a_saved_one(
    project: Project, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stacks").mkdir()
    for one in project.stacks_dir.glob("*.yaml"):
        (tmp_path / "stacks" / one.name).write_bytes(one.read_bytes())
    (tmp_path / "Pulumi.yaml").write_text("name: landfall\n", encoding="utf-8")
    monkeypatch.setenv("LANDFALL_PROJECT", str(tmp_path))
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"platform": platform.model_dump(mode="json")}))
    told = CliRunner().invoke(
        build_app(), ["platform", "show", STACK, "--file", str(outputs), "--share"]
    )
    assert told.exit_code == 0, told.output
    checkout = Project(root=tmp_path, home=tmp_path / "another-agent")
    assert (tmp_path / "stacks" / f"platform.{STACK}.json").is_file()
    assert load_platform(checkout, STACK) == platform
    assert STACK in checkout.stacks()  # the file is no stack
    newer = platform.model_copy(update={"registry": "newer"})
    save_platform(checkout, newer, STACK)
    assert load_platform(checkout, STACK) == newer


@pytest.mark.parametrize("scheme", ["path", "file", "memory"])
@pytest.mark.parametrize("whole", [True, False], ids=["outputs", "alone"])
def test_a_container_is_told_by_its_environment_where_it_lies(
    project: Project,
    platform: Platform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    whole: bool,
) -> None:
    folder = f"memory://{tmp_path.name}" if scheme == "memory" else tmp_path.as_uri()
    alone = platform.model_dump(mode="json")
    Store(folder).write_json("it.json", {"platform": alone, "release": {}} if whole else alone)
    where = str(tmp_path / "it.json") if scheme == "path" else f"{folder}/it.json"
    monkeypatch.setenv(VARIABLE, where)
    assert load_platform(project, STACK) == platform
    monkeypatch.setenv(VARIABLE, where.replace("it.json", "other.json"))
    with pytest.raises(UsageError, match="is not there"):
        load_platform(project, STACK)


def test_another_stack_s_platform_is_refused(
    project: Project, platform: Platform, tmp_path: Path
) -> None:
    wrong = platform.model_copy(update={"stack": "harbor-gcp-dev"})
    save_platform(project, wrong, STACK)
    with pytest.raises(UsageError, match="'harbor-gcp-dev', but 'northwind-aws-dev'"):
        load_platform(project, STACK)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "hold no platform"),
        ('{"data": {}}', "hold no platform"),
        ('{"platform": {"storage": {}}}', "is not whole: stack: Field required"),
    ],
)
def test_a_file_that_is_no_platform_is_told_as_such(
    project: Project, content: str, said: str
) -> None:
    file = project.home / "platforms" / f"{STACK}.json"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    with pytest.raises(LandfallError, match=said):
        load_platform(project, STACK)


def test_a_local_stack_asks_no_file(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Platform:
        raise AssertionError("the laptop's Platform is made, not read")

    monkeypatch.setattr("landfall.platform_file.load_platform", refuse)
    with open_context("demo-local-dev", project) as ctx:
        assert ctx.platform.spark.kind == "embedded"
