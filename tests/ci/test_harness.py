"""The harness is as strict as Jenkins: what Jenkins refuses, it refuses; what Jenkins does first, it does first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.scenarios import Build, needs_groovy, run

HEAD = "@Library('landfall') _\n"


def pipeline(*stages: str, head: str = HEAD, more: str = "") -> str:
    body = "\n".join(stages)
    return f"{head}pipeline {{\nagent none\n{more}\nstages {{\n{body}\n}}\n}}\n"


def stage(steps: str = "echo 'a'", more: str = "") -> str:
    return f"stage('One') {{\n{more}\nsteps {{\n{steps}\n}}\n}}"


REFUSED = {
    "an unknown step": (pipeline(stage("landfalPlan()")), "No such DSL method 'landfalPlan'"),
    "two statements on one line": (pipeline(stage("echo 'a'; echo 'b'")), "two statements on one line"),
    "code outside of script": (pipeline(stage("def a = 1")), "Expected a step"),
    "an argument that a step has not": (pipeline(stage("script {\nretry(times: 2) {\necho 'a'\n}\n}")), "`retry` knows no times"),
    "a section that does not exist": (pipeline(stage(more="whenever {\nbranch 'main'\n}")), "whenever"),
    "a condition that does not exist": (pipeline(stage(more="when {\nbranches 'main'\n}")), "branches"),
    "no library": (pipeline(stage(), head=""), "@Library"),
    "no agent": (HEAD + "pipeline {\nstages {\n" + stage() + "\n}\n}\n", 'Missing required section "agent"'),
    "a variable that nobody set": (pipeline(stage("script {\necho stack\n}")), "No such property: stack"),
}  # fmt: skip
BUILDS = {
    "a shell without an agent": pipeline(stage("sh 'ls'")),
    "input before when": pipeline(stage("echo 'ran'", "input {\nmessage 'Go?'\nid 'go'\n}\nwhen {\nbranch 'other'\n}")),
    "beforeInput": pipeline(stage("echo 'ran'", "input {\nmessage 'Go?'\nid 'go'\n}\nwhen {\nbeforeInput true\nbranch 'other'\n}")),
    "when without beforeAgent": pipeline(stage("echo 'ran'", "agent {\nlabel 'x'\n}\nwhen {\nbranch 'other'\n}")),
    "beforeAgent": pipeline(stage("echo 'ran'", "agent {\nlabel 'x'\n}\nwhen {\nbeforeAgent true\nbranch 'other'\n}")),
    "post": pipeline(stage("error('no')"), more="post {\nsuccess {\necho 'fine'\n}\nfailure {\necho 'bad'\n}\ncleanup {\necho 'last'\n}\n}"),
    "env of the build": pipeline(stage("script {\nwithEnv(['A=1']) {\nenv.B = '2'\n}\necho \"${env.A} ${env.B}\"\n}")),
}  # fmt: skip


def test_where_there_is_no_groovy_it_is_told_in_red(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        pytest.skip.Exception, match=r"^NOT PROVEN HERE"
    ):  # the words that tests/conftest.py looks for
        needs_groovy()


@pytest.fixture(scope="module")
def tried(harness: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Build]:
    texts = {**{name: text for name, (text, _) in REFUSED.items()}, **BUILDS}
    given = [
        {"name": name, "pipeline": name, "text": text, "env": {"BRANCH_NAME": "main"}, "inputs": {"go": {"by": "a"}}}
        for name, text in texts.items()
    ]  # fmt: skip
    return run(harness, given, tmp_path_factory.mktemp("strict"))


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses(tried: dict[str, Build], name: str) -> None:
    assert tried[name].result == "NOT A PIPELINE", tried[name]
    assert REFUSED[name][1] in str(tried[name].failure)


def test_a_shell_needs_an_agent(tried: dict[str, Build]) -> None:
    assert tried["a shell without an agent"].result == "FAILURE"
    assert "needs an agent" in str(tried["a shell without an agent"].failure)


def test_input_is_asked_before_when_unless_said_otherwise(tried: dict[str, Build]) -> None:
    assert tried["input before when"].steps("input")
    assert not tried["input before when"].steps("echo")
    assert not tried["beforeInput"].steps("input")


def test_an_agent_is_taken_before_when_unless_said_otherwise(tried: dict[str, Build]) -> None:
    assert tried["when without beforeAgent"].steps("node") == ["x"]
    assert tried["beforeAgent"].steps("node") == []


def test_post_runs_what_the_result_asks_for(tried: dict[str, Build]) -> None:
    assert tried["post"].steps("echo") == ["bad", "last"]


def test_what_is_set_on_env_outlives_withenv_and_its_overrides_do_not(
    tried: dict[str, Build],
) -> None:
    assert tried["env of the build"].steps("echo") == ["null 2"]
