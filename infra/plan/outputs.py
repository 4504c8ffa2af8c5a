"""Outputs that a cloud would give, made up from the SDK's own types, so that no `apply` sees None.

A resource's outputs are its inputs and, for every other property that its class declares, a value of the
declared type; ids, ARNs and e-mail addresses have the form of their cloud, since programs take them apart. In unknown mode whatever is not
an input is unknown, as in a preview. Leaves out defaults that a provider would fill in.
"""

from __future__ import annotations

import hashlib
import threading
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from infra.plan.model import Resource
from infra.plan.outputs_azure import azure_id, azure_text

UNKNOWN_ON_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ACCOUNT = "123456789012"
_SPECIAL = "4dabf18193072939515e22adb298388d"  # marks secrets and assets on the wire
_DEPTH = 3
"""Objects within objects; what lies deeper is None. Programs read no deeper, and a type may hold itself."""
_TOLD: dict[str, dict[str, Any]] = {
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": {
        "status": {"addresses": [{"type": "Hostname", "value": "gateway.elb.example"}]}
    }
}
"""What a cluster tells of custom resources, of which no SDK declares it: as far as programs read it."""
_ONE_BY_ONE = threading.Lock()


class Outputs:
    """Makes outputs; `known` says whether computed values are made up or left unknown."""

    def __init__(self, known: bool) -> None:
        self.known = known

    def of(
        self, one: Resource, given: Mapping[str, Any], kind: type | None
    ) -> tuple[str, dict[str, Any]]:
        """The id and state that the engine would answer with; `given` are the inputs as sent."""
        # A real engine's threads ask at the same time, and the SDKs import modules while their types are read: a
        # second thread would find such a module half made.
        with _ONE_BY_ONE:
            return self._of(one, given, kind)

    def _of(
        self, one: Resource, given: Mapping[str, Any], kind: type | None
    ) -> tuple[str, dict[str, Any]]:
        made = _Made(one, self.known)
        state: dict[str, Any] = dict(given)
        if one.type in _TOLD:
            state |= (
                _TOLD[one.type] if self.known else dict.fromkeys(_TOLD[one.type], UNKNOWN_ON_WIRE)
            )
        for name, shape in _properties(kind).items():
            if name in state:
                state[name] = made.answered(name, state[name], shape)
            elif name != "id":
                state[name] = made.value(name, shape)
        if not self.known:
            return "", state
        if one.type.startswith("pulumi:providers:"):
            return digest(one.urn), state
        return one.import_id or _id(one), state


@dataclass(frozen=True)
class _Shape:
    """What a declared type asks for: a `value` that is always the same, a `text`, or an object's `parts` by name.

    `items` is the shape of a list's items; `mapped` says that what is declared is a map, `either` that it may be another
    thing as well: the first that is declared is made up, and what is given is left alone.
    """

    value: Any = None
    text: bool = False
    parts: type | None = None
    items: _Shape | None = None
    mapped: bool = False
    either: bool = False


def _shape(declared: Any) -> _Shape:
    # Not cached: to Python, unions of the same in another order are the same.
    from pulumi import _types

    declared = _types.unwrap_type(declared)
    origin, args = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, types.UnionType):
        return replace(_shape(args[0]), either=True)
    if declared in (bool, int, float):
        return _Shape(value={bool: False, int: 1, float: 1.0}[declared])
    if declared is str or declared is Any:
        return _Shape(text=True)
    if isinstance(declared, type) and _types.is_output_type(declared):
        return _Shape(parts=declared)
    if isinstance(declared, type) and issubclass(declared, str):  # an enumeration
        return _Shape(text=True)
    if len(args) == 1:
        return _Shape(items=_shape(args[0]))
    # A map; else a file or archive, which no cloud gives back.
    return _Shape(mapped=bool(args))


@cache
def _parts(kind: type) -> dict[str, _Shape]:
    from pulumi import _types

    return {key: _shape(inner) for key, inner in _types.output_type_types(kind).items()}


class _Made:
    """What is made up for one resource."""

    def __init__(self, one: Resource, known: bool) -> None:
        self.one, self.known = one, known
        self.texts: dict[str, str] = {}

    def answered(self, name: str, value: Any, shape: _Shape, depth: int = 0) -> Any:
        """An input as the cloud gives it back: with what it adds inside (an address, a URI), and, where
        azure-native takes identities as a list and answers with a mapping of their ids, so."""
        if shape.either:
            return value
        if isinstance(value, list):
            if shape.mapped:
                return {key: {} for key in value if isinstance(key, str)}
            inner = shape.items
            return value if inner is None else [self.answered(name, v, inner, depth) for v in value]
        if not isinstance(value, dict) or shape.parts is None or _SPECIAL in value:
            return value
        answer = dict(value)
        for key, inner in _parts(shape.parts).items():
            if key in answer:
                answer[key] = self.answered(key, answer[key], inner, depth + 1)
            elif self.known and key == "outputs" and isinstance(value.get("template"), dict):
                # An ARM deployment answers what it is asked.
                asked = value["template"].get("outputs", {})
                answer[key] = {each: {"value": f"{self.one.name}-{each}"} for each in asked}
            else:
                answer[key] = self.value(key, inner, depth + 1)
        return answer

    def value(self, name: str, shape: _Shape, depth: int = 0) -> Any:
        """A value where none was given, as a new object."""
        if not self.known:
            return UNKNOWN_ON_WIRE
        if shape.text:
            if name not in self.texts:
                self.texts[name] = _text(self.one, name)
            return self.texts[name]
        if shape.items is not None:
            return [self.value(name, shape.items, depth)]
        if shape.parts is None:
            return dict[str, Any]() if shape.mapped else shape.value
        if depth >= _DEPTH:
            return None
        return {
            key: self.value(key, inner, depth + 1) for key, inner in _parts(shape.parts).items()
        }


