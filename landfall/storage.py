"""Files of a zone, the same on a disk and in a bucket: whole or not at all.

Adds what a disk leaves open: an atomic write, and an error that a person can act on. Buckets of the
clouds are reached by `landfall.buckets`, any other URI by fsspec. Holds no state.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from landfall.buckets import Bucket, open_bucket
from landfall.errors import LandfallError


class Store:
    """The objects below one URI, named by relative paths with '/'."""

    def __init__(self, uri: str, options: dict[str, str] | None = None) -> None:
        self.uri = uri.rstrip("/")
        parsed = urlparse(self.uri)
        self._local = Path(unquote(parsed.path)) if parsed.scheme == "file" else None
        self._options = options or {}

    def _bucket(self) -> tuple[Bucket, str]:
        """The bucket, and what its objects' names begin with."""
        bucket, path = open_bucket(self.uri, self._options)
        return bucket, f"{path}/" if path else ""

    def url(self, path: str) -> str:
        """The object's full URI."""
        return f"{self.uri}/{path}"

    def exists(self, path: str) -> bool:
        """Whether the object is there."""
        if self._local is not None:
            return (self._local / path).is_file()
        bucket, root = self._bucket()
        return bucket.exists(root + path)

    def read(self, path: str) -> bytes:
        """The whole object; raises FileNotFoundError."""
        if self._local is not None:
            return (self._local / path).read_bytes()
        bucket, root = self._bucket()
        return bucket.read(root + path)

    def read_json(self, path: str) -> Any:
        """The object as JSON; raises FileNotFoundError."""
        return json.loads(self.read(path))

    def write(self, path: str, content: bytes) -> None:
        """Replace the object as a whole: readers see the old or the new, never a part."""
        if self._local is None:
            bucket, root = self._bucket()
            bucket.write(root + path, content)
            return
        _write_whole(self._local / path, content, lambda part, target: part.replace(target))

    def create(self, path: str, content: bytes) -> bool:
        """Write the object as a whole only where there is none; False, and nothing done, where there is.

        Of several writers at once exactly one is told True.
        """
        try:
            if self._local is None:
                bucket, root = self._bucket()
                bucket.create(root + path, content)
            else:
                _write_whole(
                    self._local / path, content, lambda part, target: os.link(part, target)
                )
        except FileExistsError:
            return False
        return True

    def create_json(self, path: str, value: object) -> bool:
        """`create` with `value` as sorted, indented JSON."""
        return self.create(path, json.dumps(value, indent=1, sort_keys=True, default=str).encode())

    def write_json(self, path: str, value: object) -> None:
        """Replace the object by `value` as sorted, indented JSON."""
        self.write(path, json.dumps(value, indent=1, sort_keys=True, default=str).encode())

    def list(self, prefix: str = "") -> Iterator[str]:
        """Relative paths of the objects below `prefix`, sorted; unfinished writes are left out."""
        if self._local is not None:
            base = self._local / prefix
            found = (p.relative_to(self._local).as_posix() for p in base.rglob("*") if p.is_file())
            yield from sorted(p for p in found if "/.part-" not in f"/{p}")
            return
        bucket, root = self._bucket()
        yield from sorted(name.removeprefix(root) for name in bucket.names(root + prefix))


def _write_whole(target: Path, content: bytes, place: Callable[[Path, Path], object]) -> None:
    """Write beside `target` and let `place` put it there; raises FileExistsError where `place` does."""
    try:
        _make_folder(target.parent)
        handle, name = tempfile.mkstemp(prefix=".part-", dir=target.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            place(part, target)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise _disk_error(error, target) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        # A file stands where a folder should; that must not read as "the object is there already".
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def _disk_error(error: OSError, target: Path) -> LandfallError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LandfallError(
            f"The disk is full: {target} could not be written.",
            so="Nothing was lost; what was published stays.",
            fix="Free some space and run the same command again.",
        )
    return LandfallError(
        f"{target} could not be written: {error.strerror}.", fix="Check the folder's permissions."
    )
