"""`landfall registry`: sign in to a cloud's registry of images without the cloud's own tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from landfall.cli.output import Form, Output, emit

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Sign in to a cloud's registry of images.",
)


@app.callback()
def registry() -> None:
    """Sign in to a cloud's registry of images."""


@app.command()
def login(
    address: Annotated[
        str, typer.Argument(help="where the images lie, as REGISTRY of make images")
    ],
    stack: Annotated[
        str, typer.Option(help="the stack whose cloud it is, as that lets builds look")
    ],
    folder: Annotated[Path, typer.Option(help="the folder to name in DOCKER_CONFIG")],
    output: Output = Form.text,
) -> None:
    """Write Docker's configuration for a registry of Google Cloud, AWS or Azure; others are left to you, and it says so."""
    from infra.registry_login import sign_in
    from infra.release.identity import acting
    from landfall.intent import intent_of
    from landfall.project import find_project

    with acting(intent_of(find_project(), stack), "preview"):
        signed = sign_in(address, folder)
    value = {"registry": address, "signed_in": signed, "folder": str(folder)}
    told = (
        f"signed in: export DOCKER_CONFIG={folder}"
        if signed
        else f"{address} is no cloud's registry: sign in to it as it wants"
    )
    emit(value, output, lambda _: print(told))
