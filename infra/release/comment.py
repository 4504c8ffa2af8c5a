"""What a pull request is told of its releases or plans, in Markdown; posted as one comment that is kept up to date.

GitHub and GitLab by their REST APIs (v3 of 2022-11-28; v4). The change's address and a token come from the
environment that Jenkins gives (CHANGE_URL, LANDFALL_SCM_TOKEN). Leaves out other forges: `comment.md` is there to post.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlparse

from landfall.errors import LandfallError, UsageError

if TYPE_CHECKING:
    from infra.release.release import Release

MARK = "<!-- landfall -->"
_SHOWN = 10
_SECONDS = 20


def comment(releases: Sequence[Release]) -> str:
    """The comment for these releases, by stack."""
    parts = [MARK, "## Landfall: what this change does", ""]
    parts += ["| stack | changes | cost a month | risk | |", "| --- | --- | --- | --- | --- |"]
    ordered = sorted(releases, key=lambda one: one.stack)
    parts += [_row(one) for one in ordered]
    for one in ordered:
        parts += _details(one)
    return "\n".join(parts) + "\n"


def _row(one: Release) -> str:
    changes = ", ".join(f"{n} {op}" for op, n in one.changes.items()) or "none"
    cost = one.cost
    money = f"{cost['after']:,.0f} USD ({cost['delta']:+,.0f})"
    worst = one.risks[0]["severity"] if one.risks else "none"
    verdict = "**refused**" if one.refused else "needs approval" if one.approval.needed else "ok"
    return f"| `{one.stack}` | {changes} | {money} | {worst} | {verdict} |"


def _details(one: Release) -> list[str]:
    sections = (
        ("Refused", one.refused),
        ("Needs approval", one.approval.reasons),
        ("Risks", [f"{r['severity']}: `{r['resource']}` {r['reason']}. {r['safe_way']}" for r in one.risks]),
        ("Changes", [f"{s['op']} `{s['name']}` ({s['type']})" + _of(s["properties"]) for s in one.steps]),
    )  # fmt: skip
    lines: list[str] = []
    for title, rows in sections:
        if rows:
            lines += ["", f"{title}:", "", *[f"- {_plain(row)}" for row in rows[:_SHOWN]]]
            if len(rows) > _SHOWN:
                lines.append(f"- … and {len(rows) - _SHOWN} more")
    head = [
        "",
        f"<details><summary><code>{one.stack}</code>, digest {one.digest[:12]}</summary>",
    ]
    return [*head, *lines, "", "</details>"] if lines else []


def _of(properties: list[str]) -> str:
    return f": {', '.join(properties[:6])}" if properties else ""


def _plain(text: str) -> str:
    """One line that cannot end the list, nor mention a person or open a tag of its own."""
    return " ".join(text.split()).replace("<", "&lt;").replace("@", "@\u200b")


def post(text: str, change_url: str, token: str) -> str:
    """Post the comment to a pull or merge request, in place of our last one; gives the address of the comment.

    Raises UsageError where the address is of no forge we know, LandfallError where it does not answer.
    """
    api, headers = _forge(change_url, token)
    page = f"{api}?per_page=100"
    notes = _call("GET", page, headers, None)
    ours = next((one for one in notes if str(one.get("body", "")).startswith(MARK)), None)
    if ours is None:
        told = _call("POST", api, headers, {"body": text})
    elif "/merge_requests/" in api:
        told = _call("PUT", f"{api}/{ours['id']}", headers, {"body": text})
    else:
        told = _call(
            "PATCH",
            re.sub(r"/\d+/comments$", f"/comments/{ours['id']}", api),
            headers,
            {"body": text},
        )
    return str(told.get("html_url") or change_url)


def _forge(change_url: str, token: str) -> tuple[str, dict[str, str]]:
    """The address of a change's comments and the headers that open it."""
    address = urlparse(change_url)
    host = f"{address.scheme}://{address.netloc}"
    pull = re.fullmatch(r"/([^/]+/[^/]+)/pull/(\d+)/?", address.path)
    merge = re.fullmatch(r"/(.+?)/-/merge_requests/(\d+)/?", address.path)
    if not token:
        raise UsageError("There is no token to comment with.", fix="Set LANDFALL_SCM_TOKEN.")
    if pull:
        api = "https://api.github.com" if address.netloc == "github.com" else f"{host}/api/v3"
        return f"{api}/repos/{pull[1]}/issues/{pull[2]}/comments", {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
    if merge:
        project = quote(merge[1], safe="")
        return f"{host}/api/v4/projects/{project}/merge_requests/{merge[2]}/notes", {
            "PRIVATE-TOKEN": token
        }
    raise UsageError(
        f"'{change_url[:200]}' is no pull request of GitHub and no merge request of GitLab.",
        fix="Post comment.md by the forge's own means.",
    )


def _call(method: str, url: str, headers: dict[str, str], body: dict[str, Any] | None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(
        url, data=data, method=method, headers={**headers, "Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise LandfallError(
            f"{urlparse(url).netloc} refused the comment: {error.code} {error.reason}.",
            fix="Check that LANDFALL_SCM_TOKEN may comment on pull requests.",
        ) from None
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise LandfallError(
            f"{urlparse(url).netloc} did not take the comment: {error}.",
            fix="The comment is in comment.md; post it by hand.",
        ) from None
