"""Where a resource was declared, at less cost: Pulumi tells it as the URIs of every frame on the stack.

It makes each URI anew, for the same two dozen files at every resource, which was a tenth of a recording. What is
told stays the same. Leaves out the choice of the frame that is ours (`infra/plan/record.py`).
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any


@cache
def cheap_positions() -> None:
    """From here on a position in a file is made once: Pulumi's function, which is not public, is replaced by a cached
    one. It depends on nothing but the frame's file and line."""
    runtime: Any = importlib.import_module("pulumi.runtime.resource")
    made = runtime._get_source_position_for_frame
    known: dict[tuple[str, int | None], Any] = {}

    def position(frame: Any) -> Any:
        key = frame.filename, frame.lineno
        if key not in known:
            known[key] = made(frame)
        return known[key]

    runtime._get_source_position_for_frame = position
