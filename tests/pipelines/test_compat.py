"""Which changes of a contract are promises withdrawn, and what git says they were."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from landfall.cli import build_app
from landfall.errors import UsageError
from landfall.project import Project
from pipelines.compat import changed, compare
from pipelines.contract import Contract

BASE = {
    "dataset": "orders", "description": "Orders.", "owner": "sales@example.com", "kind": "events",
    "key": ["id"], "time": "at",
    "columns": [
        {"name": "id", "type": "int", "description": "d", "nullable": False},
        {"name": "at", "type": "timestamp", "description": "d", "nullable": False},
        {"name": "mail", "type": "string", "description": "d", "personal": "contact"},
        {"name": "price", "type": "double", "description": "d", "unit": "EUR", "range": [0, 100]},
        {"name": "state", "type": "string", "description": "d", "allowed": ["open", "paid"]},
    ],
}  # fmt: skip


def contract(name: str = "", **change) -> Contract:
    """BASE with one column changed (or, with no name, the contract itself)."""
    if not name:
        return Contract.model_validate({**BASE, **change})
    columns = [{**c, **change} if c["name"] == name else c for c in BASE["columns"]]
    return Contract.model_validate({**BASE, "columns": columns})


@pytest.mark.parametrize(
    ("after", "effect", "what"),
    [
        (contract("id", type="long"), "compatible", "type int becomes long"),
        (contract("id", type="string"), "breaking", "type int becomes string"),
        (contract("price", nullable=False), "stricter", "may no longer be null"),
        (contract("at", nullable=True), "breaking", "may be null now, for readers that knew none"),
        (contract("price", unit="USD"), "breaking", "unit 'EUR' becomes 'USD'"),
        (contract("price", header="Price"), "breaking", "header 'price' becomes 'Price'"),
        (contract("price", range=[0, 50]), "stricter", "range 0.0, 100.0 becomes 0.0, 50.0"),
        (contract("price", range=[None, 100]), "compatible", "range 0.0, 100.0 becomes None, 100.0"),
        (contract("price", range=None), "compatible", "range 0.0, 100.0 becomes none"),
        (contract("state", allowed=["open"]), "stricter", "allowed open, paid becomes open"),
        (contract("state", allowed=["open", "paid", "lost"]), "compatible", "allowed open, paid becomes open, paid, lost"),
        (contract("state", pattern="[a-z]+"), "stricter", "pattern none becomes '[a-z]+'"),
        (contract("mail", personal="none"), "breaking", "personal 'contact' becomes 'none': it is no longer masked"),
        (contract("mail", personal="sensitive"), "compatible", "personal 'contact' becomes 'sensitive'"),
        (contract(key=["id", "at"]), "breaking", "id becomes id, at: what is stored means something else"),
        (contract(timezone="Europe/Berlin"), "breaking", "'UTC' becomes 'Europe/Berlin': what is stored means something else"),
        (contract(max_quarantined=0.01), "stricter", "0.05 becomes 0.01"),
        (contract(volume={"min_rows": 0}), "compatible", "1 becomes 0"),
        (contract(freshness_days=3), "stricter", "none becomes '3'"),
        (contract(columns=BASE["columns"][:-1]), "breaking", "the column is gone"),
        (contract(columns=[*BASE["columns"], {"name": "new", "type": "int", "description": "d"}]), "compatible", "a new column, may be absent"),
        (contract(columns=[*BASE["columns"], {"name": "new", "type": "int", "description": "d", "nullable": False}]), "stricter", "a new column, files without it are set aside"),
        (contract(owner="finance@example.com"), "compatible", "sales@example.com becomes finance@example.com"),
    ],
)  # fmt: skip
def test_each_change_has_its_effect(after: Contract, effect: str, what: str) -> None:
    (change,) = compare(contract(), after)
    assert (change.effect, change.what) == (effect, what)


def test_words_alone_change_no_promise() -> None:
    assert compare(contract(), contract("mail", description="Their address.")) == []


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository with one contract and a stack that takes it, committed."""
    (tmp_path / "Pulumi.yaml").write_text("name: test\n")
    folder = tmp_path / "pipelines" / "contracts"
    folder.mkdir(parents=True)
    (folder / "orders.yml").write_text(yaml.safe_dump(BASE))
    (tmp_path / "stacks").mkdir()
    intent = {"client": {"name": "A", "slug": "a"}, "sources": [{"dataset": "orders"}]}
    stack = {"config": {"landfall:intent": intent}}
    (tmp_path / "stacks" / "Pulumi.a-local-dev.yaml").write_text(yaml.safe_dump(stack))
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words],
            cwd=tmp_path, check=True,
        )  # fmt: skip
    return Project(root=tmp_path, home=tmp_path)


def write(project: Project, content: dict | None, name: str = "orders") -> None:
    path = project.contracts_dir / f"{name}.yml"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(yaml.safe_dump(content))


def test_a_promise_withdrawn_needs_a_higher_version(project: Project) -> None:
    narrowed = {**BASE, "max_quarantined": 0.01}
    write(project, narrowed)
    (one,) = changed(project, "HEAD")["contracts"]
    assert one["verdict"] == "stricter"
    assert one["refused"] == [
        "orders: stricter (max_quarantined: 0.05 becomes 0.01), and its version is still 1. "
        "Agree with sales@example.com, then write version: 2."
    ]
    write(project, {**narrowed, "version": 2})
    assert changed(project, "HEAD")["refused"] == []
    write(project, {**narrowed, "version": 3})
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qam", "second"], cwd=project.root, check=True)  # fmt: skip
    write(project, {**narrowed, "version": 2})
    assert "version 2 is less than 3" in changed(project, "HEAD")["refused"][0]


def test_a_compatible_change_and_a_new_contract_need_nothing(project: Project) -> None:
    write(project, {**BASE, "owner": "finance@example.com"})
    write(project, {**BASE, "dataset": "returns"}, "returns")
    value = changed(project, "HEAD")
    assert [one["verdict"] for one in value["contracts"]] == ["compatible", "new"]
    assert value["refused"] == []


def test_a_contract_may_go_once_no_stack_takes_its_dataset(project: Project) -> None:
    write(project, None)
    assert changed(project, "HEAD")["refused"] == [
        "orders: the contract is gone, but a-local-dev still takes the dataset."
    ]
    file = project.stacks_dir / "Pulumi.a-local-dev.yaml"
    file.write_text(file.read_text().replace("orders", "other"))
    value = changed(project, "HEAD")
    assert (value["contracts"][0]["verdict"], value["refused"]) == ("gone", [])


@pytest.mark.parametrize("base", ["nowhere", "--output=/tmp/x"])
def test_a_base_that_git_does_not_know_is_told(project: Project, base: str) -> None:
    with pytest.raises(UsageError, match="git knows no common ancestor"):
        changed(project, base)


def test_the_command_ends_with_3_where_one_is_refused(project: Project) -> None:
    words = ["dataset", "diff", "--against", "HEAD", "--project", str(project.root)]
    same = CliRunner().invoke(build_app(), words)
    assert (same.exit_code, same.stdout) == (0, "no contract differs from HEAD\n")
    write(project, {**BASE, "timezone": "Europe/Berlin"})
    found = CliRunner().invoke(build_app(), words)
    assert found.exit_code == 3
    assert "orders: breaking\n  breaking: timezone" in found.stdout
    assert "REFUSED orders" in found.stdout
