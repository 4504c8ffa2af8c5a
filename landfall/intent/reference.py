"""The reference pages, generated from the models: docs/intent.md, docs/intent.schema.json, docs/contracts.md.

`python -m landfall.intent.reference` (or `make docs`) writes them into the project. Leaves out prose on
how to choose: that is the guides' matter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]
REGENERATE = "make docs"
_NOTE = f"<!-- Generated from the models by `{REGENERATE}`; change the model, not this page. -->"


def intent_schema() -> Json:
    """The JSON schema of `landfall:intent` (draft 2020-12)."""
    from landfall.intent import Intent

    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**head, **Intent.model_json_schema()}


def intent_page() -> str:
    """docs/intent.md."""
    from landfall.intent.examples import PROVIDERS, example
    from landfall.intent.rules import RULES

    schema = intent_schema()
    lines = [
        "# The Intent",
        "",
        _NOTE,
        "",
        "What a client wants, in the client's words, once. It lies in the stack's own file, "
        "`stacks/Pulumi.<stack>.yaml`, under `config: landfall:intent:`, so that "
        "`pulumi config set --path 'landfall:intent.cloud.region' europe-west4` edits it too. "
        "Check one with `landfall intent check --stack STACK` or `landfall intent check FILE`; "
        "all errors come at once, each with the field, the rule and an example. "
        "Start from `landfall intent example --cloud gcp`. "
        "Editors can use [the JSON schema](intent.schema.json).",
        "",
        "Unknown keys are refused. A secret is never written here, only the name under which it lies.",
        "",
        *_sections(schema, "the intent"),
        "## Rules between fields",
        "",
        *(f"- {(rule.check.__doc__ or '').strip()}" for rule in RULES),
        "",
        "## Samples",
        "",
    ]
    for provider in PROVIDERS:
        lines += [f"### {provider}", "", "```yaml", example(provider).rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def contracts_page() -> str:
    """docs/contracts.md."""
    from pipelines.contract import Contract

    lines = [
        "# Data contracts",
        "",
        _NOTE,
        "",
        "What the producer and the consumer of one dataset agreed on: one YAML file a dataset, "
        "`pipelines/contracts/<dataset>.yml`. The schema, the checks, the quarantine's reasons and the "
        "dbt sources follow from it. Draft one from a file with `landfall dataset init`; what only a "
        "person can decide is marked DECIDE, and a contract with such a mark is refused.",
        "",
        *_sections(Contract.model_json_schema(), "the contract"),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _sections(schema: Json, root: str) -> list[str]:
    """One table a model, in the order in which the fields mention them."""
    definitions = schema.get("$defs", {})
    places: dict[str, list[str]] = {}
    _collect(schema, definitions, "", places)
    lines = [*_section(f"Fields of {root}", schema, places, [])]
    for name, paths in places.items():
        lines += _section(name, definitions[name], places, paths)
    return lines


def _collect(model: Json, definitions: Json, path: str, places: dict[str, list[str]]) -> None:
    for name, field in model.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        for found, suffix in _references(field):
            known = places.setdefault(found, [])
            if here + suffix not in known:
                known.append(here + suffix)
                _collect(definitions[found], definitions, here + suffix, places)


def _references(field: Json, suffix: str = "") -> list[tuple[str, str]]:
    """The models that a field mentions, with `[]` for each list on the way."""
    if "$ref" in field:
        return [(field["$ref"].rpartition("/")[2], suffix)]
    found = []
    for one in [*field.get("anyOf", []), *field.get("oneOf", []), *field.get("allOf", [])]:
        found += _references(one, suffix)
    if isinstance(field.get("items"), dict):
        found += _references(field["items"], suffix + "[]")
    return found


def _section(title: str, model: Json, places: dict[str, list[str]], paths: list[str]) -> list[str]:
    where = f" ({', '.join(f'`{path}`' for path in paths)})" if paths else ""
    lines = [f"## {title}{where}", ""]
    if model.get("description"):
        lines += [_flat(model["description"]), ""]
    lines += ["| field | what | default | meaning |", "| --- | --- | --- | --- |"]
    needed = model.get("required", [])
    for name, field in model.get("properties", {}).items():
        default = "**needed**" if name in needed else _default(field)
        meaning = _flat(field.get("description", "")) or _described(field, places)
        if field.get("examples"):
            example = json.dumps(field["examples"][0], ensure_ascii=False).strip('"')
            meaning = f"{meaning} E.g. `{example}`.".strip()
        cells = (f"`{name}`", _what(field), default, meaning)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def _described(field: Json, places: dict[str, list[str]]) -> str:
    found = [name for name, _ in _references(field)]
    return f"See {' and '.join(f'`{name}`' for name in found)}." if found and places else ""


def _default(field: Json) -> str:
    value = field.get("default")
    if isinstance(value, dict) and value and _references(field):
        return "its own"
    if value in (None, {}, []):
        return "none"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _what(field: Json) -> str:
    """A field's type and bounds in words."""
    from landfall.intent.base import FORMS

    if "$ref" in field:
        return f"`{field['$ref'].rpartition('/')[2]}`"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    for union in ("anyOf", "oneOf", "allOf"):
        if union in field:
            some = [_what(one) for one in field[union] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(some))
    kind = field.get("type", "any value")
    if kind == "array":
        if "prefixItems" in field:
            return "pair: " + ", ".join(_what(one) for one in field["prefixItems"])
        return f"list of {_what(field.get('items', {}))}"
    if kind == "object":
        values = field.get("additionalProperties")
        return f"mapping to {_what(values)}" if isinstance(values, dict) else "mapping"
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "yes or no",
    }
    text = words.get(kind, str(kind))
    pattern = field.get("pattern")
    if pattern:
        rule = FORMS.get(pattern, (f"must match `{pattern}`", ""))[0]
        text += f" that {rule}"
    return text + _bounds(field)


def _bounds(field: Json) -> str:
    signs = (
        ("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"),
    )  # fmt: skip
    told = [f"{sign} {field[key]:g}" for key, sign in signs if key in field]
    return f", {' and '.join(told)}" if told else ""


def _flat(text: str) -> str:
    return " ".join(text.split())


def pages() -> dict[str, str]:
    """Each generated file's path in the project, and its text."""
    schema = json.dumps(intent_schema(), indent=1, ensure_ascii=False) + "\n"
    return {
        "docs/intent.md": intent_page(),
        "docs/intent.schema.json": schema,
        "docs/contracts.md": contracts_page(),
    }


def write_docs(root: Path) -> list[Path]:
    """Write every generated page below `root`; gives the paths that changed."""
    changed = []
    for name, text in pages().items():
        path = root / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def main() -> None:
    """Write the pages of the project around the working folder, and say which changed."""
    from landfall.project import find_project

    changed = write_docs(find_project().root)
    print("\n".join(f"written: {path}" for path in changed) or "the pages are up to date")


if __name__ == "__main__":
    main()
