"""What Prometheus reads at /metrics. Names end in their unit; labels are few and bounded."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096)


class Metrics:
    """The server's own registry of metrics, so that tests and embedders do not meet in a global one."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "landfall_requests", "Requests answered", ["route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "landfall_request_seconds",
            "Time to answer",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch_rows = Histogram(
            "landfall_batch_rows", "Rows a prediction call", buckets=_ROWS, registry=registry
        )
        self.queue_rows = Gauge(
            "landfall_queue_rows", "Rows that wait or are being predicted", registry=registry
        )
        self._predictions = Counter(
            "landfall_predictions", "Rows predicted", ["version"], registry=registry
        )
        self._version = Gauge(
            "landfall_model_version", "1 for each loaded version and its role", ["version", "role"],
            registry=registry,
        )  # fmt: skip
        self._refused = Counter(
            "landfall_refused", "Requests refused: queue, throttle", ["reason"], registry=registry
        )
        self.swaps = Counter("landfall_swaps", "Champions swapped in", registry=registry)
        self.swap_failures = Counter(
            "landfall_swap_failures", "Versions that could not be swapped in", registry=registry
        )
        self.canary_failures = Counter(
            "landfall_canary_failures",
            "Requests the candidate failed",
            ["version"],
            registry=registry,
        )
        self.canary_stopped = Gauge(
            "landfall_canary_stopped",
            "1 once a candidate's canary stopped",
            ["version"],
            registry=registry,
        )
        self.logged = Counter(
            "landfall_predictions_logged", "Rows written to the lake", registry=registry
        )
        self.log_dropped = Counter(
            "landfall_predictions_dropped", "Rows not written, the buffer being full or the write failing",
            registry=registry,
        )  # fmt: skip
        self._children: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._version_children: dict[int, Counter] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is one of a fixed few, never a raw path."""
        pair = self._children.get((route, status))
        if pair is None:
            pair = (self._requests.labels(route, str(status)), self._seconds.labels(route))
            self._children[(route, status)] = pair
        pair[0].inc()
        pair[1].observe(seconds)

    def refused(self, reason: str) -> None:
        """Count one 429 by its reason (`queue` or `throttle`)."""
        self._refused.labels(reason).inc()

    def predicted(self, version: int, rows: int) -> None:
        """Count one prediction call."""
        child = self._version_children.get(version)
        if child is None:
            child = self._version_children[version] = self._predictions.labels(str(version))
        child.inc(rows)
        self.batch_rows.observe(rows)

    def roles(self, roles: dict[int, str]) -> None:
        """Say which versions are loaded, and as what (`champion`, `candidate`, `pinned`, `previous`)."""
        self._version.clear()
        for version, role in roles.items():
            self._version.labels(str(version), role).set(1)

    def render(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)
