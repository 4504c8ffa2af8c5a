"""What is wrong with an Intent, told so that a person can mend it: field, value, rule, example, all at once.

Turns pydantic's errors into problems, and checks the rules between fields even where some fields are
bad, as far as those rules read only sound parts.
"""

from __future__ import annotations

import json
import re
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from landfall.errors import UsageError
from landfall.intent.base import FORMS
from landfall.intent.rules import Problem, check, nearest

_SECRET = re.compile(r"password|passwd|secret|token|credential|private|access_?key", re.IGNORECASE)
_TYPE_WORDS = {
    "string_type": ("must be text; put it in quotes", "text"),
    "int_type": ("must be a whole number", "1"),
    "int_parsing": ("must be a whole number", "1"),
    "int_from_float": ("must be a whole number", "1"),
    "float_type": ("must be a number", "0.5"),
    "float_parsing": ("must be a number", "0.5"),
    "bool_type": ("must be true or false", "true"),
    "bool_parsing": ("must be true or false", "true"),
    "list_type": ("must be a list", "[a, b]"),
    "dict_type": ("must be a mapping", "{ key: value }"),
    "model_type": ("must be a mapping of fields", "{ field: value }"),
    "model_attributes_type": ("must be a mapping of fields", "{ field: value }"),
}


class IntentError(UsageError):
    """An Intent with problems: `problems` lists them; `what` counts them and tells each in a line."""

    def __init__(self, where: str, problems: list[Problem]) -> None:
        number = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        lines = [f"{where} is not a valid intent ({number}):", *(sentence(p) for p in problems)]
        super().__init__(
            "\n  - ".join(lines),
            fix="docs/intent.md lists every field; `landfall intent example` prints a valid sample.",
        )
        self.problems = problems

    def as_dict(self) -> dict[str, Any]:
        """Adds `problems`: a list of path, value, rule and example."""
        told = [p._replace(value=_shown(p.path, p.value))._asdict() for p in self.problems]
        return {**super().as_dict(), "problems": told}


def sentence(problem: Problem) -> str:
    """One line: the field, the rule, what was found, an example."""
    found = "" if problem.value is None else f" (found: {_shown(problem.path, problem.value)})"
    example = f" For example: {problem.example}" if problem.example else ""
    return f"{problem.path or 'the intent'}: {problem.rule}{found}.{example}".replace("?.", "?")


def as_validation_error(problems: list[Problem], intent: BaseModel) -> ValidationError:
    """Problems between fields as pydantic's own error, so that `Intent.model_validate` tells them too."""
    lines = [
        InitErrorDetails(
            type=PydanticCustomError("intent_rule", "{rule}", {**p._asdict()}),  # pyright: ignore[reportArgumentType]
            loc=tuple(p.path.split(".")),
            input=p.value,
        )
        for p in problems
    ]
    return ValidationError.from_exception_data(type(intent).__name__, lines)


def explain(error: ValidationError, raw: object, where: str) -> IntentError:
    """Every problem of `raw`: the fields' own, and those between the fields that are sound."""
    from landfall.intent import Intent

    problems: list[Problem] = []
    for one in error.errors(include_url=False):
        problem = _problem(Intent, one)
        if problem not in problems:
            problems.append(problem)
    if isinstance(raw, dict) and not any(one["type"] == "intent_rule" for one in error.errors()):
        problems += _between_sound_parts(Intent, raw)
    return IntentError(where, problems)


