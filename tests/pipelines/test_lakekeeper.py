"""The job that makes the catalog ready: against a server that keeps what it is told, as Lakekeeper's API says it does.

https://docs.lakekeeper.io/docs/0.12.x/api/management. Not proven here: Lakekeeper's own checks of the storage.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from landfall.errors import LandfallError
from pipelines.lakekeeper import main, prepare
from tests.pipelines.cloud.fake_http import Asked, fake_service

ASKED: dict[str, Any] = {
    "warehouse": {
        "warehouse-name": "lake",
        "storage-profile": {"type": "adls", "account-name": "acme", "filesystem": "tables"},
        "storage-credential": {"type": "az", "credential-type": "azure-system-identity"},
    },
    "namespaces": {"silver": "abfss://tables@acme.dfs.core.windows.net/silver/tables"},
}
TOKEN = "token-of-prepare"


class Server:
    """Lakekeeper's calls that the job makes, and what they leave."""

    def __init__(self) -> None:
        self.ready = False
        self.warehouses: list[dict[str, Any]] = []
        self.namespaces: dict[str, dict[str, str]] = {}

    def __call__(self, asked: Asked) -> tuple[int, Any]:
        if asked.authorization != f"Bearer {TOKEN}":
            return 401, {"error": {"message": "who are you"}}
        match asked.verb, asked.path:
            case "GET", "/management/v1/info":
                return 200, {"bootstrapped": self.ready}
            case "POST", "/management/v1/bootstrap":
                assert asked.body == {"accept-terms-of-use": True}
                self.ready = True
                return 200, {}
            case "GET", "/management/v1/warehouse":
                return 200, {"warehouses": self.warehouses}
            case "POST", "/management/v1/warehouse":
                if not self.ready:
                    return 409, {"error": {"message": "not bootstrapped"}}
                self.warehouses.append({"name": asked.body["warehouse-name"], **asked.body})
                return 201, {"warehouse-id": "w1"}
            case "GET", "/catalog/v1/config":
                assert asked.query == {"warehouse": "lake"}
                return 200, {"defaults": {"prefix": "w1"}, "overrides": {"uri": "https://x"}}
            case "GET", "/catalog/v1/w1/namespaces":
                return 200, {"namespaces": [[name] for name in self.namespaces]}
            case "POST", "/catalog/v1/w1/namespaces":
                (name,) = asked.body["namespace"]
                self.namespaces[name] = asked.body["properties"]
                return 200, asked.body
        return 404, {"error": {"message": asked.path}}


def test_what_is_missing_is_made_once() -> None:
    server = Server()
    with fake_service(server) as (address, asked):
        made = ["server", "warehouse lake", "namespace silver"]
        assert prepare(address, ASKED, TOKEN) == made
        assert server.namespaces == {"silver": {"location": ASKED["namespaces"]["silver"]}}
        kept = copy.deepcopy((server.warehouses, server.namespaces))
        before = len(asked)
        assert prepare(address, ASKED, TOKEN) == []
        assert (server.warehouses, server.namespaces) == kept
        assert {one.verb for one in asked[before:]} == {"GET"}


def test_a_job_that_was_killed_in_the_middle_is_finished_by_the_next() -> None:
    server = Server()
    server.ready = True
    with fake_service(server) as (address, _):
        assert prepare(address, ASKED, TOKEN) == ["warehouse lake", "namespace silver"]
        server.namespaces.clear()
        assert prepare(address, ASKED, TOKEN) == ["namespace silver"]


def test_a_warehouse_somewhere_else_is_left_alone_and_told() -> None:
    server = Server()
    with fake_service(server) as (address, _):
        prepare(address, ASKED, TOKEN)
        moved = copy.deepcopy(ASKED)
        moved["warehouse"]["storage-profile"]["filesystem"] = "others"
        with pytest.raises(LandfallError, match="filesystem tables, not others"):
            prepare(address, moved, TOKEN)
        assert server.warehouses[0]["storage-profile"]["filesystem"] == "tables"


def test_a_refusal_says_what_the_server_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request, token = tmp_path / "warehouse.json", tmp_path / "token"
    request.write_text(json.dumps(ASKED))
    token.write_text("a-strangers\n")
    with fake_service(Server()) as (address, _):
        with pytest.raises(SystemExit):
            main([address, str(request), str(token)])
        assert "401" in capsys.readouterr().err
        token.write_text(f"{TOKEN}\n")
        main([address, str(request), str(token)])
    assert capsys.readouterr().out == "made: server, warehouse lake, namespace silver\n"
