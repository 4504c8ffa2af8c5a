"""The token that a cluster takes: each cloud's, in the form that client-go reads, and never as somebody else."""

from __future__ import annotations

import base64
import datetime
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import azure.identity
import google.auth
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from google.auth.exceptions import DefaultCredentialsError
from typer.testing import CliRunner

from infra.cluster_token import ENTRA_SERVER, Token, amazon
from infra.cluster_token import azure as of_azure
from infra.cluster_token import google as of_google
from landfall.cli import build_app
from landfall.errors import LandfallError
from landfall.intent import parse_intent
from landfall.project import find_project

NOON = datetime.datetime(2026, 11, 29, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nobody is signed in anywhere, and no metadata service is asked."""
    for name in (
        "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def test_it_is_told_as_client_go_reads_it() -> None:
    """https://kubernetes.io/docs/reference/config-api/client-authentication.v1/"""
    there = datetime.timezone(datetime.timedelta(hours=2))
    told = Token("secret", NOON.astimezone(there)).credential()
    assert told == {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"expirationTimestamp": "2026-11-29T12:00:00Z", "token": "secret"},
    }


class GoogleCredentials:
    """Of google-auth: the expiry has no zone and is UTC."""

    def __init__(self) -> None:
        self.valid, self.token, self.expiry = False, "", datetime.datetime.min

    def refresh(self, _: Any) -> None:
        self.token, self.expiry = "ya29.token", NOON.replace(tzinfo=None)


def test_gke_takes_the_application_default_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def default(scopes: Any) -> tuple[GoogleCredentials, str]:
        asked.append(set(scopes))
        return GoogleCredentials(), "acme-data-dev"

    monkeypatch.setattr(google.auth, "default", default)
    assert of_google() == Token("ya29.token", NOON)
    # Without the address the cluster knows the caller by a number, and no binding to an e-mail holds.
    assert "https://www.googleapis.com/auth/userinfo.email" in asked[0]


