"""The objects of a bucket, through the cloud's own client: read, write, write only if absent, list.

Used by `landfall.storage.Store`, which adds paths and JSON. The clients are imported when a bucket of
theirs is opened; credentials come each SDK's own way (workload identity, instance, login), never from
here. Leaves out making buckets (the stack does), deleting and streams: what Landfall keeps in objects of
its own are small files, and tables are Iceberg's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlparse

from landfall.errors import MissingTool

SCHEMES = {"s3": "s3", "gs": "gcs", "abfss": "azure", "abfs": "azure"}
"""URI scheme → module of this package."""


class Bucket(Protocol):
    """The objects of one bucket or container, by their whole names."""

    def exists(self, name: str) -> bool:
        """Whether there is an object (not a folder) of that name."""
        ...

    def read(self, name: str) -> bytes:
        """The whole object; raises FileNotFoundError."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Replace the object as a whole."""
        ...

    def create(self, name: str, content: bytes) -> None:
        """Write the object only if there is none, decided by the service; else raises FileExistsError."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Names of the objects below a folder (empty: all), in any order."""
        ...


def below(folder: str) -> str:
    """What the names below a folder begin with: a neighbour `a/b2` is not below `a/b`."""
    return f"{folder.rstrip('/')}/" if folder.strip("/") else ""


def open_bucket(uri: str, options: Mapping[str, str]) -> tuple[Bucket, str]:
    """The bucket of a URI, and the path behind it (no slash at either end).

    `options` are the Platform's `storage.options`. Raises MissingTool where the cloud's client is not
    installed.
    """
    parsed = urlparse(uri)
    return _open(parsed.scheme, parsed.netloc, tuple(sorted(options.items()))), parsed.path.strip(
        "/"
    )


def forget() -> None:
    """Open every bucket anew from now on: this process becomes somebody else to the clouds."""
    _open.cache_clear()


@lru_cache(maxsize=32)
def _open(scheme: str, place: str, options: tuple[tuple[str, str], ...]) -> Bucket:
    try:
        if scheme not in SCHEMES:
            from landfall.buckets.other import FsspecBucket

            return FsspecBucket(f"{scheme}://{place}", dict(options))
        if SCHEMES[scheme] == "s3":
            from landfall.buckets.s3 import S3Bucket as Kind
        elif SCHEMES[scheme] == "gcs":
            from landfall.buckets.gcs import GcsBucket as Kind
        else:
            from landfall.buckets.azure import AzureContainer as Kind
    except ImportError as error:
        raise MissingTool(
            f"The client for {scheme}:// is not installed ({error.name}).",
            so=f"Nothing in {place} can be read or written.",
            fix="Install the project's group `clouds`: uv pip install --group clouds",
        ) from None
    return Kind(place, dict(options))
