"""An intent is accepted or refused as a whole, and every fault is told in words that help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from landfall.errors import UsageError
from landfall.intent import Intent, parse_intent
from landfall.intent.examples import PROVIDERS, example
from landfall.intent.problems import IntentError
from landfall.intent.rules import RULES
from landfall.project import find_project

FIXTURES = Path(__file__).parent / "intents"
BAD = sorted(FIXTURES.glob("*.error.*.yaml"))
GOOD = sorted(p for p in FIXTURES.glob("*.yaml") if p not in BAD)


def marked(path: Path, mark: str) -> list[str]:
    """What the lines `# <mark>: …` of a fixture say."""
    start = f"# {mark}: "
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(start) for line in lines if line.startswith(start)]


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.name.removesuffix(".yaml"))
def test_a_bad_intent_is_refused_in_the_expected_words(path: Path) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    with pytest.raises(IntentError) as refused:
        parse_intent(raw, path.name)
    told = refused.value.what
    expected = marked(path, "expect")
    assert expected, "a bad fixture says what it expects"
    for sentence in expected:
        assert sentence in told, told
    for word in marked(path, "forbid"):
        assert word not in told + json.dumps(refused.value.as_dict())
    assert refused.value.exit_code == 2
    counted = [s for s in expected if not s.startswith(("(", "did you mean"))]
    if not any(s.startswith("(") for s in expected):
        assert len(refused.value.problems) == len(counted), told


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.name.removesuffix(".yaml"))
def test_a_good_intent_is_accepted(path: Path) -> None:
    intent = parse_intent(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    assert path.name.startswith(intent.cloud.provider)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_printed_sample_of_each_cloud_is_valid(provider: str) -> None:
    raw = yaml.safe_load(example(provider))["config"]["landfall:intent"]
    assert parse_intent(raw, provider).cloud.provider == provider


@pytest.mark.parametrize("stack", find_project(Path(__file__)).stacks())
def test_every_sample_stack_is_valid_and_named_for_what_it_holds(stack: str) -> None:
    intent = parse_intent(find_project(Path(__file__)).read_stack(stack), stack)
    # A stack that builds one layer says which; one that shows adoption may say so instead of its size.
    layer = f"-{intent.layout.build[0]}" if len(intent.layout.build) == 1 else ""
    adopts = ["adopt"] if intent.network.adopt.model_dump(exclude_defaults=True) else []
    assert stack.endswith(
        tuple(f"-{intent.cloud.provider}-{size}{layer}" for size in [intent.environment, *adopts])
    )


def test_every_rule_between_fields_has_a_fixture_that_breaks_it() -> None:
    broken = set()
    for path in BAD:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        broken |= {rule for rule in RULES if _breaks(rule, raw)}
    missing = [rule.check.__name__ for rule in RULES if rule not in broken]
    assert not missing, f"no fixture in {FIXTURES} breaks {missing}"


def _breaks(rule: object, raw: dict[str, object]) -> bool:
    import landfall.intent.rules as rules

    kept = list(rules.RULES)
    try:
        rules.RULES[:] = [rule]  # type: ignore[list-item]
        Intent.model_validate(raw)
    except ValidationError as error:
        return any(one["type"] == "intent_rule" for one in error.errors())
    finally:
        rules.RULES[:] = kept
    return False


def test_pydantic_itself_tells_the_rules_between_fields_with_their_place() -> None:
    raw = yaml.safe_load((FIXTURES / "gcp.error.duckdb.yaml").read_text(encoding="utf-8"))
    with pytest.raises(ValidationError) as refused:
        Intent.model_validate(raw)
    assert [one["loc"] for one in refused.value.errors()] == [("warehouse", "engine")]


def test_a_problem_in_json_names_path_value_rule_and_example() -> None:
    raw = yaml.safe_load((FIXTURES / "gcp.error.duckdb.yaml").read_text(encoding="utf-8"))
    with pytest.raises(IntentError) as refused:
        parse_intent(raw, "x")
    told = json.loads(json.dumps(refused.value.as_dict()))
    assert told["problems"] == [
        {
            "path": "warehouse.engine",
            "value": '"duckdb"',
            "rule": "is not offered on Google Cloud; choose bigquery or snowflake",
            "example": "bigquery",
        }
    ]


@pytest.mark.parametrize("raw", [None, 3, "text", [], {}])
def test_something_that_is_no_mapping_is_a_usage_error_not_a_crash(raw: object) -> None:
    with pytest.raises(UsageError):
        parse_intent(raw, "x")


def test_an_intent_cannot_be_changed_once_read() -> None:
    intent = parse_intent(yaml.safe_load(example("local"))["config"]["landfall:intent"], "local")
    with pytest.raises(ValidationError):
        intent.environment = "prod"  # type: ignore[misc]


def test_reading_an_intent_imports_nothing_heavy() -> None:
    heavy = ["pandas", "pyarrow", "pyspark", "duckdb", "mlflow", "sklearn", "fsspec", "typer"]
    code = f"import sys, landfall.intent; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
