"""Write the inventories of the sample stacks anew: `make goldens`. Review the diff before committing it.

`python -m tests.infra.inventories STACK...` writes those of some stacks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from infra.plan.inventory import inventory
from tests.infra.samples import CLOUDS, plan_of, sample_stacks

FOLDER = Path(__file__).parent


def main(*chosen: str) -> None:
    """One file a stack, of the chosen ones or of all; files of stacks that are gone are removed."""
    stacks = sample_stacks(*CLOUDS)
    for path in FOLDER.glob("*.txt"):
        if path.stem not in stacks:
            path.unlink()
    for stack in chosen or stacks:
        path = FOLDER / f"{stack}.txt"
        text = inventory(plan_of(stack))
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
