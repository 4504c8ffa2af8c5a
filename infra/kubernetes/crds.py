"""The custom resources that we use, as JSON schemas: what `crds.yaml` says, made strict.

A checker asks `schema(api_version, kind)`; keys that the file does not name are refused. Leaves out rules
between fields (KServe's own webhook, CEL), which tests hold by name, and kinds that we do not make.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from landfall.fast_yaml import FastLoader

Json = dict[str, Any]
_PLAIN: dict[str, Json] = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "truth": {"type": "boolean"},
    "any": {},
    "quantity": {
        "anyOf": [
            {"type": "number"},
            {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti|%)?$"},
        ]
    },
}


@cache
def _file() -> Json:
    text = Path(__file__).with_name("crds.yaml").read_text(encoding="utf-8")
    return yaml.load(text, FastLoader)


def kinds() -> list[tuple[str, str]]:
    """Every (apiVersion, kind) that is described."""
    return [(one.rpartition("/")[0], one.rpartition("/")[2]) for one in _file()["kinds"]]


@cache
def schema(api_version: str, kind: str) -> Json | None:
    """The JSON schema (draft 7) of a custom resource; None where it is not described here."""
    spec = _file()["kinds"].get(f"{api_version}/{kind}")
    if spec is None:
        return None
    return {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": api_version},
            "kind": {"const": kind},
            "metadata": {"type": "object", "required": ["name"]},
            "spec": _made(spec),
        },
    }


def _made(shape: Any) -> Json:
    """A shape of the file as JSON schema."""
    if isinstance(shape, Mapping):
        return _mapping(shape)
    if isinstance(shape, list):
        return {"type": "array", "items": _made(shape[0])}
    text = str(shape)
    if text in _PLAIN:
        return _PLAIN[text]
    if text.startswith("="):
        return _made(_file()["shapes"][text[1:]])
    if text.startswith("/") and text.endswith("/"):
        return {"type": "string", "pattern": f"^({text[1:-1]})$"}
    return {"type": "string", "enum": text.split("|")}


def _mapping(shape: Mapping[str, Any]) -> Json:
    if set(shape) == {"*"}:
        return {"type": "object", "additionalProperties": _made(shape["*"])}
    names = {key: re.sub("!$", "", key) for key in shape}
    return {
        "type": "object",
        "required": [name for key, name in names.items() if key != name],
        "additionalProperties": False,
        "properties": {names[key]: _made(inner) for key, inner in shape.items()},
    }
