"""`landfall model`: the champion, its history, and promoting, rolling back and repeating by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall.cli.output import Form, Output, Stack, emit, status
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


def _context(stack: str) -> Context:
    from pipelines.context import open_context

    return open_context(stack)


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


def _print_reproduction(value: dict[str, Any]) -> None:
    print(f"Version {value['version']} ({value['candidate']}): {'equal to the last digit' if value['equal'] else 'DIFFERS'}.")  # fmt: skip
    for difference in value["differences"]:
        print(f"  - {difference}")
    code = value["code"]
    if code["recorded"] != code["here"]:
        print(f"  (trained with code {code['recorded']}, repeated with {code['here']})")


def _figures(metrics: dict[str, Any]) -> str:
    return ", ".join(f"{name} {found:.4f}" for name, found in metrics.items() if found is not None)
