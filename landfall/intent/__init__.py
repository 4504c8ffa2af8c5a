"""The Intent: what a client wants, in the client's words. Read once, checked whole, never changed.

It lives in the stack's own file under `landfall:intent`, so `pulumi config set --path` edits it and
there is no second source of truth. Leaves out everything that a cloud would have to be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, ValidationError, model_validator

from landfall.intent.base import Part, Slug
from landfall.intent.cloud import Cloud
from landfall.intent.data import Lake, Source, Warehouse
from landfall.intent.governance import (
    Budget,
    Contacts,
    Jenkins,
    Orchestration,
    Residency,
    Retirement,
    Standard,
    Waiver,
)
from landfall.intent.layout import Layout
from landfall.intent.ml import ML, Serving
from landfall.intent.network import Network

if TYPE_CHECKING:
    from landfall.project import Project


class Client(Part):
    """Who it is for."""

    name: str = Field(min_length=1, max_length=200, examples=["Hudson Air"])
    """As the client writes it, for reports."""
    slug: Slug
    """The client in the names of resources."""
    cost_center: str | None = Field(default=None, max_length=60, examples=["4711"])
    """What the client books the cost on; every resource carries it as a label."""


class Intent(Part):
    """Everything a client answers, once."""

    client: Client
    environment: Literal["dev", "staging", "prod"]
    cloud: Cloud
    layout: Layout = Layout()
    residency: Residency = Residency()
    network: Network = Network()
    compliance: list[Standard] = []
    """The standards whose controls the plan is checked against."""
    contacts: Contacts | None = None
    """Needed on a cloud."""
    budget: Budget | None = None
    """Needed on a cloud."""
    lake: Lake = Lake()
    warehouse: Warehouse = Warehouse()
    sources: list[Source] = []
    orchestration: Orchestration = Orchestration()
    ml: ML | None = None
    """What is predicted; left out, the platform holds data only."""
    serving: Serving = Serving()
    waivers: list[Waiver] = []
    """Breaches of policies that somebody accepts."""
    retiring: list[Retirement] = []
    """What holds data and is to be removed or replaced by the next release."""
    jenkins: Jenkins | None = None
    """Left out, people run `pulumi up` themselves."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        from landfall.intent.rules import check

        problems = check(self)
        if problems:
            from landfall.intent.problems import as_validation_error

            raise as_validation_error(problems, self)
        return self


def parse_intent(raw: object, where: str) -> Intent:
    """Check raw data; raises IntentError (a UsageError) that names every bad field, its value, the rule."""
    try:
        return Intent.model_validate(raw)
    except ValidationError as error:
        from landfall.intent.problems import explain

        raise explain(error, raw, where) from None


def intent_of(project: Project, stack: str) -> Intent:
    """The checked intent of a stack's file; raises UsageError as `parse_intent` does, or where there is no such stack."""
    return parse_intent(project.read_stack(stack), str(project.stack_file(stack)))
