"""The library and the pipelines as a whole: every line is a command that exists, every step has its help."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.exceptions import TyperException
from typer.testing import CliRunner

from landfall.cli import build_app
from tests.ci import test_data_jobs, test_infra_job, test_nightly_job
from tests.ci.scenarios import ROOT, SCENARIOS, Build
from tests.docs.test_pages import COMMANDS, TARGETS

JOBS = (test_data_jobs, test_infra_job, test_nightly_job)
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


def commands(builds: dict[str, Build]) -> list[tuple[str, list[str]]]:
    """Every distinct line that a scenario's build typed, and its words."""
    lines = {line for one in builds.values() for line in one.lines}
    assert len(lines) > 30
    return [(line, shlex.split(line.partition(" > ")[0])) for line in sorted(lines)]


def test_every_line_is_one_that_its_command_takes(builds: dict[str, Build]) -> None:
    """Each line of `landfall` is read by the command's own parser: options, arguments, numbers and words of choice."""
    helped: set[tuple[str, ...]] = set()
    for line, words in commands(builds):
        if words[0] != "landfall":
            continue
        found = [path for path in COMMANDS if tuple(words[1 : len(path) + 1]) == path]
        assert found, line
        path = max(found, key=len)
        try:
            COMMANDS[path].make_context(" ".join(path), words[1 + len(path) :])
        except TyperException as error:
            pytest.fail(f"{line}: {error}")
        helped.add(path)
    assert len(helped) > 20
    for path in sorted(helped):
        asked = CliRunner().invoke(build_app(), [*path, "--help"])
        assert asked.exit_code == 0, path
        assert "Usage:" in asked.stdout, path


@pytest.mark.parametrize("line", ["landfall stack up", "landfall stack up DIR --limit soon", "landfall stack up DIR --now", "landfall notice failed X --output yaml"])  # fmt: skip
def test_a_line_that_its_command_does_not_take_would_be_seen(line: str) -> None:
    words = line.split()
    path = max((p for p in COMMANDS if tuple(words[1 : len(p) + 1]) == p), key=len)
    with pytest.raises(TyperException):
        COMMANDS[path].make_context(" ".join(path), words[1 + len(path) :])


def test_every_other_line_is_a_target_of_make_or_a_use_of_the_setup(
    builds: dict[str, Build],
) -> None:
    setup = (ROOT / "ci" / "setup.sh").read_text(encoding="utf-8")
    seen: set[str] = set()
    for line, words in commands(builds):
        if words[0] == "make":
            assert words[1] in TARGETS, line
            dry = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
            assert dry.returncode == 0, dry.stderr
        elif words[0] == "ci/setup.sh":
            assert f"#   ci/setup.sh {words[1]} " in setup, line
            assert re.search(rf"(?m)^    (?:[a-z| -]+\| )?{re.escape(words[1])}(?: \|[a-z| -]+)?\)", setup), line  # fmt: skip
        else:
            assert words[0] == "landfall", line
        seen.add(" ".join(words[:2]))
    assert {"make scan", "make check", "make test", "make wheel", "ci/setup.sh infra"} <= seen


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
    assert named == {
        "landfall-preview", "landfall-deploy", "landfall-data", "landfall-git", "landfall-scm"
    }  # fmt: skip
    page = Path(ROOT / "docs" / "jenkins.md").read_text(encoding="utf-8")
    assert all(one in page for one in named)
