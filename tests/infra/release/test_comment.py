"""What a pull request is told, and one comment of ours that is kept up to date, on forges of our own on loopback."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlparse

import pytest

from infra.release.approval import Due
from infra.release.comment import MARK, comment, post
from infra.release.release import Release
from landfall.errors import LandfallError, UsageError


def release(**more: Any) -> Release:
    base: dict[str, Any] = {
        "stack": "harbor-gcp-dev", "kind": "up", "client": "harbor", "environment": "dev", "cloud": "gcp",
        "version": "1", "commit": "", "made": "2026-11-27T00:00:00+00:00", "digest": "d" * 64, "sources": "",
        "changes": {}, "steps": [], "risks": [], "violations": [], "refused": [],
        "cost": {"after": 700.0, "delta": 40.0}, "approval": Due(needed=False, reasons=[], approvers=[]),
    }  # fmt: skip
    return Release(**{**base, **more})


def test_a_change_of_two_stacks_is_one_table() -> None:
    risk = {"severity": "high", "resource": "bronze", "reason": "holds data and is removed", "safe_way": "Keep it."}  # fmt: skip
    text = comment([
        release(stack="b", changes={"delete": 1}, risks=[risk], refused=["no mark"]),
        release(stack="a", changes={"update": 2}),
    ])  # fmt: skip
    assert text.startswith(MARK)
    assert text.index("| `a` | 2 update | 700 USD (+40) | none | ok |") < text.index("| `b` |")
    assert "**refused**" in text
    assert "- high: `bronze` holds data and is removed. Keep it." in text


def test_text_of_others_opens_no_tag_and_calls_nobody() -> None:
    text = comment([release(refused=["<img src=x> @lead\n- x"])])
    assert "<img" not in text
    assert "@lead" not in text
    assert "\n- x" not in text


def test_a_long_list_is_cut_and_counted() -> None:
    assert "… and 5 more" in comment([release(refused=[str(n) for n in range(15)])])


@contextmanager
def forge(notes: list[dict[str, Any]], status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """A forge that holds these comments and notes what it is asked."""
    asked: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            asked.append(
                (
                    self.command,
                    urlparse(self.path).path,
                    body,
                    {k.lower(): v for k, v in self.headers.items()},
                )
            )
            told = notes if self.command == "GET" else {"html_url": "https://forge.example/c/1"}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815 (the library's names)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_the_first_comment_is_made_and_the_next_replaces_it_on_github() -> None:
    with forge([]) as (host, asked):
        assert post("x", f"{host}/acme/landfall/pull/7", "t") == "https://forge.example/c/1"
        assert asked[-1][:3] == (
            "POST",
            "/api/v3/repos/acme/landfall/issues/7/comments",
            {"body": "x"},
        )
        assert asked[-1][3]["authorization"] == "Bearer t"
    with forge([{"id": 1, "body": "a person's"}, {"id": 2, "body": MARK + " old"}]) as (
        host,
        asked,
    ):
        post("x", f"{host}/acme/landfall/pull/7", "t")
        assert asked[-1][:2] == ("PATCH", "/api/v3/repos/acme/landfall/issues/comments/2")


def test_the_same_on_gitlab() -> None:
    page = "/api/v4/projects/acme%2Fdata%2Flandfall/merge_requests/7/notes"
    with forge([{"id": 2, "body": MARK}]) as (host, asked):
        post("x", f"{host}/acme/data/landfall/-/merge_requests/7", "t")
        assert asked[-1][:2] == ("PUT", f"{page}/2")
        assert asked[-1][3]["private-token"] == "t"


def test_a_forge_that_refuses_is_told() -> None:
    with forge([], status=403) as (host, _), pytest.raises(LandfallError, match="403"):
        post("x", f"{host}/acme/landfall/pull/7", "t")


@pytest.mark.parametrize(("url", "token"), [
    ("https://forge.example/acme/pull/7", "t"), ("", "t"), ("https://github.com/acme/landfall/pull/7", ""),
])  # fmt: skip
def test_bad_addresses_and_no_token_are_refused(url: str, token: str) -> None:
    with pytest.raises(UsageError):
        post("x", url, token)
