"""AWS resources that no table of ours has reviewed: each as its CloudFormation counterpart, under cfn-lint's rules.

Amazon describes most resource types for CloudFormation with enumerations, patterns and ranges, and cfn-lint adds
conditions between values. Pulumi's property `workerType` is CloudFormation's `WorkerType`; what has no property of
the same name there, or of another shape, is left out, and so are all rules about what is missing. Since nobody has
reviewed the match, a finding is a warning. Leaves out the types of `infra/plan/values/aws.yaml`, which are reviewed by
hand and checked faster, IAM documents, and values that come from another resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from infra.plan.check import packages
from infra.plan.check.finding import Finding, finding, open_value
from infra.plan.check.joint.aws import region_of
from infra.plan.check.values import reviewed
from infra.plan.model import Plan, Resource

_SERVICES = {
    "acm": "certificatemanager", "alb": "elasticloadbalancingv2", "amp": "aps", "cfg": "config",
    "costexplorer": "ce", "ebs": "ec2", "elb": "elasticloadbalancing", "keyspaces": "cassandra",
    "lb": "elasticloadbalancingv2", "mskconnect": "kafkaconnect", "opensearch": "opensearchservice",
    "sfn": "stepfunctions", "timestreamwrite": "timestream", "vpc": "ec2",
}  # fmt: skip
"""Pulumi's module → CloudFormation's service, where they differ by more than letters."""
_PREFIXES = {
    "cloudwatch": (("event", "events"), ("log", "logs"), ("metric", "cloudwatch")),
    "ec2": (("vpc", "ec2"),),
    "kinesis": (("firehose", "kinesisfirehose"),),
}
"""Modules that are several services there: what a class begins with → service."""
_ABOUT_ABSENCE = (
    "E3002", "E3003", "E3014", "E3017", "E3018", "E3021", "E3037", "E3039", "E3058",
    "E3638", "E3639", "E3660", "E3661", "E3673", "E3678",
)  # fmt: skip
"""Rules about properties that are missing or not known: Pulumi may have them under another name."""
_NOT_VALUES = ("E3012", "E3019", "E3510", "E3512", "E3513", "E3514", "E3530", "W", "I")
"""Types are checked by the SDK's annotations, IAM documents by `infra/plan/check/iam_documents.py`."""
_NOTHING_SAID = re.compile(r"is a required property|^Exception ")
"""Messages about absence under other rules, and about patterns that Python cannot read."""
_ANYWHERE = "us-east-1"
_OPEN = "Open"
"""The parameter that stands for whatever is not known yet."""


def check_cloudformation(plan: Plan) -> Iterator[Finding]:
    """Findings of cfn-lint on every AWS resource whose type no table has reviewed."""
    regions: dict[str, list[Resource]] = {}
    for one in plan.resources:
        if one.type.startswith("aws:") and one.type not in reviewed() and counterpart(one.type):
            regions.setdefault(region_of(one, plan) or _ANYWHERE, []).append(one)
    for region, resources in regions.items():
        yield from _linted(region, resources)


def _linted(region: str, resources: list[Resource]) -> Iterator[Finding]:
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    made = {f"R{i}": _Made(one) for i, one in enumerate(resources)}
    template = {
        "Parameters": {_OPEN: {"Type": "String"}},
        "Resources": {key: one.resource for key, one in made.items()},
    }
    config = ManualArgs(regions=[region], ignore_checks=[*_ABOUT_ABSENCE, *_NOT_VALUES])
    for match in lint(json.dumps(template), config=config):
        path = tuple(getattr(match, "path", None) or ())
        key = next((part for part in path if part in made), None)
        if key is None or _NOTHING_SAID.search(match.message):
            continue
        one = made[key]
        place = one.place(path[3:])
        if re.split(r"[.\[]", place)[0] in one.given.property_deps:
            continue
        origin = (
            f"cfn-lint {packages.version('cfn-lint')}, {match.rule.id} of {one.resource['Type']}"
        )
        yield finding("value", one.given, place, one.value(place), match.message, origin, "warn")


