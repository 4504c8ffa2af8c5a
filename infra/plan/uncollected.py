"""Work that builds many objects to keep, done without the garbage collector looking through them again and again.

The providers' SDKs are hundreds of thousands of classes and annotations; with the collector on, half of the time of a
plan goes to it (`benchmarks/plan.py`). What a plan leaves behind is freed by counting, or by the next collection.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector rests while this is entered, and is as before afterwards."""
    worked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if worked:
            gc.enable()
