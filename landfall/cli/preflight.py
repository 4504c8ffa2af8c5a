"""`landfall preflight`: what a stack needs of its account, looked at where there are credentials, else as requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit, status

if TYPE_CHECKING:
    from infra.plan.quotas import Need

_TITLES = {
    "quota": "Quotas", "machine": "Machines in the region", "service": "Services", "permission": "Who applies the first time",
    "reach": "From where it can be applied", "secret": "Secrets that must lie in the store",
}  # fmt: skip


def preflight(
    stack: Annotated[str, typer.Argument(help="the stack in stacks/")], output: Output = Form.text
) -> None:
    """Quotas, machines, services, permissions, reach and secrets that a stack needs, and the text that asks for them.

    Looks at the live account where there are credentials, and reads only. Exit 1: the account lacks something.
    """
    from infra.plan.quotas import quotas
    from infra.plan.quotas.live import look
    from infra.plan.stacks import plan_intent, read_stack
    from infra.plan.uncollected import uncollected
    from landfall.project import find_project

    project = find_project()
    intent = read_stack(project, stack)
    status(f"recording {stack}")
    with uncollected():
        needs = quotas(plan_intent(project, intent, stack), intent)
    status("looking at the account")
    looked = look(needs, intent)
    value: dict[str, Any] = {
        "stack": stack, "cloud": intent.cloud.provider, "live": looked.live, "said": looked.said,
        "needs": [one.as_dict() for one in looked.needs],
    }  # fmt: skip
    emit(value, output, lambda _: _print(value, looked.needs))
    if any(one.state == "short" for one in looked.needs):
        raise typer.Exit(1)


def _print(value: dict[str, Any], needs: list[Need]) -> None:
    if value["live"]:
        print(f"{value['stack']} needs this of {value['said']}, as it is now.")
    else:
        print(f"{value['stack']} needs this. NOTHING WAS CHECKED LIVE: {value['said']}.")
        print("What follows is what a new account has and the requests to send.")
    for kind, title in _TITLES.items():
        mine = [one for one in needs if one.kind == kind]
        if mine:
            print(f"\n{title}")
            for one in mine:
                if not _by_the_plan(one):
                    _line(one)
            turned_on = [one.name for one in mine if _by_the_plan(one)]
            if turned_on:
                print(f"  the plan turns on {len(turned_on)} more: {', '.join(turned_on)}")
    asked = [one for one in needs if one.to_ask and (one.request or one.text)]
    if asked:
        print("\nTo ask for")
        for one in asked:
            _request(one)


def _by_the_plan(need: Need) -> bool:
    return need.kind == "service" and not need.request and need.state != "unknown"


def _line(need: Need) -> None:
    amount = f"{need.amount:g} {need.unit}".strip() if need.kind == "quota" else ""
    told = {"enough": "has it", "short": "LACKS IT", "unknown": "not known"}.get(need.state, "")
    if need.limit is not None:
        used = f", {need.used:g} used" if need.used is not None else ""
        told = f"{told}: {need.limit:g}{used}"
    elif need.state == "not checked" and need.kind == "quota":
        told = "default not known" if need.default is None else f"default {need.default:g}"
        told += ": above it, ask" if need.fits_default is False else ""
    said = f" ({need.said})" if need.said else ""
    print(f"  {amount:>12}  {need.name}  {told}{said}".rstrip())


def _request(need: Need) -> None:
    print(f"  {need.name}: {'; '.join(need.why)}")
    if need.request:
        print(f"    {need.request}")
    if need.show and need.kind == "quota":
        print(f"    shows it: {need.show}")
    if need.text:
        print(f"    in words: {need.text}")
