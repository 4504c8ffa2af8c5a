"""A sign-in to a cloud's registry of images, from what the caller is to its cloud, written as Docker's configuration.

So that the night's scan reads images that only the platform's own people and builds may pull. What it writes lives as
long as the clouds let it: an hour on Google Cloud, three on Azure, twelve on AWS. Leaves out registries of other houses:
whoever runs one signs in as it wants. Sources (2026-11): https://cloud.google.com/artifact-registry/docs/docker/authentication,
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html,
https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from infra import cluster_token
from landfall.errors import LandfallError

_GOOGLE = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev|([a-z]+\.)?gcr\.io")
_AMAZON = re.compile(r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
_AZURE = re.compile(r"[a-z0-9]+\.azurecr\.io")
_NOBODY = "00000000-0000-0000-0000-000000000000"
"""Whom ACR takes for the bearer of a refresh token."""
_SECONDS = 30


def sign_in(registry: str, folder: Path) -> bool:
    """Write `config.json` for the registry (HOST or HOST/PATH) into the folder; False where it is no cloud's.

    Raises LandfallError where the cloud does not take the caller.
    """
    host = registry.partition("/")[0]
    found = _of(host)
    if found is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.json"
    file.touch(mode=0o600)
    kept = base64.b64encode(":".join(found).encode()).decode()
    file.write_text(json.dumps({"auths": {host: {"auth": kept}}}) + "\n", encoding="utf-8")
    return True


def _of(host: str) -> tuple[str, str] | None:
    """User and password of the registry; None where it is no cloud's."""
    if _GOOGLE.fullmatch(host):
        return "oauth2accesstoken", cluster_token.google().value
    if amazon := _AMAZON.fullmatch(host):
        return _amazon(amazon["region"])
    return _azure(host) if _AZURE.fullmatch(host) else None


def _amazon(region: str) -> tuple[str, str]:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import get_session

    session = get_session()
    session.set_config_variable("region", region)
    try:
        answer = session.create_client("ecr", region_name=region).get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise _refused(str(error), "aws sso login") from error
    user, _, password = (
        base64.b64decode(answer["authorizationData"][0]["authorizationToken"])
        .decode()
        .partition(":")
    )
    return user, password


def _azure(host: str) -> tuple[str, str]:
    from azure.core.exceptions import AzureError

    try:
        token = cluster_token.entra_token("https://containerregistry.azure.net").token
    except (AzureError, ValueError) as error:
        raise _refused(str(error), "az login") from error
    asked = {"grant_type": "access_token", "service": host, "access_token": token}
    try:
        return _NOBODY, _post(f"https://{host}/oauth2/exchange", asked)["refresh_token"]
    except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
        raise _refused(str(error), "az login") from error


def _post(address: str, form: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(address, data=urlencode(form).encode())
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        return json.load(answer)


def _refused(told: str, login: str) -> LandfallError:
    first = (told.strip().splitlines() or ["no reason given"])[0]
    return LandfallError(
        f"The registry of images lets nobody in: {first}",
        so="Its images can neither be pulled nor scanned.",
        fix=f"Sign in: {login}; in a build, bind Jenkins' token to LANDFALL_OIDC_TOKEN_FILE (docs/jenkins.md).",
    )
