"""The sign-in to each cloud's registry: as the caller, in Docker's form, and to no registry that is not the cloud's."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import azure.identity
import botocore.session
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from botocore.exceptions import NoCredentialsError
from typer.testing import CliRunner

from infra import cluster_token, registry_login
from infra.registry_login import sign_in
from landfall.cli import build_app
from landfall.errors import LandfallError

GOOGLE = "europe-west4-docker.pkg.dev/acme-data-dev/landfall"
AMAZON = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/landfall"
AZURE = "acmedev.azurecr.io/landfall"


def kept(folder: Path) -> dict[str, str]:
    """Host → USER:PASSWORD, as Docker reads its file; nobody else may."""
    file = folder / "config.json"
    assert file.stat().st_mode & 0o077 == 0
    auths = json.loads(file.read_text(encoding="utf-8"))["auths"]
    return {host: base64.b64decode(one["auth"]).decode() for host, one in auths.items()}


def test_google_takes_an_access_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import datetime

    token = cluster_token.Token("ya29.token", datetime.datetime.now(datetime.UTC))
    monkeypatch.setattr(cluster_token, "google", lambda: token)
    assert sign_in(GOOGLE, tmp_path / "docker")
    assert kept(tmp_path / "docker") == {
        "europe-west4-docker.pkg.dev": "oauth2accesstoken:ya29.token"
    }


class Ecr:
    """Of botocore: the one call that is made."""

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.asked = fails, []

    def create_client(self, *words: Any, **more: Any) -> Ecr:
        self.asked.append((words, more))
        return self

    def set_config_variable(self, *words: Any) -> None:
        self.asked.append(words)

    def get_authorization_token(self) -> dict[str, Any]:
        if self.fails:
            raise NoCredentialsError
        told = base64.b64encode(b"AWS:a:b").decode()
        return {"authorizationData": [{"authorizationToken": told}]}


def test_amazon_hands_over_user_and_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = Ecr()
    monkeypatch.setattr(botocore.session, "get_session", lambda: session)
    assert sign_in(AMAZON, tmp_path)
    assert kept(tmp_path) == {AMAZON.partition("/")[0]: "AWS:a:b"}
    assert (("ecr",), {"region_name": "eu-central-1"}) in session.asked


class Credential:
    """Of azure-identity."""

    def get_token(self, *scopes: str) -> AccessToken:
        assert scopes == ("https://containerregistry.azure.net/.default",)
        return AccessToken("entra", 0)


def test_azure_exchanges_the_token_at_the_registry_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Any] = []

    def post(address: str, form: dict[str, str]) -> dict[str, Any]:
        asked.append((address, form))
        return {"refresh_token": "refresh"}

    monkeypatch.setattr(registry_login, "_post", post)
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Credential)
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    assert sign_in(AZURE, tmp_path)
    assert kept(tmp_path) == {"acmedev.azurecr.io": "00000000-0000-0000-0000-000000000000:refresh"}
    form = {"grant_type": "access_token", "service": "acmedev.azurecr.io", "access_token": "entra"}
    assert asked == [("https://acmedev.azurecr.io/oauth2/exchange", form)]


def test_a_build_whose_token_azure_refuses_signs_in_as_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse() -> Any:
        raise ClientAuthenticationError("AADSTS700016: not found")

    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setattr(azure.identity, "WorkloadIdentityCredential", refuse)
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Credential)
    with pytest.raises(LandfallError, match="AADSTS700016"):
        sign_in(AZURE, tmp_path)
    assert not (tmp_path / "config.json").exists()


def test_who_is_nobody_is_told_how_to_sign_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(botocore.session, "get_session", lambda: Ecr(fails=True))
    with pytest.raises(LandfallError) as told:
        sign_in(AMAZON, tmp_path)
    assert "aws sso login" in str(told.value.fix)


@pytest.mark.parametrize(
    "registry",
    ["registry.example/landfall", "docker.io/acme", "evil-docker.pkg.dev.example/a", "x.azurecr.io.example/a", "12.dkr.ecr.eu.amazonaws.com/a"],
)  # fmt: skip
def test_nothing_is_shown_to_a_registry_that_is_no_clouds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, registry: str
) -> None:
    monkeypatch.setattr(cluster_token, "google", lambda: pytest.fail("a token was made"))
    line = ["registry", "login", registry, "--stack", "harbor-gcp-dev", "--folder", str(tmp_path), "--output", "json"]  # fmt: skip
    told = CliRunner().invoke(build_app(), line)
    assert json.loads(told.stdout) == {"registry": registry, "signed_in": False, "folder": str(tmp_path)}  # fmt: skip
    assert not (tmp_path / "config.json").exists()
