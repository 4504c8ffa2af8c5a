"""Which requests the candidate answers, and when it is taken out again.

The share is taken by a hash of the request's key, so that the same key meets the same version as long
as the canary runs. Only failures stop it: whether its answers are better is the gate's question.
"""

from __future__ import annotations

from hashlib import blake2b

LEAST_ANSWERS = 100
"""Failures are counted against at least so many answers, so that one early failure is no verdict."""


class Canary:
    """The canary of one candidate version."""

    def __init__(self, version: int, share: float, max_error: float) -> None:
        self.version = version
        self.answers = 0
        self.failures = 0
        self.stopped = False
        self._bound = int(share * 2**64)
        self._max_error = max_error
        self._salt = str(version).encode()[:16]

    def takes(self, key: str) -> bool:
        """Whether the candidate answers this key; never once the canary has stopped."""
        if self.stopped:
            return False
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, salt=self._salt)
        return int.from_bytes(digest.digest(), "big") < self._bound

    def note(self, failed: bool) -> bool:
        """Count one answer; True where this one stopped the canary."""
        self.answers += 1
        self.failures += failed
        share = self.failures / max(self.answers, LEAST_ANSWERS)
        if failed and not self.stopped and share >= self._max_error:
            self.stopped = True
            return True
        return False
