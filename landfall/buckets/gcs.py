"""Google Cloud Storage by its own client. Options: `project`, and `endpoint_url` for a stand-in.

A write with generation 0 as its condition succeeds only where there is no object:
https://cloud.google.com/storage/docs/request-preconditions. `token` (always `google_default`) says what the
client does anyway: it takes application default credentials.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from landfall.buckets import below


class GcsBucket:
    """See `landfall.buckets.Bucket`."""

    def __init__(self, place: str, options: dict[str, str]) -> None:
        endpoint = options.get("endpoint_url")
        client = (
            Client(
                project=options.get("project", "stand-in"),
                credentials=AnonymousCredentials(),
                client_options={"api_endpoint": endpoint},
            )
            if endpoint  # a stand-in, which asks for no credentials and must never get any
            else Client(project=options.get("project"))
        )
        self._bucket = client.bucket(place)

    def exists(self, name: str) -> bool:
        return self._bucket.blob(name).exists()

    def read(self, name: str) -> bytes:
        try:
            return self._bucket.blob(name).download_as_bytes()
        except NotFound:
            raise FileNotFoundError(f"gs://{self._bucket.name}/{name}") from None

    def write(self, name: str, content: bytes) -> None:
        self._bucket.blob(name).upload_from_string(content, "application/octet-stream")

    def create(self, name: str, content: bytes) -> None:
        try:
            self._bucket.blob(name).upload_from_string(
                content, "application/octet-stream", if_generation_match=0
            )
        except PreconditionFailed:
            raise FileExistsError(f"gs://{self._bucket.name}/{name}") from None

    def names(self, folder: str) -> Iterator[str]:
        for blob in self._bucket.list_blobs(prefix=below(folder)):
            if not blob.name.endswith("/"):
                yield blob.name
