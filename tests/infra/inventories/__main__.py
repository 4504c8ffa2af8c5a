"""Write the inventories of all sample stacks anew: `make goldens`. Review the diff before committing it."""

from __future__ import annotations

from pathlib import Path

from infra.plan.inventory import inventory
from tests.infra.samples import CLOUDS, plan_of, sample_stacks

FOLDER = Path(__file__).parent


def main() -> None:
    """One file a stack; files of stacks that are gone are removed."""
    stacks = sample_stacks(*CLOUDS)
    for path in FOLDER.glob("*.txt"):
        if path.stem not in stacks:
            path.unlink()
    for stack in stacks:
        path = FOLDER / f"{stack}.txt"
        text = inventory(plan_of(stack))
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.name}")


if __name__ == "__main__":
    main()
