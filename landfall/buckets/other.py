"""Any other URI by fsspec, for example a share or fsspec's own memory. Options are fsspec's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class FsspecBucket:
    """See `landfall.buckets.Bucket`; `place` is the URI up to its path."""

    def __init__(self, place: str, options: dict[str, str]) -> None:
        import fsspec

        fs, root = fsspec.core.url_to_fs(place, **options)
        self._fs: Any = fs
        self._root = root.rstrip("/")

    def exists(self, name: str) -> bool:
        return bool(self._fs.isfile(f"{self._root}/{name}"))

    def read(self, name: str) -> bytes:
        return self._fs.cat_file(f"{self._root}/{name}")

    def write(self, name: str, content: bytes) -> None:
        self._fs.pipe_file(f"{self._root}/{name}", content)

    def create(self, name: str, content: bytes) -> None:
        self._fs.pipe_file(f"{self._root}/{name}", content, mode="create")

    def names(self, folder: str) -> Iterator[str]:
        start = f"{self._root}/{folder}".rstrip("/")
        if self._fs.exists(start):
            yield from (path[len(self._root) + 1 :] for path in self._fs.find(start))
