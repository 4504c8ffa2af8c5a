"""`landfall model`: the champion, its history, and promoting, rolling back and repeating by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall.cli.output import Form, MonthText, Output, Stack, emit, status
from landfall.errors import LandfallError, Refused

if TYPE_CHECKING:
    from pipelines.context import Context

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="The champion, its history, and changing it."
)
Version = Annotated[int, typer.Argument(help="a model version", min=1)]
Why = Annotated[str, typer.Option(help="the reason, kept in the record", show_default=False)]


@app.command()
def show(stack: Stack, output: Output = Form.text) -> None:
    """Show the champion: version, metrics, window, snapshot and code."""
    from ml.record import Record
    from ml.registry import champion_version, version_info, versions

    with _context(stack) as ctx:
        name = ctx.ml.problem.name
        version = champion_version(ctx.platform, name)
        entries = Record(ctx.platform, name).entries()
        value: dict[str, Any] = {
            "problem": name,
            "champion": None,
            "versions": versions(ctx.platform, name),
        }
        if version is not None:
            info = version_info(ctx.platform, name, version)
            entry = next(
                e
                for e in reversed(entries)
                if e["version"] == version and e["action"] in ("promote", "rollback")
            )
            keys = ("candidate", "month", "window", "code", "run_id", "params", "rows")
            value["champion"] = {
                "version": version,
                **{key: info[key] for key in keys},
                "snapshot": str(
                    info["snapshot"]
                ),  # as `lake show` gives it; too long for a JSON number
                "metrics": entry["metrics"],
                "since": {key: entry[key] for key in ("time", "who", "why", "action", "month")},
            }
    emit(value, output, _print_champion)


@app.command()
def history(stack: Stack, output: Output = Form.text) -> None:
    """Show every entry of the promotion record and whether the chain holds; exit 1 where it does not."""
    from ml.promote import known_head
    from ml.record import Record, parse_chain

    with _context(stack) as ctx:
        record = Record(ctx.platform, ctx.ml.problem.name)
        faults = record.verify(known_head(ctx.platform, ctx.ml.problem.name))
        entries, _ = parse_chain(record.text())
    value = {
        "problem": ctx.ml.problem.name,
        "verified": not faults,
        "faults": faults,
        "entries": entries,
    }
    emit(value, output, _print_history)
    if faults:
        raise LandfallError(
            f"The promotion record does not hold: {'; '.join(faults)}.",
            so="What it says of champions cannot be trusted.",
            fix="Restore record/ of the artifacts zone from a backup.",
        )


@app.command()
def promote(version: Version, why: Why, stack: Stack, output: Output = Form.text) -> None:
    """Make a version champion by hand."""
    from ml.promote import promote_by_hand

    with _locked(stack, f"landfall model promote {version}") as ctx:
        entry = promote_by_hand(ctx.platform, ctx.ml.problem.name, version, why)
    emit({"applied": "promoted", **entry}, output, _print_entry)


@app.command()
def refuse(
    month: MonthText,
    why: Why,
    stack: Stack,
    who: Annotated[
        str, typer.Option(help="who refuses", show_default="who runs this command")
    ] = "",
    output: Output = Form.text,
) -> None:
    """Refuse the promotion of a month's winner: the record says who, when and why, and the champion stays."""
    from landfall.month import Month
    from ml.answer import keep_answer
    from ml.promote import apply_verdict

    chosen = Month.parse(month)
    with _locked(stack, f"landfall model refuse --month {month}") as ctx:
        answer = keep_answer(ctx, chosen, "refuse", who, why)
        applied = apply_verdict(ctx, chosen)
    emit({**answer, **applied}, output, _print_refusal)


@app.command()
def verdict(month: MonthText, stack: Stack, output: Output = Form.text) -> None:
    """Say in short what the gate and the canary decided of a month, and whether somebody has to say yes to it."""
    from landfall.month import Month
    from ml.verdict import in_short

    chosen = Month.parse(month)
    with _context(stack) as ctx:
        said = [ctx.result(chosen, name) for name in ("canary", "answer")]
        value = {"month": str(chosen), "stack": stack, **in_short(ctx.need(chosen, "gate"), *said)}
    emit(value, output, _print_verdict)


