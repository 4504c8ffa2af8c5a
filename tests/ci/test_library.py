"""The library and the pipelines as a whole: every line is a command that exists, every step has its help."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from landfall.cli import build_app
from tests.ci import test_data_jobs, test_infra_job, test_nightly_job
from tests.ci.scenarios import ROOT, SCENARIOS, Build
from tests.docs.test_pages import COMMANDS, TARGETS

JOBS = (test_data_jobs, test_infra_job, test_nightly_job)
NOUNS = {
    name: noun
    for name, noun in typer.main.get_command(build_app()).commands.items()  # pyright: ignore[reportAttributeAccessIssue]
    if getattr(noun, "invoke_without_command", False)
}
"""Those that do something by themselves."""
"""Imported for their scenarios: what is looked at here is all that they ran."""
VARS = ROOT / "ci" / "vars"
PIPELINES = [ROOT / "Jenkinsfile", *sorted((ROOT / "ci" / "pipelines").glob("*.Jenkinsfile"))]
STEPS = sorted(path.stem for path in VARS.glob("*.groovy"))


@pytest.mark.parametrize("step", STEPS)
def test_each_step_has_help_that_names_its_arguments(step: str) -> None:
    code = (VARS / f"{step}.groovy").read_text(encoding="utf-8")
    told = (VARS / f"{step}.txt").read_text(encoding="utf-8")
    asked = set(re.findall(r"\bconfig\.(\w+)", code)) - {"take"}
    missing = [name for name in asked if not re.search(rf"\b{name}\b", told)]
    assert not missing, f"{step}.txt says nothing of {', '.join(missing)}"
    assert f"See {step}.txt" in code


def test_no_help_is_left_over() -> None:
    assert sorted(path.stem for path in VARS.glob("*.txt")) == STEPS


def test_each_step_is_used() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in [*PIPELINES, *VARS.glob("*.groovy")]
    )
    unused = [
        step
        for step in STEPS
        if not re.search(rf"\b{step}[({{ ]", code.replace(f"See {step}.txt", ""))
    ]
    assert not unused


def test_every_line_is_a_command_that_exists(builds: dict[str, Build]) -> None:
    lines = {line for one in builds.values() for line in one.lines}
    assert len(lines) > 30
    for line in sorted(lines):
        words = shlex.split(line.partition(" > ")[0])
        if words[0] == "make":
            assert words[1] in TARGETS, line
        elif words[0] == "ci/setup.sh":
            assert f"#   ci/setup.sh {words[1]} " in (ROOT / "ci" / "setup.sh").read_text(), line
        else:
            assert words[0] == "landfall", line
            found = [path for path in COMMANDS if tuple(words[1 : len(path) + 1]) == path]
            command = COMMANDS[max(found, key=len)] if found else NOUNS.get(words[1])
            assert command is not None, line
            known = {option for one in command.params for option in one.opts}
            assert {word for word in words if word.startswith("--")} <= known, line


def test_every_pipeline_is_tried(builds: dict[str, Build]) -> None:
    tried = {one["pipeline"] for one in SCENARIOS.values()}
    assert tried >= {path.relative_to(ROOT).as_posix() for path in PIPELINES}


def test_every_stage_of_every_pipeline_is_reached(builds: dict[str, Build]) -> None:
    for path in PIPELINES:
        name = path.relative_to(ROOT).as_posix()
        wanted = set(re.findall(r"stage\('([^']+)'\)", path.read_text(encoding="utf-8")))
        reached = {
            stage["name"]
            for test, one in builds.items()
            if SCENARIOS.get(test, {}).get("pipeline") == name
            for stage in one.stages
            if stage["status"] == "ran"
        }
        assert wanted <= reached, f"{name}: {wanted - reached}"


def test_credentials_are_named_in_the_docs() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in VARS.glob("*.groovy"))
    named = set(re.findall(r"credentialsId: '([\w-]+)'", code))
    assert named == {"landfall-preview", "landfall-deploy", "landfall-git", "landfall-scm"}
    page = Path(ROOT / "docs" / "jenkins.md").read_text(encoding="utf-8")
    assert all(one in page for one in named)
