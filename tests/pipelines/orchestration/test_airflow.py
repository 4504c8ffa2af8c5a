"""The DAG in Airflow's own environment: a month by its own commands, once refused and once approved.

What the data steps do from nothing, tests/pipelines shows; here they find it done, and the model is trained for real.
"""

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
    """A home of Airflow and one of Landfall, both temporary, with rows to train on in March."""
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
    # The data steps in one warm process: the DAG's own find their work done, which is what a second run of a month is.
    shell([LANDFALL, "run", "--all", "--until", "2013-03", "--to", "drift"], given)
    return given


def shell(words: list[Any], env: dict[str, str]) -> str:
    done = subprocess.run(
        words, env=env, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


def landfall(env: dict[str, str], *words: str) -> dict[str, Any]:
    return json.loads(shell([LANDFALL, *words, "--output", "json"], env))


def run_dag(env: dict[str, str], *words: str) -> dict[str, Any]:
    script = Path(__file__).with_name("run_dag.py")
    told = json.loads(shell([PYTHON, script, MARCH, *words], env).splitlines()[-1])
    print(words, told.pop("seconds"))
    return told


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


def test_refused_it_is_on_record_and_told_approved_it_promotes(env: dict[str, str]) -> None:
    """The second run of the month has its steps done, so it begins with what the canary and the gate found."""
    why = """too few rows; "x" $(exit 9) it's"""
    refused = run_dag(env, "Reject", why)
    assert refused["run"] == "success", refused
    skipped = ["approve_spend", "promote", "failed"]  # the laptop's training costs no GPU hours
    assert [refused["tasks"].pop(name) for name in skipped] == ["skipped"] * 3, refused
    assert set(refused["tasks"].values()) == {"success"}, refused
    assert landfall(env, "model", "show")["champion"] is None
    (entry,) = [e for e in landfall(env, "model", "history")["entries"] if e["month"] == "2013-03"]
    assert (entry["action"], entry["who"]) == ("hold", f"flow ({entry['answer']['who']})")
    assert (entry["answer"]["said"], entry["answer"]["why"]) == ("refuse", why)
    (told,) = landfall(env, "listen", "--notices")["notices"]
    assert (told["body"]["month"], told["body"]["decision"]) == ("2013-03", "HOLD")
    assert why in told["body"]["why"]

    approved = run_dag(
        env, "Approve", "seen with Ann", "(?!(verdict|choose|approve|promote|refuse|failed)$).*"
    )
    skipped = ["refuse", "failed"]
    assert [approved["tasks"].pop(name) for name in skipped] == ["skipped"] * 2, approved
    assert set(approved["tasks"].values()) == {"success"}, approved
    champion = landfall(env, "model", "show")["champion"]
    assert champion["month"] == "2013-03"
    assert champion["since"]["action"] == "promote"
    assert champion["since"]["who"] == entry["who"]
    last = landfall(env, "model", "history")["entries"][-1]
    assert (last["answer"]["said"], last["answer"]["why"]) == ("approve", "seen with Ann")
