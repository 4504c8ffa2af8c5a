"""The page of a plan is whole, escaped, and says refused where it is."""

from __future__ import annotations

import datetime
from html.parser import HTMLParser

from infra.plan.html import page
from infra.plan.model import Plan
from infra.plan.policies.base import resource
from infra.plan.report import assess
from landfall.intent import parse_intent
from tests.infra.drawing.test_draw import BASE, PLAN

TODAY = datetime.date(2026, 11, 24)


def shown(plan: Plan, before: Plan | None = None) -> str:
    intent = parse_intent(BASE, "test")
    return page(assess(plan, intent, TODAY, before), intent, TODAY)


class Whole(HTMLParser):
    """Counts tags that stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href")]
        if tag not in ("meta", "link", "rect", "line", "path", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_it_is_whole_and_asks_nothing_of_the_network() -> None:
    whole = Whole()
    whole.feed(shown(PLAN))
    assert whole.open == []
    assert all(one.startswith(("#", "data:")) for one in whole.addresses)


def test_what_a_client_wrote_is_escaped() -> None:
    assert "<Söhne>" not in shown(PLAN)
    assert "&lt;Söhne&gt;" in shown(PLAN)


def test_a_broken_policy_is_the_headline() -> None:
    public = resource(
        "gcp:compute/instance:Instance", "open", networkInterfaces=[{"accessConfigs": [{}]}]
    )
    html = shown(Plan("acme-dev", "gcp", (*PLAN.resources, public)))
    assert "Refused: a mandatory policy is broken" in html
    assert "no-public-workers" in html


def test_risks_are_told_against_a_plan_before() -> None:
    html = shown(Plan("acme-dev", "gcp", PLAN.resources[1:]), PLAN)
    assert "data-deleted" in html
    assert "nothing to compare with" not in html
