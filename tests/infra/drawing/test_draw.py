"""The picture of a plan shows what is built, and is a picture everywhere."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from infra.plan.draw import PLACES, component_of, draw, facts
from infra.plan.model import Plan
from infra.plan.policies.base import resource
from landfall.intent import parse_intent
from tests.infra.samples import plan_of, sample

BASE = {
    "client": {"name": "Acme & <Söhne>", "slug": "acme"},
    "environment": "dev",
    "cloud": {"provider": "gcp", "region": "europe-west4", "project": "acme-data-dev", "billing_account": "000000-AAAAAA-BBBBBB"},
    "contacts": {"technical": "a@b.example", "security": "a@b.example", "billing": "a@b.example"},
    "budget": {"amount": 100, "currency": "EUR"},
    "warehouse": {"engine": "bigquery"},
}  # fmt: skip


def inside(component: str, type_: str, name: str):
    one = resource(type_, name)
    urn = f"urn:pulumi:acme::landfall::landfall:gcp:{component}${type_}::{name}"
    return type(one)(**{**vars(one), "urn": urn})


PLAN = Plan("acme-dev", "gcp", (
    inside("Lake", "gcp:storage/bucket:Bucket", "landing"),
    inside("Events", "gcp:pubsub/topic:Topic", "arrived"),
    inside("Events", "gcp:pubsub/topicIAMMember:TopicIAMMember", "grant"),
    inside("Security", "gcp:kms/cryptoKey:CryptoKey", "a"),
    inside("Security", "gcp:kms/cryptoKey:CryptoKey", "b"),
))  # fmt: skip


def texts(svg: str) -> list[str]:
    return [
        "".join(one.itertext())
        for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_it_is_well_formed_whatever_the_client_is_called_and_asks_nothing_of_the_network() -> None:
    svg = draw(PLAN, parse_intent(BASE, "test"))
    assert any("Acme & <Söhne>" in text for text in texts(svg))
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_each_component_has_its_card_and_its_facts() -> None:
    told = texts(draw(PLAN, parse_intent(BASE, "test")))
    assert {"Lake", "Events", "Keys and audit"} <= set(told)
    assert "2 crypto keys" in told
    assert {"topic", "1 grant or rule"} <= set(told)
    assert "Dashboards" not in told


def test_a_log_archive_is_seen_as_a_second_account() -> None:
    stack = "northwind-aws-prod-foundation"
    assert "2 accounts" in texts(draw(plan_of(stack), sample(stack)))


def test_a_layer_of_another_stack_is_shown_as_that_stacks() -> None:
    layout = {
        "build": ["data"],
        "elsewhere": {"foundation": "organization/landfall/acme-foundation"},
    }
    told = texts(draw(PLAN, parse_intent({**BASE, "layout": layout}, "test")))
    assert told.count("acme-foundation") == 3  # organization, identities, budget


@pytest.mark.parametrize(
    ("urn", "component"),
    [
        ("urn:pulumi:s::p::landfall:gcp:Lake$gcp:storage/bucket:Bucket::x", "Lake"),
        (
            "urn:pulumi:s::p::landfall:gcp:Lake$landfall:gcp:Zone$gcp:storage/bucket:Bucket::x",
            "Lake",
        ),
        (
            "urn:pulumi:s::p::landfall:kubernetes:Serving$kubernetes:core/v1:Namespace::x",
            "Services",
        ),
        ("urn:pulumi:s::p::pulumi:providers:gcp::x", ""),
    ],
)
def test_a_resource_belongs_to_its_outermost_component(urn: str, component: str) -> None:
    one = resource("x")
    assert component_of(type(one)(**{**vars(one), "urn": urn})) == component


def test_facts_fit_their_card() -> None:
    many = [inside("Lake", f"gcp:x/y{i}:Kind{i}", str(i)) for i in range(20)]
    assert len(facts(many, 6)) == 6
    assert facts(many, 6)[-1] == "and 15 more kinds"


def test_no_two_cards_overlap() -> None:
    places = list(PLACES.values())
    for i, a in enumerate(places):
        for b in places[i + 1 :]:
            apart = a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y
            assert apart, (a.title, b.title)


def test_an_arrow_is_drawn_only_between_what_is_shown() -> None:
    told = texts(draw(PLAN, parse_intent(BASE, "test")))
    assert "object created" in told
    assert "features" not in told
