"""By Jenkins' token each step is its own workload to the cloud: steps of several workloads are several processes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.release.identity import TOKEN
from landfall.cli import build_app
from landfall.errors import Refused, UsageError
from landfall.intent import parse_intent
from landfall.local import local_platform
from landfall.platform_file import VARIABLE
from landfall.project import environment, find_project
from landfall.storage import Store
from pipelines.acting import open_as, stretches
from pipelines.context import open_context
from pipelines.flow import STEPS

STACK = "northwind-aws-dev"
ROLES = {one: f"arn:aws:iam::1:role/{one}" for one in ("ingest", "transform", "train")}
SCRIPT = """#!{python}
import json, os, sys
words = sys.argv[1:]
with open({folder!r} + "/calls.jsonl", "a") as stream:
    stream.write(json.dumps(words) + "\\n")
start, end = words[words.index("--from") + 1], words[words.index("--to") + 1]
told = {{"month": "2013-03", "stack": "x", "steps": [{{"name": start, "seconds": 1.0}}], "counts": {{}}, "drift": None, "verdict": None}}
if os.path.exists({folder!r} + "/fail-" + start):
    told = {{"error": "Refused", "what": "2013-03 " + start + ": no", "so": "s", "fix": "f"}}
print(json.dumps(told))
sys.exit(3 if "error" in told else 0)
"""


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sample's intent that names Jenkins, its Platform in a file, and Jenkins' token."""
    project = find_project(Path(__file__))
    demo = project.read_stack("demo-local-dev")
    parts = {name: demo[name] for name in ("sources", "ml")}
    jenkins = {"issuer": "https://jenkins.example.com/oidc"}
    intent = parse_intent({**project.read_stack(STACK), **parts, "jenkins": jenkins}, STACK)
    monkeypatch.setattr("pipelines.context.intent_of", lambda *_: intent)
    local = parse_intent(project.read_stack("demo-local-dev"), "demo-local-dev")
    platform = local_platform(local, STACK, tmp_path / "lake").model_copy(
        update={"identities": ROLES}
    )
    Store(tmp_path.as_uri()).write_json("platform.json", platform.model_dump(mode="json"))
    file = tmp_path / "token"
    file.write_text("a.b.c", encoding="utf-8")
    given = {VARIABLE: tmp_path / "platform.json", TOKEN: file, "LANDFALL_HOME": tmp_path / "home"}
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))
    return file


@pytest.fixture
def landfall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command that is started for each stretch, as a script that notes how it was called."""
    script = tmp_path / "python"
    script.write_text(SCRIPT.format(python=sys.executable, folder=str(tmp_path)), encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    return tmp_path


def calls(folder: Path) -> list[list[str]]:
    file = folder / "calls.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


def run(*words: str) -> Any:
    return CliRunner().invoke(build_app(), ["run", "--stack", STACK, "--output", "json", *words])


def test_the_steps_are_parted_where_the_workload_changes() -> None:
    assert [tuple(one) for one in stretches(STEPS)] == [
        ("ingest", "land", "ingest"), ("transform", "build", "build"), ("train", "profile", "promote"),
    ]  # fmt: skip


def test_a_month_is_run_by_one_process_a_workload(token: Path, landfall: Path) -> None:
    told = run("--month", "2013-03", "--to", "drift")
    assert told.exit_code == 0, told.output
    ran = [
        (words[words.index("--from") + 1], words[words.index("--to") + 1])
        for words in calls(landfall)
    ]
    assert ran == [("land", "ingest"), ("build", "build"), ("profile", "drift")]
    assert all(words[:3] == ["-m", "landfall.cli", "run"] for words in calls(landfall))
    names = [step["name"] for step in json.loads(told.stdout)["steps"]]
    assert names == ["land", "build", "profile"]  # what each printed, together


def test_after_a_process_that_failed_none_is_begun(token: Path, landfall: Path) -> None:
    (landfall / "fail-build").touch()
    told = run("--month", "2013-03")
    assert isinstance(told.exception, Refused)
    assert told.exception.what == "2013-03 build: no"
    assert len(calls(landfall)) == 2


def test_who_has_no_token_and_who_needs_one_workload_starts_no_process(
    token: Path, landfall: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def month(*_: Any, **__: Any) -> Any:
        seen.append(environment("AWS_ROLE_ARN"))
        return {"month": "2013-03", "steps": [], "counts": {}, "drift": None, "verdict": None}

    monkeypatch.setattr("pipelines.flow.run_month", month)
    assert run("--month", "2013-03", "--from", "train", "--to", "gate").exit_code == 0
    assert run("--month", "2013-03", "--from", "build", "--to", "build").exit_code == 0
    monkeypatch.delenv(TOKEN)
    assert run("--month", "2013-03").exit_code == 0
    assert seen == [ROLES["train"], ROLES["transform"], ""]
    assert calls(landfall) == []


def test_by_a_token_one_month_is_run_at_a_time(token: Path, landfall: Path) -> None:
    told = run("--all")
    assert isinstance(told.exception, UsageError)
    assert calls(landfall) == []


def test_the_context_is_the_workloads_until_it_is_closed(token: Path) -> None:
    with open_as(STACK, "train") as ctx:
        assert environment("AWS_ROLE_ARN") == ROLES["train"]
        ctx._open.callback(lambda: closed.append(environment("AWS_ROLE_ARN")))
        closed: list[str] = []
    assert closed == [ROLES["train"]]
    assert not environment("AWS_ROLE_ARN")
    with open_context(STACK) as _:
        assert not environment("AWS_ROLE_ARN")


@pytest.mark.parametrize("words", [
    ["model", "history"], ["model", "rollback", "--why", "x"], ["model", "canary", "--month", "2013-03"],
    ["model", "rehearse", "--month", "2013-03"], ["code", "show"], ["code", "publish", "7" * 64],
])  # fmt: skip
def test_models_and_code_are_the_training_workloads(
    token: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    from pipelines import acting

    asked: list[tuple[str, str]] = []

    def opened(stack: str, workload: str) -> Any:
        asked.append((stack, workload))
        raise Refused("far enough")

    monkeypatch.setattr(acting, "open_as", opened)
    told = CliRunner().invoke(build_app(), [*words, "--stack", STACK])
    assert isinstance(told.exception, Refused), told.output
    assert asked == [(STACK, "train")]
