"""Names keep to each cloud's rules whatever they are made of, and no two things share one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from landfall import naming
from landfall.errors import LandfallError, UsageError
from landfall.labels import RULES as LABEL_RULES
from landfall.labels import labels
from landfall.naming import ENVIRONMENTS, RULES, Names, name
from landfall.project import find_project

KINDS = st.sampled_from(sorted(RULES))
CLIENTS = st.from_regex(r"[a-z][a-z0-9-]{1,18}[a-z0-9]", fullmatch=True)
PURPOSES = st.from_regex(r"[a-z]([a-z0-9-]{0,40}[a-z0-9])?", fullmatch=True)
ENVS = st.sampled_from(ENVIRONMENTS)


@given(KINDS, CLIENTS, ENVS, PURPOSES, st.text(max_size=40))
def test_a_name_keeps_to_the_rule_of_its_kind(
    kind: str, client: str, env: str, purpose: str, salt: str
) -> None:
    rule = RULES[kind]
    try:
        given_name = name(kind, client, env, purpose, salt)
    except UsageError:
        # Only a forbidden word may refuse well-formed parts.
        assert rule.forbidden
        return
    assert rule.shortest <= len(given_name) <= rule.longest
    lower = given_name.lower()
    assert re.fullmatch(rf"[a-z][a-z0-9{re.escape(rule.separator)}]*[a-z0-9]", lower)
    assert given_name == (lower.upper() if rule.upper else lower)
    assert "--" not in given_name
    assert given_name == name(kind, client, env, purpose, salt)


@given(
    KINDS,
    st.tuples(CLIENTS, ENVS, PURPOSES),
    st.tuples(CLIENTS, ENVS, PURPOSES),
)
def test_different_things_have_different_names(
    kind: str, one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assume(one != other)
    try:
        first, second = name(kind, *one), name(kind, *other)
    except UsageError:
        return
    assert first != second


@given(KINDS, st.sampled_from([("acme", "dev-x"), ("acme-dev", "x")]))
def test_parts_that_read_the_same_together_are_told_apart_by_a_digest(
    kind: str, parts: tuple[str, str]
) -> None:
    names = {name(kind, client, "dev", purpose) for client, purpose in [parts, ("acme", "x")]}
    assert len(names) == 2
    assert name(kind, "acme", "dev", "dev-x") != name(kind, "acme-dev", "dev", "x")


def test_a_plain_name_reads_as_what_it_is() -> None:
    assert name("aws.role", "hudson-air", "dev", "ingest") == "hudson-air-dev-ingest"
    assert name("gcp.dataset", "hudson-air", "dev", "gold") == "hudson_air_dev_gold"
    assert name("snowflake.role", "acme", "prod", "reader") == "ACME_PROD_READER"


def test_a_name_is_the_same_for_ever() -> None:
    # A change here renames, and so replaces, clients' resources.
    assert name("azure.storage-account", "hudson-air", "staging", "quarantine", "s") == (
        "hudsonairstagingquxmrb3v"
    )
    assert name("gcp.bucket", "acme", "dev", "landing", "p") == "acme-dev-landing-eoraqd"


def test_a_name_that_is_unique_among_customers_depends_on_the_account() -> None:
    one = name("aws.bucket", "acme", "dev", "landing", "111111111111")
    other = name("aws.bucket", "acme", "dev", "landing", "222222222222")
    assert one != other


@given(ENVS, st.lists(PURPOSES, min_size=2, max_size=8, unique=True))
def test_the_names_of_a_stack_are_all_different(env: str, purposes: list[str]) -> None:
    names = Names("hudson-air", env, "123")
    given_names = {names.name("azure.key-vault", purpose) for purpose in purposes}
    assert len(given_names) == len(purposes)


def test_a_collision_after_cutting_is_an_error_that_names_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(naming, "_digest", lambda *parts: "aaaaaa")
    names = Names("hudson-air", "staging")
    names.name("azure.storage-account", "quarantine-one")
    with pytest.raises(LandfallError, match="'quarantine-one' and 'quarantine-two'"):
        names.name("azure.storage-account", "quarantine-two")
    assert names.name("azure.storage-account", "quarantine-one")


@pytest.mark.parametrize(
    ("kind", "client", "env", "purpose", "said"),
    [
        ("gcp.bucket", "my-google-co", "dev", "x", "cloud forbids"),
        ("azure.key-vault", "login", "dev", "x", "cloud forbids"),
        ("aws.bucket", "Acme", "dev", "x", "no client's slug"),
        ("aws.bucket", "acme", "test", "x", "no environment"),
        ("aws.bucket", "acme", "dev", "x_y", "cannot be a purpose"),
        ("aws.fridge", "acme", "dev", "x", "no naming rule"),
    ],
)
def test_what_cannot_be_a_name_is_refused(
    kind: str, client: str, env: str, purpose: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        name(kind, client, env, purpose)


@pytest.mark.parametrize("stack", find_project(Path(__file__)).stacks())
def test_labels_keep_to_the_rules_of_the_cloud(stack: str) -> None:
    from landfall.intent import parse_intent

    intent = parse_intent(find_project(Path(__file__)).read_stack(stack), stack)
    rule = LABEL_RULES[intent.cloud.provider]
    given_labels = labels(intent, stack)
    assert given_labels["client"] == intent.client.slug
    assert given_labels["managed-by"] == "landfall"
    assert len(given_labels) <= rule.number
    for key, value in given_labels.items():
        assert re.fullmatch(r"[a-z][a-z0-9-]*", key)
        assert 0 < len(value) <= rule.value
        assert not re.search(rule.replaced, value)


def test_an_address_is_written_as_google_allows_it() -> None:
    from landfall.intent import parse_intent

    intent = parse_intent(
        find_project(Path(__file__)).read_stack("meridian-gcp-prod-foundation"), "x"
    )
    given_labels = labels(intent, "meridian-gcp-prod-foundation")
    assert given_labels["contact"] == "data-meridian-example"
    assert given_labels["compliance"] == "cis-gdpr-iso-27001"
    assert given_labels["cost-center"] == "4711"
