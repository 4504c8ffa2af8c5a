"""`landfall compare`: the same intent on Google Cloud, AWS and Azure, side by side."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit, status


def compare(
    stack: Annotated[str, typer.Argument(help="the stack in stacks/")], output: Output = Form.text
) -> None:
    """Plan a stack's intent on all three clouds: what is built, what it costs, what had to be translated."""
    from infra.plan.compare import side_by_side
    from infra.plan.stacks import read_stack
    from infra.plan.uncollected import uncollected
    from landfall.project import find_project

    project = find_project()
    intent = read_stack(project, stack)
    status(f"planning {stack} on three clouds")
    with uncollected():
        value = side_by_side(project, intent, stack)
    emit(value, output, _print)


def _print(value: dict[str, Any]) -> None:
    print(f"{value['stack']} on each cloud")
    for cloud, told in value["clouds"].items():
        cost = told["cost"]
        print(f"\n{cloud}, {told['region']}: {told['resources']} resources")
        print(
            f"  {cost['expected']:,.0f} USD a month ({cost['low']:,.0f} to {cost['high']:,.0f}), "
            f"and {cost['unpriced']} resources that no price is known for"
        )
        for change in told["translated"]:
            print(f"  {change}")
    gaps = [
        (row["part"], cloud, row[cloud])
        for row in value["parity"]
        for cloud in ("gcp", "aws", "azure")
        if not row[cloud]["offered"]
    ]
    print("\nnot offered")
    for part, cloud, gap in gaps:
        print(f"  {part} on {cloud}: {gap['reason']}; instead {gap['instead']}")
