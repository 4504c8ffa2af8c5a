"""What would change: two plans compared as the engine would, or the steps of a `pulumi preview --json` file.

The engine knows what a provider replaces; two plans do not tell. So for them replacement is foretold: from a
reviewed table for what holds data, else from what the SDK's own documentation says of a property. Leaves out
judging a change (`infra/plan/risk.py`).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from infra.plan.model import SECRET, UNKNOWN, Plan, Resource
from infra.plan.sdk import arguments_of
from landfall.errors import UsageError

Op = Literal["create", "update", "replace", "delete"]


@dataclass(frozen=True)
class Change:
    """One resource's change. `properties` are the wire names that differ; `reasons` those that replace it."""

    op: Op
    before: Resource | None
    after: Resource | None
    properties: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    told_by: str = "the engine"
    """Who says that it is replaced: the engine, our table, the SDK's documentation, or its name or place."""

    @property
    def resource(self) -> Resource:
        """The resource as it will be, or was."""
        one = self.after or self.before
        assert one is not None
        return one


# Inputs that providers replace on, for what holds data. Source: each provider's schema (`replaceOnChanges`,
# `willReplaceOnChanges`) as its reference pages print it, 2026-11-24.
REPLACES: dict[str, tuple[str, ...]] = {
    "gcp:storage/bucket:Bucket": ("name", "location", "project", "customPlacementConfig", "hierarchicalNamespace"),
    "gcp:bigquery/dataset:Dataset": ("datasetId", "location", "project"),
    "gcp:sql/databaseInstance:DatabaseInstance": ("name", "region", "project", "databaseVersion", "encryptionKeyName"),
    "gcp:kms/keyRing:KeyRing": ("name", "location", "project"),
    "gcp:kms/cryptoKey:CryptoKey": ("name", "keyRing", "purpose"),
    "gcp:pubsub/topic:Topic": ("name", "project"),
    "gcp:container/cluster:Cluster": ("name", "location", "project", "network", "subnetwork", "ipAllocationPolicy"),
    "gcp:artifactregistry/repository:Repository": ("repositoryId", "location", "project", "format", "kmsKeyName"),
    "aws:s3/bucket:Bucket": ("bucket", "objectLockEnabled", "region"),
    "aws:kms/key:Key": ("customerMasterKeySpec", "keyUsage", "multiRegion", "region"),
    "aws:rds/instance:Instance": ("identifier", "engine", "kmsKeyId", "storageEncrypted", "username", "dbSubnetGroupName"),
    "aws:redshiftserverless/namespace:Namespace": ("namespaceName", "dbName"),
    "aws:glue/catalogDatabase:CatalogDatabase": ("name", "catalogId"),
    "aws:eks/cluster:Cluster": ("name", "roleArn", "encryptionConfig"),
    "aws:ecr/repository:Repository": ("name", "encryptionConfigurations"),
    "azure-native:storage:StorageAccount": ("accountName", "resourceGroupName", "location", "kind", "isHnsEnabled"),
    "azure-native:storage:BlobContainer": ("accountName", "containerName", "resourceGroupName"),
    "azure-native:keyvault:Vault": ("vaultName", "resourceGroupName", "location"),
    "azure-native:keyvault:Key": ("keyName", "vaultName", "resourceGroupName", "properties"),
    "azure-native:dbforpostgresql:Server": ("serverName", "resourceGroupName", "location", "administratorLogin"),
    "azure-native:synapse:Workspace": ("workspaceName", "resourceGroupName", "location", "managedVirtualNetwork"),
    "azure-native:containerservice:ManagedCluster": ("resourceName", "resourceGroupName", "location", "dnsPrefix"),
    "azure-native:containerregistry:Registry": ("registryName", "resourceGroupName", "location", "encryption"),
    "snowflake:index/database:Database": (),  # renamed in place
    "snowflake:index/schema:Schema": ("database",),
}  # fmt: skip
_FORCES = re.compile(
    r"\b(forces?|creates?|triggers?|causes?)\b[^.]{0,30}\b(new (resource|interface)|replacement|re-?creat)",
    re.I,
)
_NAMES = ("name", "location", "region", "zone", "project", "resourceGroupName", "availabilityZone")
"""Where a thing lies and what it is called: hardly a provider changes that in place."""


def between(before: Plan, after: Plan) -> list[Change]:
    """The changes from one plan to the other, sorted by URN; values that are not known count as unchanged."""
    old = {one.urn: one for one in before.resources}
    new = {one.urn: one for one in after.resources}
    found: list[Change] = []
    for urn, one in new.items():
        was = old.pop(urn, None) or _aliased(one, old)
        if was is None:
            found.append(Change("create", None, one))
            continue
        change = _update(was, one)
        if change:
            found.append(change)
    found += [Change("delete", one, None) for one in old.values()]
    return sorted(found, key=lambda change: change.resource.urn)


