"""`landfall evidence`: which controls a stack's plan meets, by which policy, on which resources."""

from __future__ import annotations

import datetime
from itertools import groupby
from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit


def evidence(
    stack: Annotated[str, typer.Argument(help="a stack in stacks/")],
    output: Output = Form.text,
) -> None:
    """Say of each control that policies serve whether the stack's plan meets it."""
    from infra.plan.evidence import evidence as gather
    from infra.plan.policies import judge
    from infra.plan.stacks import plan_intent, read_stack
    from landfall.project import find_project

    project = find_project()
    intent = read_stack(project, stack)
    plan = plan_intent(project, intent, stack)
    violations = judge(plan, intent, datetime.date.today())
    emit(gather(plan, violations, intent), output, _print)


def _print(value: dict[str, Any]) -> None:
    print(f"{value['stack']}: what its plan shows of each control")
    for standard, rows in groupby(value["controls"], key=lambda row: row["standard"]):
        print(f"\n{standard}")
        for row in rows:
            number = len(row["resources"])
            looked = f"{number} resource{'s' if number > 1 else ''}" if number else "the whole plan"
            print(f"  {row['control']:<8} {row['result']:<15} {row['policy']} ({looked})")
            for finding in row["findings"]:
                print(f"           - {finding}")
    if value["unmapped"]:
        names = ", ".join(value["unmapped"])
        print(f"\nNo catalogue of ours for {names}: map from the NIST 800-53 controls above.")
