"""The DAG of a pod description in Airflow's own environment: which operators, and which pods they would start."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from landfall import __version__
from pipelines.orchestration import tasks
from tests.infra.samples import PROJECT
from tests.pipelines.cloud.platforms import exported
from tests.pipelines.orchestration.test_pods import KPO, described, found

PYTHON = PROJECT.root / ".venv-airflow" / "bin" / "python"
STACK = "fjord-azure-dev"
"""Its Airflow runs on the cluster; those of Composer and MWAA need providers that are not installed here."""
pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="Airflow is not installed: ci/setup.sh airflow"
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What pod_dag.py prints of the sample stack's DAG."""
    folder = tmp_path_factory.mktemp("pods")
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(PROJECT.root / "pipelines" / "dags" / "landfall_month.py", dags)
    with pytest.MonkeyPatch.context() as patch:
        told = described(STACK, folder / "home", patch)
    (dags / "landfall_month.json").write_text(json.dumps(told), encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LANDFALL_", "AIRFLOW_"))}
    env = {
        **kept, "AIRFLOW_HOME": str(folder / "airflow"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    done = subprocess.run(
        [PYTHON, Path(__file__).with_name("pod_dag.py"), str(dags)],
        env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_each_command_is_a_pod_and_people_are_asked_by_the_standard_operator(
    shown: dict[str, Any],
) -> None:
    for task in tasks():
        one = shown[task.name]
        if task.kind == "ask":
            assert one["operator"].endswith("standard.operators.hitl.ApprovalOperator")
        elif task.kind == "choose":
            assert one["operator"].endswith("operators.python.BranchPythonOperator")
        elif task.kind == "wait":
            assert (one["own"], one["mode"], one["skips"]) == ("PodSensor", "reschedule", [3])
        else:
            assert (one["own"], one["operator"]) == ("LandfallPod", KPO)
        if task.words:
            assert one["in_cluster"] is True
        assert one["rule"] == task.rule


def test_each_pod_has_its_image_words_namespace_and_account(shown: dict[str, Any]) -> None:
    put = {
        "MONTH": "2013-03", "STACK": STACK, "WHO": "ann", "WHY": "it's $(better)",
    }  # fmt: skip
    registry = exported(STACK).registry
    accounts = {"ingest": "ingest", "transform": "transform", "train": "training"}
    for task in tasks():
        if not task.words:
            continue
        made = shown[task.name]["pod"]
        (container,) = made["spec"]["containers"]
        assert container["image"] == f"{registry}/landfall:{__version__}"
        assert container["args"] == [put.get(word, word) for word in task.words]
        assert container["command"][0] == ("bash" if task.kind == "read" or task.allowed else "landfall")  # fmt: skip
        assert made["metadata"]["namespace"] == "training"
        assert made["metadata"]["name"].startswith(f"landfall-{task.name.replace('_', '-')}")
        assert made["spec"]["serviceAccountName"] == accounts[task.acts_as]


def test_kubernetes_takes_each_pod_as_it_is_sent(shown: dict[str, Any]) -> None:
    for name, one in shown.items():
        if "pod" in one:
            assert found(one["pod"]) == [], name
            assert one["pod"]["spec"]["securityContext"]["runAsNonRoot"] is True
            assert one["pod"]["spec"]["automountServiceAccountToken"] is False


def test_a_result_comes_by_the_pods_last_message_and_not_yet_is_no_failure(
    shown: dict[str, Any],
) -> None:
    assert shown["verdict"]["result"] == {"decision": "HOLD"}
    assert shown["await_month"]["looks"] == [False, True]
