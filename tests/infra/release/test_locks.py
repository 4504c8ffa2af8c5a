"""A lock is recovered where its owner is a finished build of ours, and never otherwise."""

from __future__ import annotations

import getpass
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from infra.release.builds import Builds
from infra.release.engine import Engine
from infra.release.locks import Lock, locks_in, recoverable
from infra.release.unlocked import run_unlocked
from landfall.errors import Refused
from landfall.project import Project
from tests.infra.release.conftest import STACK, Fake, locked


def ours(pid: int, at: datetime | None = None) -> Lock:
    return Lock(getpass.getuser(), socket.gethostname(), pid, at or datetime.now(UTC))


def test_the_words_of_a_lock_are_read() -> None:
    assert locks_in(locked()) == [
        Lock("ci", "agent-1", 5021, datetime(2026, 11, 24, 0, 37, 16, tzinfo=UTC))
    ]


def test_other_errors_name_no_lock() -> None:
    assert (
        locks_in("error: preview failed\n  a: created by x@y (pid 1) at 2026-11-24T00:37:16Z") == []
    )


def test_a_build_that_ended_is_proof(builds: Builds) -> None:
    with builds.running(STACK, 4242):
        pass
    (found,) = recoverable(STACK, [ours(4242)], builds)
    assert "ended at" in str(builds.ended(found))


def test_a_process_that_is_gone_from_this_machine_is_proof(builds: Builds) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    builds.begin(STACK, process.pid)  # and never ended: the build was killed
    with pytest.raises(Refused, match="is being applied"):
        recoverable(STACK, [ours(process.pid)], builds)
    process.communicate()
    (found,) = recoverable(STACK, [ours(process.pid)], builds)
    assert "is gone" in str(builds.ended(found))


def test_another_process_that_got_the_same_number_is_not_taken_for_it(builds: Builds) -> None:
    builds.begin(STACK, os.getpid())
    (row,) = builds.of(STACK)
    file = next(builds._store.list("runs"))
    builds._store.write_json(file, {**builds._store.read_json(file), "ticks": row.ticks - 1})
    assert "is gone" in str(builds.ended(builds.of(STACK)[0]))


@pytest.mark.parametrize("change", [
    {"user": "somebody"}, {"host": "another-agent"}, {"pid": 1}, {"at": datetime.now(UTC) - timedelta(days=1)},
])  # fmt: skip
def test_somebody_elses_lock_is_left_alone(builds: Builds, change: dict[str, object]) -> None:
    with builds.running(STACK, 4242):
        pass
    lock = Lock(**{**vars(ours(4242)), **change})  # pyright: ignore[reportArgumentType]
    with pytest.raises(Refused, match="no build that this register knows"):
        recoverable(STACK, [lock], builds)


def test_one_unknown_owner_among_several_keeps_them_all(builds: Builds) -> None:
    with builds.running(STACK, 4242):
        pass
    with pytest.raises(Refused):
        recoverable(STACK, [ours(4242), Lock("a", "b", 1, datetime.now(UTC))], builds)


def test_a_lock_of_another_stack_is_no_proof(builds: Builds) -> None:
    with builds.running("other-stack", 4242):
        pass
    with pytest.raises(Refused):
        recoverable(STACK, [ours(4242)], builds)


@contextmanager
def jenkins(answer: object) -> Iterator[str]:
    """A Jenkins on loopback that says one thing of every build."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/job/infra/7/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("answer", "over"), [
    ({"building": False}, True), ({"building": True}, False), ({}, False), (["?"], False),
])  # fmt: skip
def test_jenkins_is_asked_about_a_build_of_another_agent(
    project: Project, monkeypatch: pytest.MonkeyPatch, answer: object, over: bool
) -> None:
    with jenkins(answer) as url:
        monkeypatch.setenv("BUILD_URL", url)
        builds = Builds(project.home)
        builds.begin(STACK, 4242)
        file = next(builds._store.list("runs"))
        builds._store.write_json(file, {**builds._store.read_json(file), "host": "agent-1"})
        lock = Lock(getpass.getuser(), "agent-1", 4242, datetime.now(UTC))
        if over:
            assert recoverable(STACK, [lock], builds)
        else:
            with pytest.raises(Refused, match="is being applied"):
                recoverable(STACK, [lock], builds)


def test_a_jenkins_that_does_not_answer_proves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILD_URL", "http://127.0.0.1:9/job/infra/7/")
    builds = Builds(project.home)
    builds.begin(STACK, 4242)
    file = next(builds._store.list("runs"))
    builds._store.write_json(file, {**builds._store.read_json(file), "host": "agent-1"})
    assert builds.ended(builds.of(STACK)[0]) is None


def test_a_stale_lock_of_ours_is_recovered_once_and_the_call_made_again(
    engine: Engine, fake: Fake, builds: Builds
) -> None:
    with builds.running(STACK, 4242):
        pass
    told = locked(
        getpass.getuser(), socket.gethostname(), 4242, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    )
    fake.says("up", out="")
    fake.says("cancel")
    fake.says("up", err=told, code=1, once=True)
    looked: list[int] = []
    done, owners = run_unlocked(engine, builds, STACK, "up", again=lambda: looked.append(1))
    assert [one[0] for one in fake.calls()] == ["up", "cancel", "up"]
    assert (done.code, looked, len(owners)) == (0, [1], 1)


def test_a_lock_of_somebody_else_is_told_with_its_owner_and_never_cancelled(
    engine: Engine, fake: Fake, builds: Builds
) -> None:
    fake.says("up", err=locked(), code=1)
    with pytest.raises(
        Refused, match=r"ci@agent-1 \(pid 5021\) since 2026-11-24 00:37:16 UTC"
    ) as caught:
        run_unlocked(engine, builds, STACK, "up")
    assert not fake.ran("cancel")
    assert "pulumi cancel" in caught.value.fix


def test_an_address_that_is_none_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_BUILDS", "builds")
    with pytest.raises(Exception, match="no address"):
        Builds(project.home)
