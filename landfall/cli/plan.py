"""`landfall plan`: what Pulumi would build, recorded with no cloud; checked, judged, priced and graded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit, status

if TYPE_CHECKING:
    from infra.plan.report import Assessment

_SHOWN = 20
"""Lines a section may take; the rest is counted, and whole in the JSON."""


def plan(
    stack: Annotated[str, typer.Argument(help="the stack in stacks/")],
    against: Annotated[
        Path | None,
        typer.Option(help="a plan before (or `pulumi preview --json`): grade the change's risks"),
    ] = None,
    save: Annotated[Path | None, typer.Option(help="write the JSON to this file too")] = None,
    html: Annotated[
        Path | None, typer.Option(help="write the whole assessment to this file, as a page")
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="leave open what only the cloud knows, as a preview")
    ] = False,
    output: Output = Form.text,
) -> None:
    """Record what `pulumi up` would build, with no credentials; check, judge and price it.

    Exit 3: a mandatory policy is broken or the budget exceeded. Exit 1: a cloud would refuse a value.
    """
    import datetime
    from dataclasses import replace

    from infra.plan.cost.layers import with_layers
    from infra.plan.report import assess
    from infra.plan.stacks import plan_intent, read_stack
    from infra.plan.uncollected import uncollected
    from landfall.project import find_project

    project = find_project()
    before = _before(against) if against is not None else None
    intent = read_stack(project, stack)
    status(f"recording {stack}")
    with uncollected():
        recorded = plan_intent(project, intent, stack, known=not unknown)
        assessed = assess(recorded, intent, datetime.date.today(), before)
        if assessed.cost is not None:
            cost = with_layers(assessed.cost, project, intent, stack)
            assessed = replace(assessed, cost=cost)
    value = assessed.as_dict()
    if save is not None:
        write_text(save, as_json(value))
    if html is not None:
        from infra.plan.html import page

        write_text(html, page(assessed, intent, datetime.date.today()))
        status(f"written: {html}")
    emit(value, output, lambda _: show(assessed))
    leave(assessed)


def _before(file: Path) -> Any:
    """The plan to compare with; a preview of the CLI stays as it is, since its steps say what changes."""
    import json

    from infra.plan.load import load

    loaded = load(file)
    content = json.loads(file.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) and "steps" in content else loaded


def as_json(value: dict[str, Any]) -> str:
    """The value as `--output json` prints it."""
    import json

    return json.dumps(value, indent=1, sort_keys=True, default=str) + "\n"


def write_text(file: Path, text: str) -> None:
    """Write a file; raises UsageError where it cannot be written."""
    from landfall.errors import UsageError

    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}.", fix="Name another file."
        ) from None


def leave(assessed: Assessment) -> None:
    """End with the exit code that the assessment deserves."""
    if assessed.refused:
        raise typer.Exit(3)
    if assessed.wrong:
        raise typer.Exit(1)


def show(assessed: Assessment) -> None:
    """The assessment for a person."""
    plan_ = assessed.plan
    kinds = len({one.type for one in plan_.resources})
    protected = sum(one.protect for one in plan_.resources)
    where = f" on {plan_.cloud}" if plan_.cloud else ""
    told = (_count(len(plan_.resources), "resource"), _count(kinds, "type"))
    print(f"{plan_.stack}{where}: {told[0]} of {told[1]}, {protected} protected")
    _findings(assessed)
    _violations(assessed)
    _cost(assessed)
    _risks(assessed)
    print(f"\n{_verdict(assessed)}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _findings(assessed: Assessment) -> None:
    wrong, found = len(assessed.wrong), assessed.findings
    if not found:
        print("\nvalues: every type, key and value that is known here is allowed")
        return
    print(f"\nvalues: {wrong} that a cloud would refuse, {len(found) - wrong} to look at")
    for one in sorted(found, key=lambda f: f.severity)[:_SHOWN]:
        print(f"  {one.severity} {one.type} '{one.name}' {one.path}: {one.value}")
        print(f"    allowed: {one.allowed}")
        print(f"    by {one.origin}" + (f"; made at {one.line}" if one.line else ""))
    _more(len(found))


def _violations(assessed: Assessment) -> None:
    found, broken = assessed.violations, len(assessed.broken)
    waived = sum(bool(one.waived) for one in found)
    if not found:
        print("policies: none is broken")
        return
    advisory = len(found) - broken - waived
    print(f"policies: {broken} mandatory broken, {advisory} advisory, {waived} waived")
    for one in [v for v in found if not v.waived][:_SHOWN]:
        at = f" at {one.source}" if one.source else ""
        print(f"  {one.severity} {one.policy}: {one.message}{at}")
    _more(len(found) - waived)


def _cost(assessed: Assessment) -> None:
    cost = assessed.cost
    if cost is None:
        return
    missing = sum(cost.unpriced.values())
    whole = "" if not missing else f", AND {missing} resources that no price is known for: no total"
    print(
        f"cost: {cost.expected:,.0f} USD a month expected ({cost.low:,.0f} to {cost.high:,.0f}){whole}"
    )
    for category, amount in list(cost.by_category().items())[:6]:
        print(f"  {amount:>10,.0f}  {category}")
    if cost.unpriced:
        most = sorted(cost.unpriced.items(), key=lambda one: (-one[1], one[0]))
        named = ", ".join(f"{number} {type_}" for type_, number in most[:3])
        rest = f" and {_count(len(most) - 3, 'type')} more" if len(most) > 3 else ""
        print(f"  no price: {named}{rest}; all: --output json, cost.missing")
    if cost.elsewhere:
        print(
            f"  {cost.elsewhere} of {len(cost.lines)} lines at another region's price, range widened"
        )
    if cost.budget and "share_expected" in cost.budget:
        _budget(cost.budget)


def _budget(budget: dict[str, Any]) -> None:
    """What share of the budget is used: by this stack, and by all layers where they are split over stacks."""
    limit = f"of {budget['amount']:,.0f} {budget['currency']}"
    whole = budget.get("together")
    over = "OVER the budget" if budget["over"] else "of the budget"
    if whole is None:
        print(f"  {budget['share_expected']:.0%} {over} {limit}")
        return
    print(
        f"  {budget['share_expected']:.0%} of the budget {limit} by this stack alone; all layers:"
    )
    for name, layer in budget["layers"].items():
        print(f"  {layer['expected']:>10,.0f}  {name} ({', '.join(layer['builds'])})")
    for name, reason in budget["unplanned"].items():
        print(f"           ?  {name}: {reason}")
    missing = f", without {_count(whole['unpriced'], 'resource')}" if whole["unpriced"] else ""
    print(f"  {whole['expected']:>10,.0f}  together{missing}: {whole['share_expected']:.0%} {over}")


def _risks(assessed: Assessment) -> None:
    if assessed.risks is None:
        return
    print(f"risks of the change: {len(assessed.risks)}")
    for one in assessed.risks[:_SHOWN]:
        print(f"  {one.severity} {one.kind} {one.type} '{one.resource}': {one.reason}")
        print(f"    safe way: {one.safe_way}")
    _more(len(assessed.risks))


def _more(number: int) -> None:
    if number > _SHOWN:
        print(f"  … and {number - _SHOWN} more: --output json has them all")


def _verdict(assessed: Assessment) -> str:
    if assessed.broken:
        return "REFUSED: a mandatory policy is broken."
    if assessed.refused:
        return "REFUSED: the expected cost exceeds the budget."
    if assessed.wrong:
        return "NOT APPLICABLE: a cloud would refuse values of this plan."
    return "This plan may be applied: pulumi up --stack " + assessed.plan.stack
