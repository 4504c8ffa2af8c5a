"""Whether a changed contract still keeps its promise, to those who read the data and to those who send it.

A change is `breaking` (what reads the table or writes the files must change too), `stricter` (rows that passed may
now be set aside) or `compatible`. The first two are promises withdrawn: the contract's version has to rise with them.
Leaves out whether data already in the lake fits: the next ingestion tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from landfall.git import common_ancestor, git
from landfall.project import Project
from pipelines.contract import Column, Contract, load_contract
from pipelines.tables import WIDER

Effect = Literal["breaking", "stricter", "compatible"]


@dataclass(frozen=True)
class Change:
    """One difference between two versions of a contract."""

    effect: Effect
    where: str
    """The column, or the contract's own field."""
    what: str


def compare(before: Contract, after: Contract) -> list[Change]:
    """Every difference, in the contract's order."""
    return [*_whole(before, after), *_columns(before, after)]


def changed(project: Project, base: str) -> dict[str, Any]:
    """The contracts that differ from the common ancestor with `base`.

    Returns `base`, `refused` (sentences) and `contracts`: each `dataset`, `verdict` (`breaking`, `stricter`,
    `compatible`, `new`, `gone`), `versions`, `changes`, `refused`. Raises UsageError where git knows no such base or
    a contract cannot be read.
    """
    folder = project.contracts_dir
    old = _at(project, folder, base)
    new = {path.stem: load_contract(path) for path in sorted(folder.glob("*.yml"))}
    used = _datasets(project)
    told = [_told(name, old.get(name), new.get(name), used) for name in sorted({*old, *new})]
    contracts = [one for one in told if one]
    refused = [sentence for one in contracts for sentence in one["refused"]]
    return {"base": base, "contracts": contracts, "refused": refused}


def _told(
    name: str, before: Contract | None, after: Contract | None, used: dict[str, list[str]]
) -> dict[str, Any] | None:
    if before == after:
        return None
    versions = [one.version if one else None for one in (before, after)]
    told: dict[str, Any] = {"dataset": name, "versions": versions, "changes": [], "refused": []}
    if before is None:
        return {**told, "verdict": "new"}
    if after is None:
        stacks = used.get(name, [])
        why = f"{name}: the contract is gone, but {', '.join(stacks)} still takes the dataset."
        return {**told, "verdict": "gone", "refused": [why] if stacks else []}
    changes = compare(before, after)
    verdict = next((e for e in ("breaking", "stricter") if any(c.effect == e for c in changes)), "compatible")  # fmt: skip
    refused = []
    if after.version < before.version:
        refused = [f"{name}: version {after.version} is less than {before.version}, which is out."]
    elif verdict != "compatible" and after.version == before.version:
        first = next(c for c in changes if c.effect == verdict)
        refused = [
            f"{name}: {verdict} ({first.where}: {first.what}), and its version is still {after.version}. "
            f"Agree with {after.owner}, then write version: {after.version + 1}."
        ]
    return {**told, "verdict": verdict, "changes": [asdict(c) for c in changes], "refused": refused}


