"""One flow at a time in a home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landfall.errors import Refused
from landfall.lock import only_one

HOLD = """
import sys, time
from pathlib import Path
from landfall.lock import only_one
with only_one(Path(sys.argv[1]), "a long flow"):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str], sent: signal.Signals) -> None:
    process.send_signal(sent)
    process.communicate(timeout=10)


def test_a_second_flow_is_refused_and_told_who_holds_the_home(tmp_path: Path) -> None:
    first = hold(tmp_path)
    try:
        with pytest.raises(Refused) as caught, only_one(tmp_path, "another"):
            pass
        assert "a long flow" in caught.value.what
        assert f"pid {first.pid}" in caught.value.what
        assert caught.value.exit_code == 3
    finally:
        end(first, signal.SIGTERM)


def test_the_lock_of_a_killed_flow_is_free_at_once(tmp_path: Path) -> None:
    end(hold(tmp_path), signal.SIGKILL)
    with only_one(tmp_path, "the next"):
        assert str(os.getpid()) in (tmp_path / "lock").read_text()


def test_a_flow_that_may_wait_gets_its_turn(tmp_path: Path) -> None:
    first = hold(tmp_path)
    subprocess.Popen(["/bin/sh", "-c", f"sleep 0.5; kill {first.pid}"]).wait(timeout=10)
    began = time.monotonic()
    with only_one(tmp_path, "the next", wait=20):
        assert time.monotonic() - began < 20
    first.communicate(timeout=10)


def test_another_home_is_free(tmp_path: Path) -> None:
    first = hold(tmp_path / "one")
    try:
        with only_one(tmp_path / "two", "elsewhere"):
            pass
    finally:
        end(first, signal.SIGTERM)
