"""Where an installed package's files lie, and its version, without importing it: cfn-lint alone imports for half a second."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path

from landfall.errors import MissingTool


@cache
def folder(package: str) -> Path:
    """The folder of a top-level package; raises MissingTool where it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingTool(
            f"The package {package} is not installed.",
            so="The checks read the clouds' own models from it.",
            fix="Set this machine up again: make setup",
        )
    return Path(spec.submodule_search_locations[0])


@cache
def version(distribution: str) -> str:
    """The installed version, for a finding's origin."""
    return importlib.metadata.version(distribution)
