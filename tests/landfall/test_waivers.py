"""`landfall waivers`: which are accepted, and exit 3 where one ran out."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from landfall.cli import build_app


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "Pulumi.yaml").write_text("name: test\n")
    (tmp_path / "stacks").mkdir()
    monkeypatch.setenv("LANDFALL_PROJECT", str(tmp_path))

    def write(stack: str, *days: int) -> None:
        today = datetime.datetime.now(datetime.UTC).date()
        intent = {
            "client": {"name": "A", "slug": "acme"}, "environment": "dev", "cloud": {"provider": "local"},
            "waivers": [
                {"policy": "no-public-workers", "resource": f"worker-{n}", "owner": "ann@example.com",
                 "reason": "The scanner needs it until the migration.",
                 "expires": str(today + datetime.timedelta(days=n))}
                for n in days
            ],
        }  # fmt: skip
        stack_file = tmp_path / "stacks" / f"Pulumi.{stack}.yaml"
        stack_file.write_text(yaml.safe_dump({"config": {"landfall:intent": intent}}))

    return write


def call(*words: str) -> tuple[int, dict]:
    done = CliRunner().invoke(build_app(), ["waivers", *words, "--output", "json"])
    assert done.exit_code in (0, 3), done.exception
    return done.exit_code, json.loads(done.stdout)


def test_those_that_hold_are_listed_with_the_days_left(project):
    project("a-local-dev", 0, 10, 100)
    project("b-local-dev")
    code, value = call()
    assert code == 0
    assert [(one["days"], one["state"]) for one in value["waivers"]] == [
        (0, "soon"), (10, "soon"), (100, "holds")
    ]  # fmt: skip


def test_an_expired_one_ends_with_3_and_names_its_owner(project):
    project("a-local-dev", -1)
    project("b-local-dev", 50)
    code, value = call()
    assert code == 3
    (reason,) = value["reasons"]
    assert "a-local-dev: the waiver of no-public-workers for worker--1 ran out on" in reason
    assert "ann@example.com" in reason
    assert call("b-local-dev")[0] == 0
    text = CliRunner().invoke(build_app(), ["waivers"]).stdout
    assert text.index("EXPIRED") < text.index("b-local-dev")
