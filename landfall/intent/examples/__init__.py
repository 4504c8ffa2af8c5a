"""One valid sample of a stack's file for each cloud, with comments, to copy and change."""

from __future__ import annotations

from importlib import resources

PROVIDERS = ("local", "gcp", "aws", "azure")


def example(provider: str) -> str:
    """The sample of one of `PROVIDERS`, as YAML."""
    return (resources.files(__name__) / f"{provider}.yaml").read_text(encoding="utf-8")
