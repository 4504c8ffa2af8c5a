"""Run the DAG for a month with `dag.test()`: `python run_dag.py LOGICAL_DATE Approve|Reject WHY [DONE]`.

Tasks whose names match the pattern DONE are marked as done and not run again. For Airflow's own environment; prints
the tasks' states and seconds as one line of JSON. The answer goes through Airflow's REST API,
as a click on its page does. The caller sets AIRFLOW_HOME and what the tasks need.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

DAGS = Path(__file__).parents[3] / "pipelines" / "dags"


def load() -> tuple[Any, float]:
    """The DAG, by the bag that Airflow's processor fills; its import errors end the script."""
    from airflow.dag_processing.dagbag import DagBag

    began = time.monotonic()
    bag = DagBag(str(DAGS))
    assert not bag.import_errors, bag.import_errors
    return bag.dags["landfall_month"], time.monotonic() - began


def answer(choice: str, why: str, stop: threading.Event) -> None:
    """Answer every open request with `choice`, until stopped."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    with TestClient(create_app(apps="core")) as client:
        token = client.get("/auth/token").json()["access_token"]
        head = {"Authorization": f"Bearer {token}"}
        while not stop.wait(1):
            path = "/api/v2/dags/~/dagRuns/~/hitlDetails"
            asked = client.get(path, headers=head, params={"response_received": False}).json()
            for one in asked.get("hitl_details", []):
                ti = one["task_instance"]
                where = f"/api/v2/dags/{ti['dag_id']}/dagRuns/{ti['dag_run_id']}/taskInstances/{ti['task_id']}/-1/hitlDetails"
                said = client.patch(
                    where,
                    headers=head,
                    json={"chosen_options": [choice], "params_input": {"why": why}},
                )
                print("answered", said.status_code, said.text[:300], file=sys.stderr, flush=True)


def main(date: str, choice: str, why: str, done: str | None = None) -> None:
    """Run it and print states."""
    dag, seconds = load()
    stop = threading.Event()
    thread = threading.Thread(target=answer, args=(choice, why, stop), daemon=True)
    thread.start()
    run = dag.test(logical_date=datetime.fromisoformat(date), mark_success_pattern=done)
    stop.set()
    thread.join(10)
    ended = run.get_task_instances()
    told = {
        "run": str(run.state),
        "import_seconds": seconds,
        "tasks": {ti.task_id: str(ti.state) for ti in ended},
        "seconds": {ti.task_id: round(ti.duration or 0, 1) for ti in ended},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
