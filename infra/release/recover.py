"""The way back after an apply was killed: its lock, where it is ours, and the operations that it left pending.

Updates and deletions are settled by asking the cloud what became of them. A creation may have happened or not, and
only a look into the cloud tells: it is cleared from the state on a person's word alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.release.builds import Builds
from infra.release.engine import Engine
from infra.release.locks import applying
from infra.release.state import read_state
from infra.release.unlocked import run_unlocked
from infra.release.words import failure
from landfall.errors import Refused


@dataclass(frozen=True)
class Recovered:
    """What was done. JSON as `landfall stack recover --output json` prints it."""

    stack: str
    settled: list[str]
    locks: list[str]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return dict(vars(self))


def recover(engine: Engine, builds: Builds, stack: str, *, none_exist: bool) -> Recovered:
    """Settle what is pending; raises Refused where a person has to look first, or the lock is not ours.

    `none_exist`: somebody has looked, and nothing of the pending creations exists in the cloud.
    """
    pending = read_state(engine, stack).pending
    creating = [one for one in pending if one.doing == "creating"]
    if creating and not none_exist:
        busy = applying(stack, builds)
        if busy:
            raise busy
        names = ", ".join(f"'{one.name}' ({one.type})" for one in creating)
        raise Refused(
            f"An apply of {stack} was killed while it created {names}.",
            so="Whether they exist only the cloud can tell; cleared blindly, they would be made twice.",
            fix=f"Look there. Where they exist, a person imports them: pulumi refresh --stack {stack}. Where none "
            f"does: landfall stack recover {stack} --none-exist",
        )
    arguments = ["refresh", "--yes", "--skip-preview", "--json"]
    if creating:
        arguments.append("--clear-pending-creates")
    done, owners = run_unlocked(engine, builds, stack, *arguments)
    if done.code != 0:
        raise failure(done, stack, "refresh")
    return Recovered(stack, [f"{one.doing} {one.name}" for one in pending], owners)