@app.command()
def rollback(
    why: Why,
    stack: Stack,
    to: Annotated[
        int | None, typer.Option(help="an earlier champion; unless told, the one before")
    ] = None,
    output: Output = Form.text,
) -> None:
    """Make the champion before this one champion again."""
    from ml.promote import roll_back

    with _locked(stack, "landfall model rollback") as ctx:
        entry = roll_back(ctx.platform, ctx.ml.problem.name, to, why)
    emit({"applied": "rolled back", **entry}, output, _print_entry)


@app.command()
def reproduce(version: Version, stack: Stack, output: Output = Form.text) -> None:
    """Train a version again from its snapshot, configuration and code; exit 3 where it differs."""
    from ml.reproduce import reproduce as train_again

    with _context(stack) as ctx:
        status(f"Training version {version} again …")
        value = train_again(ctx, version)
    value = {**value, "snapshot": str(value["snapshot"])}
    emit(value, output, _print_reproduction)
    if not value["equal"]:
        raise Refused(
            f"Version {version} did not come out the same.",
            so="Its figures cannot be repeated from what is recorded.",
            fix="Check out the code it was trained with and install its requirements.txt."
            if value["code"]["recorded"] != value["code"]["here"]
            else "Install the versions in its requirements.txt.",
        )


@app.command()
def rehearse(
    month: MonthText,
    stack: Stack,
    rows: Annotated[int, typer.Option(min=100, help="rows of the window to rehearse with")] = 500,
    output: Output = Form.text,
) -> None:
    """Fit, store and read back every candidate on a few rows; keeps nothing; exit 1 where one fails."""
    from landfall.month import Month
    from ml.rehearse import rehearse as try_all

    with _context(stack) as ctx:
        value = try_all(ctx, Month.parse(month), rows)
    emit(value, output, _print_rehearsal)
    if not value["ok"]:
        failed = [one for one in value["candidates"] if not one["ok"]]
        raise LandfallError(
            "; ".join(f"{one['name']}: {one['reason']}" for one in failed),
            so="The training would fail at the same place, hours later.",
            fix="Mend it, or take the candidate out of ml.candidates.",
        )


@app.command()
def spend(
    month: MonthText,
    stack: Stack,
    approved_by: Annotated[
        str | None,
        typer.Option(help="who said yes, or nothing; exit 3 where a yes is due and this is none"),
    ] = None,
    output: Output = Form.text,
) -> None:
    """Say what a month's training costs in GPU hours, and whether somebody has to say yes to it."""
    from infra.plan.cost.training import training_spend
    from landfall.intent import intent_of
    from landfall.month import Month
    from landfall.project import find_project

    project = find_project()
    intent = intent_of(project, stack)
    value = {"stack": stack, "month": str(Month.parse(month)), **training_spend(intent)}
    emit(value, output, _print_spend)
    if approved_by is not None:
        allow(stack, value["approval"], approved_by)


def allow(stack: str, approval: dict[str, Any], by: str) -> None:
    """Raise Refused where a yes is due, unless one of those whom the intent names gave it."""
    named = [one.lower() for one in approval["approvers"]]
    if not approval["needed"] or by.strip().lower() in named:
        return
    raise Refused(
        f"'{by}' may not approve what '{stack}' spends."
        if by.strip()
        else "Nobody approved the spend.",
        so="Nothing is trained.",
        fix=f"Ask one of: {', '.join(approval['approvers'])}."
        if named
        else "Name who may approve under jenkins.approvers of the intent.",
    )


@app.command()
def canary(month: MonthText, stack: Stack, output: Output = Form.text) -> None:
    """Try the gate's winner behind the real server on the month's requests; exit 3 where it fails."""
    from landfall.month import Month
    from ml.canary import try_canary

    with _locked(stack, f"landfall model canary --month {month}") as ctx:
        value = try_canary(ctx, Month.parse(month))
    emit(value, output, _print_canary)
    if value["passed"] is False:
        raise typer.Exit(3)


@contextmanager
def _context(stack: str) -> Iterator[Context]:
    """The stack, to whose cloud this is the workload that trains, judges and promotes."""
    from pipelines.acting import open_as

    with open_as(stack, "train") as ctx:
        yield ctx