def _aliased(one: Resource, old: dict[str, Resource]) -> Resource | None:
    """Take the former self that the resource's aliases name out of `old`."""
    for alias in one.aliases:
        if alias in old:
            return old.pop(alias)
        spec = dict(part.split("=", 1) for part in alias.split(",") if "=" in part)
        type_, name = spec.get("type", one.type), spec.get("name", one.name)
        for urn, former in old.items():
            if (former.type, former.name) == (type_, name) and (
                spec.get("parentUrn", former.parent) in (former.parent, "")
            ):
                return old.pop(urn)
    return None


def _update(was: Resource, now: Resource) -> Change | None:
    ignored = {path.partition(".")[0] for path in now.ignore_changes}
    differing = tuple(
        key
        for key in sorted({*was.inputs, *now.inputs})
        if key not in ignored and _differs(was.inputs.get(key), now.inputs.get(key))
    )
    options = (was.protect, was.retain, was.provider) != (now.protect, now.retain, now.provider)
    if not differing and not options:
        return None
    table = REPLACES.get(now.type)
    if table is not None:
        reasons, told = tuple(key for key in differing if key in table), "our table"
    else:
        documented = documented_replaces(now.type)
        reasons = tuple(key for key in differing if key in documented or key in _NAMES)
        told = "the SDK's documentation" if set(reasons) & documented else "its name or place"
    op: Op = "replace" if reasons else "update"
    return Change(op, was, now, differing, reasons, told if reasons else "our table")


def _differs(a: Any, b: Any) -> bool:
    if UNKNOWN in (a, b) or ((a == SECRET) != (b == SECRET) and None not in (a, b)):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return any(_differs(a.get(key), b.get(key)) for key in {*a, *b})
    if isinstance(a, list) and isinstance(b, list):
        return len(a) != len(b) or any(_differs(x, y) for x, y in zip(a, b, strict=True))
    return a != b


@cache
def documented_replaces(type_: str) -> frozenset[str]:
    """Inputs of which the SDK's documentation says that a change makes a new resource; may miss some."""
    arguments = arguments_of(type_)
    if arguments is None:
        return frozenset()
    found = set()
    for _, member in inspect.getmembers(arguments, lambda m: isinstance(m, property)):
        wire = getattr(member.fget, "_pulumi_name", None)
        if wire and member.__doc__ and _FORCES.search(member.__doc__):
            found.add(wire)
    return frozenset(found)


_STEPS: dict[str, Op | None] = {
    "same": None, "read": None, "refresh": None, "discard": None, "discard-replaced": None,
    "read-replacement": None, "read-discard": None, "import": "create", "create": "create",
    "update": "update", "delete": "delete", "replace": "replace",
    "create-replacement": "replace", "delete-replaced": None, "remove-pending-replace": None,
    "import-replacement": "replace",
}  # fmt: skip


def operation(step: Mapping[str, Any]) -> str:
    """A preview's step in the engine's word; `update` where it only sets or lifts protection or retention.

    The engine calls such a step `same`, and the resource can be deleted afterwards all the same.
    """
    word = str(step.get("op"))
    before, after = step.get("oldState"), step.get("newState")
    if word != "same" or not before or not after:
        return word
    differs = any(
        bool(before.get(key)) != bool(after.get(key)) for key in ("protect", "retainOnDelete")
    )
    return "update" if differs else word


def in_preview(preview: Mapping[str, Any]) -> list[Change]:
    """The changes in a `pulumi preview --json` document; raises UsageError where it is none, or one that failed."""
    steps = preview.get("steps")
    if not isinstance(steps, list):
        raise UsageError(
            "The file is no `pulumi preview --json` document: it has no 'steps'.",
            fix="pulumi preview --json > preview.json",
        )
    found: dict[str, Change] = {}
    for step in steps:
        op = _STEPS.get(operation(step))
        if op is None or str(step.get("urn", "")).split("::")[2:3] == ["pulumi:pulumi:Stack"]:
            continue
        before, after = _state(step.get("oldState")), _state(step.get("newState"))
        keys = _top(step.get("detailedDiff") or step.get("diffReasons") or ())
        change = Change(op, before, after, keys, _top(step.get("replaceReasons") or ()))
        known = found.get(step["urn"])
        if known is None or op == "replace":
            found[step["urn"]] = change
    return sorted(found.values(), key=lambda change: change.resource.urn)


def _top(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({re.split(r"[.\[]", str(path))[0] for path in paths}))


def _state(state: Mapping[str, Any] | None) -> Resource | None:
    if not state:
        return None
    return Resource(
        urn=state["urn"],
        type=state["type"],
        name=state["urn"].rpartition("::")[2],
        inputs=state.get("inputs") or {},
        parent=state.get("parent", ""),
        provider=str(state.get("provider", "")).rpartition("::")[0],
        protect=bool(state.get("protect")),
        retain=bool(state.get("retainOnDelete")),
        custom=bool(state.get("custom", True)),
    )
