"""Airflow's and Kubeflow's flows are the local runner's steps, looked at without either of them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from landfall.project import find_project
from pipelines.flow import STEPS
from pipelines.orchestration import DESCRIPTION, description, tasks

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


def test_promotion_is_behind_the_persons_word_and_is_not_tried_again() -> None:
    found = {task.name: task for task in tasks()}
    assert set(found["promote"].after) == {"choose", "approve"}
    assert found["approve"].after == ("choose",)
    assert found["choose"].after == ("gate",)
    assert found["promote"].retries == found["approve"].retries == 0


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


def test_kubeflows_pipeline_runs_each_step_after_the_one_before() -> None:
    spec = documents()[0]
    shown = spec["root"]["dag"]["tasks"]
    order = NAMES[:-1]
    assert set(order) <= set(shown)
    for before, name in pairwise(order):
        assert before in shown[name]["dependentTasks"]
    for name in NAMES:
        container = spec["deploymentSpec"]["executors"][f"exec-{name}"]["container"]
        words = container["args"]
        assert container["command"] == ["landfall"]
        assert words[words.index("--from") + 1] == words[words.index("--to") + 1] == name


def test_kubeflows_promotion_waits_for_approval_which_is_not_the_default() -> None:
    spec = documents()[0]
    assert "promote" not in spec["root"]["dag"]["tasks"]
    held = [
        name for name, one in spec["components"].items() if "promote" in one.get("dag", {}).get("tasks", {})
    ]  # fmt: skip
    assert len(held) == 1
    assert "approved" in held[0] or "condition" in held[0]
    inputs = spec["root"]["inputDefinitions"]["parameters"]
    assert inputs["approved"]["defaultValue"] is False


def test_kubeflows_yaml_is_what_make_dags_writes(tmp_path: Path) -> None:
    python = ROOT / ".venv-kubeflow" / "bin" / "python"
    if not python.exists():
        pytest.skip("Kubeflow's compiler is not installed: ci/setup.sh kubeflow")
    made = tmp_path / "made.yaml"
    subprocess.run(
        [python, "-m", "pipelines.kubeflow.compile", str(made)], cwd=ROOT, check=True, timeout=120
    )
    assert list(yaml.safe_load_all(made.read_text(encoding="utf-8"))) == documents()
