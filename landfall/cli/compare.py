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
    clouds: dict[str, Any] = value["clouds"]
    costs = {name: told["cost"] for name, told in clouds.items()}
    print(f"{value['stack']}: the same intent on each cloud, all layers in one stack\n")
    _row("", *clouds)
    _row("region", *(told["region"] for told in clouds.values()))
    _row("resources", *(str(told["resources"]) for told in clouds.values()))
    categories = {name for cost in costs.values() for name in cost["by_category"]}
    dearest = sorted(
        categories,
        key=lambda one: (-sum(c["by_category"].get(one, 0) for c in costs.values()), one),
    )
    print("USD a month, expected")
    for category in dearest:
        _row(
            f"  {category}",
            *(f"{cost['by_category'].get(category, 0):,.0f}" for cost in costs.values()),
        )
    _row("total of what is priced", *(f"{cost['expected']:,.0f}" for cost in costs.values()))
    _row("  low", *(f"{cost['low']:,.0f}" for cost in costs.values()))
    _row("  high", *(f"{cost['high']:,.0f}" for cost in costs.values()))
    _row("resources without a price", *(str(cost["unpriced"]) for cost in costs.values()))
    if any(cost["budget"] for cost in costs.values()):
        _row("share of the budget", *(_share(cost["budget"]) for cost in costs.values()))
    for name, told in clouds.items():
        if told["translated"]:
            print(f"\nwhat is translated for {name}")
            for change in told["translated"]:
                print(f"  {change}")
    print("\nnot offered")
    for row in value["parity"]:
        for cloud in clouds:
            if not row[cloud]["offered"]:
                print(
                    f"  {row['part']} on {cloud}: {row[cloud]['reason']}; instead {row[cloud]['instead']}"
                )


def _row(title: str, *cells: str) -> None:
    print(f"{title:<26}" + "".join(f"{cell:>15}" for cell in cells))


def _share(budget: dict[str, Any] | None) -> str:
    if budget is None or "share_expected" not in budget:
        return "not compared"
    return f"{budget['share_expected']:.0%}{' OVER' if budget['over'] else ''}"
