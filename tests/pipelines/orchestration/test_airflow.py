"""The DAG in Airflow's own environment: a whole month for real, once refused and once approved."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipelines.orchestration import tasks

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-airflow" / "bin" / "python"
LANDFALL = ROOT / ".venv" / "bin" / "landfall"
STACK = "demo-local-dev"
MARCH = "2013-04-01T00:00:00+00:00"
"""A run by hand at this moment is about the whole month before it."""

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="Airflow is not installed: ci/setup.sh airflow"
)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home of Airflow and one of Landfall, both temporary, with January and February run."""
    folder = tmp_path_factory.mktemp("airflow")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LANDFALL_", "AIRFLOW_"))}
    given = {
        **kept,
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "pipelines" / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANDFALL_HOME": str(folder / "landfall"),
        "LANDFALL_PROJECT": str(ROOT),
        "LANDFALL_COMMAND": str(LANDFALL),
        "LANDFALL_STACK": STACK,
    }
    shell([PYTHON, "-m", "airflow", "db", "migrate"], given)
    shell([LANDFALL, "run", "--all", "--until", "2013-02"], given)
    return given


def shell(words: list[Any], env: dict[str, str]) -> str:
    done = subprocess.run(
        words, env=env, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


def landfall(env: dict[str, str], *words: str) -> dict[str, Any]:
    return json.loads(shell([LANDFALL, *words, "--output", "json"], env))


def run_dag(env: dict[str, str], answer: str) -> dict[str, Any]:
    script = Path(__file__).with_name("run_dag.py")
    return json.loads(shell([PYTHON, script, MARCH, answer], env).splitlines()[-1])


def test_it_imports_fast_without_an_error_or_a_deprecated_name(env: dict[str, str]) -> None:
    code = (
        "import sys, time, warnings; warnings.simplefilter('error', DeprecationWarning)\n"
        "import airflow.sdk, airflow.providers.standard.operators.hitl\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "began = time.monotonic(); bag = DagBag(sys.argv[1]); took = time.monotonic() - began\n"
        "assert not bag.import_errors, bag.import_errors\n"
        "assert not bag.captured_warnings, bag.captured_warnings\n"
        "assert 'pyspark' not in sys.modules and 'pipelines' not in sys.modules\n"
        "dag = bag.dags['landfall_month']\n"
        "import json\n"
        "print(json.dumps({'took': took, 'active': dag.max_active_runs, 'catchup': dag.catchup,"
        " 'edges': {t.task_id: sorted(t.upstream_task_ids) for t in dag.tasks}}))\n"
    )
    found = json.loads(
        shell([PYTHON, "-c", code, str(ROOT / "pipelines" / "dags")], env).splitlines()[-1]
    )
    assert found["took"] < 5
    assert (found["active"], found["catchup"]) == (1, True)
    assert found["edges"] == {task.name: sorted(task.after) for task in tasks()}


def test_refused_it_tells_and_promotes_nothing_approved_it_promotes(env: dict[str, str]) -> None:
    refused = run_dag(env, "Reject")
    assert refused["run"] == "success", refused
    assert refused["tasks"].pop("promote") == "skipped"
    assert set(refused["tasks"].values()) == {"success"}, refused
    assert landfall(env, "model", "show")["champion"] is None
    assert [one["subject"] for one in landfall(env, "listen", "--notices")["notices"]] == ["held"]

    approved = run_dag(env, "Approve")
    assert approved["tasks"].pop("tell") == "skipped"
    assert set(approved["tasks"].values()) == {"success"}, approved
    champion = landfall(env, "model", "show")["champion"]
    assert champion["month"] == "2013-03"
    assert champion["since"]["action"] == "promote"
