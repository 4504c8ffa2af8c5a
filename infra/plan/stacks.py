"""Plan a stack of `stacks/`: its intent, the program of `infra/`, the stacks that it reads.

A stack that is read through a StackReference is planned first where it lies in `stacks/` too, so that
a layer split over stacks is planned as one. Leaves out checks, policies and prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.plan.model import Plan
from infra.plan.record import record
from landfall.errors import LandfallError, UsageError
from landfall.intent import Intent, intent_of
from landfall.project import Project


def plan_stack(project: Project, stack: str, *, known: bool = True) -> Plan:
    """The Plan of a stack by name; raises UsageError where there is none or its intent is not valid."""
    return plan_intent(project, read_stack(project, stack), stack, known=known)


def plan_intent(
    project: Project, intent: Intent, stack: str, *, known: bool = True, above: tuple[str, ...] = ()
) -> Plan:
    """The Plan of an intent under a stack's name; `above` are the stacks whose plan asks for this one."""
    from infra.__main__ import build

    def references(full_name: str) -> Mapping[str, Any]:
        other = full_name.rpartition("/")[2]
        if other in (*above, stack):
            raise LandfallError(
                f"The stacks {' → '.join((*above, stack, other))} read each other in a circle.",
                fix="Mend layout.elsewhere in their intents.",
            )
        if other not in project.stacks():
            raise LandfallError(
                f"Stack '{stack}' reads '{full_name}', which is not in {project.stacks_dir.name}/.",
                so="What it gives is not known, so this stack cannot be planned.",
                fix=f"Put its file into stacks/, or mend layout.elsewhere in {stack}.",
            )
        theirs = read_stack(project, other)
        _same_client(intent, stack, theirs, other)
        return _outputs(project, theirs, other, (*above, stack))

    # Before the recording, not when the program asks: the engine's part answers in a thread of its own,
    # and two programs that import one SDK's modules in two threads meet half-made ones.
    given = {name: references(name) for name in intent.layout.elsewhere.values()}
    return record(
        lambda: build(intent, stack),
        stack,
        intent.cloud.provider,
        known=known,
        references=lambda name: given[name] if name in given else references(name),
    )


def _same_client(intent: Intent, stack: str, theirs: Intent, other: str) -> None:
    """Layers of one platform say the same of whose it is and where: names, DNS and subnets follow from it."""
    for field, mine, its in (
        ("client.slug", intent.client.slug, theirs.client.slug),
        ("environment", intent.environment, theirs.environment),
        ("cloud.provider", intent.cloud.provider, theirs.cloud.provider),
        ("cloud.region", getattr(intent.cloud, "region", ""), getattr(theirs.cloud, "region", "")),
    ):
        if mine != its:
            raise LandfallError(
                f"Stack '{stack}' builds on '{other}', and they differ: {field} is {mine} here and {its} there.",
                so="Names and addresses that one layer makes and the next looks for would not be the same.",
                fix=f"Give both the same {field}; `like: {other}` in {stack} takes every answer from there.",
            )


_GIVEN: dict[tuple[str, str], Mapping[str, Any]] = {}
"""What stacks give to others, by name and intent: a stack that two others read is recorded once a process."""


def _outputs(
    project: Project, intent: Intent, stack: str, above: tuple[str, ...]
) -> Mapping[str, Any]:
    key = stack, intent.model_dump_json()
    if key not in _GIVEN:
        _GIVEN[key] = plan_intent(project, intent, stack, known=True, above=above).outputs
    return _GIVEN[key]


def read_stack(project: Project, stack: str) -> Intent:
    """The intent of a stack's file, checked."""
    intent = intent_of(project, stack)
    if intent.cloud.provider == "local":
        raise UsageError(
            f"Stack '{stack}' is this machine's: there is nothing to plan for it.",
            fix=f"Run it: landfall run --all --stack {stack}",
        )
    return intent
