"""`landfall code`: which code a Platform's batches run, staged under its digest, published by moving one pointer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall.cli.output import Form, Output, Stack, emit

if TYPE_CHECKING:
    from pipelines.context import Context

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The code that a Platform's batches run: stage a wheel, publish it, see which is current.",
)


@app.command()
def stage(
    wheel: Annotated[Path, typer.Argument(help="a wheel, or the folder that holds one, as dist")],
    stack: Stack,
    environment: Annotated[
        Path | None, typer.Option(help="a packed environment (tar.gz) of what the wheel needs")
    ] = None,
    output: Output = Form.text,
) -> None:
    """Put a wheel into the artifacts zone under its digest; what runs does not change."""
    from pipelines.code import stage as put

    with _context(stack) as ctx:
        emit({"stack": stack, **put(ctx.artifacts, wheel, environment)}, output, _print_staged)


@app.command()
def publish(
    digest: Annotated[str, typer.Argument(help="as `landfall code stage` printed it")],
    stack: Stack,
    output: Output = Form.text,
) -> None:
    """Make a staged wheel the one that batches run from now on; an earlier digest is the way back."""
    from landfall.project import person
    from pipelines.code import publish as make_current

    with _context(stack) as ctx:
        emit(
            {"stack": stack, **make_current(ctx.artifacts, digest, person())},
            output,
            _print_current,
        )


@app.command()
def show(stack: Stack, output: Output = Form.text) -> None:
    """Say which code is current."""
    from pipelines.code import current

    with _context(stack) as ctx:
        emit({"stack": stack, "current": current(ctx.artifacts)}, output, _print_show)


@contextmanager
def _context(stack: str) -> Iterator[Context]:
    """The stack, to whose cloud this is the workload that writes artifacts."""
    from pipelines.acting import open_as

    with open_as(stack, "train") as ctx:
        yield ctx


def _print_staged(value: dict[str, Any]) -> None:
    print(f"{value['name']} {'staged' if value['new'] else 'was there already'}: {value['uri']}")
    print(f"to run it: landfall code publish {value['digest']} --stack {value['stack']}")


def _print_current(value: dict[str, Any]) -> None:
    print(
        f"{value['stack']} runs {value['name']} ({value['digest'][:12]}), by {value['who']}, {value['published']}"
    )
    if value["before"]:
        print(f"the way back: landfall code publish {value['before']} --stack {value['stack']}")


def _print_show(value: dict[str, Any]) -> None:
    if value["current"] is None:
        print(f"{value['stack']}: no code is published")
    else:
        _print_current({"stack": value["stack"], **value["current"]})
