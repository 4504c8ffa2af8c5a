"""Azure Data Lake Storage by the Blob client, which reaches the same files. Options: `account_name`.

Signs in by `DefaultAzureCredential` (workload identity, managed identity, `az login`), and by
AZURE_STORAGE_CONNECTION_STRING where that is set, as Azure's own tools do: a stand-in needs it. A write
with `If-None-Match: *` creates: https://learn.microsoft.com/rest/api/storageservices/put-blob.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

from landfall.buckets import below
from landfall.project import environment

CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"


class AzureContainer:
    """See `landfall.buckets.Bucket`; `place` is `container@account.dfs.core.windows.net`."""

    def __init__(self, place: str, options: dict[str, str]) -> None:
        container, _, host = place.partition("@")
        account = options.get("account_name") or host.partition(".")[0]
        connection = environment(CONNECTION)
        service = (
            BlobServiceClient.from_connection_string(connection)
            if connection
            else BlobServiceClient(
                f"https://{account}.blob.core.windows.net", credential=DefaultAzureCredential()
            )
        )
        self._container = service.get_container_client(container)

    def exists(self, name: str) -> bool:
        try:
            found = self._container.get_blob_client(name).get_blob_properties()
        except ResourceNotFoundError:
            return False
        return not _is_folder(found.metadata)

    def read(self, name: str) -> bytes:
        try:
            return self._container.download_blob(name).readall()
        except ResourceNotFoundError:
            raise FileNotFoundError(name) from None

    def write(self, name: str, content: bytes) -> None:
        self._container.upload_blob(name, content, overwrite=True)

    def create(self, name: str, content: bytes) -> None:
        try:
            self._container.upload_blob(name, content, overwrite=False)
        except ResourceExistsError:
            raise FileExistsError(name) from None

    def names(self, folder: str) -> Iterator[str]:
        for blob in self._container.list_blobs(
            name_starts_with=below(folder), include=["metadata"]
        ):
            if not _is_folder(blob.metadata):
                yield blob.name


def _is_folder(metadata: Mapping[str, str] | None) -> bool:
    """A hierarchical account shows its folders to the Blob client as empty blobs so marked."""
    return (metadata or {}).get("hdi_isfolder", "").lower() == "true"