@cache
def _properties(kind: type | None) -> dict[str, _Shape]:
    from pulumi import _types

    declared = _types.resource_types(kind) if kind is not None else {}
    return {name: _shape(one) for name, one in declared.items()}


def digest(text: str, length: int = 12) -> str:
    """A short stable text of hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _own_name(one: Resource) -> str:
    """The name that the resource's own inputs give it (`name`, `bucket`, `accountId`, …), else the logical one."""
    kind = one.type.rpartition(":")[2].lower()
    for key, value in one.inputs.items():
        stem = key.lower().removesuffix("name").removesuffix("id")
        own = key in ("name", "bucket", "resourceName") or (stem != key.lower() and stem in kind)
        if own and isinstance(value, str) and "/" not in value:
            return value
    return one.name


def _id(one: Resource) -> str:
    package = one.type.split(":")[0]
    name = _own_name(one)
    if package == "gcp":
        project = one.inputs.get("project") or "project"
        where = one.inputs.get("location") or one.inputs.get("region")
        place = f"locations/{where}/" if where else ""
        return f"projects/{project}/{place}{_kind(one)}s/{name}"
    if package == "azure-native":
        return azure_id(one, name)
    if one.type == "aws:organizations/account:Account":
        # The platform's, and any other beside it.
        return ACCOUNT if one.name == "account" else f"{int(digest(one.urn), 16):012d}"[-12:]
    if package == "aws":
        return (
            name
            if one.inputs.get("name") or one.inputs.get("bucket")
            else f"{_kind(one)}-{digest(one.urn, 17)}"
        )
    return name


def _kind(one: Resource) -> str:
    kind = one.type.rpartition(":")[2]
    return kind[0].lower() + kind[1:]


def _is_named(one: Resource) -> bool:
    """Whether the type takes its name as an input; where not, its `name` is Google's full one."""
    from infra.plan import sdk

    return "name" in sdk.inputs_of(one.type)


def _full_name(one: Resource) -> str:
    project = one.inputs.get("project") or "project"
    kind = _kind(one)
    if kind == "folder":
        return f"folders/{ACCOUNT}"
    if kind == "iAMCustomRole":
        holder = (
            f"organizations/{one.inputs['orgId']}"
            if "orgId" in one.inputs
            else f"projects/{project}"
        )
        return f"{holder}/roles/{one.inputs.get('roleId', one.name)}"
    if kind == "account":
        return f"projects/{project}/serviceAccounts/{_text(one, 'email')}"
    return _id(one)


def _text(one: Resource, name: str) -> str:
    """A text for a computed property: of the right form where programs take it apart."""
    package = one.type.split(":")[0]
    lowered = name.lower()
    own = _own_name(one)
    if package == "aws" and lowered.endswith("arn"):
        service = one.type.split(":")[1].split("/")[0]
        region = "" if service in ("iam", "s3") else one.inputs.get("region", "eu-west-1")
        account = "" if service == "s3" else ACCOUNT
        if one.type == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
            host = str(one.inputs.get("url", own)).removeprefix("https://")
            return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
        return f"arn:aws:{service}:{region}:{account}:{own if service == 's3' else f'{_kind(one)}/{own}'}"
    if package == "gcp" and lowered == "email":
        project = one.inputs.get("project") or "project"
        return f"{one.inputs.get('accountId', own)}@{project}.iam.gserviceaccount.com"
    if package == "gcp" and lowered in (
        "serviceaccountid",
        "serviceaccountemail",
        "serviceaccount",
    ):
        return f"service-{ACCOUNT}@gcp-sa-{one.name}.iam.gserviceaccount.com"
    if package == "gcp" and lowered == "writeridentity":
        return f"serviceAccount:service-{ACCOUNT}@gcp-sa-logging.iam.gserviceaccount.com"
    if package == "gcp" and lowered == "name" and not _is_named(one):
        return _full_name(one)
    if package == "gcp" and lowered == "number":
        return ACCOUNT
    if package == "gcp" and lowered == "member":
        return f"serviceAccount:{_text(one, 'email')}"
    if package == "gcp" and lowered == "project":
        return "project"
    if package == "snowflake" and lowered.endswith("serviceaccount"):
        return f"{one.name}@snowflake-{digest(one.urn, 6)}.iam.gserviceaccount.com"
    if package == "snowflake" and lowered.endswith("arn"):
        return f"arn:aws:iam::{ACCOUNT}:user/{digest(one.urn, 8)}"
    if package == "azure-native" and (text := azure_text(one, name, own)) is not None:
        return text
    if lowered.endswith(("cidrblock", "ipcidrrange", "cidr")):
        return "10.255.0.0/16"
    if lowered.endswith(("ipaddress", "ip")) or (package == "gcp" and lowered == "address"):
        return "10.255.0.1"
    if lowered.endswith(("url", "uri", "endpoint", "issuer")):
        return f"https://{one.name}.{package}.example"
    if lowered == "name":
        return own
    return f"{one.name}-{name}"
