"""What webhooks and the rules inside custom resource definitions refuse, and the API server of a NetworkPolicy's ranges.

By group and kind, whatever the version: these conditions outlive them. Leaves out pods (`infra/plan/check/pods.py`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.plan.check.finding import Finding, at_path, finding
from infra.plan.model import Resource
from infra.plan.query import at

Refused = Iterator[tuple[str, Any, str]]
"""Place inside the manifest, what stands there, what is allowed."""


def check_admission(one: Resource, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Findings of what would be refused of this manifest."""
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    known = _RULES.get((group, str(manifest["kind"])))
    if known is None:
        return
    rule, page = known
    for place, value, allowed in rule(manifest):
        yield finding("joint", one, place, value, allowed, page)


def _ranges(manifest: Mapping[str, Any]) -> Refused:
    for way in ("spec.ingress[].from[].ipBlock", "spec.egress[].to[].ipBlock"):
        for place, block in at_path(manifest, way):
            outer = _network(block.get("cidr")) if isinstance(block, Mapping) else None
            if outer is None:
                continue
            for inside, text in at_path(block, "except[]"):
                inner = _network(text)
                within = inner is not None and inner.version == outer.version and inner != outer
                if not (within and inner.subnet_of(outer)):  # pyright: ignore[reportArgumentType, reportOptionalMemberAccess]
                    yield f"{place}.{inside}", text, f"a range inside {outer}, and smaller"


def _network(text: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        return None


def _copies(manifest: Mapping[str, Any]) -> Refused:
    """KServe: as many copies as the autoscaler may run, and a share of the traffic."""
    for part in ("predictor", "transformer", "explainer"):
        least, most = (at(manifest, f"spec.{part}.{key}") for key in ("minReplicas", "maxReplicas"))
        if isinstance(least, int) and isinstance(most, int) and 0 < most < least:
            yield f"spec.{part}.minReplicas", least, f"at most maxReplicas, which is {most}"
        for key, most_of in (("minReplicas", None), ("canaryTrafficPercent", 100)):
            value = at(manifest, f"spec.{part}.{key}")
            if isinstance(value, int) and (value < 0 or (most_of and value > most_of)):
                yield f"spec.{part}.{key}", value, f"0 to {most_of}" if most_of else "at least 0"


def _covered(manifest: Mapping[str, Any]) -> Refused:
    """Kueue: each flavor of a group has a quota for each resource that the group covers, and for no other."""
    seen: dict[str, str] = {}
    for place, group in at_path(manifest, "spec.resourceGroups[]"):
        covered = [name for _, name in at_path(group, "coveredResources[]")]
        for name in covered:
            if name in seen:
                yield (
                    f"{place}.coveredResources",
                    name,
                    f"a resource of one group; {seen[name]} has it",
                )
            seen[name] = place
        for flavor, resources in at_path(group, "flavors[].resources"):
            named = [at(one, "name") for one in resources] if isinstance(resources, list) else []
            if sorted(map(str, named)) != sorted(map(str, covered)):
                allowed = f"the resources that the flavor {flavor} has quotas for: {', '.join(map(str, named))}"
                yield f"{place}.coveredResources", covered, allowed
                break


def _owned(manifest: Mapping[str, Any]) -> Refused:
    """External Secrets: what is not owned is not deleted, and what is merged into must be there."""
    makes, ends = (
        at(manifest, f"spec.target.{key}") for key in ("creationPolicy", "deletionPolicy")
    )
    if ends == "Delete" and makes not in (None, "Owner"):
        yield "spec.target.creationPolicy", makes, "Owner, as deletionPolicy is Delete"
    if ends == "Merge" and makes == "None":
        yield (
            "spec.target.creationPolicy",
            makes,
            "Owner, Orphan or Merge, as deletionPolicy is Merge",
        )


def _routes(manifest: Mapping[str, Any]) -> Refused:
    """Gateway API: paths are absolute; a redirect sends nothing on."""
    for place, path in at_path(manifest, "spec.rules[].matches[].path"):
        value, kind = at(path, "value"), at(path, "type") or "PathPrefix"
        plain = kind != "RegularExpression" and isinstance(value, str)
        if plain and (not value.startswith("/") or "//" in value or "/../" in value):
            yield f"{place}.value", value, f"an absolute path such as /{value.lstrip('/')}"
    for place, rule in at_path(manifest, "spec.rules[]"):
        kinds = [kind for _, kind in at_path(rule, "filters[].type")]
        if "RequestRedirect" in kinds and at(rule, "backendRefs"):
            yield f"{place}.backendRefs", at(rule, "backendRefs"), "none beside a RequestRedirect"
        weights = [at(one, "weight") for _, one in at_path(rule, "backendRefs[]")]
        if weights and all(weight == 0 for weight in weights):
            yield f"{place}.backendRefs", weights, "a weight above 0: all answer 500 else"


def _listeners(manifest: Mapping[str, Any]) -> Refused:
    """Gateway API: listeners differ in name and in port, protocol and hostname; TLS has a certificate."""
    seen: set[Any] = set()
    names: set[Any] = set()
    for place, one in at_path(manifest, "spec.listeners[]"):
        if (name := at(one, "name")) in names:
            yield f"{place}.name", name, "a name that no other listener has"
        names.add(name)
        door = (at(one, "port"), at(one, "protocol"), at(one, "hostname"))
        if door in seen:
            yield (
                f"{place}.port",
                door[0],
                "another port, protocol or hostname than the listener before",
            )
        seen.add(door)
        if door[1] in ("HTTP", "TCP", "UDP") and at(one, "tls"):
            yield f"{place}.tls", at(one, "tls"), f"none where protocol is {door[1]}"
        if door[1] == "HTTPS" and at(one, "tls.mode") in (None, "Terminate") and not at(one, "tls"):
            yield f"{place}.tls", None, "certificateRefs, as protocol is HTTPS"


Rule = Callable[[Mapping[str, Any]], Refused]
_RULES: dict[tuple[str, str], tuple[Rule, str]] = {
    ("networking.k8s.io", "NetworkPolicy"): (_ranges, "https://kubernetes.io/docs/concepts/services-networking/network-policies/"),
    ("serving.kserve.io", "InferenceService"): (_copies, "https://kserve.github.io/website/docs/reference/crd-api"),
    ("kueue.x-k8s.io", "ClusterQueue"): (_covered, "https://kueue.sigs.k8s.io/docs/concepts/cluster_queue/"),
    ("external-secrets.io", "ExternalSecret"): (_owned, "https://external-secrets.io/latest/guides/ownership-deletion-policy/"),
    ("gateway.networking.k8s.io", "HTTPRoute"): (_routes, "https://gateway-api.sigs.k8s.io/api-types/httproute/"),
    ("gateway.networking.k8s.io", "Gateway"): (_listeners, "https://gateway-api.sigs.k8s.io/api-types/gateway/"),
}  # fmt: skip
