"""The finished builds of all scenarios, run once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.scenarios import SCENARIOS, Build, compiled, run


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled harness."""
    return compiled(tmp_path_factory.mktemp("harness"))


@pytest.fixture(scope="session")
def builds(harness: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Build]:
    """Every scenario's build."""
    return run(harness, list(SCENARIOS.values()), tmp_path_factory.mktemp("scenarios"))


@pytest.fixture
def build(request: pytest.FixtureRequest, builds: dict[str, Build]) -> Build:
    """The build of the test's own scenario."""
    found = builds[request.node.name]
    assert found.result != "NOT A PIPELINE", found.failure
    return found