class _Made:
    """A resource in CloudFormation's words, and which property of ours each part comes from."""

    def __init__(self, given: Resource) -> None:
        self.given = given
        self.places: dict[tuple[Any, ...], str] = {}
        type_ = counterpart(given.type)
        schema = _schema(type_)
        self.resource = {
            "Type": type_,
            "Properties": self._object(given.inputs, schema, schema, (), ""),
        }

    def place(self, path: tuple[Any, ...]) -> str:
        """Our property for a path inside `Properties`, or for the nearest that has one."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, "")

    def value(self, place: str) -> Any:
        """What stands at one of our properties."""
        found: Any = self.given.inputs
        for part in re.findall(r"[^.\[\]]+", place):
            if not isinstance(found, list | dict):
                return found  # a document in JSON
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found if place else None

    def _object(
        self, given: Mapping[str, Any], schema: Any, root: Any, path: tuple[Any, ...], place: str
    ) -> dict[str, Any]:
        known = {_bare(name): name for name in schema.get("properties", {})}
        made: dict[str, Any] = {}
        for key, value in given.items():
            name = known.get(_bare(key)) or known.get(_bare(key).removesuffix("s"))
            if name is None or value is None:
                continue
            where = f"{place}.{key}" if place else key
            inner = self._value(
                value, _resolved(schema["properties"][name], root), root, (*path, name), where
            )
            if inner is not None:
                made[name] = inner
        return made

    def _value(self, given: Any, schema: Any, root: Any, path: tuple[Any, ...], place: str) -> Any:
        """The value in CloudFormation's shape; None where the shapes differ."""
        self.places[path] = place
        kinds = schema.get("type", "object" if "properties" in schema else None)
        kinds = kinds if isinstance(kinds, list) else [kinds]
        nested = {"object", "array"} & set(kinds)
        if open_value(given):
            return None if nested else {"Ref": _OPEN}
        if nested and isinstance(
            given, str
        ):  # what CloudFormation takes as it is, and Pulumi as JSON
            try:
                given = json.loads(given)
            except ValueError:
                return None
        if isinstance(given, list):
            if "array" not in kinds:
                return None
            items = _resolved(schema.get("items", {}), root)
            parts = [
                self._value(one, items, root, (*path, i), f"{place}[{i}]")
                for i, one in enumerate(given)
            ]
            return None if None in parts else parts
        if isinstance(given, Mapping):
            if "object" not in kinds:
                return None
            if "properties" in schema:
                return self._object(given, schema, root, path, place)
            return None if any(open_value(one) for one in given.values()) else dict(given)
        return None if nested else given


@cache
def counterpart(type_: str) -> str:
    """CloudFormation's type of an AWS type of Pulumi's; empty where there is none of the same name."""
    _, module, class_ = type_.lower().split(":")
    module = module.partition("/")[0]
    names = _types()
    for service, name in _spellings(module, class_):
        for spelling in (name, f"db{name}"):
            if found := names.get((service, spelling)):
                return found
    return ""


def _spellings(module: str, class_: str) -> Iterator[tuple[str, str]]:
    yield _SERVICES.get(module, module), class_
    for prefix, service in _PREFIXES.get(module, ()):
        if class_.startswith(prefix):
            yield service, class_
            yield service, class_.removeprefix(prefix)


@cache
def _types() -> dict[tuple[str, str], str]:
    """Service and type in small letters → CloudFormation's type."""
    return {
        (parts[1].lower(), parts[2].lower()): "::".join(parts)
        for parts in (name.split("::") for name in _published())
        if len(parts) == 3
    }


@cache
def _published() -> dict[str, str]:
    """CloudFormation's type → the name of its schema's file."""
    file = packages.folder("cfnlint") / "data/schemas/providers" / f"{_ANYWHERE}.json"
    return json.loads(file.read_bytes())


@cache
def _schema(type_: str) -> Any:
    folder = packages.folder("cfnlint") / "data/schemas/resources"
    return json.loads((folder / f"{_published()[type_]}.json").read_bytes())


def _resolved(schema: Any, root: Any) -> Any:
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].split("/")[1:]:
            found = found[part]
        schema = found
    return schema if isinstance(schema, dict) else {}


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
