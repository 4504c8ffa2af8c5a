"""The Iceberg catalog through PyIceberg: names of the tables, and opening it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError
from landfall.platform import Platform
from landfall.project import environment
from pipelines.sign_in import CA, CA_FILE

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

ADLS_IO = "pipelines.adls_io.AdlsFileIO"
IO = "pyiceberg.io.pyarrow.PyArrowFileIO"
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
NAMESPACES = ("bronze", "silver", "quarantine", "gold")


def open_catalog(platform: Platform) -> Catalog:
    """The platform's catalog, with the four namespaces there."""
    from pyiceberg.catalog import load_catalog
    from requests.exceptions import SSLError

    uri = platform.catalog.properties.get("uri", "")
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    try:
        catalog = load_catalog(platform.catalog.name, **_nested(platform.catalog.properties))
    except SSLError as error:
        raise _strange(platform, error) from None
    for namespace in NAMESPACES:
        # On a cloud the stack has made them, and asking to make one is more than a workload may.
        if not catalog.namespace_exists(namespace):
            catalog.create_namespace_if_not_exists(namespace)
    return catalog


def _strange(platform: Platform, error: Exception) -> LandfallError:
    """Who answered is not known to be the catalog; the variables go before what the Platform says, so they are told."""
    told = [name for name in _BUNDLES if environment(name)]
    first = (
        f" {told[0]} is set, which goes before it: unset it, or add the certificate to its file."
        if told
        else ""
    )
    return LandfallError(
        f"The certificate of {platform.catalog.properties['uri']} is signed by nobody who is trusted: {error}",
        so="Whoever answers there was told nothing.",
        fix=f"Check the file that {CA} names, or in a pod the one that is mounted.{first}",
    )


def _nested(properties: Mapping[str, str]) -> dict[str, Any]:
    """The properties as PyIceberg reads them: how to authenticate (`auth.*`) and whom to trust (`ssl.*`) are mappings.

    Files go through Arrow on every store: PyIceberg's first choice for Azure is a package that we do not have.
    """
    io = ADLS_IO if "adls.account-name" in properties else IO
    flat: dict[str, Any] = {"py-io-impl": io, **properties}
    auth = {key: flat.pop(f"auth.{key}") for key in _below("auth", properties)}
    if auth:
        flat["auth"] = {key: auth.pop(key) for key in ("type", "impl") if key in auth}
        if auth:
            flat["auth"][flat["auth"]["type"]] = auth
    if CA_FILE in flat:
        told = flat.pop(CA_FILE)
        flat["ssl"] = {"cabundle": environment(CA) or told}
    return flat


def _below(prefix: str, properties: Mapping[str, str]) -> list[str]:
    return [key.partition(".")[2] for key in properties if key.startswith(f"{prefix}.")]
