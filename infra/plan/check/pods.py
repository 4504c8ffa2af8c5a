"""What the API server refuses of pods beyond their schema: containers, volumes, probes, restarts, ports.

Looks at the pod in a Pod and in every kind that makes pods. Leaves out enumerations and quantities, which
`infra/plan/check/manifests.py` finds anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.plan.check.finding import Finding, finding, open_value
from infra.plan.model import Resource
from infra.plan.query import at

_PODS = {
    "Pod": "spec", "CronJob": "spec.jobTemplate.spec.template.spec",
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        "spec.template.spec",
    ),
}  # fmt: skip
"""Kind → where its pod stands."""
_ENDING = ("Job", "CronJob")
_PORT = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?")
_ENVIRONMENT = re.compile(r"[^=\x00]+")
_PAGE = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/"
_JOBS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-template"
_SCALE = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}  # fmt: skip


def check_pods(one: Resource, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Findings of the pod that a manifest of a built-in kind holds; none where it holds no pod."""
    kind = str(manifest["kind"])
    path = _PODS.get(kind)
    pod = at(manifest, path) if path else None
    if kind == "CronJob":
        yield from _schedule(one, at(manifest, "spec.schedule"))
    if path is None or not isinstance(pod, Mapping):
        return
    yield from _restarts(one, kind, pod, path)
    yield from _names(one, pod, path)
    for where in ("initContainers", "containers"):
        for i, container in enumerate(pod.get(where) or ()):
            if isinstance(container, Mapping):
                place = f"{path}.{where}[{i}]"
                yield from _amounts(one, container, place)
                yield from _mounts(one, pod, container, place)
                yield from _ports(one, container, place)
                yield from _probes(one, container, place)
                yield from _variables(one, container, place)


def _schedule(one: Resource, value: Any) -> Iterator[Finding]:
    from infra.plan.check.formats import cron

    if isinstance(value, str) and not value.startswith("@") and (wrong := cron(value)):
        page = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
        yield finding("format", one, "spec.schedule", value, wrong, page)


def _restarts(one: Resource, kind: str, pod: Mapping[str, Any], path: str) -> Iterator[Finding]:
    policy = pod.get("restartPolicy")
    place = f"{path}.restartPolicy"
    unsure = open_value(at(one.inputs, place))
    if kind in _ENDING and policy in ("Always", None) and not unsure:
        yield finding("joint", one, place, policy, f"OnFailure or Never in a {kind}", _JOBS)
    if kind not in (*_ENDING, "Pod") and policy in ("OnFailure", "Never"):
        yield finding("joint", one, place, policy, f"Always in a {kind}", _PAGE)


