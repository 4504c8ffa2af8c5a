"""The monthly flow as an Airflow DAG (3.1 or newer), one task a step of the local runner.

Holds no logic of a step and imports none of our packages: the tasks are those of `landfall_month.json`
beside it, which `make dags` writes. Each is a `landfall` command, of the worker's shell or of a pod of our image on
the stack's cluster, as the description says. Leaves out sending mail: what happens is told on the Platform's queue
of notices.
"""
# Airflow has an environment of its own, where the checks of types do not look.
# pyright: reportMissingImports=false

from __future__ import annotations

import importlib
import json
import os
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.operators.python import BranchPythonOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.sdk import DAG, BaseSensorOperator, Param
from airflow.sdk.exceptions import AirflowSkipException
from airflow.timetables.interval import CronDataIntervalTimetable

FLOW: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
RUN: dict[str, Any] = FLOW["run"]
# A worker may have the command elsewhere, and a deployment has its own stack; a pod's stack is mounted into it.
COMMAND: str = os.environ.get("LANDFALL_COMMAND") or RUN.get("command", "landfall")
STACK: str = (RUN["as"] == "shell" and os.environ.get("LANDFALL_STACK")) or FLOW["stack"]
MONTH = "{{ params.month or data_interval_start.strftime('%Y-%m') }}"
NOT_YET = 3
"""What `landfall land --ask` exits with while the month is not there."""
ANSWER = "answer"
"""Under which key a person's answer is kept."""
LOOK: dict[str, Any] = {
    "mode": "reschedule",  # no worker is held between two looks
    "poke_interval": timedelta(hours=1),
    "timeout": timedelta(days=20),
}


def answered(task: dict[str, Any]) -> dict[str, str]:
    """Templates of what the person whom `task` waited for is called and wrote; empty where nobody was asked."""
    if not task["answer"]:
        return {}
    said = f"(ti.xcom_pull(task_ids='{task['answer']}', key='{ANSWER}') or {{}})"
    return {name: f"{{{{ {said}.get('{name}') or '' }}}}" for name in ("WHO", "WHY")}


class Approval(ApprovalOperator):
    """The standard approval, which keeps who answered and why also where the answer is no: its own result is lost then."""

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Keep the answer, then go on as the standard operator does."""
        who = (event.get("responded_by_user") or {}).get("name")
        why = (event.get("params_input") or {}).get("why")
        context["ti"].xcom_push(key=ANSWER, value={"WHO": who, "WHY": why})
        return super().execute_complete(context, event)


def choose(result: dict[str, Any], ask: str, go_on: str) -> str:
    """A person is asked where what was found says that a yes is due."""
    return ask if result["approval"]["needed"] else go_on


def line(task: dict[str, Any]) -> str:
    """A task's shell line; what is read of it comes as one line, which Airflow keeps."""
    put = {"MONTH": MONTH, "STACK": shlex.quote(STACK)}
    # What a person wrote comes by the environment: a shell would read it as commands.
    put |= {name: f'"$LANDFALL_{name}"' for name in answered(task)}
    words = [shlex.quote(COMMAND), *(put.get(word, shlex.quote(word)) for word in task["words"])]
    allowed = f" || [ $? -eq {task['allowed']} ]" if task["allowed"] else ""
    return f"set -o pipefail; {' '.join(words)} | tr '\\n' ' '{allowed}"


def shell(task: dict[str, Any], common: dict[str, Any]) -> Any:
    """The task as a command of the worker's own shell."""
    if task["kind"] == "wait":
        return BashSensor(bash_command=line(task), retry_exit_code=NOT_YET, **LOOK, **common)
    return BashOperator(
        bash_command=line(task),
        env={f"LANDFALL_{name}": said for name, said in answered(task).items()},
        append_env=True,
        output_processor=json.loads,
        do_xcom_push=task["kind"] == "read",
        **common,
    )


