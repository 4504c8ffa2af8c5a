"""The Iceberg catalog through PyIceberg: names of the tables, and opening it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.platform import Platform

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

ADLS_IO = "pipelines.adls_io.AdlsFileIO"
IO = "pyiceberg.io.pyarrow.PyArrowFileIO"
NAMESPACES = ("bronze", "silver", "quarantine", "gold")


def open_catalog(platform: Platform) -> Catalog:
    """The platform's catalog, with the four namespaces there."""
    from pyiceberg.catalog import load_catalog

    uri = platform.catalog.properties.get("uri", "")
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    catalog = load_catalog(platform.catalog.name, **_nested(platform.catalog.properties))
    for namespace in NAMESPACES:
        # On a cloud the stack has made them, and asking to make one is more than a workload may.
        if not catalog.namespace_exists(namespace):
            catalog.create_namespace_if_not_exists(namespace)
    return catalog


def _nested(properties: Mapping[str, str]) -> dict[str, Any]:
    """The properties as PyIceberg reads them: how to authenticate (`auth.type`) is a mapping of its own.

    Files go through Arrow on every store: PyIceberg's first choice for Azure is a package that we do not have.
    """
    io = ADLS_IO if "adls.account-name" in properties else IO
    flat: dict[str, Any] = {"py-io-impl": io, **properties}
    kind = flat.pop("auth.type", None)
    return {**flat, "auth": {"type": kind}} if kind else flat
