"""Bring your own data: from a file of the client's to the drafts of everything a flow needs.

`draft` looks and writes nothing, `write` writes all files or none and never over one that is there,
`check` says what is left to decide. Leaves out files that a person joins to another: one file, one
dataset, one problem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from landfall.errors import UsageError
from landfall.intent import parse_intent
from landfall.intent.ml import Kind
from landfall.project import CONFIG_KEY, STACK_PREFIX, Project
from pipelines.contract import DECIDE, Contract
from pipelines.draft.contract import contract_text
from pipelines.draft.models import features_sql, features_yml, staging_sql, staging_yml
from pipelines.draft.stack import stack_name, stack_text
from pipelines.draft.survey import Survey, survey
from pipelines.draft.table import Encoding, read_table

_NAME = re.compile(r"[a-z][a-z0-9_]{0,53}")
"""An Identifier with room for the `features_` before it."""


@dataclass(frozen=True)
class Draft:
    """What was found in a file, and the files drafted from it (path → text)."""

    found: Survey
    files: dict[Path, str]


def draft(
    project: Project,
    file: str,
    *,
    time: str,
    target: str,
    name: str,
    kind: Kind | None = None,
    encoding: Encoding = "utf-8",
) -> Draft:
    """Look at a file and draft; raises UsageError where something is wrong or a drafted file is there."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot name a dataset.",
            so="It names tables: at most 54 of a-z, 0-9 and '_', beginning with a letter.",
            fix=f"Try --name {_suggested(name)}.",
        )
    paths = paths_of(project, name)
    there = [str(path.relative_to(project.root)) for path in paths.values() if path.exists()]
    if there:
        raise UsageError(
            f"There is already {', '.join(there)}.",
            so="Drafts never replace a file; nothing was written.",
            fix="Choose another --name, or move those files away.",
        )
    table = read_table(file, name, project.root, encoding)
    found = survey(name, table, time, target, kind)
    command = f"landfall dataset init {file} --time {time} --target {target} --name {name}"
    texts = {
        "contract": contract_text(found, command),
        "staging": staging_sql(found),
        "staging_yml": staging_yml(found),
        "features": features_sql(found),
        "features_yml": features_yml(found),
        "stack": stack_text(found, command),
    }
    contract = Contract.model_validate(yaml.safe_load(texts["contract"]))
    parse_intent(yaml.safe_load(texts["stack"])["config"][CONFIG_KEY], str(paths["stack"]))
    from warehouse.sources import source_text

    texts["source"] = source_text(contract)
    return Draft(found, {paths[what]: texts[what] for what in paths})


def _suggested(name: str) -> str:
    short = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return (short if short[:1].isalpha() else f"data_{short}".rstrip("_"))[:54]


def paths_of(project: Project, name: str) -> dict[str, Path]:
    """Where each drafted file of a dataset lies."""
    models = project.dbt_dir / "models"
    return {
        "contract": project.contracts_dir / f"{name}.yml",
        "source": models / "sources" / f"{name}.yml",
        "staging": models / "staging" / f"stg_{name}.sql",
        "staging_yml": models / "staging" / f"stg_{name}.yml",
        "features": models / "features" / f"features_{name}.sql",
        "features_yml": models / "features" / f"features_{name}.yml",
        "stack": project.stacks_dir / f"{STACK_PREFIX}{stack_name(name)}.yaml",
    }


def write(drafted: Draft) -> list[Path]:
    """Write every file; where one cannot be written, those written before it are taken back."""
    done: list[Path] = []
    try:
        for path, text in drafted.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as stream:
                done.append(path)
                stream.write(text)
    except OSError as error:
        for path in done:
            path.unlink(missing_ok=True)
        raise UsageError(
            f"{error.filename} cannot be written: {error.strerror}.",
            so="Nothing was drafted.",
            fix="Check the folder's permissions, or name another project with --project.",
        ) from None
    return done


def marks(project: Project, name: str) -> list[dict[str, Any]]:
    """Every DECIDE mark that is left: `file` (relative to the project), `line`, `text`."""
    found: list[dict[str, Any]] = []
    for path in paths_of(project, name).values():
        if not path.is_file() or path.parent.name == "sources":  # written from the contract
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            place = line.find(f"{DECIDE}:")
            if place >= 0:
                file = path.relative_to(project.root).as_posix()
                found.append(
                    {"file": file, "line": number, "text": line[place:].strip().strip('"')}
                )
    return found


def check(project: Project, name: str) -> dict[str, Any]:
    """Whether a dataset is ready to run: `ready`, `marks`, `missing` files, `contract` and `intent` faults.

    Where everything is decided, dbt's source is written anew from the contract.
    """
    from landfall.project import read_intent
    from pipelines.contract import load_contract
    from warehouse.sources import write_source

    paths = paths_of(project, name)
    if not paths["contract"].is_file():
        load_contract(paths["contract"])  # says how to draft one
    missing = [str(p.relative_to(project.root)) for p in paths.values() if not p.is_file()]
    left = marks(project, name)
    faults: list[str] = []
    if not left:
        try:
            write_source(project.dbt_dir, load_contract(paths["contract"]))
        except UsageError as error:
            faults.append(str(error))
    if paths["stack"].is_file():
        try:
            parse_intent(read_intent(paths["stack"]), str(paths["stack"]))
        except UsageError as error:
            faults.append(str(error))
    return {
        "dataset": name,
        "ready": not (missing or left or faults),
        "marks": left,
        "missing": missing,
        "faults": faults,
        "run": f"landfall run --all --stack {stack_name(name)}",
    }
