"""The code that batches run: staged under its digest, published by one pointer, never replaced."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from landfall.cli import build_app
from landfall.errors import LandfallError, UsageError
from landfall.storage import Store
from pipelines.code import current, publish, stage


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store((tmp_path / "artifacts").as_uri())


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "landfall-1-py3-none-any.whl").write_bytes(b"one")
    return folder


def test_a_wheel_lies_under_its_own_digest_and_is_staged_once(store, dist):
    digest = hashlib.sha256(b"one").hexdigest()
    first, second = stage(store, dist), stage(store, dist / "landfall-1-py3-none-any.whl")
    assert (first["digest"], first["new"], second["new"]) == (digest, True, False)
    assert store.read(f"code/{digest}/landfall-1-py3-none-any.whl") == b"one"
    assert current(store) is None  # staging changes nothing that runs


def test_publishing_moves_the_pointer_and_names_the_way_back(store, dist):
    first = stage(store, dist)["digest"]
    (dist / "landfall-1-py3-none-any.whl").write_bytes(b"two")
    second = stage(store, dist)["digest"]
    assert publish(store, first, "ann")["before"] is None
    now = publish(store, second, "bob")
    assert (now["digest"], now["before"], now["who"]) == (second, first, "bob")
    assert publish(store, second, "eve") == now  # again: nothing changes
    assert publish(store, first, "bob")["before"] == second
    assert store.read(f"code/{second}/landfall-1-py3-none-any.whl") == b"two"


def test_a_packed_environment_goes_with_its_wheel(store, dist, tmp_path):
    packed = tmp_path / "environment.tar.gz"
    packed.write_bytes(b"packed")
    staged = stage(store, dist, packed)
    assert staged["digest"] != hashlib.sha256(b"one").hexdigest()
    assert publish(store, staged["digest"], "ann")["environment"] == "environment.tar.gz"


def test_what_was_changed_after_staging_is_not_published(store, dist):
    digest = stage(store, dist)["digest"]
    store.write(f"code/{digest}/landfall-1-py3-none-any.whl", b"doctored")
    with pytest.raises(LandfallError, match="not what was staged"):
        publish(store, digest, "ann")
    assert current(store) is None


@pytest.mark.parametrize("digest", ["../../etc", "0" * 63, "0" * 64])
def test_a_digest_that_is_not_staged_is_refused(store, digest):
    with pytest.raises(UsageError):
        publish(store, digest, "ann")


def test_a_folder_must_hold_one_wheel(store, dist):
    (dist / "landfall-2-py3-none-any.whl").write_bytes(b"two")
    with pytest.raises(UsageError, match="holds 2 wheels"):
        stage(store, dist)
    with pytest.raises(UsageError, match="There is no wheel"):
        stage(store, dist / "missing.whl")


def test_the_commands_hand_on_what_a_pipeline_needs(dist, tmp_path, monkeypatch):
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LANDFALL_USER", "ann")

    def call(*words: str) -> dict:
        done = CliRunner().invoke(build_app(), ["code", *words, "--output", "json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert call("show")["current"] is None
    digest = call("stage", str(dist))["digest"]
    assert call("publish", digest)["who"] == "ann"
    assert call("show")["current"]["digest"] == digest
