"""Amazon S3 by boto3. Options: `client_kwargs.region_name`, and `client_kwargs.endpoint_url` for a stand-in.

Conditional writes (`If-None-Match: *`) decide who creates an object:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
"""

from __future__ import annotations

from collections.abc import Iterator

from boto3.session import Session
from botocore.exceptions import ClientError

from landfall.buckets import below

_OPTION = "client_kwargs."
_ABSENT = ("404", "NoSuchKey", "NotFound")
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class S3Bucket:
    """See `landfall.buckets.Bucket`."""

    def __init__(self, place: str, options: dict[str, str]) -> None:
        self._bucket = place
        region = options.get(f"{_OPTION}region_name")
        endpoint = options.get(f"{_OPTION}endpoint_url")
        self._client = Session(region_name=region).client("s3", endpoint_url=endpoint)

    def exists(self, name: str) -> bool:
        try:
            self._client.head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return False
            raise
        return True

    def read(self, name: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        except ClientError as error:
            if _code(error) in _ABSENT:
                raise FileNotFoundError(f"s3://{self._bucket}/{name}") from None
            raise

    def write(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=name, Body=content)

    def create(self, name: str, content: bytes) -> None:
        try:
            self._client.put_object(Bucket=self._bucket, Key=name, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) in _TAKEN:
                raise FileExistsError(f"s3://{self._bucket}/{name}") from None
            raise

    def names(self, folder: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=below(folder)):
            # Consoles mark a folder by an empty object whose name ends so.
            yield from (
                one["Key"] for one in page.get("Contents", []) if not one["Key"].endswith("/")
            )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
