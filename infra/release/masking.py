"""What may be shown: text with every secret that this process knows of, or that looks like one, struck out.

The engine masks what it knows to be secret; this is for what it does not know: tokens and keys in the
environment and in messages of providers. Leaves out secrets that are short or look like words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MASK = "[masked]"
_SECRET_NAMES = re.compile(
    r"(TOKEN|PASSWORD|PASSPHRASE|SECRET|PRIVATE_KEY|API_KEY|CREDENTIALS?)(?!_FILE|_PATH|S_FILE)[A-Z_]*$"
)
_SHORTEST = 8
"""A shorter value would strike out ordinary words."""
_LOOKS = re.compile(
    r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"  # a JSON web token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # an AWS key id
    r"|\bpul-[0-9a-f]{40}\b|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    re.S,
)


class Masker:
    """Strikes out the secrets of one environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        values = {v for k, v in environment.items() if _SECRET_NAMES.search(k)}
        for name in ("LANDFALL_OIDC_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
            values |= _content(environment.get(name, ""))
        longest_first = sorted((v for v in values if len(v) >= _SHORTEST), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text with secrets replaced by `[masked]`."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _LOOKS.sub(MASK, text)

    def value(self, value: Any) -> Any:
        """The same for every text in JSON data."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return value


def _content(file: str) -> set[str]:
    try:
        return {Path(file).read_text(encoding="utf-8").strip()} if file else set()
    except (OSError, UnicodeDecodeError):
        return set()
