"""The page itself: Jinja2 over the view, with its style inside, so that the file needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from landfall.report import data, view, words
from landfall.report.gather import COUNTS, STEPS, Facts
from landfall.report.headline import headline

TEMPLATES = Path(__file__).parent / "templates"


def render(facts: Facts) -> str:
    """The whole HTML document. Everything that is not ours is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": words.count,
        "share": words.share,
        "figure": words.figure,
        "short": words.short,
        "duration": words.duration,
        "candidate": words.candidate,
        "metric": words.metric_name,
        "named": words.name_of,
        "by_name": words.by_name,
        "month_name": words.month_name,
    }
    return environment.get_template("report.html.j2").render(
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        facts=facts,
        head=headline(facts),
        strip=view.strip(facts),
        metric=view.metric_view(facts),
        verdicts=view.verdicts(facts),
        heatmap=data.heatmap(facts),
        features=data.features(facts),
        profiles=data.every_month(facts),
        cost=data.cost(facts),
        model_name=view.model_name,
        metric_of=view.metric_of,
        glossary=words.GLOSSARY,
        limits=words.LIMITS,
        counts=COUNTS,
        steps=STEPS,
    )