def _between_sound_parts(model: type[BaseModel], raw: dict[Any, Any]) -> list[Problem]:
    """The rules between fields, of those top-level parts that are sound by themselves."""
    sound: dict[str, Any] = {}
    broken: set[str] = set()
    for name, field in model.model_fields.items():
        if name not in raw:
            if field.is_required():
                broken.add(name)
            continue
        # The field's own constraints and discriminator go with its annotation.
        whole: Any = Annotated[field.annotation, field]  # pyright: ignore[reportAssignmentType]
        try:
            sound[name] = _adapter(whole).validate_python(raw[name])
        except ValidationError:
            broken.add(name)
    partial: Any = model.model_construct(**sound)
    return check(partial, frozenset(broken))


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _problem(model: type[BaseModel], one: Any) -> Problem:
    context = one.get("ctx") or {}
    if one["type"] == "intent_rule":
        return Problem(context["path"], context["value"], context["rule"], context["example"])
    path, field, inner, owner = _walk(model, one["loc"])
    if one["type"] == "missing":
        return Problem(path, None, "is missing", _example(field, inner))
    if one["type"] == "extra_forbidden":
        return _unknown_key(path, one, owner)
    if one["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _bad_tag(path, one, inner)
    if one["type"] == "literal_error":
        return _bad_choice(path, one, inner)
    if one["type"] == "string_pattern_mismatch" and context.get("pattern") in FORMS:
        rule, example = FORMS[context["pattern"]]
        return Problem(path, one["input"], rule, example)
    if one["type"] in _TYPE_WORDS and one["input"] is not None:
        rule, example = _TYPE_WORDS[one["type"]]
        return Problem(path, one["input"], rule, _example(field, inner) or example)
    message = one["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if one["input"] is None:
        return Problem(path, None, "must not be empty", _example(field, inner))
    value = None if isinstance(one["input"], dict) else one["input"]
    return Problem(path, value, message[:1].lower() + message[1:], _example(field, inner))


def _unknown_key(path: str, one: Any, owner: type[BaseModel] | None) -> Problem:
    known = list(owner.model_fields) if owner else []
    meant = nearest(str(one["loc"][-1]), known)
    if meant and owner:
        example = _example(owner.model_fields[meant], owner.model_fields[meant].annotation)
        rule = f"is no field here; did you mean '{meant}'?"
        return Problem(path, one["input"], rule, f"{meant}: {example}" if example else meant)
    return Problem(path, one["input"], f"is no field here; known are {', '.join(known)}")


def _bad_tag(path: str, one: Any, inner: Any) -> Problem:
    tag = one["ctx"]["discriminator"].strip("'")
    known = [
        value
        for variant in _variants(inner)
        for value in get_args(variant.model_fields[tag].annotation)
    ]
    given = one["input"].get(tag) if isinstance(one["input"], dict) else one["input"]
    if not isinstance(one["input"], dict):
        return Problem(path, given, "must be a mapping of fields", f"{{ {tag}: {known[0]}, … }}")
    choice = f"must be one of {', '.join(known)}"
    if given is None:
        return Problem(f"{path}.{tag}", None, f"is missing; it {choice}", known[0])
    meant = nearest(str(given), known)
    hint = f"; did you mean {meant}?" if meant else ""
    return Problem(f"{path}.{tag}", given, choice + hint, meant or known[0])


def _bad_choice(path: str, one: Any, inner: Any) -> Problem:
    known = [str(value) for value in get_args(_bare(inner))] or [one["ctx"]["expected"]]
    meant = nearest(str(one["input"]), known)
    hint = f"; did you mean {meant}?" if meant else ""
    return Problem(
        path, one["input"], f"must be one of {', '.join(known)}{hint}", meant or known[0]
    )


def _walk(
    model: type[BaseModel], loc: tuple[str | int, ...]
) -> tuple[str, FieldInfo | None, Any, type[BaseModel] | None]:
    """Follow pydantic's location through the models, leaving out the tags of unions.

    Gives the path as Pulumi writes it, the last field, the last annotation and the model of the last key.
    """
    path, field, owner, key = "", None, None, None
    here: Any = model
    for part in loc:
        inner = _bare(here)
        variants = _variants(here)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            owner, field = inner, inner.model_fields.get(str(part))
            here = field.annotation if field else None
            path += f".{part}"
        elif len(variants) > 1:
            here = next((v for v in variants if part in _tags(v)), None)
        elif get_origin(inner) is list:
            here = get_args(inner)[0]
            path += f"[{part}]"
        elif part == "[key]":
            # pydantic names the key first, then says that it is the key which is wrong.
            here, field = key, None
        else:
            key, here = get_args(inner) if get_origin(inner) is dict else (None, None)
            field = None
            path += f".{part}"
    return path.lstrip("."), field, here, owner


def _bare(annotation: Any) -> Any:
    """The annotation without `Annotated` and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        some = [a for a in get_args(annotation) if a is not type(None)]
        return _bare(some[0]) if len(some) == 1 else annotation
    return annotation


def _variants(annotation: Any) -> list[type[BaseModel]]:
    """The models of a union, or []."""
    inner = _bare(annotation)
    if get_origin(inner) in (Union, types.UnionType):
        return [_bare(a) for a in get_args(inner) if a is not type(None)]
    return []


def _tags(model: type[BaseModel]) -> set[object]:
    """The values of a variant's single-valued fields, one of which is its tag."""
    choices = (get_args(f.annotation) for f in model.model_fields.values())
    return {values[0] for values in choices if len(values) == 1}


def _patterns(annotation: Any) -> list[str]:
    found = [
        str(m.pattern)
        for m in getattr(annotation, "__metadata__", ())
        if getattr(m, "pattern", None)
    ]
    for inner in get_args(annotation):
        found += _patterns(inner) if get_origin(inner) is Annotated or get_args(inner) else []
    return found


def _example(field: FieldInfo | None, annotation: Any) -> str:
    """An example value of a field, as YAML on one line, or ''."""
    if field is not None and field.examples:
        return _inline(field.examples[0])
    patterns = [
        str(m.pattern) for m in (field.metadata if field else []) if getattr(m, "pattern", None)
    ]
    for pattern in patterns + _patterns(annotation):
        if pattern in FORMS:
            return FORMS[pattern][1]
    inner = _bare(annotation)
    if get_origin(inner) is Literal:
        return str(get_args(inner)[0])
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        needed = {n: f for n, f in inner.model_fields.items() if f.is_required()}
        told = (f"{n}: {_example(f, f.annotation) or '…'}" for n, f in needed.items())
        return f"{{ {', '.join(told)} }}" if needed else ""
    variants = _variants(annotation)
    if variants:
        return _example(None, variants[0])
    if field is not None and not field.is_required() and field.default not in (None, [], {}):
        return _inline(field.default)
    for bound in field.metadata if field else []:
        if getattr(bound, "ge", None) is not None:
            return str(bound.ge)
    return {bool: "true", int: "1", float: "0.5"}.get(inner, "")


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, BaseModel):
        return ""
    return json.dumps(value, default=str).replace('"', "")


def _shown(path: str, value: object) -> str:
    """The value, shortened; hidden where its key speaks of secrets."""
    if value is None:
        return "nothing"
    if _SECRET.search(path.rpartition(".")[2]) and not path.endswith("password_secret"):
        return "hidden, its key speaks of a secret"
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"