@contextmanager
def _locked(stack: str, what: str) -> Iterator[Context]:
    """A context that nobody else changes meanwhile."""
    from landfall.lock import only_one

    with _context(stack) as ctx, only_one(ctx.project.home, what):
        yield ctx


def _print_champion(value: dict[str, Any]) -> None:
    champion = value["champion"]
    if champion is None:
        print(f"{value['problem']}: no champion yet.")
        return
    since = champion["since"]
    print(f"{value['problem']}: version {champion['version']} ({champion['candidate']})")
    print(f"  since     {since['time']} by {since['who']}: {since['why']}")
    print(f"  trained   on {', '.join(champion['window'])} ({champion['rows']:,} rows)")
    print(f"  judged    on {champion['month']}: {_figures(champion['metrics'])}")
    print(f"  snapshot  {champion['snapshot']}")
    print(f"  code      {champion['code']}")


def _print_history(value: dict[str, Any]) -> None:
    for entry in value["entries"]:
        version = f"v{entry['version']}" if entry["version"] is not None else "-"
        print(f"{entry['seq']:>4}  {entry['month']}  {entry['action']:<8}  {version:<5} {entry['who']}: {entry['why']}")  # fmt: skip
    chain = "the chain holds" if value["verified"] else "THE CHAIN DOES NOT HOLD"
    print(f"{len(value['entries'])} entries; {chain}.")
    for fault in value["faults"]:
        print(f"  - {fault}")


def _print_entry(value: dict[str, Any]) -> None:
    print(f"{value['problem']}: {value['applied']} to version {value['version']}, entry {value['seq']} ({value['hash'][:12]}).")  # fmt: skip


def _print_refusal(value: dict[str, Any]) -> None:
    why = f": {value['why']}" if value["why"] else ""
    print(f"{value['month']}: {value['who']} refused version {value['version']}{why}")
    print(f"  the champion stays; on record as {value['record'][:12]}")


def _print_verdict(value: dict[str, Any]) -> None:
    winner = value["winner"] or "no candidate"
    print(f"{value['month']}: {value['decision']}, {winner} of version {value['version']}")
    for reason in value["approval"]["reasons"]:
        print(f"  - {reason}")
    answer = value["answer"]
    if answer:
        print(f"  {answer['who']} said at {answer['time']}: {answer['said']}. {answer['why']}")


def _print_reproduction(value: dict[str, Any]) -> None:
    print(f"Version {value['version']} ({value['candidate']}): {'equal to the last digit' if value['equal'] else 'DIFFERS'}.")  # fmt: skip
    for difference in value["differences"]:
        print(f"  - {difference}")
    code = value["code"]
    if code["recorded"] != code["here"]:
        print(f"  (trained with code {code['recorded']}, repeated with {code['here']})")


def _print_rehearsal(value: dict[str, Any]) -> None:
    print(f"{value['month']}: rehearsed on {value['rows']:,} rows")
    for one in value["candidates"]:
        told = "ok" if one["ok"] else f"FAILS: {one['reason']}"
        print(f"  {one['name']:<10} {one['seconds']:6.1f} s  {one['peak_mb']:7.1f} MB  {told}")


def _print_spend(value: dict[str, Any]) -> None:
    money = "no price is known" if value["cost"] is None else f"{value['cost']:,.0f} USD expected"
    print(f"{value['month']}: {value['gpu_hours']:g} GPU hours, {money} ({value['rests_on']})")
    for reason in value["approval"]["reasons"]:
        print(f"  needs a yes: {reason}")


def _print_canary(value: dict[str, Any]) -> None:
    if value["passed"] is None:
        print(f"{value['month']}: nothing to try: {value['reasons'][0]}")
        return
    print(
        f"{value['month']}: version {value['version']} {'passed' if value['passed'] else 'FAILED'}"
    )
    print(
        f"  {value['answers']} answers, {value['failures']} failures, p99 {value['p99_ms']['winner']} ms"
    )
    for reason in value["reasons"]:
        print(f"  - {reason}")


def _figures(metrics: dict[str, Any]) -> str:
    return ", ".join(f"{name} {found:.4f}" for name, found in metrics.items() if found is not None)
