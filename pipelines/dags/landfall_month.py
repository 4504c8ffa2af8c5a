"""The monthly flow as an Airflow DAG (3.1 or newer), one task a step of the local runner.

Holds no logic of a step and imports none of our packages: the tasks are those of `landfall_month.json`
beside it, which `make dags` writes, and each calls the `landfall` command of the worker. Leaves out
sending mail: what happens is told on the Platform's own queue of notices.
"""
# Airflow has an environment of its own, where the checks of types do not look.
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import os
import shlex
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.operators.python import BranchPythonOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.sdk import DAG, Param
from airflow.timetables.interval import CronDataIntervalTimetable

FLOW: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
# A worker may have the command elsewhere, and a deployment has its own stack (infra/ sets it).
COMMAND: str = os.environ.get("LANDFALL_COMMAND") or FLOW["command"]
STACK: str = os.environ.get("LANDFALL_STACK") or FLOW["stack"]
MONTH = "{{ params.month or data_interval_start.strftime('%Y-%m') }}"
NOT_YET = 3
"""What `landfall land --ask` exits with while the month is not there."""


def command(words: list[str]) -> str:
    """A task's shell line; its output as one line, which Airflow keeps."""
    put = {"MONTH": MONTH, "STACK": shlex.quote(STACK)}
    line = " ".join([shlex.quote(COMMAND), *(put.get(word, shlex.quote(word)) for word in words)])
    return f"set -o pipefail; {line} | tr '\\n' ' '"


def choose(verdict: dict[str, Any]) -> str:
    """A person is asked about a promotion; any other verdict is only written down."""
    return "approve" if verdict["verdict"]["decision"] == "PROMOTE" else "promote"


def tell_failure(_: dict[str, Any]) -> None:
    """Put a failed run on the Platform's queue of notices."""
    told = [COMMAND, "notice", "failed", STACK, "--send"]
    subprocess.run(told, check=True, timeout=300, stdout=subprocess.DEVNULL)


def build(task: dict[str, Any]) -> Any:
    """The standard operator for a task of the description."""
    limit = timedelta(minutes=task["minutes"])
    if task["kind"] == "wait":
        return BashSensor(
            task_id=task["name"],
            bash_command=command(task["words"]),
            retry_exit_code=NOT_YET,
            mode="reschedule",  # no worker is held between two looks
            poke_interval=timedelta(hours=1),
            timeout=timedelta(days=20),
        )
    if task["kind"] == "choose":
        return BranchPythonOperator(
            task_id=task["name"],
            python_callable=choose,
            op_args=[flow.get_task(task["after"][0]).output],
        )
    if task["kind"] == "ask":
        return ApprovalOperator(
            task_id=task["name"],
            subject=f"{STACK}: promote the winner of {MONTH}?",
            body="{{ ti.xcom_pull(task_ids='gate')['verdict'] | tojson(indent=1) }}",
            response_timeout=timedelta(days=7),  # nobody's silence is a yes: the run fails then
        )
    return BashOperator(
        task_id=task["name"],
        bash_command=command(task["words"]),
        execution_timeout=limit,
        output_processor=json.loads,
        do_xcom_push=task["name"] == "gate",
        retries=task["retries"],
        retry_delay=timedelta(minutes=5),
        # After `choose` either `approve` ran or was passed over; `tell` is for a refusal alone.
        trigger_rule={"promote": "none_failed_min_one_success", "tell": "all_skipped"}.get(
            task["name"], "all_success"
        ),
    )


with DAG(
    dag_id="landfall_month",
    description="A month from landing zone to champion",
    schedule=CronDataIntervalTimetable("0 0 1 * *", timezone="UTC"),
    start_date=datetime.fromisoformat(FLOW["start"] + "T00:00:00+00:00"),
    catchup=True,
    max_active_runs=1,
    on_failure_callback=tell_failure,
    params={"month": Param(None, type=["null", "string"], pattern=r"^\d{4}-(0[1-9]|1[0-2])$")},
    tags=["landfall"],
) as flow:
    for one in FLOW["tasks"]:
        made = build(one)
        for before in one["after"]:
            made.set_upstream(flow.get_task(before))
