"""Google resources that no table of ours has reviewed: enumerations and ranges of the API's own discovery document.

Pulumi's `ingressSettings` is the API's `ingressSettings`; the schema of a type is the one that ends in its name and has
at least half of its inputs. Since nobody has reviewed the match, a finding is a warning. Leaves out the types of
`infra/plan/values/gcp.yaml`, which are reviewed by hand, and values that come from another resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from infra.plan import sdk
from infra.plan.check import packages
from infra.plan.check.finding import Finding, finding, one_of, open_value
from infra.plan.check.values import reviewed
from infra.plan.model import Plan

_APIS = {
    "bigtable": "bigtableadmin", "cloudfunctionsv2": "cloudfunctions", "cloudrun": "run",
    "cloudrunv2": "run", "dataloss": "dlp", "diagflow": "dialogflow", "filestore": "file",
    "organizations": "cloudresourcemanager", "projects": "cloudresourcemanager",
    "serviceaccount": "iam", "sql": "sqladmin", "vertex": "aiplatform", "workbench": "notebooks",
}  # fmt: skip
"""Pulumi's module → the API's name, where they differ."""
_VERSIONS = {"cloudrun": "v1", "cloudfunctions": "v1", "healthcare": "v1"}
"""Modules of an older version of an API; others take the newest stable one."""


def check_discovery(plan: Plan) -> Iterator[Finding]:
    """Findings on every Google resource whose type no table has reviewed."""
    for one in plan.resources:
        if not one.type.startswith("gcp:") or one.type in reviewed():
            continue
        found = counterpart(one.type)
        if found:
            document, name = found
            origin = f"Google's discovery document {document}, {name}"
            schema = _schemas(document)[name]
            for place, value, allowed in _broken(one.inputs, schema, _schemas(document), ""):
                if re.split(r"[.\[]", place)[0] not in one.property_deps:
                    yield finding("value", one, place, value, allowed, origin, "warn")


def _broken(
    given: Any, schema: Any, schemas: dict[str, Any], place: str
) -> Iterator[tuple[str, Any, str]]:
    """Place, value and what is allowed instead, of each value that the schema does not take."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"]]
    if isinstance(given, list):
        for i, one in enumerate(given):
            yield from _broken(one, schema.get("items", schema), schemas, f"{place}[{i}]")
    elif isinstance(given, dict):
        if schema.get("type") == "array":  # one of a list, which the SDK takes by itself
            schema = schema["items"]
        while "$ref" in schema:
            schema = schemas[schema["$ref"]]
        known = {_bare(name): inner for name, inner in schema.get("properties", {}).items()}
        for key, value in given.items():
            inner = known.get(_bare(key)) or known.get(_bare(key).removesuffix("s"))
            if inner is not None:
                yield from _broken(value, inner, schemas, f"{place}.{key}" if place else key)
    elif given is not None and not open_value(given):
        if schema.get("type") == "array":
            schema = schema["items"]
        values = [one for one in schema.get("enum", ()) if not one.endswith("_UNSPECIFIED")]
        if values and str(given) not in schema["enum"]:
            yield place, given, one_of(values, given)


@cache
def counterpart(type_: str) -> tuple[str, str] | None:
    """The discovery document and the schema in it of a Google type; None where none fits."""
    _, module, class_ = type_.split(":")
    module = module.partition("/")[0]
    document = _document(module)
    if document is None:
        return None
    inputs = {_bare(name) for name in sdk.inputs_of(type_)} - {"project", "location", "region", "zone"}  # fmt: skip
    named = sorted((n for n in _schemas(document) if _bare(n).endswith(_bare(class_))), key=len)
    for name in named:
        known = {_bare(key) for key in _schemas(document)[name].get("properties", {})}
        if len(inputs & known) * 2 >= len(inputs) > 0:
            return document, name
    return None


@cache
def _document(module: str) -> str | None:
    folder = packages.folder("googleapiclient") / "discovery_cache" / "documents"
    api = _APIS.get(module, module)
    names = [one.name.removesuffix(".json") for one in folder.glob(f"{api}.v*.json")]
    stable = [name for name in names if re.fullmatch(rf"{api}\.v\d+", name)]
    wanted = f"{api}.{_VERSIONS.get(module)}"
    return wanted if wanted in names else max(stable, default=None)


@cache
def _schemas(document: str) -> dict[str, Any]:
    folder = packages.folder("googleapiclient") / "discovery_cache" / "documents"
    return json.loads((folder / f"{document}.json").read_bytes())["schemas"]


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
