"""What a change puts at risk: data lost, doors opened, rights widened, protection dropped — and the safe way.

A pure function of the changes (`infra/plan/change.py`). Severity `high` means that data, secrets or access
can be lost or opened by applying; `medium` that service is interrupted or rights grow; `low` is worth a
look. Leaves out what only the provider knows, such as how long a replacement takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra.plan.change import Change, between, in_preview
from infra.plan.model import UNKNOWN, Plan, Resource
from infra.plan.policies.identity import (
    ALMIGHTY,
    AZURE_GRANT,
    BASIC_ROLES,
    DOCUMENTS,
    GCP_GRANTS,
    as_list,
    document,
)
from infra.plan.policies.keys import KEYS
from infra.plan.policies.network import ANYWHERE, LIMITED, PRIVATE, open_sources
from infra.plan.policies.storage import STATEFUL
from infra.plan.query import at

Severity = Literal["high", "medium", "low"]
ORDER: tuple[Severity, ...] = ("high", "medium", "low")


@dataclass(frozen=True)
class Risk:
    """One risk of one resource's change."""

    severity: Severity
    kind: str
    urn: str
    resource: str
    type: str
    op: str
    reason: str
    safe_way: str
    source: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return dict(vars(self))


_TWO_STEPS = (
    "Keep it in this release. Copy the data, let a release point readers to the copy, and remove it in a "
    "later one, after `protect` was lifted for it alone."
)
_ALIAS = "Keep the old identity: aliases=[pulumi.Alias(name=…)] (or parent=…) on the resource."
_LOOK = "Let the security contact confirm that this is wanted, or take it back."


def risks_against(plan: Plan, other: Plan | Mapping[str, Any]) -> list[Risk]:
    """The risks of going from `other` (a plan, or a `pulumi preview --json` document) to `plan`, worst first.

    A preview tells of its own step from the deployed state, so of it the plan is not asked.
    """
    changes = between(other, plan) if isinstance(other, Plan) else in_preview(other)
    return grade(changes)


def grade(changes: list[Change]) -> list[Risk]:
    """Every risk of these changes, worst first, then by resource."""
    renamed = _renames(changes)
    found = [risk for change in changes for risk in _of(change, renamed)]
    return sorted(found, key=lambda risk: (ORDER.index(risk.severity), risk.urn, risk.kind))


def worst(risks: list[Risk]) -> str:
    """The worst severity, or `none`."""
    return min((risk.severity for risk in risks), key=ORDER.index, default="none")


def _of(change: Change, renamed: dict[str, Resource]) -> Iterator[Risk]:
    for check in _CHECKS:
        for severity, kind, reason, way in check(change, renamed):
            one = change.resource
            yield Risk(
                severity, kind, one.urn, one.name, one.type, change.op, reason, way, one.source
            )


Found = Iterator[tuple[Severity, str, str, str]]
_CHECKS: list[Callable[[Change, dict[str, Resource]], Found]] = []


def _check(function: Callable[[Change, dict[str, Resource]], Found]) -> None:
    _CHECKS.append(function)


def _renames(changes: list[Change]) -> dict[str, Resource]:
    """URN of a resource that goes → the new one of the same type that seems to be it under another name."""
    created = [c.resource for c in changes if c.op == "create"]
    found: dict[str, Resource] = {}
    for change in changes:
        if change.op != "delete":
            continue
        gone = change.resource
        for one in created:
            same = one.type == gone.type and one.custom == gone.custom
            if same and (one.name == gone.name or _alike(gone.inputs, one.inputs)):
                found[gone.urn] = one
                created.remove(one)
                break
    return found


