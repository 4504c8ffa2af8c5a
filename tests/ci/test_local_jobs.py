"""The jobs `pipelines` and `ml` for real: every line of theirs is run by bash, on the local Platform, in a clone.

Only `make test` is answered for, as it is what runs this. Leaves out Jenkins and its agents (tests/ci/harness stands in).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.ci.scenarios import ROOT, Build, run, says

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
STACK = "demo-local-dev"
LINKED = (".venv-dbt", ".tools", ".cache")
TESTS = says("make test", code=0)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is committed, made ready, with January and February in its home."""
    folder = tmp_path_factory.mktemp("agent") / "workspace"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    for name in LINKED:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    make_ready(folder)
    landfall(folder, "run", "--all", "--until", "2013-02")
    return folder


def make_ready(folder: Path) -> None:
    """An environment of the clone's own, with this checkout's packages: ci/setup.sh finds it filled, and nothing that
    it does reaches this checkout."""
    python = ROOT / ".venv" / "bin" / "python"
    subprocess.run([python, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    packages = Path(sysconfig.get_path("purelib"))
    (site,) = (folder / ".venv" / "lib").glob("python*/site-packages")
    (site / "landfall.pth").write_text(f"{folder}\n{packages}\n")
    script = folder / ".venv" / "bin" / "landfall"
    script.write_text(
        f"#!{folder}/.venv/bin/python\nfrom landfall.cli import main\n\nif __name__ == '__main__':\n    main()\n"
    )
    script.chmod(0o755)
    for name in ("dev.txt", "infra.txt"):
        shutil.copy(folder / "requirements" / name, folder / ".venv" / f".{name}")
    (folder / ".venv-policy").mkdir()
    shutil.copy(folder / "requirements" / "policy.txt", folder / ".venv-policy" / ".policy.txt")


def environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LANDFALL_")}
    return {**kept, "LANDFALL_HOME": str(folder / "home"), "LANDFALL_PROJECT": str(folder)}


def build(
    harness: Path, folder: Path, pipeline: str, params: dict[str, str], answers: list[Any]
) -> Build:
    given = {
        "name": pipeline, "pipeline": pipeline, "params": params, "answers": answers,
        "shell": True, "folder": str(folder),
        "env": {"BRANCH_NAME": "main", "LANDFALL_HOME": str(folder / "home"), "LANDFALL_PROJECT": str(folder)},
    }  # fmt: skip
    return run(harness, [given], folder.parent)[pipeline]


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


def landfall(folder: Path, *words: str) -> Any:
    done = subprocess.run(
        [folder / ".venv" / "bin" / "landfall", *words, "--stack", STACK, "--output", "json"],
        cwd=folder, env=environment(folder), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_the_pipelines_job_publishes_code_that_ran_a_month(harness: Path, checkout: Path) -> None:
    params = {"STAGING": STACK, "STACK": STACK, "MONTH": "2013-03", "BASE": "HEAD"}
    one = build(harness, checkout, "ci/pipelines/pipelines.Jenkinsfile", params, [TESTS])
    assert one.result == "SUCCESS", shown(one)
    assert all(row["real"] for row in one.log if row["step"] == "sh" and row["args"] != "make test")
    assert landfall(checkout, "code", "show")["current"]["name"].endswith(".whl")
    wheel = next((checkout / "dist").glob("*.whl"))
    assert landfall(checkout, "code", "show")["current"]["digest"] in subprocess.run(
        ["sha256sum", wheel], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip


def test_the_ml_job_takes_a_month_to_its_verdict(harness: Path, checkout: Path) -> None:
    before = landfall(checkout, "model", "show")["champion"]
    params = {"STACK": STACK, "MONTH": "2013-03"}
    one = build(harness, checkout, "ci/pipelines/ml.Jenkinsfile", params, [])
    assert one.result == "SUCCESS", shown(one)
    assert all(row["real"] for row in one.log if row["step"] == "sh")
    verdict = json.loads((checkout / "verdict.json").read_text())
    history = landfall(checkout, "model", "history")["entries"]
    assert history[-1]["month"] == "2013-03"
    assert verdict["decision"] in ("PROMOTE", "HOLD", "REJECT")
    after = landfall(checkout, "model", "show")["champion"]
    assert (after != before) == (verdict["decision"] == "PROMOTE")
    assert ("landfall model canary" in " ".join(one.lines)) == (verdict["decision"] == "PROMOTE")


def test_a_bad_month_ends_with_words_and_publishes_nothing(harness: Path, checkout: Path) -> None:
    params = {"STACK": STACK, "MONTH": "1999-01"}
    one = build(harness, checkout, "ci/pipelines/ml.Jenkinsfile", params, [])
    assert one.result == "FAILURE"
    assert one.failure
    assert "1999-01" in one.failure
    assert "Traceback" not in shown(one)
    assert one.never("model rehearse", "run --from train")
