"""Policies on what runs on the cluster and in Snowflake: pods without privilege, closed namespaces, pinned charts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from infra.plan.model import Plan, Resource
from infra.plan.policies.base import Fault, on, over, resource
from infra.plan.query import at, every

_WORKLOADS = (
    "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:DaemonSet",
    "kubernetes:batch/v1:Job", "kubernetes:batch/v1:CronJob",
)  # fmt: skip
_DEPLOY = "kubernetes:apps/v1:Deployment"


def _pod(spec: dict[str, Any]) -> Resource:
    return resource(_DEPLOY, spec={"template": {"spec": spec}})


@on(
    *_WORKLOADS,
    id="pods-unprivileged",
    title="Pods run without privilege and without the node's namespaces",
    rationale="A privileged pod is root on its node, and so in every other pod there.",
    controls={"nist-800-53-r5": ("AC-6", "CM-7"), "iso-27001-2022": ("A.8.2", "A.8.9")},
    passing=[_pod({"containers": [{"securityContext": {"allowPrivilegeEscalation": False}}]})],
    failing=[
        _pod({"hostNetwork": True, "containers": []}),
        _pod({"containers": [{"securityContext": {"privileged": True}}]}),
    ],
)
def _unprivileged(one: Resource) -> Iterable[str]:
    template = at(one.inputs, "spec.jobTemplate.spec.template") or at(one.inputs, "spec.template")
    spec = at(template, "spec") or {}
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"{key} must not be set"
    for container in [*spec.get("containers", []), *spec.get("initContainers", [])]:
        if at(container, "securityContext.privileged"):
            yield f"container {container.get('name', '?')} is privileged"


NAMESPACE = "kubernetes:core/v1:Namespace"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_LEVEL = "pod-security.kubernetes.io/enforce"


@over(
    NAMESPACE,
    id="namespaces-closed",
    title="A namespace names its Pod Security level and denies traffic by default",
    rationale="Without a default deny, every pod reaches every other.",
    controls={"nist-800-53-r5": ("SC-7", "CM-7"), "iso-27001-2022": ("A.8.22",)},
    passing=[(
        resource(NAMESPACE, metadata={"name": "ml", "labels": {_LEVEL: "restricted"}}),
        resource(NETWORK_POLICY, metadata={"namespace": "ml"}, spec={"podSelector": {}, "policyTypes": ["Ingress"]}),
    )],
    failing=[(resource(NAMESPACE, metadata={"name": "ml", "labels": {_LEVEL: "restricted"}}),)],
)  # fmt: skip
def _closed(plan: Plan, _: object) -> Iterator[Fault]:
    denied = {
        at(one.inputs, "metadata.namespace")
        for one in plan.of_type(NETWORK_POLICY)
        if not at(one.inputs, "spec.podSelector") and not at(one.inputs, "spec.ingress")
    }
    for one in plan.of_type(NAMESPACE):
        labels = at(one.inputs, "metadata.labels") or {}
        if _LEVEL not in labels:
            yield Fault(one, f"lacks the label {_LEVEL}")
        if at(one.inputs, "metadata.name") not in denied:
            yield Fault(one, "has no NetworkPolicy that denies what is not allowed")


@on(
    "kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart",
    id="charts-pinned",
    title="Charts are pinned to a version",
    rationale="An unpinned chart is another program at the next apply.",
    controls={"nist-800-53-r5": ("CM-2", "SR-3"), "iso-27001-2022": ("A.8.9", "A.8.32")},
    passing=[resource("kubernetes:helm.sh/v3:Release", version="1.2.3")],
    failing=[
        resource("kubernetes:helm.sh/v3:Release"),
        resource("kubernetes:helm.sh/v3:Release", version=">=1.0.0"),
    ],
)  # fmt: skip
def _pinned(one: Resource) -> Iterable[str]:
    version = str(one.inputs.get("version", ""))
    if not version or version[0] not in "v0123456789" or any(c in version for c in "^~*x<>|, "):
        yield f"version must be one exact version (found: {version or 'none'})"


@on(
    "kubernetes:core/v1:Service",
    id="balancers-internal",
    title="Load balancers of the cluster are internal",
    rationale="Models and dashboards are reached through the client's network.",
    controls={"nist-800-53-r5": ("SC-7",), "iso-27001-2022": ("A.8.20",)},
    passing=[resource("kubernetes:core/v1:Service", spec={"type": "ClusterIP"})],
    failing=[resource("kubernetes:core/v1:Service", spec={"type": "LoadBalancer"})],
)
def _internal(one: Resource) -> Iterable[str]:
    notes = at(one.inputs, "metadata.annotations") or {}
    inside = any(
        (
            "internal" in key.lower()
            or "scheme" in key.lower()
            or "load-balancer-type" in key.lower()
        )
        and str(value).lower() in ("true", "internal")
        for key, value in notes.items()
    )
    if at(one.inputs, "spec.type") == "LoadBalancer" and not inside:
        yield "is a LoadBalancer without the cloud's annotation for an internal one"


SNOWFLAKE_WAREHOUSE = "snowflake:index/warehouse:Warehouse"
SNOWFLAKE_GRANTS = (
    "snowflake:index/grantAccountRole:GrantAccountRole",
    "snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole",
)


@on(
    SNOWFLAKE_WAREHOUSE,
    id="snowflake-suspends",
    title="Snowflake warehouses suspend by themselves and have a resource monitor",
    rationale="A warehouse that nobody uses otherwise bills by the second, day and night.",
    controls={"nist-800-53-r5": ("SA-2",), "iso-27001-2022": ("A.5.23",)},
    passing=[resource(SNOWFLAKE_WAREHOUSE, autoSuspend=60, resourceMonitor="M")],
    failing=[resource(SNOWFLAKE_WAREHOUSE, resourceMonitor="M"),
             resource(SNOWFLAKE_WAREHOUSE, autoSuspend=60)],
)  # fmt: skip
def _suspends(one: Resource) -> Iterable[str]:
    pause = one.inputs.get("autoSuspend")
    if not isinstance(pause, int) or not 0 < pause <= 600:
        yield f"autoSuspend must be 1 to 600 seconds (found: {pause!r})"
    if not one.inputs.get("resourceMonitor"):
        yield "resourceMonitor is missing"


@on(
    *SNOWFLAKE_GRANTS,
    id="snowflake-no-admin",
    title="Nobody is granted ACCOUNTADMIN, and no role gets every privilege",
    rationale="ACCOUNTADMIN owns the account, its bill and its keys.",
    controls={"nist-800-53-r5": ("AC-6",), "iso-27001-2022": ("A.8.2",)},
    passing=[resource(SNOWFLAKE_GRANTS[0], roleName="TRANSFORM")],
    failing=[resource(SNOWFLAKE_GRANTS[0], roleName="ACCOUNTADMIN"),
             resource(SNOWFLAKE_GRANTS[1], allPrivileges=True)],
)  # fmt: skip
def _no_admin(one: Resource) -> Iterable[str]:
    if "ACCOUNTADMIN" in (one.inputs.get("roleName"), one.inputs.get("accountRoleName")):
        yield "grants ACCOUNTADMIN"
    if one.inputs.get("allPrivileges"):
        yield "grants all privileges"


@over(
    "snowflake:index/user:User", "snowflake:index/serviceUser:ServiceUser",
    "snowflake:index/legacyServiceUser:LegacyServiceUser",
    id="snowflake-network-policy",
    title="Snowflake answers only from the client's network, and users have no passwords",
    rationale="Stolen passwords opened Snowflake accounts that any address could reach.",
    controls={"nist-800-53-r5": ("SC-7", "IA-2"), "iso-27001-2022": ("A.5.17", "A.8.20")},
    passing=[
        (resource("snowflake:index/serviceUser:ServiceUser", networkPolicy="PLATFORM"),),
        (resource("snowflake:index/serviceUser:ServiceUser"),
         resource("snowflake:index/networkPolicyAttachment:NetworkPolicyAttachment", setForAccount=True)),
    ],
    failing=[
        (resource("snowflake:index/serviceUser:ServiceUser"),),
        # A policy that nobody is held to.
        (resource("snowflake:index/serviceUser:ServiceUser"),
         resource("snowflake:index/networkPolicy:NetworkPolicy")),
        (resource("snowflake:index/user:User", networkPolicy="PLATFORM", password="x"),),
    ],
)  # fmt: skip
def _network_policy(plan: Plan, _: object) -> Iterator[Fault]:
    users = plan.of_type(
        "snowflake:index/user:User", "snowflake:index/serviceUser:ServiceUser",
        "snowflake:index/legacyServiceUser:LegacyServiceUser",
    )  # fmt: skip
    attached = plan.of_type("snowflake:index/networkPolicyAttachment:NetworkPolicyAttachment")
    everyone = any(one.inputs.get("setForAccount") for one in attached)
    named = {user for one in attached for user in every(one.inputs, "users")}
    for one in users:
        if not (everyone or one.inputs.get("networkPolicy") or one.inputs.get("name") in named):
            yield Fault(one, "is held to no network policy: any address may try to log in")
        if every(one.inputs, "password"):
            yield Fault(one, "has a password; use a key pair or the cloud's identity")
