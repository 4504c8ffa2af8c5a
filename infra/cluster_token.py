"""A token that a cluster takes, from what the caller is to its cloud: Jenkins' federated identity, or a person's login.

Each is what the cloud's own helper hands over, made by the cloud's own SDK, and lives for an hour at most. In a build the
identity is that of the environment which `infra/release/identity.py` writes; the caller's default login stands in for it
nowhere. Leaves out keeping tokens: kubectl and the Kubernetes provider do, until they expire. Sources (2026-11):
kubernetes/cloud-provider-gcp cmd/gke-gcloud-auth-plugin, aws/aws-cli awscli/customizations/eks/get_token.py,
https://azure.github.io/kubelogin/concepts/login-modes/workloadidentity.html.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.kubeconfig import API_VERSION
from landfall.errors import LandfallError, MissingTool
from landfall.project import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.credentials import AccessToken

ENTRA_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The application that every AKS API server answers as: https://azure.github.io/kubelogin/concepts/aks.html"""
_GOOGLE_SCOPES = (
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/userinfo.email",
)
_EKS_HEADER, _EKS_PREFIX = "x-k8s-aws-id", "k8s-aws-v1."
_EKS_URL_SECONDS = 60
_EKS_LIFE = datetime.timedelta(minutes=14)
"""The API server takes such an address for 15 minutes from when it was signed, whatever it says itself."""


@dataclass(frozen=True)
class Token:
    """What a cluster is shown, and until when it takes it."""

    value: str
    expires: datetime.datetime

    def credential(self) -> dict[str, Any]:
        """As client-go reads it: an ExecCredential, JSON-ready."""
        until = self.expires.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "apiVersion": API_VERSION,
            "kind": "ExecCredential",
            "status": {"expirationTimestamp": until, "token": self.value},
        }


def google() -> Token:
    """For GKE: an access token of the application default credentials, federated ones too."""
    with _signing_in("Google Cloud", "gcloud auth application-default login"):
        import google.auth
        from google.auth.transport.requests import Request

        credentials: Any = google.auth.default(scopes=_GOOGLE_SCOPES)[0]
        if not credentials.valid:
            credentials.refresh(Request())
    # Google's clock is UTC and says so nowhere.
    return Token(credentials.token, credentials.expiry.replace(tzinfo=datetime.UTC))


def amazon(cluster: str, region: str, role: str = "") -> Token:
    """For EKS: who the caller is, as an address at STS signed for this cluster alone; first becomes `role` if given."""
    with _signing_in("AWS", "aws sso login"):
        session = _session(region)
        if role:
            asked = session.create_client("sts", region_name=region)
            given = asked.assume_role(RoleArn=role, RoleSessionName="landfall-cluster")
            session = _session(region)
            keys = given["Credentials"]
            session.set_credentials(
                keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
            )
        sts = session.create_client("sts", region_name=region)
        sts.meta.events.register("before-sign.sts.GetCallerIdentity", _for_cluster(cluster))
        address = sts.generate_presigned_url(
            "get_caller_identity", Params={}, ExpiresIn=_EKS_URL_SECONDS, HttpMethod="GET"
        )
    signed = base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
    return Token(f"{_EKS_PREFIX}{signed}", datetime.datetime.now(datetime.UTC) + _EKS_LIFE)


def _session(region: str) -> Any:
    """A session whose region is known to what it asks STS itself, too: botocore reads no AWS_REGION."""
    from botocore.session import get_session

    session = get_session()
    session.set_config_variable("region", region)
    return session


def _for_cluster(cluster: str) -> Callable[..., None]:
    """The name goes into what is signed, so that no other cluster takes the address."""

    def add(request: Any, **_: Any) -> None:
        request.headers[_EKS_HEADER] = cluster

    return add


def azure() -> Token:
    """For AKS: a token for its API servers."""
    with _signing_in("Azure", "az login"):
        found = entra_token(ENTRA_SERVER)
    return Token(found.token, datetime.datetime.fromtimestamp(found.expires_on, datetime.UTC))


def entra_token(audience: str) -> AccessToken:
    """Entra's token for an audience: by Jenkins' token alone where there is one, else by the caller's login.

    Raises AzureError or ValueError where neither is taken.
    """
    from azure.identity import DefaultAzureCredential, WorkloadIdentityCredential

    federated = environment("AZURE_FEDERATED_TOKEN_FILE")
    # A build whose token is refused must not go on as whatever the machine itself is.
    credential = WorkloadIdentityCredential() if federated else DefaultAzureCredential()
    return credential.get_token(f"{audience}/.default")


@contextmanager
def _signing_in(cloud: str, login: str) -> Iterator[None]:
    """Whatever an SDK says where it knows nobody: what that means here, and what to type."""
    try:
        yield
    except ImportError as error:
        raise MissingTool(
            f"The package by which one signs in to {cloud} is not installed ({error.name}).",
            so="Nobody can be shown to the cluster.",
            fix="Make this machine ready: make infra",
        ) from None
    except Exception as error:
        if not type(error).__module__.startswith(("google.", "botocore.", "azure.")):
            raise
        told = str(error).strip().splitlines()
        raise LandfallError(
            f"{cloud} gave no token for the cluster: {told[0] if told else type(error).__name__}",
            so="What lies in the cluster can neither be looked at nor changed.",
            fix=f"Sign in: {login}; in a build, bind Jenkins' token to LANDFALL_OIDC_TOKEN_FILE (docs/jenkins.md).",
        ) from error
