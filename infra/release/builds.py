"""The register of builds: who ran the engine on which stack, and whether that has ended.

Lies where LANDFALL_BUILDS says, else where the intent does (`jenkins.builds`, or beside the state), else in the home: a
folder or a bucket, one small file a run. It also keeps, a stack, what was last applied, the plan of it, and what the
last look for drift found. Leaves out what Jenkins itself keeps: logs, causes, approvals.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

from landfall.errors import UsageError
from landfall.project import Project, environment
from landfall.storage import Store

if TYPE_CHECKING:
    from landfall.intent import Intent

FOLDER = "landfall/builds"
"""The register's place in the bucket of the state, which has nothing of its own there."""
_SECONDS = 10


@dataclass(frozen=True)
class Build:
    """One run of the engine. `pid` is the CLI's own, `ticks` when the kernel started it (0: not known)."""

    stack: str
    user: str
    host: str
    pid: int
    started: datetime
    url: str = ""
    """The build's page in Jenkins; empty for a person."""
    ticks: int = 0
    ended: datetime | None = None


class Builds:
    """The register behind one address."""

    def __init__(self, home: Path, address: str = "") -> None:
        """The register at LANDFALL_BUILDS, else at `address`, else in the home."""
        where = environment("LANDFALL_BUILDS") or address or (home / "builds").absolute().as_uri()
        if "://" not in where:
            raise UsageError(
                f"The register of builds is to lie at '{where}', which is no address.",
                fix="Write LANDFALL_BUILDS or jenkins.builds as file:///…, gs://…, s3://… or abfss://….",
            )
        self._store = Store(where)

    @contextmanager
    def running(self, stack: str, pid: int) -> Iterator[None]:
        """Register that process `pid` works on the stack, from here to the block's end."""
        build = self.begin(stack, pid)
        try:
            yield
        finally:
            self._write(replace(build, ended=_now()))

    def begin(self, stack: str, pid: int) -> Build:
        """Register that process `pid` of this machine works on the stack."""
        build = Build(
            stack, _user(), socket.gethostname(), pid, _now(), environment("BUILD_URL"), _ticks(pid)
        )
        self._write(build)
        return build

    def of(self, stack: str) -> list[Build]:
        """The stack's builds."""
        found = []
        for path in self._store.list(f"runs/{stack}"):
            row = self._store.read_json(path)
            times = {
                key: datetime.fromisoformat(row[key]) if row[key] else None
                for key in ("started", "ended")
            }
            found.append(Build(**{**row, **times}))
        return found

    def ended(self, build: Build) -> str | None:
        """How it is known that the build has ended; None where it is not."""
        if build.ended is not None:
            return f"it ended at {build.ended:%Y-%m-%d %H:%M:%S} UTC"
        if build.host == socket.gethostname() and _ticks(build.pid) != build.ticks:
            return f"process {build.pid} of {build.host} is gone"
        if _held_its_lock(build):
            return f"{build.url} held the lock that Jenkins has given to this build"
        if build.url and _jenkins_says_over(build.url):
            return f"{build.url} has ended"
        return None

    def note(self, kind: str, stack: str, value: dict[str, Any]) -> None:
        """Keep the newest `kind` (`applied`, `plan`, `drift`) of a stack."""
        self._store.write_json(f"{kind}/{stack}.json", value)

    def noted(self, kind: str, stack: str) -> dict[str, Any] | None:
        """The newest `kind` of a stack, or None."""
        path = f"{kind}/{stack}.json"
        return self._store.read_json(path) if self._store.exists(path) else None

    def _write(self, build: Build) -> None:
        row = {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in asdict(build).items()
        }
        name = f"{build.started:%Y%m%dT%H%M%S}-{build.host}-{build.pid}"
        self._store.write_json(f"runs/{build.stack}/{name}.json", row)


def open_builds(project: Project, intent: Intent) -> Builds:
    """The register of a stack's builds; raises UsageError where it would be one agent's own and be gone with it."""
    address = address_of(intent)
    if environment("BUILD_URL") and not (address or environment("LANDFALL_BUILDS")):
        raise UsageError(
            "There is no register of builds that every agent reaches.",
            so="What is applied, and which lock is a dead build's, would be forgotten with this agent.",
            fix="Say where it lies: jenkins.builds in the intent, or jenkins.state as gs://…, s3://… or azblob://….",
        )
    return Builds(project.home, address)


def address_of(intent: Intent) -> str:
    """Where the intent puts the register; empty where it does not say."""
    if intent.jenkins is None:
        return ""
    return intent.jenkins.builds or _beside(
        intent.jenkins.state or environment("PULUMI_BACKEND_URL")
    )


def _beside(state: str) -> str:
    """The register's folder in the bucket of Pulumi's state, as our own clients name it; empty where that is no bucket."""
    parsed = urlparse(state)
    path = f"{parsed.path.strip('/')}/{FOLDER}".lstrip("/")
    if parsed.scheme in ("gs", "s3"):
        return f"{parsed.scheme}://{parsed.netloc}/{path}"
    account = parse_qs(parsed.query).get("storage_account", [""])[0]
    account = account or environment("AZURE_STORAGE_ACCOUNT")
    if parsed.scheme == "azblob" and account:
        return f"abfss://{parsed.netloc}@{account}.dfs.core.windows.net/{path}"
    return ""


def _held_its_lock(build: Build) -> bool:
    """Whether this build has Jenkins' own lock of the stack, under which that other one of the same Jenkins applied.

    Jenkins gives `landfall-STACK` to one build at a time (ci/vars/landfallRelease.groovy), so the other gave it back.
    """
    jenkins, own = environment("JENKINS_URL"), environment("BUILD_URL")
    return (
        environment("LANDFALL_LOCK") == f"landfall-{build.stack}"
        and bool(jenkins)
        and own.startswith(jenkins)
        and build.url.startswith(jenkins)
        and build.url != own
    )


def _jenkins_says_over(url: str) -> bool:
    """Whether Jenkins says that the build is over; no answer is no."""
    headers = {}
    token = environment("LANDFALL_JENKINS_TOKEN")  # user:token, where Jenkins is not open to read
    if token:
        headers["Authorization"] = "Basic " + b64encode(token.encode()).decode()
    if not url.startswith(("https://", "http://")):
        return False
    request = urllib.request.Request(f"{url.rstrip('/')}/api/json?tree=building", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return json.load(answer).get("building") is False
    except (urllib.error.URLError, OSError, ValueError, AttributeError):
        return False


def _ticks(pid: int) -> int:
    """When the kernel started a process of this machine, in clock ticks since boot; 0 where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0 if not _alive(pid) else -1
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] == "Z" else int(fields[19])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _now() -> datetime:
    return datetime.now(UTC)
