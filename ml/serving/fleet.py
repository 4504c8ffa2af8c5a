"""The versions that are loaded, who of them answers a request, and how a promotion swaps the champion.

A new version is loaded and warmed beside the old one, in a thread, and then one assignment swaps them:
requests already queued are answered by the version that took them. The champion before stays loaded, so
that a rollback is swift. Where the registry cannot be read, or a new version does not load, the old
champion goes on answering and the log says why.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from landfall.errors import LandfallError, UsageError
from landfall.intent.ml import Serving
from ml.serving.access import AccessLog
from ml.serving.batcher import Batcher, Record
from ml.serving.canary import Canary
from ml.serving.metrics import Metrics
from ml.serving.protocol import Reader, RequestError
from ml.serving.source import Model, ModelSource

_RETRY_SECONDS = 30
"""How long a version that did not load is left alone."""


@dataclass(frozen=True)
class Loaded:
    """A version that can answer."""

    model: Model
    reader: Reader
    batcher: Batcher


class Fleet:
    """All loaded versions. Loads in threads; everything else runs in the event loop."""

    def __init__(
        self,
        source: ModelSource,
        settings: Serving,
        metrics: Metrics,
        log: AccessLog,
        record: Record,
    ) -> None:
        self._source = source
        self._settings = settings
        self._metrics = metrics
        self._log = log
        self._record = record
        self._loaded: dict[int, Loaded] = {}
        self._previous: int | None = None
        self._retry: dict[int, float] = {}
        self._trouble = ""
        self.champion: Loaded
        self.canary: Canary | None = None

    def start(self) -> None:
        """Load the champion, the pinned versions and the candidate; raises LandfallError without a champion.

        Blocks; to be called before the event loop runs.
        """
        name = self._source.name
        version = self._source.champion()
        if version is None:
            raise LandfallError(
                f"Problem '{name}' has no champion yet.",
                so="There is nothing to serve.",
                fix="Run the flow until a model is promoted: landfall run --all",
            )
        self.champion = self._load(version)
        for team, pinned in self._settings.pins.items():
            try:
                self._load(pinned)
            except LandfallError as error:
                raise UsageError(
                    f"serving.pins.{team}: version {pinned} does not load: {error.what}",
                    fix=error.fix or "Pin the team to a version of `landfall model history`.",
                ) from None
        self._follow_candidate(self._look()[1])
        self._tell_roles()

    async def refresh(self) -> None:
        """Look at the registry once and follow it. Never raises: trouble is logged, once each."""
        try:
            champion, candidate = await asyncio.to_thread(self._look)
            if champion is not None and champion != self.champion.model.version:
                await self._swap(champion)
            if candidate != (self.canary.version if self.canary else None):
                await asyncio.to_thread(self._follow_candidate, candidate)
                self._tell_roles()
            self._retire()
            self._trouble = ""
        except Exception as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._log.event("registry_trouble", error=str(error))

    def route(self, version: str | None, team: str, key: str) -> tuple[Loaded, bool]:
        """Who answers, and whether as canary: the version asked for, else the team's pin, else by key.

        Raises RequestError (404) for a version that is not loaded.
        """
        if version is not None:
            return self.find(version), False
        pinned = self._settings.pins.get(team)
        if pinned is not None:
            return self._loaded[pinned], False
        canary = self.canary
        if canary is not None and canary.takes(key):
            candidate = self._loaded.get(canary.version)
            if candidate is not None:
                return candidate, True
        return self.champion, False

    def find(self, version: str | None) -> Loaded:
        """The loaded version of that number (the champion for None); raises RequestError (404)."""
        if version is None:
            return self.champion
        found = (
            self._loaded.get(int(version)) if version.isdecimal() and len(version) < 10 else None
        )
        if found is None:
            known = ", ".join(map(str, self.versions))
            raise RequestError(404, f"Version {version[:20]} is not served; versions: {known}")
        return found

    @property
    def versions(self) -> list[int]:
        """Every version that may be asked for, ascending."""
        return sorted(self._loaded)

    def note_canary(self, version: int, failed: bool) -> None:
        """Count a candidate's answer; takes it out where its failures reach the bound."""
        canary = self.canary
        if canary is None or canary.version != version:
            return
        if failed:
            self._metrics.canary_failures.labels(str(version)).inc()
        if canary.note(failed):
            self._metrics.canary_stopped.labels(str(version)).set(1)
            self._log.event(
                "canary_stopped", version=version, answers=canary.answers, failures=canary.failures
            )

    def close(self) -> None:
        """End every thread."""
        for one in self._loaded.values():
            one.batcher.close()

    def _look(self) -> tuple[int | None, int | None]:
        champion = self._source.champion()
        wanted = self._source.candidate() if self._settings.canary > 0 else None
        return champion, wanted

    async def _swap(self, version: int) -> None:
        if self._waits(version):
            return
        try:
            new = await asyncio.to_thread(self._load, version)
        except Exception as error:
            self._retry[version] = time.monotonic() + _RETRY_SECONDS
            self._metrics.swap_failures.inc()
            self._log.event("champion_not_loaded", version=version, error=str(error))
            return
        self._previous = self.champion.model.version
        self.champion = new
        if self.canary is not None and self.canary.version == version:
            self.canary = None
        self._metrics.swaps.inc()
        self._log.event("champion_swapped", version=version, previous=self._previous)
        self._tell_roles()

    def _follow_candidate(self, version: int | None) -> None:
        if version is None:
            self.canary = None
            return
        if self._waits(version):
            return
        try:
            self._load(version)
        except Exception as error:
            self._retry[version] = time.monotonic() + _RETRY_SECONDS
            self._log.event("candidate_not_loaded", version=version, error=str(error))
            self.canary = None
            return
        self.canary = Canary(version, self._settings.canary, self._settings.canary_max_error)

    def _waits(self, version: int) -> bool:
        """Whether a version that failed to load is not to be tried again yet."""
        return time.monotonic() < self._retry.get(version, 0)

    def _load(self, version: int) -> Loaded:
        """Load and warm a version, or take it where it is loaded already; raises LandfallError."""
        found = self._loaded.get(version)
        if found is not None:
            return found
        model = self._source.load(version)
        wait = self._settings.max_wait_ms / 1000
        batcher = Batcher(model, self._settings.max_batch, wait, self._record)
        try:
            batcher.warm()
        except Exception as error:
            batcher.close()
            raise LandfallError(
                f"Version {version} does not predict its own example: {error}",
                so="It was not taken into service.",
            ) from error
        self._loaded[version] = loaded = Loaded(model, Reader(model), batcher)
        return loaded

    def _kept(self) -> dict[int, str]:
        roles = dict.fromkeys(self._settings.pins.values(), "pinned")
        if self._previous is not None:
            roles.setdefault(self._previous, "previous")
        if self.canary is not None:
            roles[self.canary.version] = "candidate"
        roles[self.champion.model.version] = "champion"
        return roles

    def _retire(self) -> None:
        """Let go of versions that have no role any more and owe no answer."""
        kept = self._kept()
        for version in [v for v, one in self._loaded.items() if v not in kept and one.batcher.idle]:
            self._loaded.pop(version).batcher.close()
            self._tell_roles()

    def _tell_roles(self) -> None:
        self._metrics.roles(self._kept())
