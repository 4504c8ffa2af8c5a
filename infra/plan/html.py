"""A plan's assessment as one self-contained page: what a client's architect looks at before saying yes.

Asks nothing of the network; readable on light, dark and paper. Leaves out single inputs: they are in the JSON.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from infra.plan.draw import draw
from infra.plan.policies import POLICIES
from infra.plan.report import Assessment
from infra.plan.risk import worst
from landfall.intent import Intent
from landfall.report.page import TEMPLATES

_SHOWN = 200
"""Rows a table holds at most."""


def page(assessed: Assessment, intent: Intent, today: datetime.date) -> str:
    """The HTML document. Everything that is not ours is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plan, found = assessed.plan, assessed.violations
    return environment.get_template("page.html.j2").render(
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        client=intent.client.name,
        plan=plan,
        today=today.isoformat(),
        verdict=_verdict(assessed),
        picture=Markup(draw(plan, intent)),
        protected=sum(one.protect for one in plan.resources),
        policies=len(POLICIES),
        findings=assessed.findings,
        wrong=assessed.wrong,
        violations=found,
        broken=assessed.broken,
        waived=[one for one in found if one.waived],
        advisory=[one for one in found if one.severity == "advisory" and not one.waived],
        cost=assessed.cost,
        risks=assessed.risks,
        worst="–" if assessed.risks is None else worst(assessed.risks),
        parity=assessed.parity,
        **_rows(assessed),
    )


def _verdict(assessed: Assessment) -> str:
    if assessed.broken:
        return "Refused: a mandatory policy is broken"
    if assessed.refused:
        return "Refused: the expected cost exceeds the budget"
    if assessed.wrong:
        return "Not applicable: a cloud would refuse values of this plan"
    return "This plan may be applied"


def _rows(assessed: Assessment) -> dict[str, list[list[Any]]]:
    cost = assessed.cost
    return {
        "finding_rows": [
            [one.severity, one.name, one.path, one.value, one.allowed, one.origin, one.line]
            for one in assessed.findings[:_SHOWN]
        ],
        "violation_rows": [
            [one.severity, one.policy, one.resource or "the plan", one.message, one.waived, one.source]
            for one in assessed.violations[:_SHOWN]
        ],
        "cost_rows": [
            [
                one.category, one.resource, one.what, f"{one.quantity.expected:,.4g} {one.unit}",
                f"{one.expected:,.0f}", f"{one.low:,.0f} to {one.high:,.0f}", one.source, one.as_of,
            ]
            for one in (cost.lines if cost else ())[:_SHOWN]
        ],
        "risk_rows": [
            [one.severity, one.kind, one.resource, one.reason, one.safe_way]
            for one in (assessed.risks or [])[:_SHOWN]
        ],
        "parity_rows": [
            [row["part"], *(_offer(row[cloud]) for cloud in ("gcp", "aws", "azure"))]
            for row in assessed.parity or []
        ],
    }  # fmt: skip


def _offer(told: dict[str, Any]) -> str:
    if told["offered"]:
        return str(told["how"])
    return f"not offered: {told['reason']}; instead {told['instead']}"
