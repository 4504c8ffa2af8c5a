"""What README and docs name is there: links, paths, make targets, commands and their options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from landfall.cli import build_app
from tests.docs.pages import PAGES, ROOT, headings, inline, links, name, typed

TOP = {path.name for path in ROOT.iterdir()}
_PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)+/?|[\w-]+\.(md|toml|yaml|yml|sh|py)|\w+/")
_PLACEHOLDER = re.compile(r"NAME|YYYY|VERSION|STACK|PATH|FILE")


def tree(command: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command that does something, by the words that call it."""
    if not hasattr(command, "commands"):
        return {path: command}
    found = {path: command} if path and command.invoke_without_command else {}
    for word, inner in command.commands.items():
        found |= tree(inner, (*path, word))
    return found


COMMANDS = tree(typer.main.get_command(build_app()))
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(params=PAGES, ids=name)
def page(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_links_lead_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    for link in links(page):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in headings(target), link


def test_paths_in_backticks_exist(page: Path) -> None:
    for text in inline(page):
        if not _PATH.fullmatch(text) or _PLACEHOLDER.search(text):
            continue
        if text.split("/")[0] in TOP and "/" in text:
            assert any(ROOT.glob(text.rstrip("/"))), text


def test_make_targets_exist(page: Path) -> None:
    for words in typed(page):
        if words[0] == "make" and len(words) > 1:
            assert words[1] in TARGETS, " ".join(words)


def test_commands_and_their_options_exist(page: Path) -> None:
    for words in typed(page):
        if words[0] != "landfall" or len(words) == 1 or words[1].startswith("-"):
            continue
        found = [path for path in COMMANDS if tuple(words[1 : len(path) + 1]) == path]
        nouns = {path[:n] for path in COMMANDS for n in range(1, len(path))}
        if not found and tuple(word.rstrip(",") for word in words[1:]) in nouns:
            continue  # a noun by itself
        assert found, " ".join(words)
        known = {option for one in COMMANDS[max(found, key=len)].params for option in one.opts} | {
            "--help"
        }
        asked = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert asked <= known, f"{' '.join(words)}: no {', '.join(asked - known)}"


def test_every_command_is_documented() -> None:
    told = {tuple(words[1:4]) for page in PAGES for words in typed(page) if words[0] == "landfall"}
    told |= {found for page in PAGES for found in _named(page)}
    missing = [path for path in COMMANDS if not any(one[: len(path)] == path for one in told)]
    assert not missing, f"no page names {', '.join(' '.join(path) for path in missing)}"


def _named(page: Path) -> list[tuple[str, ...]]:
    return [tuple(re.sub(r"[^\w\- ]", "", text).split()[1:]) for text in inline(page)]


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    pages = [page for page in (ROOT / "docs").glob("*.md") if page != index]
    assert {name(page) for page in pages if page not in linked} == set()


def test_help_of_make_tells_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(TARGETS) == set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
