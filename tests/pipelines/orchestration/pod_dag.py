"""Print the DAG of a pod description and each pod as it would be sent: `python pod_dag.py DAGS_FOLDER`.

For Airflow's own environment. Nothing reaches a cluster: the provider's own operator makes the requests, and no more.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any


def rendered(dag: Any, task: Any) -> Any:
    """The task with its templates filled in, as for March 2013 after an approval by Ann."""
    answer = {"WHO": "ann", "WHY": "it's $(better)"}
    ti = SimpleNamespace(xcom_pull=lambda task_ids, key: answer)
    moment = datetime(2013, 3, 1, tzinfo=UTC)
    params = SimpleNamespace(month=None)
    task.render_template_fields({"params": params, "data_interval_start": moment, "ti": ti})
    return task


def results(module: Any, dag: Any) -> tuple[Any, list[bool]]:
    """What `verdict` hands on of its pod's last message, and what the sensor makes of a pod that skips or ends well."""
    from airflow.sdk.exceptions import AirflowSkipException

    base = module.pod_operator().__mro__[1]

    def ended(self: Any, context: Any) -> None:
        state = SimpleNamespace(terminated=SimpleNamespace(message='{"decision": "HOLD"}'))
        status = SimpleNamespace(name="base", state=state)
        self.remote_pod = SimpleNamespace(status=SimpleNamespace(container_statuses=[status]))

    def skipped(self: Any, context: Any) -> None:
        raise AirflowSkipException

    looks: list[bool] = []
    for how in (skipped, ended):
        base.execute = how
        looks.append(dag.get_task("await_month").poke({}))
    return dag.get_task("verdict").execute({}), looks


def main(folder: str) -> None:
    """One line of JSON: task → operator, parents and pod."""
    from airflow.dag_processing.dagbag import DagBag
    from kubernetes.client import ApiClient

    bag = DagBag(folder)
    assert not bag.import_errors, bag.import_errors
    dag = bag.dags["landfall_month"]
    module = sys.modules[type(dag.get_task("land")).__module__]
    told: dict[str, Any] = {}
    for task in dag.tasks:
        kind = type(task).__mro__
        one: dict[str, Any] = {
            "operator": next(
                f"{c.__module__}.{c.__name__}" for c in kind if c.__module__.startswith("airflow.")
            ),
            "own": kind[0].__name__,
            "rule": task.trigger_rule.value,
        }
        told[task.task_id] = one
        if kind[0].__name__ == "PodSensor":
            rendered(dag, task)
            entry = next(t for t in module.FLOW["tasks"] if t["name"] == task.task_id)
            look = module.start(entry, task.arguments, task_id="look")
            one |= {"skips": look.skip_on_exit_code, "mode": task.mode}
            made = look
        elif kind[0].__name__ == "LandfallPod":
            made = rendered(dag, task)
        else:
            continue
        one["in_cluster"] = made.in_cluster
        pod = made.build_pod_request_obj(dry_run=True)
        one["pod"] = ApiClient().sanitize_for_serialization(pod)
    told["verdict"]["result"], told["await_month"]["looks"] = results(module, dag)
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
