"""The undisturbed run of a small shop, against which the tests of faults compare; made once a session."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from landfall.month import Month
from landfall.project import Project
from tests.faults import facts
from tests.faults.shop import FEBRUARY, JANUARY, MARCH, environment, landfall, make_shop

STEPS = ("land", "ingest", "build", "profile", "drift", "train", "gate", "promote")
MODEL_STEPS = STEPS[STEPS.index("train") :]


@dataclass
class Truth:
    """The undisturbed run: its effects, and what the home held when."""

    project: Project
    folder: Path
    effects: dict[str, list[tuple[str, float]]]
    held: dict[str, facts.Json]
    """`before` and `after` a month, as in `2024-02 before`."""

    def restore(self, moment: str) -> None:
        """Put the home back to a moment of the undisturbed run (paths in tables are absolute)."""
        shutil.rmtree(self.project.home)
        shutil.copytree(self.folder / moment, self.project.home, symlinks=True)

    def keep(self, moment: str) -> None:
        shutil.copytree(self.project.home, self.folder / moment, symlinks=True)


def harness(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.kill_at", *words], cwd=project.root, text=True,
        env=environment(project), capture_output=True, check=False, timeout=600,
    )  # fmt: skip


@pytest.fixture(scope="session")
def january(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """The shop after January, which trained no model yet."""
    folder = tmp_path_factory.mktemp("faults")
    project = make_shop(folder / "shop")
    found = Truth(project, folder, {}, {})
    first = landfall(project, "run", "--month", str(JANUARY))
    assert first.returncode == 0, first.stderr
    found.keep("2024-02 before")
    found.held["2024-02 before"] = facts.everything(project)
    return found


@pytest.fixture(scope="session")
def truth(january: Truth) -> Truth:
    """February undisturbed; March undisturbed from its models on. The home stands wherever a test left it."""
    found, project = january, january.project
    found.restore("2024-02 before")

    def count(month: Month, *more: str) -> None:
        path = found.folder / f"{month}.json"
        done = harness(project, "count", str(path), "--", "run", "--month", str(month), *more)
        assert done.returncode == 0, done.stderr
        found.effects |= {k: v for k, v in json.loads(path.read_text()).items() if k != "start"}

    count(FEBRUARY)
    found.held["2024-02 after"] = facts.everything(project)
    # Dying before the first model leaves the moment to which March's chains return.
    reach = harness(project, "kill", f"{MARCH}/train:1:before", "--", "run", "--month", str(MARCH))
    assert reach.returncode == -signal.SIGKILL, reach.stderr
    found.keep("2024-03 before")
    found.held["2024-03 before"] = {"tables": facts.tables(project)} | {
        "record": facts.record(project)
    }
    count(MARCH, "--from", "train")
    found.held["2024-03 after"] = facts.everything(project)
    return found