def _alike(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return bool(a) and dict(a) == dict(b)


@_check
def _gone(change: Change, renamed: dict[str, Resource]) -> Found:
    if change.op not in ("delete", "replace"):
        return
    one = change.before or change.resource
    holds = one.type in STATEFUL
    if change.op == "replace":
        why = f"is replaced, says {change.told_by}, as {', '.join(change.reasons) or 'it'} changes"
        if holds:
            yield (
                "high",
                "data-replaced",
                f"holds data and {why}: what it holds does not move along",
                _TWO_STEPS,
            )
        else:
            yield (
                "medium",
                "replaced",
                f"{why}: what uses it is interrupted",
                "Apply it in a quiet hour.",
            )
        return
    if one.urn in renamed:
        new = renamed[one.urn]
        severity: Severity = "high" if holds else "medium"
        yield (
            severity, "renamed-without-alias",
            f"goes while '{new.name}' of the same type and content comes: a rename without an alias "
            "deletes and creates", _ALIAS,
        )  # fmt: skip
    elif holds:
        kept = " (retained: it stays in the cloud, unmanaged)" if one.retain else ""
        yield "high", "data-deleted", f"holds data and is removed{kept}", _TWO_STEPS
    elif one.custom:
        kept = " from the stack (retained: it stays in the cloud, unmanaged)" if one.retain else ""
        yield "low", "deleted", f"is removed{kept}", "Make sure that nobody uses it any more."


# What records who did what → the input that says where it is kept.
_RECORDERS = {
    "aws:cloudtrail/trail:Trail": "s3BucketName",
    "gcp:logging/projectSink:ProjectSink": "destination",
    "azure-native:monitor:DiagnosticSetting": "storageAccountId",
}


@_check
def _audit_moved(change: Change, _: dict[str, Resource]) -> Found:
    was, now = change.before, change.after
    if was is None or now is None or now.type not in _RECORDERS:
        return
    path = _RECORDERS[now.type]
    before, after = was.inputs.get(path), now.inputs.get(path)
    if before and before != after and UNKNOWN not in (before, after):
        yield (
            "medium", "audit-moved",
            f"writes to {after or 'nowhere'} from now on: what it recorded so far stays in {before}",
            "Keep the former place until its retention ends, and let the security contact know where to look.",
        )  # fmt: skip


@_check
def _protection(change: Change, _: dict[str, Resource]) -> Found:
    was, now = change.before, change.after
    if was is None or now is None:
        return
    dropped = [
        name for name, a, b in (("protect", was.protect, now.protect), ("retain", was.retain, now.retain))
        if a and not b
    ]  # fmt: skip
    if dropped:
        severity: Severity = "high" if now.type in STATEFUL else "medium"
        yield (
            severity, "protection-lost", f"is no longer kept from deletion ({', '.join(dropped)})",
            "Lift it only in the release before the one that removes the resource.",
        )  # fmt: skip
    for path in ("deletionProtection", "properties.enablePurgeProtection", "versioning.enabled"):
        if at(was.inputs, path) is True and at(now.inputs, path) is not True:
            yield "high", "protection-lost", f"{path} is switched off", _LOOK


@_check
def _encryption(change: Change, _: dict[str, Resource]) -> Found:
    was, now = change.before, change.after
    if was is None or now is None or now.type not in KEYS:
        return
    for path in KEYS[now.type].split("|"):
        before, after = at(was.inputs, path), at(now.inputs, path)
        if before and not after:
            yield (
                "high",
                "encryption-lost",
                f"{path} is no longer set: the cloud's own key takes over",
                _LOOK,
            )
        elif before and before != after and not change.reasons:
            yield (
                "medium", "key-changed", f"{path} changes: what is stored keeps the old key",
                "Keep the old key until everything is written anew.",
            )  # fmt: skip


# Where a number of days (or seconds) says how long something is kept.
_RETENTION = (
    "retentionPolicy.retentionPeriod", "softDeletePolicy.retentionDurationSeconds", "backupRetentionPeriod",
    "backup.backupRetentionDays", "retentionInDays", "messageRetentionSeconds", "messageRetentionDuration",
    "settings.backupConfiguration.backupRetentionSettings.retainedBackups", "deletionWindowInDays",
    "properties.softDeleteRetentionInDays", "dataRetentionTimeInDays", "destroyScheduledDuration",
)  # fmt: skip


@_check
def _retention(change: Change, _: dict[str, Resource]) -> Found:
    was, now = change.before, change.after
    if was is None or now is None:
        return
    for path in _RETENTION:
        before, after = _number(at(was.inputs, path)), _number(at(now.inputs, path))
        if before is not None and (after is None or after < before):
            yield (
                "high",
                "retention-shortened",
                f"{path} goes from {before:g} to {after or 'none'}",
                _LOOK,
            )
    if at(was.inputs, "retentionPolicy.isLocked") and not at(
        now.inputs, "retentionPolicy.isLocked"
    ):
        yield "high", "retention-shortened", "the retention lock is taken away", _LOOK


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(str(value).removesuffix("s"))
    except ValueError:
        return None


@_check
def _network(change: Change, _: dict[str, Resource]) -> Found:
    now = change.after
    if now is None:
        return
    was = change.before
    try:
        before = set(open_sources(was)) if was else set()
        opened = [s for s in open_sources(now) if s and s not in before]
    except AttributeError:  # a list of somebody's own making
        opened = []
    if now.type in _SOURCED and opened:
        severity: Severity = "high" if set(opened) & ANYWHERE else "medium"
        if was is not None or severity == "high":
            yield severity, "network-widened", f"lets in {', '.join(map(str, opened))}", _LOOK
    for path, wanted in PRIVATE.get(now.type, ()):
        if was is not None and at(was.inputs, path) == wanted != at(now.inputs, path):
            yield "high", "network-widened", f"{path} is no longer {wanted!r}", _LOOK


_SOURCED = (
    "gcp:compute/firewall:Firewall", "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
    "aws:ec2/securityGroup:SecurityGroup", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:ec2/securityGroupRule:SecurityGroupRule", "azure-native:network:NetworkSecurityGroup",
    "azure-native:network:SecurityRule", "snowflake:index/networkRule:NetworkRule",
    "snowflake:index/networkPolicy:NetworkPolicy", *LIMITED,
)  # fmt: skip


@_check
def _identity(change: Change, _: dict[str, Resource]) -> Found:
    now, was = change.after, change.before
    if now is None:
        return
    if now.type in DOCUMENTS:
        before = _granted(was) if was else set()
        added = _granted(now) - before
        if added and was is not None:
            severity: Severity = "high" if any("*" in (a, b) for a, b in added) else "medium"
            shown = ", ".join(sorted(f"{action} to {who}" for action, who in added)[:5])
            yield severity, "identity-widened", f"allows besides: {shown}", _LOOK
    elif now.type in GCP_GRANTS or now.type == AZURE_GRANT:
        role = str(now.inputs.get("role") or now.inputs.get("roleDefinitionId", "")).rpartition(
            "/"
        )[2]
        who = now.inputs.get("member") or now.inputs.get("principalId")
        open_ = who in ("allUsers", "allAuthenticatedUsers")
        almighty = role in ALMIGHTY or f"roles/{role}" in BASIC_ROLES
        if change.op == "create" or (was and was.inputs != now.inputs):
            severity = "high" if open_ or almighty else "low"
            yield (
                severity,
                "identity-widened",
                f"grants {ALMIGHTY.get(role, role)} to {who}",
                _LOOK,
            )


def _granted(one: Resource) -> set[tuple[str, str]]:
    """(action, principal or resource) pairs that a document's Allow statements give."""
    pairs: set[tuple[str, str]] = set()
    for statement in as_list((document(one) or {}).get("Statement")):
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        named = principal.values() if isinstance(principal, dict) else [principal]
        whom = [str(w) for names in named for w in as_list(names)] or as_list(
            statement.get("Resource")
        )
        pairs |= {(str(a), str(w)) for a in as_list(statement.get("Action")) for w in whom}
    return pairs


@_check
def _provider(change: Change, _: dict[str, Resource]) -> Found:
    was, now = change.before, change.after
    if was is None or now is None:
        return
    if was.provider and now.provider and was.provider != now.provider:
        yield (
            "high", "provider-changed",
            f"is built by another provider ({now.provider.rpartition('::')[2]}): the engine looks for it "
            "in another project, account or region", "Move it by import in the new place, then remove it from this state.",
        )  # fmt: skip
    if now.type.startswith("pulumi:providers:"):
        moved = [
            key for key in ("project", "region", "allowedAccountIds", "subscriptionId", "account")
            if was.inputs.get(key) and was.inputs.get(key) != now.inputs.get(key)
        ]  # fmt: skip
        if moved:
            yield (
                "high", "provider-changed",
                f"{', '.join(moved)} changes: every resource of this provider is looked for elsewhere",
                "Make a second provider for the new place and move resources one by one.",
            )  # fmt: skip
