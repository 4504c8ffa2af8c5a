"""Google's IAM members and roles: their forms.

https://cloud.google.com/iam/docs/principal-identifiers and https://cloud.google.com/iam/docs/roles-overview. No package
lists the predefined roles, so a role that is well-formed but does not exist is not found.
"""

from __future__ import annotations

import re
from typing import Any

_BASIC = frozenset({"roles/owner", "roles/editor", "roles/viewer", "roles/browser"})
_MAIL = r"[^@\s:]+@[^@\s]+\.[^@\s]+"
_MEMBERS = re.compile(
    "|".join(
        (
            "allUsers", "allAuthenticatedUsers",
            rf"(user|group):{_MAIL}",
            rf"serviceAccount:({_MAIL}|[a-z0-9.:-]+\.svc\.id\.goog\[[^\]/]+/[^\]]+\])",
            r"domain:[^@\s]+\.[^@\s]+",
            r"project(Owner|Editor|Viewer):\S+",
            r"principal(Set)?://\S+",
            r"deleted:\S+",
        )
    )
)  # fmt: skip


def member(value: Any) -> str | None:
    """Who is granted something."""
    if _MEMBERS.fullmatch(str(value)):
        return None
    return "user:, group:, serviceAccount:<e-mail>, domain:, principal:// or principalSet://"


def role(value: Any) -> str | None:
    """A basic role, a predefined one as `roles/service.roleName`, or a custom one by its full name."""
    text = str(value)
    custom = r"(projects|organizations)/[^/]+/roles/[a-zA-Z0-9_.]{3,64}"
    if re.fullmatch(custom, text) or text in _BASIC:
        return None
    if re.fullmatch(r"roles/[a-z][a-zA-Z0-9]*\.[a-z][a-zA-Z0-9]*(\.v\d)?", text):
        return None
    return (
        "roles/<service>.<role>, each beginning with a small letter; a custom role by its full name:"
        " projects/<project>/roles/<role>"
    )


_MEMBER_PAGE = "https://cloud.google.com/iam/docs/principal-identifiers"
_ROLE_PAGE = "https://cloud.google.com/iam/docs/roles-overview"
FORMS = {"google-member": (member, _MEMBER_PAGE), "google-role": (role, _ROLE_PAGE)}
