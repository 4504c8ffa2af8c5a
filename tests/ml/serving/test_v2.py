"""The server speaks Open Inference Protocol V2, and says what is wrong with a request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ml.serving.client import Server, prediction, row, rows, start_toy


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("v2")
    with start_toy(folder, {1: {"bias": 0.5}}, queue=100) as running:
        yield running


def test_health_and_server_metadata_answer(server: Server) -> None:
    assert server.get("/v2/health/live").json() == {"live": True}
    assert server.get("/v2/health/ready").json()["ready"] is True
    told = server.get("/v2").json()
    assert told["name"] == "landfall"
    assert set(told) == {"name", "version", "extensions"}


@pytest.mark.parametrize("middle", ["", "/versions/1"])
def test_model_metadata_names_inputs_outputs_and_versions(server: Server, middle: str) -> None:
    told = server.get(f"/v2/models/toy{middle}").json()
    assert told == {
        "name": "toy",
        "versions": ["1"],
        "platform": "sklearn",
        "inputs": [
            {"name": "x", "datatype": "FP64", "shape": [-1]},
            {"name": "y", "datatype": "FP64", "shape": [-1]},
            {"name": "city", "datatype": "BYTES", "shape": [-1]},
        ],
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [-1]}],
    }
    assert server.get(f"/v2/models/toy{middle}/ready").json() == {"name": "toy", "ready": True}


@pytest.mark.parametrize("version", [None, 1])
def test_inference_gives_one_value_a_row_and_the_id_back(
    server: Server, version: int | None
) -> None:
    answer = server.infer(rows([1, 2.5], [None, 3], ["a", None], id="abc"), version=version)
    assert answer.json() == {
        "model_name": "toy",
        "model_version": "1",
        "id": "abc",
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [2], "data": [1.5, 3.0]}],
    }


def test_a_column_may_be_a_matrix_of_one_value_a_row_flat_or_nested(server: Server) -> None:
    request = rows([1, 2], [0, 0], ["a", "b"])
    request["inputs"][0] |= {"shape": [2, 1], "data": [[1], [2]], "datatype": "INT32"}
    request["inputs"][1] |= {"shape": [2, 1]}
    assert prediction(server.infer(request)) == [1.5, 2.5]


def test_nan_stands_for_a_missing_value_where_null_may(server: Server) -> None:
    assert prediction(server.infer(row(1, float("nan")))) == [1.5]


def test_the_request_id_is_taken_or_made_and_logged_without_the_payload(server: Server) -> None:
    given_id = server.infer(row(city="SECRETVILLE"), headers={"X-Request-Id": "r-7"})
    assert given_id.headers["x-request-id"] == "r-7"
    made = server.infer(row(), headers={"X-Request-Id": "no good\tid"}).headers["x-request-id"]
    assert made
    assert made != "no good\tid"
    import time

    time.sleep(0.5)
    lines = [line for line in server.log() if line.get("id") == "r-7"]
    assert [(line["status"], line["version"]) for line in lines] == [(200, 1)]
    assert "SECRETVILLE" not in server.stderr.read_text()


def _changed(position: int, **changes: Any) -> dict[str, Any]:
    request = row()
    request["inputs"][position] |= changes
    return request


def _without(position: int) -> dict[str, Any]:
    request = row()
    del request["inputs"][position]
    return request


def _with(*more: Any) -> dict[str, Any]:
    request = row()
    request["inputs"].extend(more)
    return request


UNPROCESSABLE = {
    "missing column": (_without(1), "y", "missing", "missing: y"),
    "unknown column": (_with({"name": "z"}), "z", "unknown", "columns: x, y, city"),
    "column twice": (_with(row()["inputs"][0]), "x", "duplicate", "twice"),
    "nameless input": (_with(7), "inputs", "name", "text 'name'"),
    "wrong datatype": (_changed(0, datatype="BYTES"), "x", "datatype", "must be FP64, not BYTES"),
    "unhashable datatype": (_changed(0, datatype=[]), "x", "datatype", "must be FP64"),
    "wrong shape": (_changed(0, shape=[1, 2]), "x", "shape", "[rows] or [rows, 1]"),
    "shape and data differ": (_changed(0, shape=[3]), "x", "shape", "says 3 rows"),
    "no rows": (_changed(0, shape=[0], data=[]), "x", "shape", "at least 1"),
    "rows differ": (_changed(1, shape=[2], data=[1, 2]), "y", "shape", "2 rows"),
    "ragged rows": (_changed(0, shape=[1, 1], data=[[1, 2]]), "x", "shape", "one value each"),
    "data no list": (_changed(0, data=1), "x", "data", "list of values"),
    "null where none may be": (row(None), "x", "null", "may not be null"),
    "NaN where null may not": (row(float("nan")), "x", "not_finite", "not a finite number"),
    "infinite": (row(1, float("-inf")), "y", "not_finite", "-inf is not a finite number"),
    "too large for a float": (row(10**400), "x", "value", "64 bits"),
    "text for a number": (row("7"), "x", "datatype", "7 is not a number"),
    "true for a number": (row(True), "x", "datatype", "True is not a number"),
    "number for text": (row(city=7), "city", "datatype", "7 is not text"),
    "half a character": (row(city="\ud800"), "city", "value", "Unicode"),
    "no inputs": ({"id": "1"}, "inputs", "missing", "one tensor a column"),
    "unknown output": (row(outputs=[{"name": "odds"}]), "outputs", "unknown", "prediction"),
    "id no text": (row(id=7), "id", "datatype", "must be text"),
    "parameters no object": (row(parameters=[]), "parameters", "datatype", "an object"),
}


@pytest.mark.parametrize("case", UNPROCESSABLE)
def test_a_bad_request_is_told_its_field_and_reason(server: Server, case: str) -> None:
    request, field, reason, text = UNPROCESSABLE[case]
    answer = server.infer(request)
    assert answer.status == 422
    told = answer.json()
    assert (told["field"], told["reason"]) == (field, reason)
    assert text in told["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_object_is_a_bad_request(server: Server, body: bytes) -> None:
    answer = server.infer(body)
    assert answer.status == 400
    assert "JSON" in answer.json()["error"]


def test_a_body_beyond_the_limit_is_refused_and_the_connection_goes_on(server: Server) -> None:
    connection = server.connect()
    assert server.infer(b" " * (5 * 1024 * 1024), connection=connection).status == 413
    assert prediction(server.infer(row(), connection=connection)) == [1.5]
    connection.close()


def test_a_chunked_body_beyond_the_limit_is_refused(server: Server) -> None:
    connection = server.connect()
    chunks = (b" " * 1_000_000 for _ in range(6))
    connection.request("POST", "/v2/models/toy/infer", chunks, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_more_rows_than_the_queue_ever_holds_are_refused_for_good(server: Server) -> None:
    answer = server.infer(rows([1] * 101, [1] * 101, ["a"] * 101))
    assert answer.status == 413
    assert "at most 100" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/other", 404),
        ("GET", "/v2/models/toy/versions/9", 404),
        ("GET", "/v2/models/toy/versions/x1", 404),
        ("POST", "/v2/models/toy/versions/9/infer", 404),
        ("GET", "/v2/models/toy/explain", 404),
        ("GET", "/docs", 404),
        ("GET", "/v2/models/toy/infer", 405),
        ("POST", "/v2/health/live", 405),
    ],
)
def test_other_addresses_and_methods_get_an_error_object(
    server: Server, method: str, path: str, status: int
) -> None:
    answer = server.request(method, path, b"{}" if path.endswith("versions/9/infer") else None)
    if path.endswith("versions/9/infer"):
        answer = server.infer(row(), version=9)
    assert answer.status == status
    assert answer.json()["error"]


def test_binary_tensors_are_refused_by_name(server: Server) -> None:
    answer = server.infer(row(), headers={"Inference-Header-Content-Length": "12"})
    assert answer.status == 415


def test_metrics_tell_requests_latency_batches_queue_and_version(server: Server) -> None:
    server.infer(row())
    text = server.get("/metrics").body.decode()
    for name in (
        'landfall_requests_total{route="infer",status="200"}',
        'landfall_request_seconds_bucket{le="0.05",route="infer"}',
        "landfall_batch_rows_bucket",
        "landfall_queue_rows 0.0",
        'landfall_model_version{role="champion",version="1"} 1.0',
    ):
        assert name in text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3)
    ),
    max_leaves=6,
)
TENSOR = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["x", "y", "city", "z"]) | JSON,
        "datatype": st.sampled_from(["FP64", "INT64", "BYTES"]) | JSON,
        "shape": st.sampled_from([[1], [2], [1, 1], [0], [-1]]) | JSON,
        "data": st.lists(st.floats() | st.integers() | st.text(max_size=3) | st.none(), max_size=2)
        | JSON,
        "parameters": JSON,
    },
)
REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "inputs": st.lists(TENSOR | JSON, max_size=4) | JSON,
        "id": st.text(max_size=3) | JSON,
        "parameters": st.dictionaries(st.sampled_from(["key", "a"]), JSON, max_size=2) | JSON,
        "outputs": st.lists(st.fixed_dictionaries({"name": st.just("prediction") | JSON})) | JSON,
    },
)


def _mutated(changes: list[tuple[int, str, Any]]) -> dict[str, Any]:
    request = row()
    for position, name, value in changes:
        request["inputs"][position][name] = value
    return request


NEARLY = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["name", "datatype", "shape", "data"]),
        JSON | st.lists(st.floats() | st.none() | st.text(max_size=3), min_size=1, max_size=1),
    ),
    max_size=2,
).map(_mutated)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(request=REQUEST | NEARLY | JSON)
def test_no_body_whatever_makes_the_server_fail(server: Server, request: Any) -> None:
    answer = server.infer(json.dumps(request).encode())
    assert answer.status in (200, 400, 413, 422), answer.body
    assert answer.status == 200 or answer.json()["error"]
