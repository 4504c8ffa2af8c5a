"""`landfall run`: the monthly flow, for one month or for every month the sources hold."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, Stack, emit, status
from landfall.errors import UsageError

_MARK = {
    "PROMOTE": "promoted",
    "HOLD": "champion stays (held)",
    "REJECT": "champion stays (rejected)",
    "NONE": "nothing to judge",
}


def complete_step(incomplete: str) -> list[str]:
    """Steps whose names begin so, for the shell's completion."""
    from pipelines.flow import STEPS

    return [step.name for step in STEPS if step.name.startswith(incomplete)]


def run(
    stack: Stack,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="the month to run")] = None,
    every: Annotated[bool, typer.Option("--all", help="every month that the sources hold")] = False,
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="with --all: the last month to run")
    ] = None,
    start_at: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STEP", help="begin at this step", autocompletion=complete_step
        ),
    ] = None,
    end_at: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="STEP", help="end after this step", autocompletion=complete_step
        ),
    ] = None,
    wait: Annotated[float, typer.Option(help="seconds to wait for another run to end")] = 0,
    approved_by: Annotated[
        str, typer.Option(help="with --from promote: who said yes to it; kept in the record")
    ] = "",
    why: Annotated[str, typer.Option(help="with --approved-by: the reason that was given")] = "",
    output: Output = Form.text,
) -> None:
    """Run land, ingest, build, profile, drift, train, gate and promote for a month."""
    if (month is None) == (not every):
        raise UsageError(
            "Say which month.", fix="landfall run --month 2013-03, or landfall run --all"
        )
    if approved_by and (month is None or start_at != "promote"):
        raise UsageError(
            "--approved-by is about one month's promotion.",
            fix="landfall run --month 2013-03 --from promote --approved-by NAME",
        )
    from landfall.cli.progress import Progress
    from landfall.month import Month
    from pipelines.acting import becomes_several, open_as, run_apart, workload_of
    from pipelines.context import open_context
    from pipelines.flow import run_month, steps_between

    with open_context(stack) as ctx:
        steps = steps_between(ctx, start_at, end_at)
        apart = becomes_several(ctx, steps)
    if apart:
        if month is None:
            raise UsageError(
                "By Jenkins' token one month is run at a time.",
                fix=f"landfall run --month 2013-03 --stack {stack}",
            )
        emit(run_apart(str(Month.parse(month)), stack, steps, wait), output, _print_month)
        return
    with open_as(stack, workload_of(steps[0].name)) as ctx:
        if month is not None:
            chosen = [Month.parse(month)]
            if approved_by:
                from ml.answer import keep_answer

                keep_answer(ctx, chosen[0], "approve", approved_by, why)
        else:
            from pipelines.land import available_months

            chosen = available_months(ctx)
            if until is not None:
                chosen = [one for one in chosen if one <= Month.parse(until)]
        results = []
        with Progress(len(chosen), len(steps)) as progress:
            for one in chosen:
                result = run_month(ctx, one, start_at, end_at, progress=progress, wait=wait)
                results.append(result)
                if every and output == Form.text:
                    print(_headline(result), flush=True)  # as it happens, so that one can watch
                elif every:
                    status(_headline(result))
    if every:
        emit({"stack": stack, "months": results}, output, _print_all)
    else:
        emit(results[0], output, _print_month)


def _headline(result: dict[str, Any]) -> str:
    counts = result["counts"].values()
    total = {
        key: sum(c[key] for c in counts)
        for key in ("received", "silver", "duplicates", "quarantined")
    }
    drift = result["drift"] or {}
    seconds = sum(step["seconds"] for step in result["steps"])
    return (
        f"{result['month']}: {total['received']:,} rows received = {total['silver']:,} silver"
        f" + {total['duplicates']:,} duplicates + {total['quarantined']:,} quarantined"
        f"; drift {'ALARM' if drift.get('alarm') else 'seen' if drift.get('drifted') else 'no'}"
        f"; {_verdict(result['verdict'] or {})}; {seconds:.1f} s"
    )


def _verdict(verdict: dict[str, Any]) -> str:
    """`boosting promoted, pr_auc 0.584 against 0.494`, or what else was decided."""
    from ml.verdict import winner_of

    mark = _MARK.get(verdict.get("decision", ""), "not judged")
    metric = verdict.get("metric")
    winner = winner_of(verdict)
    if winner is None or metric is None:
        return mark
    figure = f"{winner['name']} {mark}, {metric} {winner['metrics'][metric]:.3f}"
    before = verdict.get("champion")
    return f"{figure} against {before['metrics'][metric]:.3f}" if before else figure


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
    """The months were printed one by one; only their absence is news."""
    if not value["months"]:
        status("The sources hold no month to run.")
