"""`landfall intent`: check a stack's intent, print a sample, the schema or the reference page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, Stack, emit

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What a client wants: check it, start from a sample, read its fields.",
)
Cloud = Annotated[str, typer.Option("--cloud", help="local, gcp, aws or azure")]


@app.command()
def check(
    stack: Stack,
    file: Annotated[
        Path | None, typer.Argument(help="a file, instead of a stack in stacks/")
    ] = None,
    output: Output = Form.text,
) -> None:
    """Check an intent; every error is told at once, with the field, the rule and an example."""
    from landfall.intent import parse_intent
    from landfall.project import find_project, read_intent

    if file is None:
        project = find_project()
        file, raw = project.stack_file(stack), project.read_stack(stack)
    else:
        raw = find_project().whole_intent(read_intent(file))
    intent = parse_intent(raw, str(file))
    value = {
        "file": str(file),
        "valid": True,
        "client": intent.client.slug,
        "environment": intent.environment,
        "cloud": intent.cloud.model_dump(mode="json"),
        "sources": [source.dataset for source in intent.sources],
        "problem": intent.ml.problem.name if intent.ml else None,
    }
    emit(value, output, _print_check)


def _print_check(value: dict[str, Any]) -> None:
    cloud = value["cloud"]
    where = f"{cloud['provider']} {cloud['region']}" if "region" in cloud else "this machine"
    print(f"{value['file']}: valid. {value['client']}, {value['environment']}, {where}.")


@app.command()
def example(cloud: Cloud = "local", output: Output = Form.text) -> None:
    """Print a valid sample of a stack's file, to copy and change."""
    from landfall.errors import UsageError
    from landfall.intent import examples

    if cloud not in examples.PROVIDERS:
        raise UsageError(
            f"There is no sample for '{cloud}'.",
            fix=f"Choose one of {', '.join(examples.PROVIDERS)}.",
        )
    text = examples.example(cloud)
    emit({"cloud": cloud, "yaml": text}, output, lambda value: print(value["yaml"], end=""))


@app.command()
def schema(output: Output = Form.json) -> None:
    """Print the JSON schema of `landfall:intent`, for editors and other programs; JSON in either form."""
    from landfall.intent.reference import intent_schema

    del output  # a schema has one form; the option is there because every command has it
    emit(intent_schema(), Form.json, lambda _: None)


@app.command()
def docs(
    write: Annotated[
        bool, typer.Option("--write", help="write the generated pages into docs/ instead")
    ] = False,
    output: Output = Form.text,
) -> None:
    """Print the reference page of all fields, or write the generated pages."""
    from landfall.intent.reference import intent_page, write_docs
    from landfall.project import find_project

    if not write:
        emit({"markdown": intent_page()}, output, lambda value: print(value["markdown"], end=""))
        return
    changed = [str(path) for path in write_docs(find_project().root)]
    emit(
        {"written": changed},
        output,
        lambda value: print("\n".join(value["written"]) or "the pages are up to date"),
    )
