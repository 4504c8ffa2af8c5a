"""Signing in at a catalog by a short-lived token in a file, as Kubernetes lays one into a pod and renews it there.

PyIceberg asks for the token before each call (`pipelines/token_file.py`). Spark is given it with its settings, as it
stands when the session or the batch starts. Where pods have their files is said by the Platform; who runs `landfall`
elsewhere names files of his own by two variables. Leaves out getting a token.
"""

from __future__ import annotations

from pathlib import Path

from landfall.errors import LandfallError
from landfall.platform import Platform
from landfall.project import environment

TOKEN, CA = "LANDFALL_CATALOG_TOKEN", "LANDFALL_CATALOG_CA"
"""Variables that name the file of the token, and of the certificate that signs the catalog's."""
FILE, AUDIENCE, CA_FILE = "auth.file", "auth.audience", "ssl.cabundle"
"""The catalog's properties that name the same files in a pod, and whom the token must be meant for."""
_ELSEWHERE = (
    "kubectl -n cert-manager get secret platform-ca -o jsonpath='{.data.ca\\.crt}' | base64 -d > ca.crt; "
    f"export {CA}=$PWD/ca.crt"
)


def read_token(pods: str, audience: str) -> str:
    """The token as it stands now, of the file that the variable names or else of the one that pods have.

    Raises LandfallError where there is none.
    """
    file = Path(environment(TOKEN) or pods)
    try:
        found = file.read_text(encoding="utf-8").strip()
    except OSError:
        found = ""
    if found:
        return found
    raise LandfallError(
        f"There is no token for the catalog in {file}.",
        so="The catalog tells nobody of its tables who has not signed in.",
        fix=f"On a machine of your own: kubectl -n training create token ingest --audience {audience} "
        f"--duration 2h > token; export {TOKEN}=$PWD/token; {_ELSEWHERE}",
    )


def read_ca(platform: Platform) -> bytes | None:
    """What signs the catalog's certificate (PEM); None where the certificates that the system trusts will do.

    Raises LandfallError where the file is not there.
    """
    told = platform.catalog.properties.get(CA_FILE)
    if told is None:
        return None
    file = Path(environment(CA) or told)
    try:
        return file.read_bytes()
    except OSError:
        raise LandfallError(
            f"The certificate that signs the catalog's is not in {file}.",
            so="The catalog cannot be told from somebody else who answers at its address.",
            fix=f"On a machine of your own: {_ELSEWHERE}",
        ) from None


def spark_conf(platform: Platform) -> dict[str, str]:
    """Spark's setting that signs in; empty where the Platform's catalog wants none. It holds a secret."""
    told = platform.catalog.properties
    if FILE not in told:
        return {}
    return {token_key(platform): read_token(told[FILE], told[AUDIENCE])}


def token_key(platform: Platform) -> str:
    """Spark's key of the token; Spark hides the values of keys so called from its pages and its log of events."""
    return f"spark.sql.catalog.{platform.catalog.name}.token"
