"""Encryption keys: where they lie beside what they encrypt, and that somebody can still change their policy.

Both clouds' rule is one: a regional service takes a key of its own region. Leaves out keys made in the same plan: their
names come from other resources.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.plan.check.finding import open_value
from infra.plan.check.joint.aws import region_of
from infra.plan.check.joint.base import Wrong, at
from infra.plan.model import Plan, Resource

_GOOGLE = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/[^/]+/cryptoKeys/.+")
_AWS = re.compile(r"arn:aws[\w-]*:kms:([a-z0-9-]+):\d*:(key|alias)/.+")
_WIDE = {"eu": "europe", "europe": "europe", "us": "us", "asia": "asia"}
"""Buckets and datasets of several regions → the location of their keys."""
_COPIES = ("destination", "replica", "copyactions", "secondary")
"""Parts about another place than the resource's own."""


def google_key_near(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A key lies where the resource does that it encrypts; a global one is left to the service."""
    # A connection of the multi-region US may have a key of one of its regions: the provider's own example.
    if one.type.startswith("gcp:kms/") or one.type == "gcp:bigquery/connection:Connection":
        return
    for path, value, place in _keys(one, one.inputs, "", None):
        found = _GOOGLE.fullmatch(value)
        if found is None or found[1] == "global" or place is None:
            continue
        wanted = re.sub(r"(?<=\d)-[a-z]$", "", _WIDE.get(place.lower(), place.lower()))
        if found[1] != wanted:
            allowed = f"a key in {wanted}, where the resource is"
            yield Wrong(path, value, allowed, "https://cloud.google.com/kms/docs/cmek#cmek_integrations")  # fmt: skip


def aws_key_near(one: Resource, plan: Plan) -> Iterator[Wrong]:
    """A key's ARN names the region that the resource is made in."""
    if one.type.startswith(("aws:kms/", "aws:cloudtrail/", "aws:iam/")):
        return
    for path, value, _ in _keys(one, one.inputs, "", None):
        found = _AWS.fullmatch(value)
        # Looked up late: it goes through the plan for the provider, and few resources write a key out.
        if found and (region := region_of(one, plan)) and found[1] != region:
            yield Wrong(path, value, f"a key in {region}, where the resource is", "https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html")  # fmt: skip


def _keys(
    one: Resource, value: Any, path: str, place: str | None
) -> Iterator[tuple[str, str, str | None]]:
    """Path, name and the location around it, of each key that is written out."""
    if isinstance(value, Mapping):
        own = value.get("location") or value.get("region") or value.get("zone")
        place = own if isinstance(own, str) and not open_value(own) else place
        for key, inner in value.items():
            if not path and key in one.property_deps:
                continue
            if not key.lower().startswith(_COPIES):
                yield from _keys(one, inner, f"{path}.{key}" if path else key, place)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _keys(one, inner, f"{path}[{i}]", place)
    elif isinstance(value, str) and not open_value(value):
        last = path.rpartition(".")[2].lower()
        if "kms" in last or "key" in last:
            yield path, value, place


def key_policy(one: Resource, _: Plan) -> Iterator[Wrong]:
    """Somebody may change a key's policy: KMS refuses one that locks everybody out, unless told not to look."""
    text = at(one, "policy")
    if at(one, "bypassPolicyLockoutSafetyCheck") is True or not isinstance(text, str):
        return
    try:
        statements = json.loads(text).get("Statement", [])
    except (ValueError, AttributeError):
        return  # told as no JSON
    every = statements if isinstance(statements, list) else [statements]
    if not any(isinstance(said, Mapping) and _changes(said) for said in every):
        allowed = "a statement that lets an account or a role change it (kms:PutKeyPolicy), or bypassPolicyLockoutSafetyCheck"
        yield Wrong("policy", text, allowed, "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html", "iam")  # fmt: skip


def _changes(said: Mapping[str, Any]) -> bool:
    who = said.get("Principal")
    person = who == "*" or (isinstance(who, Mapping) and "AWS" in who)
    if said.get("Effect") != "Allow" or not (person or "NotPrincipal" in said):
        return False
    actions = said.get("Action", [])
    named = [
        str(action).lower() for action in (actions if isinstance(actions, list) else [actions])
    ]
    return "NotAction" in said or any(fnmatch.fnmatch("kms:putkeypolicy", one) for one in named)


JOINT = {
    "aws:kms/key:Key": (key_policy,),
    "aws:kms/keyPolicy:KeyPolicy": (key_policy,),
    "aws:kms/replicaKey:ReplicaKey": (key_policy,),
    "aws:kms/externalKey:ExternalKey": (key_policy,),
}
