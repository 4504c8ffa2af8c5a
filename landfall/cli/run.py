"""`landfall run`: the monthly flow, for one month or for every month the sources hold."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall.cli.output import Form, Output, Stack, emit, status
from landfall.errors import UsageError

if TYPE_CHECKING:
    from landfall.month import Month

_MARK = {"PROMOTE": "promoted", "HOLD": "held", "REJECT": "rejected", "NONE": "no verdict yet"}


def run(
    stack: Stack,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="the month to run")] = None,
    every: Annotated[bool, typer.Option("--all", help="every month that the sources hold")] = False,
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="with --all: the last month to run")
    ] = None,
    start_at: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="begin at this step")
    ] = None,
    wait: Annotated[float, typer.Option(help="seconds to wait for another run to end")] = 0,
    output: Output = Form.text,
) -> None:
    """Run land, ingest, build, profile, drift, train, gate and promote for a month."""
    if (month is None) == (not every):
        raise UsageError(
            "Say which month.", fix="landfall run --month 2013-03, or landfall run --all"
        )
    from landfall.month import Month
    from pipelines.context import open_context
    from pipelines.flow import run_month

    with open_context(stack) as ctx:
        if month is not None:
            chosen = [Month.parse(month)]
        else:
            from pipelines.land import available_months

            chosen = available_months(ctx)
            if until is not None:
                chosen = [one for one in chosen if one <= Month.parse(until)]
        results = []
        for number, one in enumerate(chosen, 1):
            label = f"[{number}/{len(chosen)}]" if every else ""
            result = run_month(ctx, one, start_at, progress=_progress(label), wait=wait)
            status(_headline(result))
            results.append(result)
    if every:
        emit({"stack": stack, "months": results}, output, _print_all)
    else:
        emit(results[0], output, _print_month)


def _progress(label: str) -> Any:
    """Status a step: a line that is rewritten on a terminal, plain lines in a log."""
    live = sys.stderr.isatty()

    def tell(month: Month, step: str, state: str, seconds: float) -> None:
        text = f"{label} {month} {step}".strip()
        if state == "started" and live:
            print(f"\r\x1b[K{text} …", end="", file=sys.stderr, flush=True)
        elif state != "started":
            start = "\r\x1b[K" if live else ""
            mark = "" if state == "done" else " failed"
            print(f"{start}{text}{mark} {seconds:.1f} s", file=sys.stderr, flush=True)

    return tell


def _headline(result: dict[str, Any]) -> str:
    counts = result["counts"].values()
    total = {
        key: sum(c[key] for c in counts)
        for key in ("received", "silver", "duplicates", "quarantined")
    }
    verdict = result["verdict"] or {}
    drift = result["drift"] or {}
    seconds = sum(step["seconds"] for step in result["steps"])
    return (
        f"{result['month']}: {total['received']:,} rows received = {total['silver']:,} silver"
        f" + {total['duplicates']:,} duplicates + {total['quarantined']:,} quarantined"
        f"; drift {'ALARM' if drift.get('alarm') else 'seen' if drift.get('drifted') else 'no'}"
        f"; {_MARK.get(verdict.get('decision', ''), 'not judged')}; {seconds:.1f} s"
    )


def _print_month(result: dict[str, Any]) -> None:
    print(_headline(result))
    for dataset, counts in result["counts"].items():
        print(
            f"  {dataset}: received {counts['received']:,}, silver {counts['silver']:,}, "
            f"duplicates {counts['duplicates']:,}, quarantined {counts['quarantined']:,}"
        )
    verdict = result["verdict"]
    if verdict:
        print(f"  verdict: {verdict['decision']}")
        for reason in verdict["reasons"] or []:
            print(f"    - {reason.get('sentence', reason) if isinstance(reason, dict) else reason}")


def _print_all(value: dict[str, Any]) -> None:
    for result in value["months"]:
        print(_headline(result))
