"""What a plan holds, one line a resource, grouped by component: read as a diff when a program changes.

Says what matters when it changes: type, name, protection, the key, adoption. Leaves out inputs that follow
from the intent (names, sizes, labels), which would turn every diff into noise.
"""

from __future__ import annotations

from itertools import groupby

from infra.plan.draw import component_of
from infra.plan.model import Plan, Resource
from infra.plan.policies.keys import KEYS, own_key


def inventory(plan: Plan) -> str:
    """The inventory as text, sorted, ending with a newline."""
    ordered = sorted(
        plan.resources, key=lambda one: (component_of(one), one.type, one.name, one.urn)
    )
    lines = [f"{len(plan.resources)} resources"]
    for component, held in groupby(ordered, key=component_of):
        lines += ["", component or "(outside of components)"]
        lines += [f"  {_line(one)}" for one in held]
    lines += ["", "outputs: " + ", ".join(sorted(plan.outputs))]
    return "\n".join(lines) + "\n"


def _line(one: Resource) -> str:
    marks = [
        *(["protected"] if one.protect else []),
        *(["retained"] if one.retain else []),
        *(["imported"] if one.import_id else []),
        *(["own key"] if one.type in KEYS and own_key(one) else []),
    ]
    return f"{one.type}  {one.name}" + (f"  [{', '.join(marks)}]" if marks else "")
