"""The server under load and change: bounded, drained, swapped, pinned, throttled, tried by a canary."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow.parquet as pq

from tests.ml.serving.client import (
    ROOT,
    SCRIPT,
    Answer,
    Load,
    appoint,
    eventually,
    prediction,
    row,
    rows,
    start_toy,
    write_toy,
)


def test_rows_of_several_requests_share_a_prediction_call(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0, "sleep": 0.05}}, max_wait_ms=20) as server:
        load = Load(server, 8)
        eventually(lambda: len(load.answers) >= 40)
        load.stop()
        calls = server.metric("landfall_batch_rows_count")
        assert server.metric("landfall_batch_rows_sum") == len(load.answers)
        assert calls < len(load.answers) / 2
        for answer in load.answers:  # and each got its own value back
            assert prediction(answer)[0] == int(answer.json()["id"].split("-")[1]) + 1


def test_a_full_queue_answers_429_with_retry_after_and_recovers(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0, "sleep": 0.15}}, queue=3, max_batch=1) as server:
        answers: list[Answer] = []
        callers = [
            threading.Thread(target=lambda: answers.append(server.infer(row()))) for _ in range(12)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        refused = [answer for answer in answers if answer.status == 429]
        assert {answer.status for answer in answers} == {200, 429}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
        assert server.metric('landfall_refused_total{reason="queue"}') == len(refused)
        assert prediction(server.infer(row())) == [1.0]
        assert server.metric("landfall_queue_rows") == 0


def test_sigterm_under_load_answers_every_request_and_exits_0(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0, "sleep": 0.1}}, options={"grace": 0.5}) as server:
        load = Load(server, 16)
        eventually(lambda: len(load.answers) >= 16)
        server.process.terminate()
        eventually(lambda: server.get("/v2/health/ready").status == 503, 1)
        assert server.get("/v2/health/live").status == 200
        load.join()
        assert server.process.wait(10) == 0
        assert not load.lost
        assert {answer.status for answer in load.answers} == {200}
        written = sum(pq.read_table(p).num_rows for p in tmp_path.rglob("*.parquet"))
        assert written == len(load.answers)


def test_a_promotion_under_load_swaps_the_version_and_loses_nothing(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0}, 2: {"bias": 0.5}}) as server:
        load = Load(server, 8)
        eventually(lambda: len(load.answers) >= 50)
        appoint(tmp_path, "champion", 2)
        eventually(lambda: load.answers[-1].json().get("model_version") == "2")
        before = len(load.answers)
        eventually(lambda: len(load.answers) >= before + 50)
        load.stop()
        assert not load.lost
        versions = [answer.json()["model_version"] for answer in load.answers]
        assert {"1", "2"} == set(versions)
        for answer in load.answers:
            told = answer.json()
            bias = 0.5 if told["model_version"] == "2" else 0
            assert prediction(answer)[0] == int(told["id"].split("-")[1]) + 1 + bias
        assert server.metric('landfall_model_version{role="previous",version="1"}') == 1
        appoint(tmp_path, "champion", 1)  # and back, as a rollback does
        eventually(lambda: server.infer(row()).json()["model_version"] == "1")


def test_a_new_champion_that_does_not_load_leaves_the_old_one_answering(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0}, 2: {"bias": 0, "broken": True}}) as server:
        for bad in (2, 3):
            appoint(tmp_path, "champion", bad)
            eventually(lambda bad=bad: server.metric("landfall_swap_failures_total") == bad - 1)
            assert server.infer(row()).json()["model_version"] == "1"
        (tmp_path / "champion").write_text("not a number")
        eventually(lambda: any(e.get("event") == "registry_trouble" for e in server.log()))
        assert server.infer(row()).status == 200


def test_a_pinned_team_stays_on_its_version(tmp_path: Path) -> None:
    versions = {1: {"bias": 0}, 2: {"bias": 10}}
    with start_toy(tmp_path, versions, champion=2, pins={"payments": 1}) as server:
        assert prediction(server.infer(row(1), headers={"X-Team": "payments"})) == [1.0]
        assert prediction(server.infer(row(1), headers={"X-Team": "web"})) == [11.0]
        assert prediction(server.infer(row(1))) == [11.0]
        asked = server.infer(row(1), version=2, headers={"X-Team": "payments"})
        assert prediction(asked) == [11.0]


def test_a_team_beyond_its_rate_is_throttled_and_the_others_are_not(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0}}, throttle={"web": 2}) as server:
        answers = [server.infer(row(), headers={"X-Team": "web"}) for _ in range(6)]
        statuses = [answer.status for answer in answers]
        assert statuses[:2] == [200, 200]
        assert 429 in statuses
        assert int(answers[statuses.index(429)].headers["retry-after"]) >= 1
        assert [server.infer(row()).status for _ in range(6)] == [200] * 6


def test_the_canary_takes_its_share_by_key_and_keeps_a_key_on_its_version(tmp_path: Path) -> None:
    write_toy(tmp_path, {})
    appoint(tmp_path, "candidate", 2)
    with start_toy(tmp_path, {1: {"bias": 0}, 2: {"bias": 10}}, canary=0.3) as server:
        connection = server.connect()

        def version(key: str) -> str:
            request = row(parameters={"key": key})
            return server.infer(request, connection=connection).json()["model_version"]

        first = [version(f"k{i}") for i in range(200)]
        assert 30 <= first.count("2") <= 90
        assert [version(f"k{i}") for i in range(200)] == first
        connection.close()


def test_a_failing_candidate_is_taken_out_and_no_caller_notices(tmp_path: Path) -> None:
    write_toy(tmp_path, {})
    appoint(tmp_path, "candidate", 2)
    versions = {1: {"bias": 0}, 2: {"bias": 10, "fail": "RuntimeError"}}
    with start_toy(tmp_path, versions, canary=0.5, canary_max_error=0.05) as server:
        connection = server.connect()
        for i in range(60):
            answer = server.infer(row(1, id=str(i)), connection=connection)
            assert prediction(answer) == [1.0]
        connection.close()
        assert server.metric('landfall_canary_stopped{version="2"}') == 1
        assert server.metric('landfall_canary_failures_total{version="2"}') == 5
        eventually(lambda: any(e.get("event") == "canary_stopped" for e in server.log()))


def test_values_the_model_refuses_cost_only_their_own_request(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0, "fail": "ValueError"}}, max_wait_ms=200) as server:
        answers: dict[float, Answer] = {}

        def ask(x: float) -> None:
            answers[x] = server.infer(row(x))

        callers = [threading.Thread(target=ask, args=(float(x),)) for x in (0, 7)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert answers[0].status == 200
        assert answers[7].status == 422
        assert answers[7].json()["reason"] == "value"


def test_a_failing_model_gives_500_without_a_traceback_and_stays_up(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0, "fail": "RuntimeError"}}) as server:
        answer = server.infer(row())
        assert (answer.status, answer.json()) == (
            500,
            {"error": "The model failed (RuntimeError)."},
        )
        assert server.get("/v2/health/ready").status == 200


def test_predictions_come_back_to_the_lake_with_inputs_and_version(tmp_path: Path) -> None:
    with start_toy(tmp_path, {1: {"bias": 0.5}}) as server:
        request = rows([1, 2], [None, 4.0], ["Oslo", None], id="k")
        server.infer(request, headers={"X-Team": "web", "X-Request-Id": "r1"})
        eventually(lambda: server.metric("landfall_predictions_logged_total") == 2)
    (path,) = (tmp_path / "lake" / "predictions" / "toy").glob("*/*.parquet")
    found = pq.read_table(path).drop_columns("_at").to_pylist()
    same = {"_request": "r1", "_key": "k", "_team": "web", "_version": 1, "_canary": False}
    assert found == [
        {**same, "x": 1.0, "y": None, "city": "Oslo", "_prediction": 1.5},
        {**same, "x": 2.0, "y": 4.0, "city": None, "_prediction": 2.5},
    ]


def test_a_lake_that_cannot_be_written_is_counted_and_delays_nobody(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the folder should be")
    with start_toy(tmp_path, {1: {"bias": 0}}) as server:
        assert server.infer(row()).status == 200
        eventually(lambda: server.metric("landfall_predictions_dropped_total") == 1)
        assert server.infer(row()).status == 200


def _fails(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(folder)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, cwd=ROOT, check=False,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        write_toy(tmp_path, {1: {"bias": 0}}, options={"port": taken.getsockname()[1]})
        ended = _fails(tmp_path)
    assert ended.returncode == 1
    assert "is in use" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_champion_it_says_how_to_get_one(tmp_path: Path) -> None:
    write_toy(tmp_path, {}, champion=None)
    ended = _fails(tmp_path)
    assert ended.returncode == 1
    assert "landfall run --all" in ended.stderr


def test_a_pin_on_an_unknown_version_is_a_usage_error(tmp_path: Path) -> None:
    write_toy(tmp_path, {1: {"bias": 0}}, pins={"web": 7})
    ended = _fails(tmp_path)
    assert ended.returncode == 2
    assert "serving.pins.web" in ended.stderr
    assert json.loads((tmp_path / "settings.json").read_text())["pins"] == {"web": 7}
