"""The pages of this repository, and what they name: links, paths, commands, make targets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


class Fence(NamedTuple):
    """A block of code: its language and its text."""

    kind: str
    text: str


def name(page: Path) -> str:
    """A page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path) -> list[Fence]:
    """A page's blocks of code, in order."""
    return [Fence(*found) for found in FENCE.findall(page.read_text(encoding="utf-8"))]


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Where a page links to, outside of blocks of code."""
    return _LINK.findall(_CODE.sub("", prose(page)))


def inline(page: Path) -> list[str]:
    """What stands in backticks in a page's prose."""
    return _CODE.findall(prose(page))


def typed(page: Path) -> Iterator[list[str]]:
    """Every command of a page, as words: lines of `sh` blocks, and backticks that begin with a program."""
    for fence in fences(page):
        if fence.kind in ("sh", "bash", "console"):
            for line in fence.text.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words:
                    yield words
    for text in inline(page):
        if text.startswith(("landfall ", "make ")) and text.count('"') % 2 == 0:
            yield text.replace("…", "").split()


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found]
    return set(plain)
