"""The server on the real registry and a real model, by the command itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import flight_model
from landfall.intent import parse_intent
from landfall.local import local_platform
from landfall.platform import Platform
from landfall.project import default_stack, find_project
from ml.serving.source import RegistrySource
from tests.ml.serving.client import ROOT, Server, eventually, prediction

COMMAND = "from landfall.cli.serve import serve; import typer; typer.run(serve)"


@pytest.fixture(scope="module")
def trained() -> flight_model.Trained:
    return flight_model.train(rows=4000, iterations=10)


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    project = find_project(ROOT)
    stack = default_stack()
    return local_platform(parse_intent(project.read_stack(stack), stack), stack, tmp_path)


def test_only_what_the_newest_verdict_held_is_the_candidate(
    platform: Platform, trained: flight_model.Trained
) -> None:
    from ml.record import Record

    source = RegistrySource(platform, flight_model.PROBLEM)
    assert (source.champion(), source.candidate()) == (None, None)
    for version in (1, 2):
        flight_model.register(platform, trained, version)
    flight_model.promote(platform, 1)
    assert (source.champion(), source.candidate()) == (1, None)
    record = Record(platform, flight_model.PROBLEM)
    record.append("hold", "gate", "not sure yet", {"version": 2, "month": "2013-03"})
    assert (source.champion(), source.candidate()) == (1, 2)
    record.append("reject", "gate", "worse", {"version": 2, "month": "2013-04"})
    assert source.candidate() is None


def test_the_command_serves_what_the_pipeline_says_and_follows_a_promotion(
    platform: Platform, trained: flight_model.Trained, tmp_path: Path
) -> None:
    flight_model.register(platform, trained, 1)
    flight_model.promote(platform, 1)
    command = [sys.executable, "-c", COMMAND, "--port", "0", "--output", "json"]
    frame = trained.rows.head(20)
    expected = trained.pipeline.predict_proba(frame)[:, 1]
    request = flight_model.v2_request(frame)
    with Server(
        command, flight_model.PROBLEM, tmp_path / "err", LANDFALL_HOME=str(tmp_path)
    ) as server:
        assert server.told["version"] == 1
        assert prediction(server.infer(request)) == pytest.approx(expected, abs=1e-9)
        request["inputs"][0]["data"][0] = (
            None  # an unseen carrier, and none at all, are answered too
        )
        request["inputs"][0]["data"][1] = "??"
        assert len(prediction(server.infer(request))) == 20
        flight_model.register(platform, trained, 2)
        flight_model.promote(platform, 2, "2013-03")
        eventually(lambda: server.infer(request).json()["model_version"] == "2")
        assert server.stop() == 0
    assert list((tmp_path / "lake/artifacts/predictions/late_arrival").rglob("*.parquet"))
