"""What the registers of builds know of many stacks: each is asked for its own, as who may read it.

Every client has a register of its own, often beside the state in its own cloud (`infra/release/builds.py`). Only reads.
"""

from __future__ import annotations

from typing import Any, Protocol

from infra.release.builds import open_builds
from infra.release.identity import TOKEN, acting
from landfall.intent import intent_of
from landfall.project import Project, environment


class Known(Protocol):
    """Where the newest notes of stacks are read."""

    def noted(self, kind: str, stack: str) -> dict[str, Any] | None:
        """The newest `kind` (`applied`, `plan`, `drift`) of a stack, or None."""
        ...


class Registers:
    """The registers of a project's stacks."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def noted(self, kind: str, stack: str) -> dict[str, Any] | None:
        """The newest `kind` of a stack; None, too, in a build, for a stack that no build can have applied."""
        intent = intent_of(self._project, stack)
        builds = environment(TOKEN) or environment("BUILD_URL")
        if builds and not (intent.jenkins and intent.jenkins.preview_identity):
            return None
        with acting(intent, "preview"):
            return open_builds(self._project, intent).noted(kind, stack)
