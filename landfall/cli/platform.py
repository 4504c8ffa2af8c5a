"""`landfall platform`: what a stack provides to pipelines, warehouse and models."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit, status
from landfall.errors import LandfallError, MissingTool, UsageError

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What a stack provides: storage, catalog, warehouse, Spark, events, endpoints.",
)


@app.callback()
def _noun() -> None:
    """What a stack provides: storage, catalog, warehouse, Spark, events, endpoints."""


@app.command()
def show(
    stack: Annotated[str, typer.Argument(help="the stack in stacks/")],
    file: Annotated[
        Path | None,
        typer.Option(help="the JSON of `pulumi stack output --json`, instead of asking the CLI"),
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="keep it in the home, where every command finds it")
    ] = False,
    share: Annotated[
        bool,
        typer.Option(
            "--share",
            help="write it beside the stack's file, to be committed for Jenkins' data jobs",
        ),
    ] = False,
    output: Output = Form.text,
) -> None:
    """Read a stack's outputs and check that they are a whole Platform."""
    from landfall.platform_file import parse_platform, save_platform
    from landfall.project import find_project

    project = find_project()
    project.stack_file(stack)
    outputs = _read(file) if file is not None else _ask(stack)
    platform = parse_platform(outputs, stack)
    if save:
        status(f"saved: {save_platform(project, platform, stack)}")
    if share:
        status(f"to be committed: {save_platform(project, platform, stack, share=True)}")
    emit(platform.model_dump(mode="json"), output, _print)


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", fix="Name the file."
        ) from None
    except ValueError as error:
        raise UsageError(
            f"{file} is not JSON: {error}", fix="Write it by `pulumi stack output --json`."
        ) from None


def _ask(stack: str) -> Any:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise MissingTool(
            "There is no `pulumi` on PATH.",
            so="A cloud's outputs lie in the stack's state, which only it can read.",
            fix="Install it from https://www.pulumi.com/docs/install/, or give --file.",
        )
    from landfall.project import find_project

    done = subprocess.run(
        [pulumi, "stack", "output", "--json", "--stack", stack, "--non-interactive"],
        capture_output=True, text=True, check=False, cwd=find_project().root,
    )  # fmt: skip
    if done.returncode != 0:
        raise LandfallError(
            f"`pulumi stack output` failed: {done.stderr.strip()[:500]}",
            fix=f"Log in and apply the stack first: pulumi up --stack {stack}",
        )
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise LandfallError(
            "`pulumi stack output --json` printed no JSON.",
            fix="Try it by hand, and give what it prints by --file.",
        ) from None


def _print(value: dict[str, Any]) -> None:
    print(f"{value['stack']}: {value['client']}, {value['environment']}")
    for zone in ("landing", "bronze", "silver", "gold", "quarantine", "artifacts"):
        print(f"  {zone:<12} {value['storage'][zone]}")
    print(
        f"  catalog      {value['catalog']['name']} ({value['catalog']['properties'].get('type')})"
    )
    print(f"  warehouse    {value['warehouse']['engine']}")
    print(f"  spark        {value['spark']['kind']} {value['spark']['master']}")
    print(f"  events       {value['events']['kind']} {value['events']['topic']}")
    print(f"  tracking     {value['tracking']['uri'] or '(no ml layer)'}")
    for name, address in value["endpoints"].items():
        print(f"  {name:<12} {address}")
    if value["cluster"]:
        print(f"  cluster      {value['cluster']['access_command']}")
