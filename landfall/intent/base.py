"""What every part of the Intent shares: strict models and the names a person may choose.

A form is a pattern with a sentence and an example, so that an error can say the rule in words.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, WithJsonSchema

FORMS: dict[str, tuple[str, str]] = {}
"""Each pattern's rule in words, and an example that fits."""


def form(pattern: str, rule: str, example: str) -> StringConstraints:
    """A constraint on text whose errors read as `rule`; `pattern` must be anchored at both ends."""
    FORMS[pattern] = (rule, example)
    return StringConstraints(pattern=pattern)


class Part(BaseModel):
    """A part of the Intent: unknown keys are refused, numbers are finite, values are frozen once read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


Slug = Annotated[
    str,
    form(
        r"^[a-z][a-z0-9-]{1,18}[a-z0-9]$",
        "must be 3 to 20 of a-z, 0-9 and '-', beginning with a letter and not ending in '-'",
        "hudson-air",
    ),
]
"""A short name that fits every cloud: 3 to 20 of a-z, 0-9 and '-', beginning with a letter."""

Identifier = Annotated[
    str,
    form(
        r"^[a-z][a-z0-9_]{0,62}$",
        "must be at most 63 of a-z, 0-9 and '_', beginning with a letter",
        "orders",
    ),
]
"""A table, dataset, column or problem name: a-z, 0-9 and '_', beginning with a letter, at most 63."""

Email = Annotated[
    str,
    form(
        r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$",
        "must be one e-mail address",
        "data-team@example.com",
    ),
]

Uuid = Annotated[
    str,
    form(
        r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        "must be a UUID of 32 hexadecimal digits in five groups",
        "11111111-2222-3333-4444-555555555555",
    ),
]


def _private_range(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 range, written as network/length ({error})") from None
    if network.version != 4:
        raise ValueError("must be an IPv4 range; IPv6 is not part of the plan")
    return str(network)


Cidr = Annotated[
    str,
    AfterValidator(_private_range),
    WithJsonSchema({"type": "string", "format": "ipv4-cidr", "examples": ["10.64.0.0/16"]}),
]
"""An IPv4 range as `10.64.0.0/16`, host bits zero."""
