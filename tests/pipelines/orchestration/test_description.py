"""Airflow's and Kubeflow's flows are the local runner's steps, looked at without either of them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from landfall.project import find_project
from pipelines.flow import STEPS
from pipelines.orchestration import DESCRIPTION, Task, description, tasks
from pipelines.pods import CONFIG, PLATFORM_FILE

ROOT = Path(__file__).parents[3]
NAMES = [step.name for step in STEPS]
YAML = ROOT / "pipelines" / "kubeflow" / "landfall_month.yaml"


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(YAML.read_text(encoding="utf-8")))


def test_the_tasks_hold_every_step_once_and_in_order() -> None:
    assert [task.name for task in tasks() if task.kind == "step"] == NAMES
    for task in tasks():
        if task.kind == "step":
            words = list(task.words)
            assert words[:2] == ["run", "--month"]
            assert words[words.index("--from") + 1] == words[words.index("--to") + 1] == task.name


def test_a_task_comes_after_the_one_before_it_so_the_order_is_whole() -> None:
    listed = tasks()
    for before, task in pairwise(listed):
        assert before.name in task.after, f"{task.name} may run beside {before.name}"


def test_what_jenkins_asks_and_tries_before_training_and_promotion_is_asked_and_tried_here() -> (
    None
):
    """The Jenkins job `ml` rehearses and names the same commands: ci/pipelines/ml.Jenkinsfile, ci/vars."""
    names = [task.name for task in tasks()]
    around = ("drift", "spend", "allow_spend", "train", "gate", "canary", "approve", "promote")
    assert sorted(around, key=names.index) == list(around)
    library = (ROOT / "ci/pipelines/ml.Jenkinsfile").read_text(encoding="utf-8")
    for step in ("landfallRehearse", "landfallCanary"):
        assert f"{step}(" in library
        library += (ROOT / f"ci/vars/{step}.groovy").read_text(encoding="utf-8")
    found = {task.name: task for task in tasks()}
    for name in ("spend", "canary"):
        assert found[name].words[:2] == ("model", name)
        assert f"['model', '{name}'" in library
    assert found["canary"].allowed == 3  # `promote` heeds a canary that failed: the champion stays
    assert found["train"].after == ("allow_spend",)


def test_a_spend_is_let_through_by_name_and_a_no_ends_the_run() -> None:
    found = {task.name: task for task in tasks()}
    allow, ask = found["allow_spend"], found["approve_spend"]
    assert allow.words[-4:-2] == ("--approved-by", "WHO")
    assert (allow.answer, ask.refusal, ask.shows) == ("approve_spend", "fails", "spend")
    assert allow.rule == "none_failed_min_one_success"
    assert allow.retries == 0


def test_promotion_is_behind_the_persons_word_and_is_not_tried_again() -> None:
    found = {task.name: task for task in tasks()}
    assert set(found["promote"].after) == {"choose", "approve"}
    assert found["approve"].after == ("choose",)
    assert found["choose"].after == ("verdict",)
    assert found["promote"].retries == found["approve"].retries == found["refuse"].retries == 0


def test_a_refusal_goes_on_record_in_the_words_of_who_refused() -> None:
    found = {task.name: task for task in tasks()}
    assert found["refuse"].words[:2] == ("model", "refuse")
    for name, option in (("promote", "--approved-by"), ("refuse", "--who")):
        words = found[name].words
        assert words[words.index(option) + 1] == "WHO"
        assert words[words.index("--why") + 1] == "WHY"
        assert found[name].answer == "approve"
    assert (found["refuse"].after, found["refuse"].rule) == (("promote",), "all_skipped")


@pytest.mark.parametrize("task", [one for one in tasks() if one.words], ids=lambda one: one.name)
def test_every_command_of_a_task_is_one_that_landfall_has(task: Task) -> None:
    """`--help` behind the words: click reads the options before it, and refuses what it does not know."""
    from typer.testing import CliRunner

    from landfall.cli import build_app

    result = CliRunner().invoke(build_app(), [*task.words, "--help"])
    assert result.exit_code == 0, result.output
    for word in task.words:
        if word.startswith("--"):
            assert word in result.output, f"{word} is no option of {task.words[:2]}"


def test_the_committed_description_is_what_make_dags_writes() -> None:
    assert json.loads(DESCRIPTION.read_text(encoding="utf-8")) == description("demo-local-dev")
    assert "demo-local-dev" in find_project(ROOT).stacks()


def test_the_dag_file_imports_none_of_our_packages() -> None:
    tree = ast.parse(DESCRIPTION.with_suffix(".py").read_text(encoding="utf-8"))
    names = {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    } | {
        one.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for one in node.names
    }
    assert names <= {"airflow"} | set(sys.stdlib_module_names), names


def container(name: str) -> dict[str, Any]:
    return documents()[0]["deploymentSpec"]["executors"][f"exec-{name}"]["container"]


def test_kubeflows_pipeline_runs_each_step_after_the_one_before() -> None:
    shown = documents()[0]["root"]["dag"]["tasks"]
    order = [*NAMES[:5], "allow-spend", *NAMES[5:-1], "canary"]
    assert order[5:] == ["allow-spend", "train", "gate", "canary"]
    assert set(order) <= set(shown)
    for before, name in pairwise(order):
        assert before in shown[name]["dependentTasks"]
    for name in NAMES:
        words = container(name)["args"]
        assert words[words.index("--from") + 1] == words[words.index("--to") + 1] == name
    assert container("canary")["args"][1:3] == ["model", "canary"]
    assert container("canary")["command"][2].endswith('landfall "$@" || [ $? -eq 3 ]')


def test_kubeflows_promotion_waits_for_a_name_and_none_is_the_default() -> None:
    spec = documents()[0]
    assert "promote" not in spec["root"]["dag"]["tasks"]
    held = [
        name for name, one in spec["components"].items() if "promote" in one.get("dag", {}).get("tasks", {})
    ]  # fmt: skip
    assert len(held) == 1
    assert "approved" in held[0] or "condition" in held[0]
    inputs = spec["root"]["inputDefinitions"]["parameters"]
    assert (
        inputs["approved_by"]["defaultValue"] == inputs["spend_approved_by"]["defaultValue"] == ""
    )


def test_kubeflows_pods_mount_the_stack_and_its_platform() -> None:
    spec, platform = documents()
    mounted = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(mounted) == set(spec["deploymentSpec"]["executors"])
    for name, one in mounted.items():
        (config,) = one["configMapAsVolume"]
        assert (config["configMapName"], config["mountPath"]) == (CONFIG, "/etc/landfall")
        assert one["emptyDirMounts"][0]["mountPath"] == "/tmp"
        given = {
            each["name"]: each["value"] for each in container(name.removeprefix("exec-"))["env"]
        }
        assert given["LANDFALL_PLATFORM"] == PLATFORM_FILE


def test_kubeflows_command_finds_the_mounted_stack_for_real(tmp_path: Path) -> None:
    """The script of the YAML with its three folders moved below a temporary one, and this checkout in the image's place."""
    mount, own = tmp_path / "etc", tmp_path / "project"
    mount.mkdir()
    text = (ROOT / "stacks/Pulumi.demo-local-dev.yaml").read_text(encoding="utf-8")
    (mount / "stack.yaml").write_text(text, encoding="utf-8")
    script = container("land")["command"][2]
    for there, here in (("/tmp/project", own), ("/etc/landfall", mount), ("/opt/landfall", ROOT)):
        script = script.replace(there, str(here))
    script = script.replace('landfall "$@"', f'{ROOT}/.venv/bin/landfall "$@"')
    env = {
        "PATH": os.environ["PATH"], "LANDFALL_PROJECT": str(own), "LANDFALL_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    words = ["mounted-local-dev", "intent", "check", "--stack", "mounted-local-dev"]
    done = subprocess.run(
        ["bash", "-c", script, *words],
        env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [one.name for one in (own / "stacks").iterdir()] == ["Pulumi.mounted-local-dev.yaml"]


def test_kubeflows_yaml_is_what_make_dags_writes(tmp_path: Path) -> None:
    python = ROOT / ".venv-kubeflow" / "bin" / "python"
    if not python.exists():
        pytest.skip("Kubeflow's compiler is not installed: ci/setup.sh kubeflow")
    made = tmp_path / "made.yaml"
    subprocess.run(
        [python, "-m", "pipelines.kubeflow.compile", str(made)], cwd=ROOT, check=True, timeout=120
    )
    assert list(yaml.safe_load_all(made.read_text(encoding="utf-8"))) == documents()