def _names(one: Resource, pod: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """No two containers, nor two volumes, of one name."""
    seen: dict[str, str] = {}
    for where in ("containers", "initContainers"):
        for i, container in enumerate(pod.get(where) or ()):
            name = container.get("name") if isinstance(container, Mapping) else None
            place = f"{path}.{where}[{i}].name"
            if isinstance(name, str) and name in seen:
                yield finding("joint", one, place, name, f"a name apart from {seen[name]}", _PAGE)
            elif isinstance(name, str):
                seen[name] = place
    volumes = [v.get("name") for v in pod.get("volumes") or () if isinstance(v, Mapping)]
    for i, name in enumerate(volumes):
        if name is not None and name in volumes[:i]:
            yield finding(
                "joint", one, f"{path}.volumes[{i}].name", name, "a name of its own", _PAGE
            )


def _amounts(one: Resource, container: Mapping[str, Any], place: str) -> Iterator[Finding]:
    """What is asked for lies within the limit."""
    asked, most = at(container, "resources.requests"), at(container, "resources.limits")
    if not isinstance(asked, Mapping) or not isinstance(most, Mapping):
        return
    page = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
    for kind, amount in asked.items():
        low, high = _number(amount), _number(most.get(kind))
        where = f"{place}.resources.requests.{kind}"
        if low is not None and high is not None and low > high:
            yield finding("joint", one, where, amount, f"at most the limit, {most[kind]}", page)
        if "/" in kind and "hugepages" not in kind and kind in most and low != high:
            yield finding("joint", one, where, amount, f"the limit, {most[kind]}: it is not overcommitted", page)  # fmt: skip


def _number(amount: Any) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?", str(amount))
    return float(found[1]) * _SCALE.get(found[2] or "", 1) if found else None


def _mounts(one: Resource, pod: Mapping[str, Any], container: Mapping[str, Any], place: str) -> Iterator[Finding]:  # fmt: skip
    volumes = {v.get("name") for v in pod.get("volumes") or () if isinstance(v, Mapping)}
    claims = at(one.inputs, "spec.volumeClaimTemplates") or ()
    volumes |= {at(c, "metadata.name") for c in claims if isinstance(c, Mapping)}
    seen: set[Any] = set()
    for i, mount in enumerate(container.get("volumeMounts") or ()):
        if not isinstance(mount, Mapping):
            continue
        name, path = mount.get("name"), mount.get("mountPath")
        if name is not None and name not in volumes:
            allowed = f"one of the pod's volumes, {', '.join(sorted(map(str, volumes))) or 'of which there are none'}"  # fmt: skip
            yield finding("joint", one, f"{place}.volumeMounts[{i}].name", name, allowed, _PAGE)
        if path is not None and path in seen:
            yield finding("joint", one, f"{place}.volumeMounts[{i}].mountPath", path, "a path of its own", _PAGE)  # fmt: skip
        seen.add(path)


def _ports(one: Resource, container: Mapping[str, Any], place: str) -> Iterator[Finding]:
    names: set[str] = set()
    for i, port in enumerate(container.get("ports") or ()):
        if not isinstance(port, Mapping):
            continue
        number, name = port.get("containerPort"), port.get("name")
        if isinstance(number, int) and not 1 <= number <= 65535:
            yield finding("value", one, f"{place}.ports[{i}].containerPort", number, "1 to 65535", _PAGE)  # fmt: skip
        if isinstance(name, str):
            if not _PORT.fullmatch(name):
                yield finding("name", one, f"{place}.ports[{i}].name", name, "at most 15 of a-z, 0-9 and '-', with a letter", _PAGE)  # fmt: skip
            if name in names:
                yield finding("joint", one, f"{place}.ports[{i}].name", name, "a name of its own", _PAGE)  # fmt: skip
            names.add(name)


def _probes(one: Resource, container: Mapping[str, Any], place: str) -> Iterator[Finding]:
    ways = ("exec", "httpGet", "tcpSocket", "grpc")
    named = {p.get("name") for p in container.get("ports") or () if isinstance(p, Mapping)}
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(kind)
        if not isinstance(probe, Mapping):
            continue
        how = [way for way in ways if way in probe]
        if len(how) != 1:
            yield finding("joint", one, f"{place}.{kind}", how, f"one of {', '.join(ways)}", _PAGE)
        if kind != "readinessProbe" and probe.get("successThreshold") not in (None, 1):
            yield finding("value", one, f"{place}.{kind}.successThreshold", probe["successThreshold"], "1", _PAGE)  # fmt: skip
        port = at(probe, "httpGet.port") or at(probe, "tcpSocket.port")
        if isinstance(port, str) and not port.isdigit() and port not in named:
            yield finding("joint", one, f"{place}.{kind}", port, "a number, or the name of one of the container's ports", _PAGE)  # fmt: skip


def _variables(one: Resource, container: Mapping[str, Any], place: str) -> Iterator[Finding]:
    for i, variable in enumerate(container.get("env") or ()):
        if not isinstance(variable, Mapping):
            continue
        if variable.get("value") and variable.get("valueFrom"):
            yield finding("joint", one, f"{place}.env[{i}].valueFrom", variable.get("name"), "none beside value", _PAGE)  # fmt: skip
        name = variable.get("name")
        if isinstance(name, str) and not _ENVIRONMENT.fullmatch(name):
            yield finding("name", one, f"{place}.env[{i}].name", name, "a name without '='", _PAGE)
