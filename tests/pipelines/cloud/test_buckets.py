"""One behaviour over every object store: whole objects, one creator, files but no folders listed."""

from __future__ import annotations

import itertools
import threading

import pytest

from landfall.storage import Store
from tests.pipelines.bus.servers import AZURITE_ACCOUNT
from tests.pipelines.cloud import servers

_NUMBERS = itertools.count(1)


@pytest.fixture(params=["s3", "gs", "abfss", "memory"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store on a fresh bucket, below a folder of it."""
    name = f"zone-{next(_NUMBERS)}"
    make = {"s3": _s3, "gs": _gs, "abfss": _abfss, "memory": lambda *_: Store(f"memory://{name}/a")}
    return make[request.param](request, monkeypatch, name)


def _s3(request: pytest.FixtureRequest, _: pytest.MonkeyPatch, name: str) -> Store:
    from boto3.session import Session

    request.getfixturevalue("aws")
    Session(region_name="us-east-1").client("s3").create_bucket(Bucket=name)
    return Store(f"s3://{name}/a", {"client_kwargs.region_name": "us-east-1"})


def _gs(request: pytest.FixtureRequest, _: pytest.MonkeyPatch, name: str) -> Store:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    address = request.getfixturevalue("gcs_server")
    options = {"api_endpoint": address}
    Client("p", AnonymousCredentials(), client_options=options).create_bucket(name)
    return Store(f"gs://{name}/a", {"project": "p", "endpoint_url": address})


def _abfss(request: pytest.FixtureRequest, patch: pytest.MonkeyPatch, name: str) -> Store:
    from azure.storage.blob import BlobServiceClient

    connection = servers.azure_connection(request.getfixturevalue("azurite_server"))
    BlobServiceClient.from_connection_string(connection).create_container(name)
    patch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
    return Store(f"abfss://{name}@{AZURITE_ACCOUNT}.dfs.core.windows.net/a")


def test_what_was_written_is_read_again_and_replaced_as_a_whole(store: Store) -> None:
    store.write("b/c.bin", b"\x00\xff" * 1000)
    assert store.read("b/c.bin") == b"\x00\xff" * 1000
    store.write("b/c.bin", b"new")
    assert store.read("b/c.bin") == b"new"
    store.write_json("b/d é.json", {"b": 1, "a": "é"})
    assert store.read_json("b/d é.json") == {"a": "é", "b": 1}


def test_only_what_is_there_is_there(store: Store) -> None:
    store.write("folder/x", b"1")
    assert store.exists("folder/x")
    assert not store.exists("folder/y")
    assert not store.exists("folder")
    with pytest.raises(FileNotFoundError):
        store.read("folder/y")


def test_objects_are_listed_below_a_folder_and_not_beside_it(store: Store) -> None:
    for path in ("b/2", "b/1", "a/1", "b/c/3", "b2/1"):
        store.write(path, b"x")
    assert list(store.list()) == ["a/1", "b/1", "b/2", "b/c/3", "b2/1"]
    assert list(store.list("b")) == ["b/1", "b/2", "b/c/3"]
    assert list(store.list("absent")) == []


def test_of_several_creators_at_once_exactly_one_is_told_so(store: Store) -> None:
    if store.uri.startswith("memory:"):
        pytest.skip("fsspec's memory is no service: it does not decide between threads")
    won: list[int] = []
    start = threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        if store.create("x", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.read("x") == str(won[0]).encode()
    assert not store.create_json("x", {})
