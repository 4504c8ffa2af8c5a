"""What the live account grants to these credentials, asked of each cloud's own interface. Reads only.

Google Cloud answers which of a project's permissions one holds (`projects.testIamPermissions`); AWS simulates the identity's
policies, its boundary and the organization's (`iam:SimulatePrincipalPolicy`); Azure lists the actions of one's role
assignments, which are matched here. Each speaks for whoever asks, and for all resources: a policy that names
single resources can be held too narrow. Leaves out what is asked for above the project or subscription.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from infra.plan.quotas.base import Need
from landfall.project import environment

_BATCH = 100
"""Permissions that one question may hold: https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions"""


class NotAnswered(Exception):
    """The account did not say; the text says why."""


def judged_by(
    need: Need, granted: Iterable[str], unanswered: Iterable[str] = (), said: str = ""
) -> Need:
    """The need, short where a permission is not granted, unknown where nothing could be asked."""
    held, open_ = set(granted), set(unanswered)
    lacking = [one for one in need.permissions if one not in held | open_]
    if lacking:
        return replace(need, state="short", said=f"not granted: {', '.join(lacking)}")
    asked = [one for one in need.permissions if one not in open_]
    if not asked:
        return replace(
            need, state="unknown", said=said or need.said or "nothing of it can be asked here"
        )
    return replace(need, state="enough", said=f"{len(asked)} permissions granted")


# ---- Google Cloud


def google(
    project: str, token: str, permissions: Sequence[str], timeout: float
) -> tuple[set[str], set[str]]:
    """The permissions held on a project, and those that nobody can ask of a project; raises NotAnswered."""
    base = environment(  # as gcloud itself reads it, for private endpoints
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER",
        "https://cloudresourcemanager.googleapis.com/",
    ).rstrip("/")
    url = f"{base}/v3/projects/{project}:testIamPermissions"

    def ask(names: Sequence[str]) -> tuple[set[str], set[str]]:
        try:
            answer = _post(url, token, {"permissions": list(names)}, timeout)
        except urllib.error.HTTPError as error:
            with error:
                told = _reason(error)
            if error.code != 400:
                raise NotAnswered(f"Resource Manager answered {error.code}: {told}") from None
            if len(names) == 1:  # a permission of another kind of resource
                return set(), set(names)
            half = len(names) // 2
            one, other = ask(names[:half]), ask(names[half:])
            return one[0] | other[0], one[1] | other[1]
        except (OSError, ValueError) as error:
            raise NotAnswered(f"Resource Manager did not answer: {error}") from None
        return set(answer.get("permissions", [])), set()

    held: set[str] = set()
    odd: set[str] = set()
    for start in range(0, len(permissions), _BATCH):
        some, more = ask(permissions[start : start + _BATCH])
        held, odd = held | some, odd | more
    return held, odd


def _post(url: str, token: str, body: dict[str, Any], timeout: float) -> dict[str, Any]:
    request = urllib.request.Request(
        url,
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        read = json.load(answer)
    return read if isinstance(read, dict) else {}


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return str(error.reason)


# ---- AWS


def aws(
    arn: str, permissions: Sequence[str], client: Callable[[str], Any]
) -> tuple[set[str], set[str]]:
    """The actions that the caller's policies allow, and those left open; raises NotAnswered, and botocore's ClientError."""
    if arn.endswith(":root"):
        return set(permissions), set()
    source = _principal(arn, client)
    pages = client("iam").get_paginator("simulate_principal_policy")
    held: set[str] = set()
    for start in range(0, len(permissions), _BATCH):
        names = list(permissions[start : start + _BATCH])
        for page in pages.paginate(PolicySourceArn=source, ActionNames=names):
            held |= {
                one["EvalActionName"]
                for one in page["EvaluationResults"]
                if one["EvalDecision"] == "allowed"
            }
    return held, set()


def _principal(arn: str, client: Callable[[str], Any]) -> str:
    """The user or role whose policies count: of a session its role, with the path that the session's name leaves out."""
    session = re.fullmatch(r"arn:(aws[a-z-]*):sts::(\d+):assumed-role/([^/]+)/.+", arn)
    if session:
        return str(client("iam").get_role(RoleName=session[3])["Role"]["Arn"])
    if re.fullmatch(r"arn:aws[a-z-]*:iam::\d+:user/.+", arn):
        return arn
    raise NotAnswered(f"policies of {arn} cannot be simulated")


# ---- Azure


def azure(assignments: Iterable[Any], permissions: Iterable[str]) -> set[str]:
    """Those of the actions that one of the role assignments allows: among its actions, and not among its notActions.

    https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions
    """
    rules = [
        (_matcher(one.get("actions")), _matcher(one.get("notActions")))
        for one in assignments
        if isinstance(one, dict)
    ]
    return {
        name
        for name in permissions
        if any(allowed(name) and not barred(name) for allowed, barred in rules)
    }


def _matcher(patterns: Any) -> Callable[[str], bool]:
    """Whether a name matches one of the patterns, in which `*` stands for any text; case does not count."""
    texts = [re.escape(str(one)).replace(r"\*", ".*") for one in patterns or []]
    compiled = re.compile("|".join(texts) or r"(?!)", re.IGNORECASE)
    return lambda name: compiled.fullmatch(name) is not None
