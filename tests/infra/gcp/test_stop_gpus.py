"""The hard stop itself, run against a stand-in of Google's cluster API that keeps state."""

from __future__ import annotations

import base64
import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest

from infra.gcp.stop import CODE

PROJECT, CLUSTER = "projects/acme", "acme-dev-platform"


class Google:
    """One cluster with a GPU pool and a CPU pool; every change takes one question to finish.

    It lies in one place, of which every change and question must speak; the client's own cluster is beside it.
    """

    def __init__(self, location: str) -> None:
        self.calls: list[str] = []
        self.parent = f"{PROJECT}/locations/{location}"
        self.location = location
        self.pools: dict[str, dict[str, Any]] = {
            "gpu": {"nodes": 3, "scales": True, "gpu": True},
            "fixed": {"nodes": 2, "scales": False, "gpu": True},
            "cpu": {"nodes": 5, "scales": True, "gpu": False},
        }
        self.running = ""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.calls.append(f"{method} {path}")
        if path.endswith("/token"):
            return 200, {"access_token": "t"}
        if path == f"/{PROJECT}/locations/-/clusters":
            ours = {"name": CLUSTER, "location": self.location, "nodePools": self._listed()}
            theirs = {**ours, "name": "theirs", "location": "us-central1"}
            return 200, {"clusters": [theirs, ours]}
        if not path.startswith(
            (f"/{self.parent}/clusters/{CLUSTER}/nodePools/", f"/{self.parent}/operations/")
        ):
            return 404, {"error": f"there is no {path}"}
        if "/operations/" in path:
            self.running = ""
            return 200, {"name": "op", "status": "DONE"}
        if self.running:  # a cluster does one thing at a time
            return 400, {"error": "an operation is running"}
        pool = self.pools[path.rpartition("/")[2].partition(":")[0]]
        if path.endswith(":setAutoscaling"):
            pool["scales"] = body["autoscaling"]["enabled"]
        elif path.endswith(":setSize"):
            pool["nodes"] = body["nodeCount"]
        self.running = "op"
        return 200, {"name": "op", "status": "RUNNING"}

    def _listed(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "autoscaling": {"enabled": True} if pool["scales"] else {},
                "config": {"accelerators": [{"acceleratorType": "nvidia-l4"}]}
                if pool["gpu"]
                else {},
            }
            for name, pool in self.pools.items()
        ]


@pytest.fixture(params=["europe-west4", "us-central1-a"])
def google(request: pytest.FixtureRequest) -> Google:
    """With a cluster in a region, and with one in a zone."""
    return Google(request.param)


@pytest.fixture
def stop(google: Google, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The function's module, its two addresses set to the stand-in."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            status, said = google.answer(self.command, self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST = _serve  # noqa: N815 (the library's names)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (theirs)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    settings = {
        "PROJECT": "acme", "CLUSTER": CLUSTER, "WAIT_SECONDS": "0.01",
        "CONTAINER_API": address, "METADATA_API": address,
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("stop_gpus_main", CODE / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    server.shutdown()
    thread.join()
    server.server_close()


def notice(**body: Any) -> Any:
    data = base64.b64encode(json.dumps(body).encode()).decode()
    return type("Event", (), {"data": {"message": {"data": data}}})()


def test_at_the_budget_every_gpu_pool_goes_to_zero_and_stays_there(
    stop: ModuleType, google: Google
) -> None:
    stop.stop_gpus(notice(costAmount=100, budgetAmount=100, currencyCode="EUR"))
    for name in ("gpu", "fixed"):
        assert google.pools[name] == {"nodes": 0, "scales": False, "gpu": True}
    assert google.pools["cpu"] == {"nodes": 5, "scales": True, "gpu": False}


def test_a_second_notice_changes_nothing(stop: ModuleType, google: Google) -> None:
    for _ in range(2):
        stop.stop_gpus(notice(costAmount=130, budgetAmount=100))
    assert google.pools["gpu"]["nodes"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"costAmount": 99.99, "budgetAmount": 100},
        {"costAmount": 5, "budgetAmount": 0},
        {"budgetAmount": 100},
        {"costAmount": "200", "budgetAmount": 100},
    ],
)
def test_below_the_budget_nobody_is_even_asked(
    stop: ModuleType, google: Google, body: dict[str, Any]
) -> None:
    stop.stop_gpus(notice(**body))
    assert google.calls == []


def test_a_failed_change_is_an_error_so_that_pubsub_asks_again(
    stop: ModuleType, google: Google
) -> None:
    google.running = "somebody else's"
    with pytest.raises(OSError, match="400"):
        stop.stop_gpus(notice(costAmount=100, budgetAmount=100))
