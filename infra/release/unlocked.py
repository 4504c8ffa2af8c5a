"""Run the engine on a stack as a registered build, recovering at most once a lock that a finished build of ours left."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack

from infra.release.builds import Builds
from infra.release.engine import Done, Engine
from infra.release.locks import locks_in, recoverable
from infra.release.words import failure
from landfall.cli.output import status


def run_unlocked(
    engine: Engine,
    builds: Builds,
    stack: str,
    *arguments: str,
    again: Callable[[], object] = lambda: None,
) -> tuple[Done, list[str]]:
    """The call's end, and the builds whose locks were recovered for it; `again` is called before the second try.

    Raises Refused where the stack is locked by anybody but a finished build of ours.
    """
    done = _registered(engine, builds, stack, *arguments)
    locks = locks_in(done.err + done.out) if done.code else []
    if not locks:
        return done, []
    owners = [
        one.url or f"{one.user}@{one.host} (pid {one.pid})"
        for one in recoverable(stack, locks, builds)
    ]
    status(f"{stack}: recovering the lock that {', '.join(owners)} left")
    cancelled = engine.run("cancel", "--yes", stack=stack)
    if cancelled.code != 0:
        raise failure(cancelled, stack, "recovery of the lock")
    again()
    return _registered(engine, builds, stack, *arguments), owners


def _registered(engine: Engine, builds: Builds, stack: str, *arguments: str) -> Done:
    began = time.monotonic()
    with ExitStack() as running:
        return engine.run(
            *arguments, stack=stack,
            on_start=lambda pid: running.enter_context(builds.running(stack, pid)),
            on_line=lambda line: _progress(line, time.monotonic() - began),
        )  # fmt: skip


def _progress(line: str, seconds: float) -> None:
    """Say what the engine has just finished, or failed at."""
    try:
        event = json.loads(line)
    except ValueError:
        return
    if not isinstance(event, dict):
        return
    for key, told in (("resOutputsEvent", ""), ("resOpFailedEvent", "FAILED ")):
        metadata = (event.get(key) or {}).get("metadata") or {}
        if metadata.get("op") not in (None, "same"):
            name = str(metadata.get("urn")).rpartition("::")[2]
            status(f"  {seconds:6.0f} s  {told}{metadata['op']} {metadata.get('type')} {name}")
