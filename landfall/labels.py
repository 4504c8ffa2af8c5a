"""The labels (AWS and Azure: tags) that every resource of a stack carries, within each cloud's rules.

The keys are the same on every cloud, so that one cost report reads them all. Leaves out labels of single
resources, and Kubernetes' own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from landfall.intent import Intent


@dataclass(frozen=True)
class LabelRule:
    """What a cloud allows: lengths, the characters to replace, how many labels a resource holds."""

    key: int
    value: int
    number: int
    replaced: str
    """A regular expression of one character that a value may not hold; '-' takes its place."""
    lower: bool = False


RULES = {
    # https://cloud.google.com/resource-manager/docs/labels-overview: a-z, 0-9, '_' and '-', 63, 64.
    "gcp": LabelRule(63, 63, 64, r"[^a-z0-9_-]", lower=True),
    # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html; the
    # strictest services (EMR Serverless) take only these characters.
    "aws": LabelRule(128, 256, 50, r"[^A-Za-z0-9 /_.:=+@-]"),
    # https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources; storage
    # accounts take keys of 128.
    "azure": LabelRule(128, 256, 50, r"[^ -~]"),
    "local": LabelRule(128, 256, 50, r"[^ -~]"),
}


def labels(intent: Intent, stack: str) -> dict[str, str]:
    """Key to value: managed-by, client, environment, stack, and, where given, cost-center, contact,
    compliance. Values are written within the cloud's rules, so they may differ in case and signs."""
    rule = RULES[intent.cloud.provider]
    wanted = {
        "managed-by": "landfall",
        "client": intent.client.slug,
        "environment": intent.environment,
        "stack": stack,
        "cost-center": intent.client.cost_center or "",
        "contact": intent.contacts.technical if intent.contacts else "",
        "compliance": " ".join(sorted(intent.compliance)),
    }
    return {key: _value(text, rule) for key, text in wanted.items() if text}


def _value(text: str, rule: LabelRule) -> str:
    text = text.lower() if rule.lower else text
    return re.sub(rule.replaced, "-", text)[: rule.value].rstrip()
