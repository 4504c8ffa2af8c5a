"""One thing that a stack needs of its account before it can be applied, and how to ask for it.

Leaves out where needs come from (the clouds' modules) and whether an account has them (`live.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from landfall.intent import Intent

Kind = Literal["quota", "machine", "service", "permission", "reach", "secret"]
State = Literal["enough", "short", "unknown", "not checked"]


@dataclass(frozen=True)
class Need:
    """What is needed, of what, and the exact text that asks for it."""

    kind: Kind
    name: str
    """As the cloud calls it."""
    code: str
    """What its API takes: a quota's code, a metric, a family, a machine type, a service."""
    scope: str
    """The region, or `global`; a zone's or a VPC's quota is told in the name."""
    amount: float = 0.0
    unit: str = ""
    default: float | None = None
    """What an account has that never asked; None where no source says."""
    source: str = ""
    why: tuple[str, ...] = ()
    """The resources that need it."""
    show: str = ""
    """The command that shows what the account has."""
    request: str = ""
    """The command that asks for more; empty where nothing can be asked for."""
    text: str = ""
    """The same as a request in words, to paste into a support case."""
    service: str = ""
    """The service that a quota belongs to."""
    permissions: tuple[str, ...] = ()
    """What a need of the kind `permission` stands for, as the cloud writes it."""
    limit: float | None = None
    """What the account has; None where it was not looked at or did not say."""
    used: float | None = None
    state: State = "not checked"
    said: str = ""
    """What the account answered where it gave no number."""

    @property
    def fits_default(self) -> bool | None:
        """Whether an account that never asked has enough; None where its default is not known."""
        return None if self.default is None else self.amount <= self.default

    @property
    def to_ask(self) -> bool:
        """Whether this has to be asked for: short where the account was looked at, else above the default or unknown."""
        if self.state in ("enough", "short"):
            return self.state == "short"
        return self.fits_default is not True

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields, and whether it has to be asked for."""
        return {
            **vars(self),
            "why": list(self.why),
            "permissions": list(self.permissions),
            "fits_default": self.fits_default,
            "to_ask": self.to_ask,
        }


def words(client: str, environment: str, name: str, amount: float, unit: str, scope: str, why: Iterable[str]) -> str:  # fmt: skip
    """A request in words: who asks for how much of what, where, and for what."""
    where = "" if scope == "global" else f" in {scope}"
    much = f"{amount:g} {unit}".strip()
    grows = "" if not unit else ", whose pools grow to this number at most and shrink when idle"
    return f"{client} ({environment}) asks for {much} of “{name}”{where}, for {', '.join(why)} of a data platform{grows}."


def asker(intent: Intent) -> str:
    """Whom the request names: the technical contact, a placeholder where the intent has none."""
    return intent.contacts.technical if intent.contacts is not None else "YOU@EXAMPLE.COM"
