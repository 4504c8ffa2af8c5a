"""The jobs `pipelines`, `ml` and `rollback` for real: every line is run by bash, on the local Platform.

Each agent is a fresh clone, as each pod is; what stays is the home, on a volume that all agents mount. Only `make test` is
answered for, as it is what runs this. Leaves out Jenkins and its agents (tests/ci/harness stands in).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.ci.scenarios import ROOT, Build, run, says
from tests.ci.workspace import make

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
STACK = "demo-local-dev"
TESTS = says("make test", code=0)
_NUMBERS = count(1)


@dataclass(frozen=True)
class Jenkins:
    """Its agents' disks, a folder each, and the volume that all of them mount; `own` is a checkout beside them."""

    agents: Path
    volume: Path
    own: Path

    def landfall(self, *words: str) -> Any:
        """What a command prints about the demo's stack, run beside the jobs."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LANDFALL_")}
        done = subprocess.run(
            [self.own / ".venv" / "bin" / "landfall", *words, "--stack", STACK, "--output", "json"],
            cwd=self.own, env={**kept, "LANDFALL_HOME": str(self.volume)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def jenkins(tmp_path_factory: pytest.TempPathFactory) -> Jenkins:
    """A volume with January and February."""
    folder = tmp_path_factory.mktemp("jenkins")
    made = Jenkins(folder / "agents", folder / "volume", folder / "own")
    made.agents.mkdir()
    make(made.own)
    made.landfall("run", "--all", "--until", "2013-02")
    return made


def build(
    harness: Path,
    jenkins: Jenkins,
    pipeline: str,
    params: dict[str, str],
    answers: list[Any],
    **env: str,
) -> Build:
    """One build; its agents' folders are numbered below a folder of its own."""
    workspaces = jenkins.agents / str(next(_NUMBERS))
    workspaces.mkdir()
    given = {
        "name": pipeline, "pipeline": f"ci/pipelines/{pipeline}.Jenkinsfile", "params": params, "answers": answers,
        "shell": True, "workspaces": str(workspaces),
        "prepare": ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.ci.workspace"],
        "env": {"LANDFALL_HOME": str(jenkins.volume), "LANDFALL_PROJECT": "", **env},
    }  # fmt: skip
    return run(harness, [given], workspaces)[pipeline]


def written(jenkins: Jenkins, name: str) -> Any:
    """The newest file of that name that an agent left."""
    found = max(jenkins.agents.glob(f"*/*/{name}"), key=lambda one: one.stat().st_mtime)
    return json.loads(found.read_text())


def shown(one: Build) -> str:
    rows = [row for row in one.log if row["step"] == "sh"]
    return json.dumps(
        [
            one.result,
            one.failure,
            [(r["args"], r.get("code"), r.get("err", "")[-600:]) for r in rows],
        ],
        indent=1,
    )


def test_the_pipelines_job_publishes_code_that_ran_a_month(harness: Path, jenkins: Jenkins) -> None:
    params = {"STAGING": STACK, "STACK": STACK, "MONTH": "2013-03", "BASE": "HEAD"}
    one = build(harness, jenkins, "pipelines", params, [TESTS], BRANCH_NAME="main")
    assert one.result == "SUCCESS", shown(one)
    assert all(row["real"] for row in one.log if row["step"] == "sh" and row["args"] != "make test")
    current = jenkins.landfall("code", "show")["current"]
    wheels = list(jenkins.agents.glob("*/*/dist/*.whl"))
    assert len(wheels) == 2  # the agent that built it, and the one that published what was stashed
    assert len({wheel.read_bytes() for wheel in wheels}) == 1
    told = subprocess.run(["sha256sum", wheels[0]], capture_output=True, text=True, check=True)
    assert current["digest"] in told.stdout


def test_the_ml_job_takes_a_month_to_its_verdict(harness: Path, jenkins: Jenkins) -> None:
    before = jenkins.landfall("model", "show")["champion"]
    one = build(harness, jenkins, "ml", {"STACK": STACK, "MONTH": "2013-03"}, [])
    assert one.result == "SUCCESS", shown(one)
    assert all(row["real"] for row in one.log if row["step"] == "sh")
    assert len(one.steps("node")) >= 6  # an agent a stage, none of which has another's disk
    verdict = written(jenkins, "verdict.json")
    history = jenkins.landfall("model", "history")["entries"]
    assert history[-1]["month"] == "2013-03"
    assert verdict["decision"] in ("PROMOTE", "HOLD", "REJECT")
    after = jenkins.landfall("model", "show")["champion"]
    assert (after != before) == (verdict["decision"] == "PROMOTE")
    assert ("landfall model canary" in " ".join(one.lines)) == (verdict["decision"] == "PROMOTE")


def test_the_rollback_job_keeps_its_reason_in_the_record(harness: Path, jenkins: Jenkins) -> None:
    champions = {e["version"] for e in jenkins.landfall("model", "history")["entries"] if e["action"] == "promote"}  # fmt: skip
    why = "complaints of the tower; $(touch owned)"
    one = build(harness, jenkins, "rollback", {"STACK": STACK, "WHY": why}, [])
    history = jenkins.landfall("model", "history")["entries"]
    if len(champions) < 2:  # nothing to go back to: told, and nothing on record
        assert one.result == "FAILURE", shown(one)
        assert history[-1]["action"] != "rollback"
        return
    assert one.result == "SUCCESS", shown(one)
    assert (history[-1]["action"], history[-1]["why"]) == ("rollback", why)
    assert not list(jenkins.agents.glob("*/*/owned"))


def test_without_a_volume_nothing_is_begun_that_the_next_agent_would_not_find(
    harness: Path, jenkins: Jenkins
) -> None:
    params = {"STACK": STACK, "MONTH": "2013-03"}
    one = build(harness, jenkins, "ml", params, [], LANDFALL_HOME="")
    assert one.result == "FAILURE"
    assert "be gone with it" in str(one.failure), shown(one)
    assert "LANDFALL_HOME" in str(one.failure)
    assert one.never("landfall run", "landfall model")


def test_a_bad_month_ends_with_words_and_publishes_nothing(harness: Path, jenkins: Jenkins) -> None:
    one = build(harness, jenkins, "ml", {"STACK": STACK, "MONTH": "1999-01"}, [])
    assert one.result == "FAILURE"
    assert one.failure
    assert "1999-01" in one.failure
    assert "Traceback" not in shown(one)
    assert one.never("model rehearse", "run --from train")
