"""Compile the monthly flow to Kubeflow's YAML: `.venv-kubeflow/bin/python -m pipelines.kubeflow.compile FILE`.

Kubeflow has no task that asks a person. So a run ends before the promotion, with a notice that it waits,
unless it was started with `approved`; the same month again finds its steps done and promotes.
Waiting for the month is left out too: whoever starts the run (a recurring run, Jenkins) does so.
"""
# kfp has an environment of its own, where the checks of types do not look.
# pyright: reportMissingImports=false

import sys
from typing import Any

from kfp import compiler, dsl

from pipelines.orchestration import MONTH, STACK, Task, tasks


def component(task: Task) -> Any:
    """A container that runs the task's command in our image; its output is its log."""

    def run(month: str, stack: str) -> dsl.ContainerSpec:
        put = {MONTH: month, STACK: stack}
        words = [put.get(word, word) for word in task.words]
        return dsl.ContainerSpec(image=IMAGE, command=["landfall"], args=words)

    run.__name__ = task.name
    return dsl.container_component(run)


IMAGE = "landfall:latest"
"""Our image by its plain name; `--image` of the deployment's own registry takes its place."""


@dsl.pipeline(name="landfall-month", description="A month from landing zone to champion")
def landfall_month(month: str, stack: str, approved: bool = False) -> None:
    """Every step in order; the promotion only where a person has approved."""
    steps = [task for task in tasks() if task.kind == "step"]
    before: Any = None
    for task in steps[:-1]:
        made = component(task)(month=month, stack=stack)
        made.set_caching_options(False).set_retry(task.retries)
        if before is not None:
            made.after(before)
        before = made
    with dsl.If(approved == True, name="approved"):  # noqa: E712 (kfp builds the condition from it)
        component(steps[-1])(month=month, stack=stack).set_caching_options(False).after(before)
    with dsl.Else(name="waits"):
        tell = Task("tell", "tell", ("notice", "approval", STACK, "--send"))
        component(tell)(month=month, stack=stack).set_caching_options(False).after(before)


def main(words: list[str]) -> None:
    """Write the YAML to the file named, with another image where one is named behind it."""
    global IMAGE  # the pipeline's function takes only a run's parameters
    IMAGE = words[1] if len(words) > 1 else IMAGE
    compiler.Compiler().compile(landfall_month, words[0])


if __name__ == "__main__":
    main(sys.argv[1:] or ["pipelines/kubeflow/landfall_month.yaml"])