def test_a_build_s_token_is_exchanged_for_google_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """google-auth itself, with Jenkins' token and the file that `environment_for` writes; Google is played."""
    from google.auth.transport import requests

    from infra.release.identity import environment_for

    jenkins = {
        "issuer": "https://jenkins.example.com/oidc",
        "pool": "projects/123456789012/locations/global/workloadIdentityPools/harbor-dev-jenkins",
        "preview_identity": "jenkins-preview@harbor-data-dev.iam.gserviceaccount.com",
    }
    raw = {**find_project(Path(__file__)).read_stack("harbor-gcp-dev"), "jenkins": jenkins}
    intent = parse_intent(raw, "harbor-gcp-dev")
    token = tmp_path / "token"
    token.write_text("of-jenkins", encoding="utf-8")
    given = environment_for(intent, "preview", token, tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "acme-data-dev")
    said: list[tuple[str, Any]] = []
    until = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).replace(
        microsecond=0
    )

    class Answer:
        status = 200

        def __init__(self, content: dict[str, Any]) -> None:
            self.data = json.dumps(content).encode()

    def answer(self: Any, url: str, method: str = "GET", body: Any = None, **_: Any) -> Answer:
        said.append((url, body))
        if "sts.googleapis.com" in url:
            return Answer({"access_token": "federated", "expires_in": 3600, "token_type": "Bearer",
                           "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})  # fmt: skip
        return Answer(
            {"accessToken": "of-preview", "expireTime": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        )

    monkeypatch.setattr(requests.Request, "__call__", answer)
    found = of_google()
    assert found == Token("of-preview", until)
    (exchange, form), (impersonation, _) = said
    assert exchange == "https://sts.googleapis.com/v1/token"
    assert b"of-jenkins" in form
    assert "jenkins-preview" in impersonation


def test_eks_takes_who_the_caller_is_signed_for_one_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    before = datetime.datetime.now(datetime.UTC)
    token = amazon("acme", "eu-central-1")
    address, asked = unsigned(token)
    assert (
        address.hostname == "sts.eu-central-1.amazonaws.com"
    )  # the region's own: the global one is slow to die
    assert asked["Action"] == ["GetCallerIdentity"]
    assert asked["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert asked["X-Amz-Expires"] == ["60"]
    assert asked["X-Amz-Security-Token"] == ["session"]
    assert token.expires - before < datetime.timedelta(minutes=15)
    assert signature(token) != signature(amazon("another", "eu-central-1"))


def test_eks_of_an_account_that_the_stack_made_is_entered_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from moto import mock_aws

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        token = amazon("acme", "eu-central-1", "arn:aws:iam::123456789012:role/Entry")
    _, asked = unsigned(token)
    assert not asked["X-Amz-Credential"][0].startswith("AKIAEXAMPLE")
    assert "X-Amz-Security-Token" in asked


def unsigned(token: Token) -> tuple[Any, dict[str, list[str]]]:
    """The address in a token of EKS, and what it asks."""
    prefix, _, text = token.value.rpartition(".")
    assert prefix == "k8s-aws-v1"
    assert "=" not in text
    address = urlsplit(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    return address, parse_qs(address.query)


def signature(token: Token) -> str:
    return unsigned(token)[1]["X-Amz-Signature"][0]


class AzureCredentials:
    """Of azure-identity."""

    def get_token(self, *scopes: str) -> AccessToken:
        assert scopes == (f"{ENTRA_SERVER}/.default",)
        return AccessToken(type(self).__name__, int(NOON.timestamp()))


class Person(AzureCredentials):
    pass


class Build(AzureCredentials):
    pass


def test_aks_takes_a_person_s_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Person)
    monkeypatch.setattr(azure.identity, "WorkloadIdentityCredential", never)
    assert of_azure() == Token("Person", NOON)


def test_aks_takes_a_build_by_jenkins_token_and_by_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setattr(azure.identity, "WorkloadIdentityCredential", Build)
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", never)
    assert of_azure() == Token("Build", NOON)


def never() -> None:
    raise AssertionError("must not be asked")


def test_who_is_not_signed_in_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise DefaultCredentialsError("Your default credentials were not found.\nMore.")

    class Refuses:
        def get_token(self, *_: str) -> AccessToken:
            raise ClientAuthenticationError("No login.")

    monkeypatch.setattr(google.auth, "default", refuse)
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Refuses)
    for ask, login in (
        (of_google, "gcloud auth application-default login"),
        (lambda: amazon("acme", "eu-central-1"), "aws sso login"),
        (of_azure, "az login"),
    ):
        with pytest.raises(LandfallError) as refused:
            ask()
        assert login in refused.value.fix
        assert "\n" not in refused.value.what


def test_an_error_of_ours_is_not_taken_for_a_missing_login(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(**_: Any) -> None:
        raise KeyError("scopes")

    monkeypatch.setattr(google.auth, "default", wrong)
    with pytest.raises(KeyError):
        of_google()


def test_the_command_prints_the_credential_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(google.auth, "default", lambda scopes: (GoogleCredentials(), ""))
    done = CliRunner().invoke(build_app(), ["cluster", "token", "gke"])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == Token("ya29.token", NOON).credential()
    assert done.stderr == ""


def test_it_comes_within_what_a_person_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call of kubectl pays for it: no SDK of another cloud is loaded for it."""
    import subprocess
    import sys

    code = (
        "import sys; sys.argv = ['landfall', 'cluster', 'token', 'eks', '--name', 'a', '--region', 'eu-central-1']\n"
        "from landfall.cli import build_app\n"
        "build_app()(standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.monotonic() - began < 30
    loaded = set(done.stderr.split())
    assert not loaded & {"azure.identity", "google.auth", "pulumi", "boto3", "pandas"}


def test_eks_takes_a_build_by_jenkins_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the variables that `infra/release/identity.py` gives, one of which botocore does not know: AWS_REGION."""
    from moto import mock_aws

    token = tmp_path / "token"
    token.write_text("of.jenkins.s", encoding="utf-8")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/jenkins-preview")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    with mock_aws(config={"core": {"mock_credentials": False}}):
        _, asked = unsigned(amazon("acme", "eu-central-1"))
    assert "X-Amz-Security-Token" in asked
