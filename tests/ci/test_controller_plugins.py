"""plugins.txt is pinned, whole for what we use, and holds nothing that nobody asked for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from infra.jenkins import AUDIENCES
from tests.ci.controller import HERE, JENKINS, ROOT, plugins, raw, resolved

NEEDS: dict[str, dict[str, str]] = yaml.safe_load((HERE / "needs.yaml").read_text(encoding="utf-8"))
# Methods of Groovy itself and of our own classes, which no plugin has to bring.
GROOVY = {
    "any", "body", "call", "collect", "commit", "contains", "containsKey", "each", "eachWithIndex", "find", "findAll", "join",
    "line", "minus", "padLeft", "plus", "quote", "replace", "size", "sort", "split", "startsWith", "take", "toInteger",
    "tokenize", "toString", "trim", "unique",
}  # fmt: skip


def text() -> str:
    return (JENKINS / "plugins.txt").read_text(encoding="utf-8")


def sources() -> list[Path]:
    ci = ROOT / "ci"
    return [ROOT / "Jenkinsfile", *ci.glob("pipelines/*.Jenkinsfile"), *ci.glob("vars/*.groovy"), *ci.glob("src/**/*.groovy")]  # fmt: skip


def code(file: Path) -> str:
    """Without comments and without what stands in quotes."""
    plain = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", file.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"", "''", plain)


def called() -> set[str]:
    """What the pipelines and the library call by name."""
    own = {file.stem for file in (ROOT / "ci/vars").glob("*.groovy")}
    found: set[str] = set()
    for file in sources():
        found |= set(re.findall(r"(?<![.\w?])([a-z]\w*)\(", code(file)))
    return found - own - GROOVY - {"if", "for", "while", "catch", "switch", "return"}


def test_every_plugin_is_pinned_once_and_nothing_floats() -> None:
    lines = [line.partition("#")[0].strip() for line in text().splitlines()]
    names = [line.partition(":")[0] for line in lines if line]
    assert len(names) == len(set(names)) > 60
    for name, version in plugins().items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert re.fullmatch(r"[0-9][\w.-]*", version), f"{name}: {version}"


def test_the_list_says_of_when_it_is_and_what_nobody_checked() -> None:
    head = text().partition("\n\n")[0]
    assert re.search(r"As of 20\d\d-\d\d-\d\d", head)
    assert "Not checked here" in head
    assert "--available-updates" in head


def test_every_step_is_offered_by_a_plugin_of_the_list() -> None:
    unknown = called() - set(NEEDS["steps"])
    assert not unknown, f"say in {HERE.name}/needs.yaml which plugin offers {sorted(unknown)}"


def test_everything_that_is_needed_is_in_the_list() -> None:
    for kind, table in NEEDS.items():
        for thing, plugin in table.items():
            assert plugin == "core" or plugin in plugins(), f"{kind} {thing} needs {plugin}"


def keys(config: Any, path: str = "") -> set[str]:
    found = {path}
    if isinstance(config, dict):
        for key, value in config.items():
            found |= keys(value, f"{path}.{key}" if path else key)
    if isinstance(config, list):
        for value in config:
            found |= keys(value, path)
    return found


def test_every_key_of_casc_has_its_plugin() -> None:
    for key in keys(resolved(raw())) - {"", "unclassified", "security"}:
        parents = [".".join(key.split(".")[:n]) for n in range(1, key.count(".") + 2)]
        assert any(parent in NEEDS["casc"] for parent in parents), key
    assert set(NEEDS["casc"]) <= keys(raw())


def test_every_permission_has_its_plugin() -> None:
    kinds = raw()["jenkins"]["authorizationStrategy"]["roleBased"]["roles"]
    for role in [one for kind in kinds.values() for one in kind]:
        for permission in role["permissions"]:
            assert {permission, permission.partition("/")[0]} & set(NEEDS["permissions"])


def test_the_first_part_of_the_list_is_what_something_needs() -> None:
    asked = {plugin for table in NEEDS.values() for plugin in table.values()}
    first = text().partition("# What they stand on.")[0]
    listed = set(re.findall(r"^([a-z0-9-]+):", first, flags=re.M))
    itself = {"workflow-aggregator", "configuration-as-code"}
    assert listed - itself <= asked


def test_every_credential_that_is_asked_for_is_one_that_somebody_makes() -> None:
    asked: set[str] = set()
    for file in [*sources(), JENKINS / "jobs/seed.groovy", JENKINS / "casc/library.yaml"]:
        asked |= set(re.findall(r"credentials(?:Id)?[:(]? ?['\"]([\w-]+)['\"]", file.read_text(encoding="utf-8")))  # fmt: skip
    assert asked == set(NEEDS["credentials"])
    told = (JENKINS / "README.md").read_text(encoding="utf-8")
    assert all(f"`{one}`" in told for one in asked)
    made = set(re.findall(r"'(landfall-[\w-]+)':", (JENKINS / "init/tokens.groovy").read_text(encoding="utf-8")))  # fmt: skip
    assert made == set(AUDIENCES.values())