def _whole(before: Contract, after: Contract) -> Iterator[Change]:
    for name in ("kind", "key", "time", "timezone", "null_values"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield Change(
                "breaking",
                name,
                f"{_shown(was)} becomes {_shown(now)}: what is stored means something else",
            )
    if before.owner != after.owner:
        yield Change("compatible", "owner", f"{before.owner} becomes {after.owner}")
    for name, was, now, less_is_stricter in (
        ("max_quarantined", before.max_quarantined, after.max_quarantined, True),
        ("volume.max_rows", before.volume.max_rows, after.volume.max_rows, True),
        ("volume.min_rows", before.volume.min_rows, after.volume.min_rows, False),
    ):
        if was != now:
            yield _judged((now < was) == less_is_stricter, name, f"{was} becomes {now}")
    was_days, now_days = before.freshness_days, after.freshness_days
    if was_days != now_days:
        sooner = now_days is not None and (was_days is None or now_days < was_days)
        yield _judged(sooner, "freshness_days", f"{_shown(was_days)} becomes {_shown(now_days)}")


def _judged(stricter: bool, where: str, what: str) -> Change:
    return Change("stricter" if stricter else "compatible", where, what)


def _columns(before: Contract, after: Contract) -> Iterator[Change]:
    old, new = ({c.name: c for c in one.columns} for one in (before, after))
    for name, column in old.items():
        if name not in new:
            yield Change("breaking", name, "the column is gone")
        else:
            yield from _column(column, new[name])
    for name, column in new.items():
        if name not in old:
            wants = "may be absent" if column.nullable else "files without it are set aside"
            yield _judged(not column.nullable, name, f"a new column, {wants}")


def _column(was: Column, now: Column) -> Iterator[Change]:
    name = was.name
    if was.type != now.type:
        effect: Effect = "compatible" if (was.type, now.type) in WIDER else "breaking"
        yield Change(effect, name, f"type {was.type} becomes {now.type}")
    if was.nullable != now.nullable:
        what = (
            "may be null now, for readers that knew none"
            if now.nullable
            else "may no longer be null"
        )
        yield Change("breaking" if now.nullable else "stricter", name, what)
    for field in ("unit", "in_file", "format"):
        a, b = getattr(was, field), getattr(now, field)
        if a != b:
            label = "header" if field == "in_file" else field
            yield Change("breaking", name, f"{label} {_shown(a)} becomes {_shown(b)}")
    if was.personal != now.personal:
        lifted = now.personal == "none"
        what = f"personal '{was.personal}' becomes '{now.personal}'" + (
            ": it is no longer masked" if lifted else ""
        )
        yield Change("breaking" if lifted else "compatible", name, what)
    if was.pattern != now.pattern:
        told = f"pattern {_shown(was.pattern)} becomes {_shown(now.pattern)}"
        yield _judged(now.pattern is not None, name, told)
    if was.range != now.range:
        told = f"range {_shown(was.range)} becomes {_shown(now.range)}"
        yield _judged(_narrower(was.range, now.range), name, told)
    if was.allowed != now.allowed:
        lost = now.allowed is not None and (
            was.allowed is None or not set(was.allowed) <= set(now.allowed)
        )
        yield _judged(lost, name, f"allowed {_shown(was.allowed)} becomes {_shown(now.allowed)}")


def _narrower(
    was: tuple[float | None, float | None] | None, now: tuple[float | None, float | None] | None
) -> bool:
    least, most = was or (None, None)
    low, high = now or (None, None)
    return (low is not None and (least is None or low > least)) or (
        high is not None and (most is None or high < most)
    )


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else f"'{value}'"


def _datasets(project: Project) -> dict[str, list[str]]:
    """Dataset → the stacks whose sources name it."""
    found: dict[str, list[str]] = {}
    for stack in project.stacks():
        sources = project.read_stack(stack).get("sources") or []
        for source in sources if isinstance(sources, list) else []:
            if isinstance(source, dict):
                found.setdefault(str(source.get("dataset")), []).append(stack)
    return found


def _at(project: Project, folder: Path, base: str) -> dict[str, Contract]:
    """The contracts at the common ancestor with `base`. One that could not be read then promised nothing."""
    ancestor = common_ancestor(project, base)
    inside = folder.relative_to(project.root).as_posix()
    names = git(project, "ls-tree", "--name-only", ancestor, f"{inside}/") or ""
    found = {}
    for path in names.splitlines():
        if path.endswith(".yml"):
            try:
                content = yaml.safe_load(git(project, "show", f"{ancestor}:./{path}") or "")
                found[Path(path).stem] = Contract.model_validate(content)
            except (yaml.YAMLError, ValidationError):
                continue
    return found
