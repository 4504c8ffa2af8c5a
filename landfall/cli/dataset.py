"""`landfall dataset`: draft everything a flow needs from a client's file, and say what is left to decide."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from landfall.cli.output import Form, Output, emit, status

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Bring your own data: draft contract, models and intent from a file, then check them.",
)


class Kind(StrEnum):
    """What `--kind` may say."""

    binary = "binary"
    multiclass = "multiclass"
    regression = "regression"


class Encoding(StrEnum):
    """What `--encoding` may say."""

    utf8 = "utf-8"
    latin1 = "latin-1"


ProjectFolder = Annotated[
    Path | None, typer.Option("--project", help="the project's folder, if not the working one")
]


@app.command()
def init(
    file: Annotated[
        str, typer.Argument(help="a CSV, JSON lines or Parquet file, or package:DISTRIBUTION/FILE")
    ],
    time: Annotated[str, typer.Option(help="the column by which rows belong to a month")],
    target: Annotated[str, typer.Option(help="the column to predict")],
    name: Annotated[str, typer.Option(help="the dataset's name: a-z, 0-9 and '_'")],
    kind: Annotated[Kind | None, typer.Option(help="the problem; told from the target")] = None,
    encoding: Annotated[Encoding, typer.Option(help="the file's encoding")] = Encoding.utf8,
    project: ProjectFolder = None,
    output: Output = Form.text,
) -> None:
    """Draft the contract, the dbt models and the stack of a file; marks DECIDE where a person must."""
    from landfall.project import find_project
    from pipelines import draft

    found = find_project(project)
    status(f"reading {file}")
    drafted = draft.draft(
        found,
        file,
        time=time,
        target=target,
        name=name,
        kind=kind.value if kind else None,
        encoding=encoding.value,
    )
    written = draft.write(drafted)
    survey = drafted.found
    value = {
        "dataset": name,
        "rows": survey.table.rows,
        "columns": len(survey.columns),
        "skipped_lines": survey.table.skipped,
        "months": [str(survey.months.first), str(survey.months.last)],
        "kind": survey.kind,
        "key": list(survey.key.columns),
        "suspected_leaks": survey.leaks,
        "personal": {c.name: c.personal for c in survey.columns if c.personal != "none"},
        "files": [path.relative_to(found.root).as_posix() for path in written],
        "marks": draft.marks(found, name),
    }
    emit(value, output, _print_draft)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="the dataset's name")],
    project: ProjectFolder = None,
    output: Output = Form.text,
) -> None:
    """Say what is left to decide, with file and line; exit 1 until nothing is. Then brings dbt's source up to date."""
    from landfall.project import find_project
    from pipelines import draft

    value = draft.check(find_project(project), name)
    emit(value, output, _print_check)
    if not value["ready"]:
        raise typer.Exit(1)


@app.command()
def diff(
    against: Annotated[str, typer.Option(help="the git reference to compare with, as origin/main")],
    project: ProjectFolder = None,
    output: Output = Form.text,
) -> None:
    """Say whether changed contracts keep their promise. Exit 3: one does not, and its version did not rise."""
    from landfall.project import find_project
    from pipelines.compat import changed

    value = changed(find_project(project), against)
    emit(value, output, _print_diff)
    if value["refused"]:
        raise typer.Exit(3)


def _print_draft(value: dict[str, Any]) -> None:
    first, last = value["months"]
    print(
        f"{value['dataset']}: {value['rows']:,} rows of {value['columns']} columns, {first} to {last}; "
        f"a {value['kind']} problem; key {', '.join(value['key'])}"
    )
    if value["skipped_lines"]:
        print(f"{value['skipped_lines']:,} lines do not fit the header and were not looked at")
    print("drafted:")
    for file in value["files"]:
        print(f"  {file}")
    print(f"{len(value['marks'])} decisions are left to you:")
    _print_marks(value["marks"])
    print(f"then: landfall dataset check {value['dataset']}")


def _print_marks(marks: list[dict[str, Any]]) -> None:
    for mark in marks:
        print(f"  {mark['file']}:{mark['line']}: {mark['text']}")


def _print_check(value: dict[str, Any]) -> None:
    if value["ready"]:
        print(f"{value['dataset']} is ready: {value['run']}")
        return
    print(f"{value['dataset']} is not ready:")
    _print_marks(value["marks"])
    for file in value["missing"]:
        print(f"  {file} is missing")
    for fault in value["faults"]:
        print(f"  {fault}")


def _print_diff(value: dict[str, Any]) -> None:
    if not value["contracts"]:
        print(f"no contract differs from {value['base']}")
    for one in value["contracts"]:
        was, now = one["versions"]
        versions = f", version {was} to {now}" if was != now else ""
        print(f"{one['dataset']}: {one['verdict']}{versions}")
        for change in one["changes"]:
            print(f"  {change['effect']}: {change['where']}: {change['what']}")
    for sentence in value["refused"]:
        print(f"REFUSED {sentence}")
