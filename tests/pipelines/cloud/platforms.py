"""Platforms as the sample stacks export them, and changed ones for the stand-ins."""

from __future__ import annotations

from typing import Any

from landfall.platform import Platform
from tests.infra.samples import plan_of

SAMPLES = {"aws": "northwind-aws-dev", "gcp": "harbor-gcp-dev", "azure": "fjord-azure-dev"}


def exported(stack: str) -> Platform:
    """What a sample stack would export, its outputs fabricated by the plan."""
    return Platform.model_validate(plan_of(stack).outputs["platform"])


def changed(platform: Platform, **parts: Any) -> Platform:
    """The same with some parts replaced; a mapping replaces keys of that part only."""
    raw = platform.model_dump(mode="json")
    for name, value in parts.items():
        raw[name] = {**raw[name], **value} if isinstance(value, dict) else value
    return Platform.model_validate(raw)
