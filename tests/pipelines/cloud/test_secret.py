"""Secrets by name: AWS's store on moto; Google's and Azure's REST calls, tokens included, on a fake of ours.

The fakes answer as the services' pages say and nothing more: who may read what is proven on a cloud only.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from landfall.errors import LandfallError, MissingTool, UsageError
from landfall.platform import Platform
from pipelines import secret
from pipelines.secret import read_secret
from tests.pipelines.cloud.platforms import SAMPLES, changed, exported

VALUE = "open sésame"


class Fake(BaseHTTPRequestHandler):
    """The metadata server, Azure's identity endpoint, Secret Manager and a vault, on one port."""

    asked: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        status, body = _answer(path, self.headers)
        content = json.dumps(body).encode() if not isinstance(body, str) else body.encode()
        self.send_response(status)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def _answer(path: str, headers: Any) -> tuple[int, Any]:
    if path.startswith("/computeMetadata/v1/instance/service-accounts/") and path.endswith(
        "/token"
    ):
        return 200, {"access_token": "google-token", "expires_in": 3600, "token_type": "Bearer"}
    if path.startswith("/computeMetadata"):
        return 200, "harbor-data-dev" if path.endswith("project-id") else {
            "email": "a@b",
            "scopes": [],
        }
    if path == "/identity":
        token = {"access_token": "azure-token", "expires_on": "4102444800", "resource": "x"}
        return (200, token) if headers.get("X-IDENTITY-HEADER") == "own" else (401, {})
    signed = headers.get("Authorization")
    if path == "/v1/projects/harbor-data-dev/secrets/orders-password/versions/latest:access":
        data = base64.b64encode(VALUE.encode()).decode()
        return (200, {"payload": {"data": data}}) if signed == "Bearer google-token" else (401, {})
    if path == "/secrets/orders-password":
        return (200, {"value": VALUE}) if signed == "Bearer azure-token" else (401, {})
    if path == "/":
        return 200, ""
    return 404, {"error": "not found"}


@pytest.fixture(scope="module")
def fake() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def google(fake: str, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"):
        monkeypatch.setenv(name, fake)
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nowhere")
    monkeypatch.setattr(secret, "_GOOGLE", f"http://{fake}/v1")
    return exported(SAMPLES["gcp"])


@pytest.fixture
def azure(fake: str, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://{fake}/identity")
    monkeypatch.setenv("IDENTITY_HEADER", "own")
    monkeypatch.setattr(secret, "_reader", lambda store: secret._key_vault)
    return changed(exported(SAMPLES["azure"]), secrets=f"http://{fake}/")


@pytest.fixture
def amazon(aws: str) -> Platform:
    from boto3.session import Session

    platform = exported(SAMPLES["aws"])
    client = Session(region_name="us-east-1").client("secretsmanager")
    name = f"{platform.secrets}orders-password"
    if name not in [one["Name"] for one in client.list_secrets()["SecretList"]]:
        client.create_secret(Name=name, SecretString=VALUE)
        client.create_secret(Name=f"{platform.secrets}empty")
    return platform


@pytest.mark.parametrize("cloud", ["google", "azure", "amazon"])
def test_a_name_is_read_from_the_platform_s_store(
    cloud: str, request: pytest.FixtureRequest
) -> None:
    platform = request.getfixturevalue(cloud)
    assert read_secret("orders-password", "orders", platform) == VALUE
    with pytest.raises(LandfallError, match=r"'other' in .* cannot be read") as told:
        read_secret("other", "orders", platform)
    assert "may read it" in told.value.fix
    assert VALUE not in str(told.value)


def test_an_empty_secret_is_told_as_such(amazon: Platform) -> None:
    with pytest.raises(LandfallError, match="cannot be read"):
        read_secret("empty", "orders", amazon)


def test_the_store_is_known_by_its_address() -> None:
    found = {cloud: secret._reader(exported(stack).secrets) for cloud, stack in SAMPLES.items()}
    assert found == {
        "aws": secret._secrets_manager, "gcp": secret._secret_manager, "azure": secret._key_vault,
    }  # fmt: skip


def test_a_variable_is_read_whatever_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_PASSWORD", VALUE)
    assert read_secret("env:ORDERS_PASSWORD", "orders", exported(SAMPLES["gcp"])) == VALUE
    monkeypatch.delenv("ORDERS_PASSWORD")
    with pytest.raises(LandfallError, match="ORDERS_PASSWORD is not set"):
        read_secret("env:ORDERS_PASSWORD", "orders")


def test_a_name_without_a_store_is_refused() -> None:
    with pytest.raises(UsageError, match="read from the environment here"):
        read_secret("orders-password", "orders")


def test_a_missing_client_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> str:
        raise ImportError("no boto3", name="boto3")

    monkeypatch.setattr(secret, "_reader", lambda store: absent)
    with pytest.raises(MissingTool, match="boto3") as told:
        read_secret("orders-password", "orders", exported(SAMPLES["aws"]))
    assert "--group clouds" in told.value.fix