@cache
def pod_operator() -> Any:
    """The operator that the description names, made to hand on what a pod's last message says."""
    module, _, name = RUN["operator"].rpartition(".")
    base: Any = getattr(importlib.import_module(module), name)

    class LandfallPod(base):
        """A pod of our image."""

        def execute(self, context: Any) -> Any:
            """Run it; gives what it left in its termination message, None where it left nothing."""
            super().execute(context)
            states = self.remote_pod.status.container_statuses or []
            said = [one.state.terminated for one in states if one.name == self.base_container_name]
            message = said[0].message if said and said[0] else None
            return json.loads(message) if message else None

    return LandfallPod


def pod(task: dict[str, Any], common: dict[str, Any]) -> Any:
    """The task as a pod."""
    if task["kind"] == "wait":
        return PodSensor(described=task["name"], arguments=words(task), **LOOK, **common)
    return start(task, words(task), **common)


def words(task: dict[str, Any]) -> list[str]:
    """A pod's words, as templates: no shell reads them."""
    put: dict[str, str] = {"MONTH": MONTH, "STACK": STACK, **answered(task)}
    return [put.get(str(word), str(word)) for word in task["words"]]


def start(task: dict[str, Any], arguments: list[str], **more: Any) -> Any:
    """The operator for a task's pod; what else a pod is, stands in the description."""
    made = json.loads(json.dumps(task["pod"]))
    made["spec"]["containers"][0].pop("args")
    return pod_operator()(
        namespace=made["metadata"]["namespace"],
        pod_template_dict=made,
        arguments=arguments,
        startup_timeout_seconds=1800,  # a pool may have to grow from zero
        do_xcom_push=False,  # that would be a second container; see LandfallPod
        skip_on_exit_code=NOT_YET if task["kind"] == "wait" else None,
        **RUN["reach"],
        **more,
    )


class PodSensor(BaseSensorOperator):
    """Looks by a pod of the task, which goes away after each look."""

    template_fields = ("arguments",)

    def __init__(self, *, described: str, arguments: list[str], **more: Any) -> None:
        super().__init__(**more)
        self.described = described
        self.arguments = arguments

    def poke(self, context: Any) -> bool:
        """Whether the pod ended well; False where it says that the month is not there yet."""
        task = next(one for one in FLOW["tasks"] if one["name"] == self.described)
        try:
            start(task, self.arguments, task_id=self.task_id).execute(context)
        except AirflowSkipException:
            return False
        return True


def build(task: dict[str, Any]) -> Any:
    """The operator for a task of the description."""
    common: dict[str, Any] = {"task_id": task["name"], "trigger_rule": task["rule"]}
    if task["kind"] == "choose":
        (ask,) = (one["name"] for one in FLOW["tasks"] if one["after"] == [task["name"]])
        go_on = next(one["name"] for one in FLOW["tasks"] if ask in one["after"])
        found = flow.get_task(task["after"][0])
        return BranchPythonOperator(
            python_callable=choose, op_args=[found.output, ask, go_on], **common
        )
    if task["kind"] == "ask":
        shown = f"ti.xcom_pull(task_ids='{task['shows']}')"
        return Approval(
            subject=f"{STACK}: {task['question']} {MONTH}?",
            body=f"```\n{{{{ {shown} | tojson(indent=1) }}}}\n```",
            params={"why": Param("", type="string", title="Why")},
            fail_on_reject=task["refusal"] == "fails",
            response_timeout=timedelta(days=7),  # nobody's silence is a yes: the run fails then
            **common,
        )
    common |= {"retries": task["retries"], "retry_delay": timedelta(minutes=5)}
    if task["kind"] != "wait":
        common["execution_timeout"] = timedelta(minutes=task["minutes"])
    make: Callable[..., Any] = pod if RUN["as"] == "pod" else shell
    return make(task, common)


with DAG(
    dag_id="landfall_month",
    description="A month from landing zone to champion",
    schedule=CronDataIntervalTimetable("0 0 1 * *", timezone="UTC"),
    start_date=datetime.fromisoformat(FLOW["start"] + "T00:00:00+00:00"),
    catchup=True,
    max_active_runs=1,
    params={"month": Param(None, type=["null", "string"], pattern=r"^\d{4}-(0[1-9]|1[0-2])$")},
    tags=["landfall"],
) as flow:
    for one in FLOW["tasks"]:
        made = build(one)
        for before in one["after"]:
            made.set_upstream(flow.get_task(before))
