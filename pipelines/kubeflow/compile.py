"""Compile the monthly flow to Kubeflow's YAML: `.venv-kubeflow/bin/python -m pipelines.kubeflow.compile FILE`.

Kubeflow has no task that asks a person. So a run ends before the training where a yes to its cost is due and
`spend_approved_by` names nobody who may, and before the promotion, with a notice that it waits, where `approved_by`
is empty; the same month again with a name finds its steps done and goes on.
Waiting for the month is left out too: whoever starts the run (a recurring run, Jenkins) does so. So are GPUs and an
identity a step: the file is the same for every stack, and a run has one service account. So is the token by which
Azure's Iceberg catalog is signed in at: the SDK knows no volume that holds one, so Airflow runs the flow there.
"""
# kfp has an environment of its own, where the checks of types do not look.
# pyright: reportMissingImports=false

import sys
from typing import Any

from kfp import compiler, dsl, kubernetes

from pipelines.orchestration import MONTH, STACK, WHO, WHY, Task, tasks
from pipelines.pods import CONFIG, PLATFORM_FILE, PROJECT

IMAGE = "landfall:latest"
"""Our image by its plain name; a name behind the file's takes its place."""
MOUNT = PLATFORM_FILE.rpartition("/")[0]
OWN = "/tmp/project"
FIND = (
    f"mkdir -p {OWN}/stacks; ln -sf {MOUNT}/stack.yaml {OWN}/stacks/Pulumi.$0.yaml; "
    f'for one in {PROJECT}/* {PROJECT}/.[!.]*; do [ "${{one##*/}}" = stacks ] || ln -sfn "$one" {OWN}/; done; '
)
"""Kubeflow mounts a ConfigMap as a folder, never as a file into the project: so the pod makes itself a project of links,
with the mounted stack in it. `$0` is the stack's name."""
TMP = "4Gi"


def component(task: Task) -> Any:
    """A container that runs the task's command in our image; its output is its log."""

    def run(month: str, stack: str, who: str, why: str) -> dsl.ContainerSpec:
        put = {MONTH: month, STACK: stack, WHO: who, WHY: why}
        words = [put.get(word, word) for word in task.words]
        allowed = f" || [ $? -eq {task.allowed} ]" if task.allowed else ""
        command = ["bash", "-c", f'{FIND}landfall "$@"{allowed}']
        return dsl.ContainerSpec(image=IMAGE, command=command, args=[stack, *words])

    run.__name__ = task.name
    return dsl.container_component(run)


def add(task: Task, month: str, stack: str, before: Any, who: str = "", why: str = "") -> Any:
    """The task after `before`, with what our pods find their stack and Platform by."""
    made = component(task)(month=month, stack=stack, who=who, why=why)
    made.set_caching_options(False).set_retry(task.retries)
    kubernetes.use_config_map_as_volume(made, config_map_name=CONFIG, mount_path=MOUNT)
    kubernetes.empty_dir_mount(made, volume_name="tmp", mount_path="/tmp", size_limit=TMP)
    told = {
        "LANDFALL_PROJECT": OWN, "LANDFALL_PLATFORM": PLATFORM_FILE, "LANDFALL_HOME": "/tmp/landfall",
    }  # fmt: skip
    for name, value in told.items():
        made.set_env_variable(name, value)
    return made.after(before) if before is not None else made


@dsl.pipeline(name="landfall-month", description="A month from landing zone to champion")
def landfall_month(
    month: str, stack: str, spend_approved_by: str = "", approved_by: str = "", why: str = ""
) -> None:
    """Every step in order; the promotion only where a person has approved."""
    listed = {task.name: task for task in tasks()}
    before: Any = None
    for task in listed.values():
        if task.name == "promote":
            break
        if task.kind in ("step", "do"):
            who = spend_approved_by if task.answer else ""
            before = add(task, month, stack, before, who=who)
    with dsl.If(approved_by != "", name="approved"):
        add(listed["promote"], month, stack, before, who=approved_by, why=why)
    with dsl.Else(name="waits"):
        tell = Task("tell", "do", ("notice", "approval", STACK, "--send"))
        add(tell, month, stack, before)


def main(words: list[str]) -> None:
    """Write the YAML to the file named, with another image where one is named behind it."""
    global IMAGE  # the pipeline's function takes only a run's parameters
    IMAGE = words[1] if len(words) > 1 else IMAGE
    compiler.Compiler().compile(landfall_month, words[0])


if __name__ == "__main__":
    main(sys.argv[1:] or ["pipelines/kubeflow/landfall_month.yaml"])
