"""The project is found from anywhere inside it, its home is where it was asked for, its stacks are read strictly."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from landfall.errors import UsageError
from landfall.project import Project, default_stack, environment, find_project, read_intent

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LANDFALL_PROJECT", "LANDFALL_HOME", "LANDFALL_CACHE", "LANDFALL_STACK"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path.resolve() / "client"
    (root / "stacks").mkdir(parents=True)
    (root / "deep" / "er").mkdir(parents=True)
    (root / "Pulumi.yaml").touch()
    return root


def write_stack(root: Path, name: str, text: str) -> None:
    (root / "stacks" / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")


def test_the_project_is_found_upwards_and_its_home_lies_in_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "deep" / "er")
    assert find_project() == Project(root=root, home=root / ".landfall")
    assert find_project(root / "deep") == find_project()


def test_the_environment_names_another_project_and_home(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANDFALL_PROJECT", str(root))
    monkeypatch.setenv("LANDFALL_HOME", "elsewhere")
    monkeypatch.setenv("LANDFALL_CACHE", str(tmp_path / "cache"))
    project = find_project()
    assert project.root == root
    assert project.home == tmp_path / "elsewhere"
    assert project.cache_dir == tmp_path / "cache"


def test_an_empty_variable_counts_as_absent(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDFALL_HOME", "")
    monkeypatch.setenv("LANDFALL_STACK", "")
    assert find_project(root).home == root / ".landfall"
    assert default_stack() == "demo-local-dev"
    assert environment("LANDFALL_STACK", "x") == "x"


def test_outside_a_project_the_error_says_how_to_name_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="No Landfall project") as refused:
        find_project(tmp_path)
    assert "LANDFALL_PROJECT" in refused.value.fix


def test_stacks_are_listed_and_an_unknown_one_is_refused_with_the_list(root: Path) -> None:
    write_stack(root, "acme-gcp-dev", "config: {}")
    write_stack(root, "acme-aws-dev", "config: {}")
    project = find_project(root)
    assert project.stacks() == ["acme-aws-dev", "acme-gcp-dev"]
    with pytest.raises(UsageError, match="no stack 'acme'") as refused:
        project.read_stack("acme")
    assert "acme-aws-dev, acme-gcp-dev" in refused.value.fix


def test_what_pulumi_writes_beside_the_intent_is_left_to_it(root: Path) -> None:
    """`pulumi stack init --secrets-provider` adds two lines, which are committed (docs/state.md)."""
    own = "config:\n  landfall:intent: { version: 1 }\n"
    write_stack(root, "before", own)
    write_stack(
        root, "after", f"secretsprovider: gcpkms://projects/acme\nencryptedkey: CiQ=\n{own}"
    )
    project = find_project(root)
    assert project.read_stack("after") == project.read_stack("before") == {"version": 1}


def test_the_intent_of_a_stack_is_read(root: Path) -> None:
    write_stack(root, "x", "config:\n  landfall:intent: { environment: dev }\n")
    assert find_project(root).read_stack("x") == {"environment": "dev"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config: [", "not readable YAML"),
        ("config:\n  landfall:intent: {a: 1}\n  landfall:intent: {b: 2}\n", "stands twice"),
        ("config: { landfall:intent: { client: 1, client: 2 } }", "'client' stands twice"),
        ("", "holds no 'landfall:intent'"),
        ("just text", "holds no 'landfall:intent'"),
        ("config: { other:key: 1 }", "holds no 'landfall:intent'"),
        ("config: { landfall:intent: [1] }", "holds no 'landfall:intent'"),
        ("!!python/object/apply:os.system ['true']", "not readable YAML"),
    ],
)
def test_a_file_that_holds_no_intent_is_refused(root: Path, text: str, said: str) -> None:
    write_stack(root, "x", text)
    with pytest.raises(UsageError, match=said):
        find_project(root).read_stack("x")


def test_a_file_of_another_encoding_or_none_is_refused(root: Path) -> None:
    path = root / "latin.yaml"
    path.write_bytes("config: { größe: 1 }".encode("latin-1"))
    with pytest.raises(UsageError, match="not readable YAML"):
        read_intent(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_intent(root / "absent.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_intent(root)


APART = {"warehouse/remote.py", "pipelines/dags/landfall_month.py"}
"""Files that run in dbt's and in Airflow's own environment, where Landfall is not installed."""


def test_only_one_module_reads_the_environment() -> None:
    readers = []
    for folder in ("landfall", "pipelines", "warehouse", "ml"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                # Giving `os.environ` on whole, to a child process, is not reading a setting.
                reads = isinstance(node, ast.Subscript | ast.Attribute) and _is_environ(node.value)
                # Nor is setting what a library wants to find there.
                reads = reads and not (isinstance(node, ast.Attribute) and node.attr == "update")
                if reads or (isinstance(node, ast.Attribute) and node.attr == "getenv"):
                    readers.append(path.relative_to(REPOSITORY).as_posix())
    assert set(readers) - APART == {"landfall/project.py"}


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def test_a_stack_may_be_like_another_with_some_answers_of_its_own(root: Path) -> None:
    write_stack(root, "base", "config: { landfall:intent: { client: 1, layout: 2, budget: 3 } }")
    write_stack(root, "data", "config: { landfall:intent: { like: base, layout: 4 } }")
    assert find_project(root).read_stack("data") == {"client": 1, "layout": 4, "budget": 3}


@pytest.mark.parametrize("like", ["self", "[1]", "absent"])
def test_a_stack_like_itself_or_like_none_is_refused(root: Path, like: str) -> None:
    write_stack(root, "self", f"config: {{ landfall:intent: {{ like: {like} }} }}")
    with pytest.raises(UsageError, match=r"must name another stack|There is no stack"):
        find_project(root).read_stack("self")
