"""A store holds whole objects or none, the same on a disk and in a bucket, whatever ends the writer."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from landfall.errors import LandfallError
from landfall.storage import Store


@pytest.fixture(params=["disk", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "disk":
        yield Store((tmp_path / "a zone").as_uri())
        return
    import fsspec

    uri = f"memory://bucket-{tmp_path.name}/zone"
    yield Store(uri)
    fsspec.filesystem("memory").rm(f"/bucket-{tmp_path.name}", recursive=True)


def test_what_was_written_is_read_again(store: Store) -> None:
    store.write("a/b.bin", b"\x00\xff")
    store.write_json("a/c.json", {"b": 1, "a": "é"})
    assert store.read("a/b.bin") == b"\x00\xff"
    assert store.read_json("a/c.json") == {"a": "é", "b": 1}
    assert store.read("a/c.json").startswith(b'{\n "a"'), (
        "JSON is sorted, so the same value is the same file"
    )
    assert store.url("a/b.bin").endswith("/a/b.bin")


def test_writing_again_replaces_the_whole_object(store: Store) -> None:
    store.write("x", b"long old content")
    store.write("x", b"new")
    assert store.read("x") == b"new"
    assert list(store.list()) == ["x"]


def test_creating_does_nothing_where_the_object_is_there(store: Store) -> None:
    assert store.create("a/x", b"first")
    assert not store.create("a/x", b"second")
    assert store.read("a/x") == b"first"
    assert store.create_json("a/y.json", {"a": 1})
    assert list(store.list()) == ["a/x", "a/y.json"]


def test_of_several_creators_at_once_exactly_one_is_told_so(tmp_path: Path) -> None:
    store = Store(tmp_path.as_uri())
    won: list[int] = []
    start = threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        if store.create("x", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read("x") == str(won[0]).encode()
    assert len(won) == 1


def test_an_object_that_is_not_there_is_told_as_such(store: Store) -> None:
    store.write("folder/x", b"1")
    assert store.exists("folder/x")
    assert not store.exists("folder/y")
    assert not store.exists("folder"), "a folder is no object"
    with pytest.raises(FileNotFoundError):
        store.read("folder/y")


def test_objects_are_listed_sorted_below_a_prefix(store: Store) -> None:
    for path in ("b/2", "b/1", "a/1", "b/c/3"):
        store.write(path, b"x")
    assert list(store.list()) == ["a/1", "b/1", "b/2", "b/c/3"]
    assert list(store.list("b")) == ["b/1", "b/2", "b/c/3"]
    assert list(store.list("absent")) == []


def test_a_reader_sees_the_old_or_the_new_object_never_a_part(tmp_path: Path) -> None:
    store = Store(tmp_path.as_uri())
    contents = [letter * 2_000_000 for letter in (b"a", b"b")]
    store.write("x", contents[0])
    done = threading.Event()

    def write() -> None:
        for turn in range(30):
            store.write("x", contents[turn % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    while not done.is_set():
        assert store.read("x") in contents
        seen += 1
    writer.join()
    assert seen > 0


def test_a_writer_killed_at_any_moment_leaves_a_whole_object(tmp_path: Path) -> None:
    code = (
        "import sys; from landfall.storage import Store; s = Store(sys.argv[1]); turn = 0\n"
        "while True: s.write('x', (b'a', b'b')[turn % 2] * 4_000_000); turn += 1; print(turn, flush=True)"
    )
    for pause in (0.0, 0.013, 0.029):
        with subprocess.Popen(
            [sys.executable, "-c", code, tmp_path.as_uri()], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(pause)
            writer.kill()
        content = Store(tmp_path.as_uri()).read("x")
        assert len(content) == 4_000_000
        assert content in (b"a" * 4_000_000, b"b" * 4_000_000)
    assert list(Store(tmp_path.as_uri()).list()) == ["x"], "unfinished writes are not listed"


@pytest.mark.parametrize("moment", ["write", "fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_the_old_object_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, number: int
) -> None:
    store = Store(tmp_path.as_uri())
    store.write("x", b"old")

    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if moment == "write":
            # A file's own `write` cannot be replaced; one over /dev/full fails just as a full disk does.
            patch.setattr(os, "fdopen", lambda handle, mode: _over_full(handle, number))
        else:
            patch.setattr(os, moment, full)
        with pytest.raises(LandfallError, match="The disk is full") as told:
            store.write("x", b"new")
    assert "Free some space" in told.value.fix
    assert store.read("x") == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"], "no unfinished write is left behind"


def _over_full(handle: int, number: int) -> object:
    if number == errno.ENOSPC and Path("/dev/full").exists():
        os.close(handle)
        return Path("/dev/full").open("wb", buffering=0)
    os.close(handle)
    raise OSError(number, os.strerror(number))


def test_a_file_larger_than_the_process_may_write_is_an_error_and_leaves_the_old(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path.as_uri())
    store.write("x", b"old")
    code = (
        "import resource, sys; from landfall.storage import Store\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "Store(sys.argv[1]).write('x', b'n' * 1_000_000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path.as_uri()], capture_output=True, text=True, check=False
    )
    assert "could not be written: File too large" in done.stderr
    assert store.read("x") == b"old"
    assert list(store.list()) == ["x"]


def test_a_folder_that_cannot_be_made_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LandfallError, match="could not be written: Not a directory") as told:
        Store(tmp_path.as_uri()).write("file/x", b"1")
    assert "permissions" in told.value.fix
    with pytest.raises(LandfallError, match="could not be written: Not a directory"):
        Store(tmp_path.as_uri()).create("file/x", b"1")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    try:
        allowed = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("this user may not mount a small disk; the injected errors stand for it")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_keeps_the_old_object(tiny_disk: Path) -> None:
    store = Store(tiny_disk.as_uri())
    store.write("x", b"o" * 600_000)
    with pytest.raises(LandfallError, match="The disk is full"):
        store.write("x", b"n" * 600_000)
    assert store.read("x") == b"o" * 600_000
    assert list(tiny_disk.iterdir()) == [tiny_disk / "x"]
    store.write("y", b"s" * 300_000)
    assert store.exists("y"), "once there is room, writing works again"
