"""A plan in a file: ours, or anyone's.

Reads what `landfall plan --output json` writes, a bare list of resources (`type`, `name`, `inputs` is enough), the
JSON of `pulumi preview --json`, and that of `pulumi stack export`. Leaves out the event stream of `pulumi up --json`.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.plan.model import Plan, Resource
from landfall.errors import UsageError

_WIRE = {"property_deps": "propertyDependencies", "import_id": "importId", "ignore_changes": "ignoreChanges", "delete_before_replace": "deleteBeforeReplace"}  # fmt: skip
_FIELDS = {one.name: _WIRE.get(one.name, one.name) for one in dataclasses.fields(Resource)}
_CLOUDS = {"gcp": "gcp", "aws": "aws", "azure-native": "azure"}
_GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace", "read-discard"})  # fmt: skip


def dump(plan: Plan) -> dict[str, Any]:
    """The plan as JSON data: `stack`, `cloud`, `resources`, `outputs`."""
    return {
        "stack": plan.stack,
        "cloud": plan.cloud,
        "resources": [
            {wire: getattr(one, name) for name, wire in _FIELDS.items()} for one in plan.resources
        ],
        "outputs": plan.outputs,
    }


def load(file: Path) -> Plan:
    """The plan in a file; raises UsageError where the file is none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", fix="Name a file with a plan."
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{file} is not JSON: {error}",
            so="An event stream (`pulumi up --json`) holds many documents, and no plan.",
            fix="Write one with `landfall plan STACK --save FILE` or `pulumi preview --json`.",
        ) from None
    return parse(content, str(file))


def parse(content: Any, name: str = "the plan") -> Plan:
    """The plan in JSON data; `name` is how errors call it."""
    stack, cloud, outputs = "", "", {}
    if isinstance(content, Mapping) and isinstance(content.get("steps"), list):
        rows = _steps(content["steps"])
    elif isinstance(content, Mapping) and isinstance(content.get("deployment"), Mapping):
        rows = content["deployment"].get("resources") or []
    elif isinstance(content, Mapping) and isinstance(content.get("resources"), list):
        rows, outputs = content["resources"], content.get("outputs") or {}
        stack, cloud = str(content.get("stack") or ""), str(content.get("cloud") or "")
    elif isinstance(content, list):
        rows = content
    else:
        raise UsageError(
            f"{name} holds no plan.",
            so="It is neither a list of resources, nor an object with 'resources', 'steps' or 'deployment'.",
            fix="Write one with `landfall plan STACK --save FILE` or `pulumi preview --json`.",
        )
    resources = [_resource(row, i, name) for i, row in enumerate(rows)]
    kept = [one for one in resources if one.type != "pulumi:pulumi:Stack"]
    twice = [urn for urn, number in Counter(one.urn for one in kept).items() if number > 1]
    if twice:
        raise UsageError(
            f"{name} holds {twice[0]} twice.",
            fix="Give each resource its own name, or its urn.",
        )
    if not isinstance(outputs, Mapping):
        raise UsageError(
            f"'outputs' of {name} is no object.", fix="Write it as {} or leave it out."
        )
    ordered = tuple(sorted(kept, key=lambda one: one.urn))
    return Plan(stack or _stack(ordered), cloud or _cloud(ordered), ordered, outputs)


def _steps(steps: list[Any]) -> list[Any]:
    """The resources that a preview's steps leave, each as its newest state."""
    rows: dict[Any, Any] = {}
    for step in steps:
        if isinstance(step, Mapping) and step.get("op") not in _GONE:
            state = step.get("newState") or step.get("oldState")
            if isinstance(state, Mapping):
                rows[state.get("urn")] = state
    return list(rows.values())


def _resource(row: Any, number: int, plan: str) -> Resource:
    where = f"Resource {number + 1} of {plan}"
    if not isinstance(row, Mapping):
        raise UsageError(f"{where} is no object.", fix="Write it as {type, name, inputs}.")
    urn, type_ = row.get("urn"), row.get("type")
    if not isinstance(type_, str) or not type_:
        raise UsageError(f"{where} names no type.", fix='For example: "type": "aws:s3/bucket:Bucket".')  # fmt: skip
    name = row.get("name") or str(urn or "").rpartition("::")[2]
    if not isinstance(name, str) or not name:
        raise UsageError(f"{where} has neither a name nor a urn.", fix='Add "name".')
    inputs = row.get("inputs") or {}
    if not isinstance(inputs, Mapping):
        raise UsageError(f"'inputs' of {where} is no object.", fix="Write the inputs as an object.")
    parent = str(row.get("parent") or "")
    return Resource(
        urn=str(urn or f"urn:pulumi:plan::landfall::{type_}::{name}"),
        type=type_,
        name=name,
        inputs={key: inputs[key] for key in sorted(inputs, key=str) if key != "__defaults"},
        parent="" if "::pulumi:pulumi:Stack::" in parent else parent,
        provider=_provider(str(row.get("provider") or "")),
        deps=_texts(row.get("deps", row.get("dependencies"))),
        property_deps=_property_deps(row.get("propertyDependencies")),
        protect=row.get("protect") is True,
        retain=row.get("retain", row.get("retainOnDelete")) is True,
        custom=row.get("custom", True) is True,
        aliases=_texts(row.get("aliases")),
        import_id=str(row.get("importId") or row.get("importID") or ""),
        ignore_changes=_texts(row.get("ignoreChanges")),
        delete_before_replace=row.get("deleteBeforeReplace") is True,
        source=_source(row),
    )


def _provider(text: str) -> str:
    """A provider's URN; the engine's files append its id, and name default providers too."""
    urn = "::".join(text.split("::")[:4])
    return "" if urn.rpartition("::")[2].startswith("default") else urn


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def _property_deps(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): _texts(urns) for key, urns in sorted(value.items()) if urns}


def _source(row: Mapping[str, Any]) -> str:
    """Our own form, or the first frame of the engine's stack trace that is not of an installed package."""
    if isinstance(row.get("source"), str):
        return row["source"]
    frames = [row, *(row.get("stackTrace") or [])]
    for frame in frames:
        position = frame.get("sourcePosition") if isinstance(frame, Mapping) else None
        if isinstance(position, str) and "site-packages" not in position:
            return position.removeprefix("project:///").replace("#", ":")
    return ""


def _stack(resources: tuple[Resource, ...]) -> str:
    parts = resources[0].urn.split(":") if resources else []
    return parts[2] if len(parts) > 2 else ""


def _cloud(resources: tuple[Resource, ...]) -> str:
    packages = Counter(_CLOUDS.get(one.type.partition(":")[0], "") for one in resources)
    packages.pop("", None)
    return packages.most_common(1)[0][0] if packages else ""
