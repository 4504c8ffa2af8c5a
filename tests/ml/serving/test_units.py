"""The small deciders, by themselves: throttle, canary, journal's bound, access log."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

from landfall.storage import Store
from ml.serving.access import AccessLog
from ml.serving.batcher import Ticket
from ml.serving.canary import LEAST_ANSWERS, Canary
from ml.serving.journal import Journal
from ml.serving.metrics import Metrics
from ml.serving.protocol import Inference, encode, metadata
from ml.serving.source import Column, Model
from ml.serving.throttle import Throttle


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_a_seconds_burst_and_then_its_rate() -> None:
    clock = Clock()
    throttle = Throttle({"web": 5}, clock)
    assert [throttle.take("web") for _ in range(6)] == [0] * 5 + [1]
    clock.now += 0.2
    assert [throttle.take("web"), throttle.take("web")] == [0, 1]


def test_a_slow_rate_tells_how_long_to_wait_and_zero_shuts_a_team_out() -> None:
    throttle = Throttle({"slow": 0.1, "shut": 0}, Clock())
    assert [throttle.take("slow"), throttle.take("slow")] == [0, 10]
    assert throttle.take("shut") > 0
    assert throttle.take("other") == 0


def test_a_canary_stops_at_its_share_of_failures_counted_against_a_least_number() -> None:
    canary = Canary(2, 1.0, 0.02)
    assert not canary.note(failed=True)
    assert canary.takes("k")
    assert canary.note(failed=True)  # 2 of at least 100
    assert not canary.takes("k")


def test_a_canary_with_many_good_answers_bears_more_failures() -> None:
    canary = Canary(2, 1.0, 0.02)
    for _ in range(10 * LEAST_ANSWERS):
        canary.note(failed=False)
    stops = [canary.note(failed=True) for _ in range(21)]
    assert stops.index(True) == 20  # 21 of 1021 is the first share above 0.02


def test_a_share_of_zero_takes_nobody_and_of_one_everybody() -> None:
    keys = [str(i) for i in range(100)]
    assert not any(Canary(1, 0.0, 0.1).takes(key) for key in keys)
    assert all(Canary(1, 1.0, 0.1).takes(key) for key in keys)


TWO = Model(
    3, (Column("x", "FP64"),), lambda columns, rows: np.ones((rows, 2)) / 2, {"x": [0.0]},
    output="probability", classes=("no", "yes"),
)  # fmt: skip


def _ticket(rows: int) -> Ticket:
    return Ticket(Inference(None, None, [[1.0] * rows], rows, None), "r", "", False, 0.0)


def test_several_classes_are_answered_as_a_matrix_and_a_label_a_row() -> None:
    values = np.array([[0.9, 0.1], [0.2, 0.8]])
    told = json.loads(encode("m", TWO, _ticket(2).inference, values))
    assert told["outputs"] == [
        {"name": "probability", "datatype": "FP64", "shape": [2, 2], "data": [0.9, 0.1, 0.2, 0.8]},
        {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["no", "yes"]},
    ]
    assert [o["shape"] for o in metadata("m", TWO, [3])["outputs"]] == [[-1, 2], [-1]]


def test_a_full_journal_drops_and_counts_but_never_waits(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    metrics, log = Metrics(), AccessLog(io.StringIO())
    journal = Journal(Store(tmp_path.as_uri()), "p", metrics, log, seconds=60, max_rows=10)
    for rows in (6, 6, 4):
        journal.add(TWO, [_ticket(rows)], {"x": [1.0] * rows}, np.full((rows, 2), 0.5))
    journal.close()
    log.close()
    (path,) = tmp_path.rglob("*.parquet")
    table = pq.read_table(path)
    assert table.num_rows == 10
    assert {"_prediction_no", "_prediction_yes"} <= set(table.column_names)
    assert b"landfall_predictions_dropped_total 6.0" in metrics.render()
    assert b"landfall_predictions_logged_total 10.0" in metrics.render()


def test_the_access_log_drops_what_a_blocked_pipe_leaves_no_room_for_and_says_so() -> None:
    stream = io.StringIO()
    log = AccessLog(stream, max_lines=2)
    for i in range(5):
        log.line(json.dumps({"i": i}))
    log.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[-1] == {"event": "log_lines_dropped", "lines": 3}
