"""Releases on the real engine: what is applied is what was looked at and approved, and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.stacks import plan_intent
from infra.release.after import drift, verify
from infra.release.apply import apply
from infra.release.approval import answer
from infra.release.builds import Builds
from infra.release.engine import Engine
from infra.release.masking import Masker
from infra.release.release import Release, make, write
from landfall.intent import parse_intent
from landfall.project import Project
from tests.engine.conftest import Cli

STACK = "harbor-gcp-dev"
TODAY = datetime.date(2026, 11, 27)


class Desk:
    """One engineer's desk: the project of the CLI's fixture, its engine and its register of builds."""

    def __init__(self, cli: Cli, home: Path) -> None:
        self.cli = cli
        self.project = Project(root=cli.folder, home=home)
        self.engine = Engine(cli.folder, cli.environment)
        self.builds = Builds(home)
        self.file = self.project.stack_file(STACK)

    def release(self, folder: Path, kind: str = "up") -> Release:
        intent = parse_intent(self.project.read_stack(STACK), STACK)
        made, looked, assessed = make(
            self.project, self.engine, STACK, intent, TODAY,
            kind="destroy" if kind == "destroy" else "up",
        )  # fmt: skip
        write(made, looked, assessed, folder, Masker(self.engine.environment))
        return made

    def approve(self, folder: Path, made: Release) -> None:
        by = made.approval.approvers[0]
        answer(folder, made, by, made.digest, yes=True, why="", build="")

    def edit(self, **parts: Any) -> None:
        """Change top-level parts of the stack's intent; None takes one away."""
        content = yaml.safe_load(self.file.read_text(encoding="utf-8"))
        for key, value in parts.items():
            if value is None:
                content["config"]["landfall:intent"].pop(key, None)
            else:
                content["config"]["landfall:intent"][key] = value
        self.file.write_text(yaml.safe_dump(content), encoding="utf-8")

    def up(self, folder: Path) -> Any:
        return apply(self.project, self.engine, self.builds, folder, "up")


@pytest.fixture(scope="module")
def desk(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(cli, tmp_path_factory.mktemp("desk"))
    before = made.file.read_text(encoding="utf-8")
    content = yaml.safe_load(before)
    intent = content["config"]["landfall:intent"]
    intent["jenkins"] = {
        "issuer": "https://jenkins.example.com/oidc",
        "approvers": ["lead@harbor.example"],
    }
    made.file.write_text(yaml.safe_dump(content), encoding="utf-8")
    cli.run("stack", "init", f"organization/landfall/{STACK}", expect=None)
    cli.cloud.adopt(plan_intent(made.project, parse_intent(intent, STACK), STACK))
    yield made
    made.file.write_text(before, encoding="utf-8")


def test_a_life(desk: Desk, tmp_path: Path) -> None:
    first = desk.release(tmp_path / "first")
    assert not first.refused, first.refused
    assert first.changes == {"create": len(first.steps)}
    outcome = desk.up(tmp_path / "first")
    assert outcome.result == "succeeded"
    assert all(
        one.ok
        for one in verify(desk.engine, STACK, parse_intent(desk.project.read_stack(STACK), STACK))
    )
    assert drift(desk.engine, STACK) == []
