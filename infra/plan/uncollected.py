"""Work that builds many objects to keep, done without the garbage collector looking through them again and again.

The providers' SDKs are hundreds of thousands of classes and annotations; with the collector on, half of the time of a
plan goes to it (`benchmarks/plan.py`). What the first such work leaves, the SDKs above all, is kept for good and no later
collection looks at it, nor the interpreter's last one; what later work leaves is freed by counting, or by a collection.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector rests while this is entered, and is as before afterwards."""
    worked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if worked:
            _keep()
            gc.enable()


@cache
def _keep() -> None:
    """Once: kept at every plan, a process that makes many would grow by 24 MiB with each."""
    gc.freeze()
