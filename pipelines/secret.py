"""Secrets by reference: an intent names where a secret lies, and only its user reads it.

`env:NAME` is a variable of this process; any other reference is a name in the Platform's secret store, by
the store's own service and this workload's identity. Nothing is kept, logged or put into an error. Leaves
out making secrets: the stack makes the empty ones, a person puts the value in.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from landfall.errors import LandfallError, MissingTool, UsageError
from landfall.platform import Platform
from landfall.project import environment

_ENV = "env:"
_GOOGLE = "https://secretmanager.googleapis.com/v1"
_VAULT_VERSION = "7.4"
_SECONDS = 30
REGION = "client_kwargs.region_name"


def read_secret(reference: str, whose: str, platform: Platform | None = None) -> str:
    """The secret behind a reference; `whose` names its user in errors.

    Raises UsageError for a name where the Platform has no store, MissingTool where the store's client is not
    installed, LandfallError where it is not there, empty or not this identity's to read.
    """
    if reference.startswith(_ENV):
        return _from_environment(reference.removeprefix(_ENV), whose)
    store = platform.secrets if platform else "env"
    if store == "env" or platform is None:
        raise UsageError(
            f"{whose}: a secret is read from the environment here, not from '{reference[:40]}'.",
            fix="Write env:NAME in the stack's file and set NAME where Landfall runs.",
        )
    read = _reader(store)
    try:
        value = read(platform, reference)
    except ImportError as error:
        raise MissingTool(
            f"{whose}: the client of the secret store is not installed ({error.name}).",
            fix="Install the project's group `clouds`: uv pip install --group clouds",
        ) from None
    except LandfallError:
        raise
    except Exception as error:  # each SDK has errors of its own, without a common parent
        raise _unreadable(reference, whose, store, f"{type(error).__name__}: {error}") from None
    if not value:
        raise _unreadable(reference, whose, store, "it is empty")
    return value


def _from_environment(name: str, whose: str) -> str:
    value = environment(name)
    if not value:
        raise LandfallError(
            f"{whose}: the environment variable {name} is not set.",
            fix=f"Set it where Landfall runs: export {name}=…",
        )
    return value


def _reader(store: str) -> Callable[[Platform, str], str]:
    """The service behind a store's address, by the address's own form."""
    if store.startswith("https://"):
        return _key_vault
    if store.startswith("projects/"):
        return _secret_manager
    return _secrets_manager


def _secret_manager(platform: Platform, name: str) -> str:
    """Google: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access."""
    import base64

    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials, _ = google.auth.default(scopes=scopes)  # pyright: ignore[reportUnknownVariableType]
    url = f"{_GOOGLE}/{platform.secrets}/{quote(name, safe='')}/versions/latest:access"
    with AuthorizedSession(credentials) as session:
        told = session.get(url, timeout=_SECONDS)
        told.raise_for_status()
        return base64.b64decode(told.json()["payload"]["data"]).decode("utf-8")


def _secrets_manager(platform: Platform, name: str) -> str:
    """AWS: the store is what every name begins with."""
    from boto3.session import Session

    client = Session(region_name=platform.storage.options.get(REGION)).client("secretsmanager")
    return client.get_secret_value(SecretId=f"{platform.secrets}{name}").get("SecretString", "")


def _key_vault(platform: Platform, name: str) -> str:
    """Azure: https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret."""
    import requests
    from azure.identity import DefaultAzureCredential

    token = DefaultAzureCredential().get_token("https://vault.azure.net/.default").token
    told = requests.get(
        f"{platform.secrets.rstrip('/')}/secrets/{quote(name, safe='')}",
        params={"api-version": _VAULT_VERSION},
        headers={"Authorization": f"Bearer {token}"},
        timeout=_SECONDS,
    )
    told.raise_for_status()
    return told.json()["value"]


def _unreadable(reference: str, whose: str, store: str, why: str) -> LandfallError:
    return LandfallError(
        f"{whose}: the secret '{reference}' in {store} cannot be read: {why[:300]}.",
        fix="Put a value into it, and check that this workload's identity may read it.",
    )
