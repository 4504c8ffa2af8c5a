"""Faults of the machine, told as errors a person can act on."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from landfall.errors import UsageError
from landfall.faults import sqlite_damage, translate


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (sqlite3.OperationalError("database or disk is full"), "disk is full"),
        (RuntimeError("java.io.IOException: No space left on device"), "disk is full"),
        (sqlite3.OperationalError("disk I/O error"), "could not be written"),
        (sqlite3.DatabaseError("file is not a database"), "damaged"),
        (RuntimeError("java.lang.OutOfMemoryError: Java heap space"), "memory"),
        (PermissionError(errno.EACCES, "Permission denied", "/somewhere"), "/somewhere"),
    ],
)
def test_a_fault_of_the_machine_is_named_with_a_way_out(error: Exception, said: str) -> None:
    told = translate(error)
    assert told is not None
    assert said in told.what
    assert told.fix


def test_a_fault_is_found_behind_the_error_that_hid_it() -> None:
    outer = RuntimeError("write failed")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    told = translate(outer)
    assert told is not None
    assert "disk is full" in told.what


def test_an_error_of_ours_stays_what_it_is() -> None:
    ours = UsageError("no such month")
    assert translate(ours) is ours


def test_a_bug_is_not_dressed_up_as_a_fault() -> None:
    assert translate(KeyError("x")) is None


def test_a_sound_an_empty_and_an_absent_file_are_not_damaged(tmp_path: Path) -> None:
    sound = tmp_path / "sound.db"
    with sqlite3.connect(sound) as connection:
        connection.execute("create table t (a int)")
    connection.close()
    (tmp_path / "empty.db").touch()
    assert sqlite_damage(sound) is None
    assert sqlite_damage(tmp_path / "empty.db") is None
    assert sqlite_damage(tmp_path / "absent.db") is None


def test_an_overwritten_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"not a database at all" * 100)
    assert "not a database" in (sqlite_damage(path) or "")
