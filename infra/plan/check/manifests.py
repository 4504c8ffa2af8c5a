"""Kubernetes resources: the real schemas, strictly, and what the API server checks beyond them.

Built-in kinds by kubernetes-validate's packaged OpenAPI schemas of VERSION; custom ones by the schemas of
`infra/kubernetes/crds.py`, which name only the fields that Landfall uses: another field there is a warning. Leaves
out what charts render (Helm releases).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from infra.plan.check import packages
from infra.plan.check.admission import check_admission
from infra.plan.check.finding import Finding, finding, one_of, open_value
from infra.plan.check.pods import check_pods
from infra.plan.model import Plan, Resource
from infra.plan.query import at
from landfall.errors import LandfallError

VERSION = "1.37"
_NAMES = "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"
_LABELS = "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
_QUANTITY = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(([KMGTPE]i)|[munkMGTPE]|[eE][+-]?\d+)?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?")
_IDENTIFIED = re.compile(r"([a-z0-9-]+(\.[a-z0-9-]+)*/)?v\d\w* [A-Z][A-Za-z0-9]*")
_SECURITY = ("privileged", "baseline", "restricted")
_BUILT_IN = frozenset(
    """v1 apps autoscaling batch policy admissionregistration.k8s.io coordination.k8s.io
    discovery.k8s.io events.k8s.io flowcontrol.apiserver.k8s.io networking.k8s.io
    node.k8s.io rbac.authorization.k8s.io resource.k8s.io scheduling.k8s.io storage.k8s.io
    apiextensions.k8s.io apiregistration.k8s.io""".split()  # noqa: SIM905
)
_ENUMS = {
    "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute"),
    "operator": ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Equal"),
    "policyTypes": ("Ingress", "Egress"),
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "restartPolicy": ("Always", "OnFailure", "Never"),
    "protocol": ("TCP", "UDP", "SCTP"),
    "concurrencyPolicy": ("Allow", "Forbid", "Replace"),
    "accessModes": ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"),
    "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "pathType": ("Exact", "Prefix", "ImplementationSpecific"),
    "whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
}
"""Keys of pods, policies and volumes whose values the OpenAPI schema leaves open; from the API reference."""


def check_manifests(plan: Plan) -> Iterator[Finding]:
    """Findings of every Kubernetes resource in the plan."""
    for one in map(_identified, plan.resources):
        version, kind = one.inputs.get("apiVersion"), one.inputs.get("kind")
        if not (
            one.type.startswith("kubernetes:")
            and isinstance(version, str)
            and isinstance(kind, str)
        ):
            continue
        if open_value(version) or open_value(kind):
            continue
        if not _IDENTIFIED.fullmatch(f"{version} {kind}"):
            allowed = "a group and version such as apps/v1, and a kind such as Deployment"
            yield finding("manifest", one, "apiVersion", f"{version} {kind}", allowed, _NAMES)
            continue
        manifest = _known(one.inputs)
        yield from _schema(one, manifest)
        if isinstance(manifest.get("metadata"), Mapping):
            yield from _metadata(one, manifest["metadata"])
        yield from check_admission(one, manifest)
        if version.partition("/")[0] in _BUILT_IN:
            yield from _beyond(one, manifest, "")
            yield from _selector(one, manifest)
            yield from _counts(one, manifest)
            yield from check_pods(one, manifest)


def _identified(one: Resource) -> Resource:
    """With version and kind, which the SDK sends and a plan written by hand may leave to the type."""
    found = re.fullmatch(r"kubernetes:(?:core/)?([\w./-]+):(\w+)", one.type)
    if found is None or {"apiVersion", "kind"} & set(one.inputs) or found[1].startswith("helm"):
        return one
    return replace(one, inputs={"apiVersion": found[1], "kind": found[2], **one.inputs})


def _known(value: Any) -> Any:
    """The manifest without what nobody knows yet: an unknown value fits everywhere."""
    if isinstance(value, Mapping):
        return {k: _known(v) for k, v in value.items() if not open_value(v) and v is not None}
    if isinstance(value, list):
        return [_known(v) for v in value if not open_value(v)]
    return value


def _schema(one: Resource, manifest: dict[str, Any]) -> Iterator[Finding]:
    from infra.kubernetes.crds import schema

    version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    custom = schema(version, kind)
    if custom is not None:
        import jsonschema

        origin = f"infra/kubernetes/crds.yaml, {kind} of {version}"
        yield from _against(one, manifest, jsonschema.Draft7Validator(custom), origin, strict=False)
        return
    built_in = version.partition("/")[0] in _BUILT_IN
    validator = _validator(version, kind)
    origin = f"Kubernetes {VERSION}'s OpenAPI schema"
    if validator is not None:
        yield from _against(one, manifest, validator, origin, strict=True)
    elif built_in:
        allowed = f"an API version that has the kind {kind}"
        yield finding("manifest", one, "apiVersion", version, allowed, origin)


@cache
def _validator(version: str, kind: str) -> Any:
    """The strict validator of a built-in kind from kubernetes-validate's files; None where it has no such kind.

    The package itself reads and parses its definitions, a megabyte and a half, for each manifest anew.
    """
    import jsonschema
    from referencing import Registry
    from referencing import Resource as Schema

    group, _, bare = version.rpartition("/")
    stem = f"{group.partition('.')[0]}-{bare}" if group else bare
    file = _schemas() / f"{kind.lower()}-{stem}.json"
    if not file.is_file():
        return None
    own = Schema.from_contents(json.loads(file.read_bytes()))
    registry: Any = own @ (_definitions() @ Registry())
    return jsonschema.Draft202012Validator(own.contents, registry=registry)


@cache
def _definitions() -> Any:
    from referencing import Resource as Schema

    return Schema.from_contents(json.loads((_schemas() / "_definitions.json").read_bytes()))


@cache
def _schemas() -> Path:
    """The folder of the newest schemas of VERSION, extra keys refused."""
    folder = packages.folder("kubernetes_validate") / "kubernetes-json-schema"
    names = [
        one.name
        for one in folder.iterdir()
        if re.match(rf"v{VERSION}(\.\d+)?-local-strict$", one.name)
    ]
    if not names:
        raise LandfallError(f"kubernetes-validate has no schemas of Kubernetes {VERSION} any more.")
    return folder / max(names)


def _against(
    one: Resource, manifest: Any, validator: Any, origin: str, *, strict: bool
) -> Iterator[Finding]:
    """Findings of a JSON schema; where it is not `strict`, a key that it does not name is a warning."""
    for error in validator.iter_errors(manifest):
        if _only_unknown(one, error):
            continue
        value = None if error.validator == "required" else error.instance
        extra = error.validator == "additionalProperties"
        severity = "warn" if extra and not strict else "error"
        yield finding("manifest", one, _path(error.path), value, error.message, origin, severity)


def _only_unknown(one: Resource, error: Any) -> bool:
    """Whether what is missing is there, but not known yet."""
    if error.validator != "required":
        return False
    try:
        given = _value_at(one.inputs, error.path)
    except (KeyError, IndexError, TypeError):
        return True
    return isinstance(given, Mapping) and set(error.validator_value) <= set(given)


def _path(parts: Any) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _value_at(value: Any, parts: Any) -> Any:
    for part in parts:
        value = value[part]
    return value


def _metadata(one: Resource, metadata: Mapping[str, Any]) -> Iterator[Finding]:
    name = metadata.get("name")
    short = one.inputs.get("kind") in ("Namespace", "Service")
    form = _LABEL if short else _SUBDOMAIN
    longest = 63 if short else 253
    colon = one.inputs.get("kind") in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    if isinstance(name, str) and not colon and (not form.fullmatch(name) or len(name) > longest):
        allowed = f"at most {longest} of a-z, 0-9 and '-'" + ("" if short else " and '.'")
        yield finding("name", one, "metadata.name", name, allowed, _NAMES)
    labels = metadata.get("labels")
    for key, value in labels.items() if isinstance(labels, Mapping) else ():
        if not _VALUE.fullmatch(str(value)):
            allowed = "at most 63 of letters, digits, '-', '_' and '.', beginning and ending in a letter or digit"  # fmt: skip
            yield finding("value", one, f"metadata.labels.{key}", value, allowed, _LABELS)
        if re.fullmatch(r"pod-security\.kubernetes\.io/(enforce|audit|warn)", key) and value not in _SECURITY:  # fmt: skip
            page = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
            yield finding("value", one, f"metadata.labels.{key}", value, one_of(_SECURITY), page)


def _beyond(one: Resource, value: Any, path: str) -> Iterator[Finding]:
    """What the API server refuses although the schema lets it pass: enumerations, quantities, whole GPUs."""
    if isinstance(value, list):
        for i, member in enumerate(value):
            yield from _beyond(one, member, f"{path}[{i}]")
        return
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        place = f"{path}.{key}" if path else str(key)
        if key in ("data", "stringData", "annotations", "labels", "matchLabels", "nodeSelector"):
            continue
        if key in ("requests", "limits") and isinstance(inner, Mapping) and path.endswith("resources"):  # fmt: skip
            yield from _quantities(one, inner, place)
        elif key == "accessModes" and isinstance(inner, list) and "ReadWriteOncePod" in inner and len(inner) > 1:  # fmt: skip
            page = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes"
            yield finding("joint", one, place, inner, "ReadWriteOncePod alone, or others without it", page)  # fmt: skip
        elif key in _ENUMS:
            page = "https://kubernetes.io/docs/reference/kubernetes-api/"
            for member in inner if isinstance(inner, list) else [inner]:
                if isinstance(member, str) and member not in _ENUMS[key]:
                    yield finding("value", one, place, member, one_of(_ENUMS[key]), page)
        else:
            yield from _beyond(one, inner, place)


def _quantities(one: Resource, amounts: Mapping[str, Any], place: str) -> Iterator[Finding]:
    page = "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"
    for kind, amount in amounts.items():
        if not _QUANTITY.fullmatch(str(amount)):
            yield finding("value", one, f"{place}.{kind}", amount, "a quantity such as 500m or 4Gi", page)  # fmt: skip
        elif "/" in kind and not re.fullmatch(r"\d+", str(amount)):
            gpus = "https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/"
            yield finding("value", one, f"{place}.{kind}", amount, "a whole number: extended resources are not divided", gpus)  # fmt: skip


def _selector(one: Resource, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    wanted = at(manifest, "spec.selector.matchLabels")
    labels = at(manifest, "spec.template.metadata.labels")
    if not isinstance(wanted, Mapping) or not isinstance(labels, Mapping):
        return
    written = at(one.inputs, "spec.template.metadata.labels") or {}
    if any(labels.get(k) != v and not open_value(written.get(k)) for k, v in wanted.items()):
        page = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector"
        allowed = f"labels of spec.template: {json.dumps(labels, sort_keys=True)}"
        yield finding("joint", one, "spec.selector.matchLabels", dict(wanted), allowed, page)


def _counts(one: Resource, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Autoscalers whose least is over their most, budgets of both kinds, names of ports."""
    page = "https://kubernetes.io/docs/reference/kubernetes-api/"
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping):
        return
    least, most = spec.get("minReplicas"), spec.get("maxReplicas")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield finding("joint", one, "spec.minReplicas", least, f"at most maxReplicas, {most}", page)
    if manifest["kind"] == "PodDisruptionBudget" and {"minAvailable", "maxUnavailable"} <= set(
        spec
    ):
        both = "one of minAvailable and maxUnavailable, not both"
        yield finding("joint", one, "spec.maxUnavailable", spec["maxUnavailable"], both, page)
    if at(spec, "strategy.type") == "Recreate" and at(spec, "strategy.rollingUpdate") is not None:
        alone = "RollingUpdate, or no rollingUpdate besides"
        yield finding("joint", one, "spec.strategy.type", "Recreate", alone, page)
    ports = spec.get("ports") if manifest["kind"] == "Service" else None
    for i, port in enumerate(ports if isinstance(ports, list) else []):
        name = port.get("name") if isinstance(port, Mapping) else None
        if isinstance(name, str) and not _LABEL.fullmatch(name):
            yield finding(
                "name", one, f"spec.ports[{i}].name", name, "at most 63 of a-z, 0-9 and '-'", _NAMES
            )
