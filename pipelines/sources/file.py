"""File sources: finding the file of a month, opening what it is packed in, or taking it as it is.

A `{month}` file and a reference list are taken byte for byte; only a `.zip` is opened, because a zip is
a folder, and its one member is taken byte for byte. A `.gz` stays as it is. Leaves out what is inside:
a file that is broken within is the ingestion's to refuse.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import BinaryIO, cast

from landfall.errors import LandfallError
from landfall.intent.data import FileSource
from landfall.month import Month
from pipelines.sources.base import Slice

_PACKAGE = "package:"
_DIGITS = "[0-9][0-9][0-9][0-9]-[0-9][0-9]"


class WholeFile:
    """A file a month (`{month}` in its path), or one whole list (a reference)."""

    def __init__(self, root: Path, source: FileSource) -> None:
        self._root = root
        self._source = source

    @property
    def is_reference(self) -> bool:
        """Whether there is one file for all months."""
        return "{month}" not in self._source.path

    def months(self) -> list[Month]:
        """The months for which there is a file."""
        return [] if self.is_reference else monthly_files(self._root, self._source)

    def read(self, month: Month) -> Slice | None:
        """The file of the month; None where there is none. A missing reference is an error."""
        path = find_file(self._root, self._source, month)
        if path is None:
            return None
        name, content = _content(path, self._source)
        s = self._source
        return Slice(name, content, s.format, s.encoding, s.delimiter, s.path)


def _content(path: Path, source: FileSource) -> tuple[str, bytes]:
    with readable(path, source):
        if path.suffix.lower() != ".zip":
            return path.name, path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            member = _only_member(archive, path, source)
            return Path(member).name, archive.read(member)


def find_file(root: Path, source: FileSource, month: Month) -> Path | None:
    """The file of a month; None where a `{month}` path has no file; raises where a fixed path has none."""
    monthly = "{month}" in source.path
    wanted = source.path.replace("{month}", str(month))
    if wanted.startswith(_PACKAGE):
        path = _in_package(wanted, source, must=not monthly)
    else:
        path = root / wanted
    if path is not None and path.is_dir():
        raise LandfallError(
            f"{source.dataset}: {path} is a folder, not a file.",
            fix="Name the file in the source's path, with {month} where there is one a month.",
        )
    if path is not None and path.exists():
        return path
    if monthly:
        return None
    raise _missing(source, str(path))


def _missing(source: FileSource, where: str) -> LandfallError:
    return LandfallError(
        f"{source.dataset}: there is no file {where}.",
        so="Nothing of it was landed.",
        fix="Put the file there, or correct the source's path in the stack's file.",
    )


def monthly_files(root: Path, source: FileSource) -> list[Month]:
    """The months for which a `{month}` path has a file, in order."""
    if source.path.startswith(_PACKAGE):
        name, _, wanted = source.path.removeprefix(_PACKAGE).partition("/")
        candidates = [str(file) for file in _distribution(name, source).files or []]
        pattern = _month_pattern(wanted)
        alternative = _month_pattern(f"{name}/{wanted}")
        found = (pattern.fullmatch(c) or alternative.fullmatch(c) for c in candidates)
    else:
        whole = root / source.path
        anchor = Path(whole.anchor)
        relative = whole.relative_to(anchor).as_posix()
        globbed = re.sub(r"([*?\[])", r"[\1]", relative).replace("{month}", _DIGITS)
        pattern = _month_pattern(relative)
        paths = (p.relative_to(anchor).as_posix() for p in anchor.glob(globbed) if p.is_file())
        found = (pattern.fullmatch(p) for p in paths)
    return sorted({Month.parse(match["month"]) for match in found if match})


def _month_pattern(path: str) -> re.Pattern[str]:
    first, *rest = (re.escape(part) for part in path.split("{month}"))
    # The same month in every place, so that /drop/2013-01/x-2013-02.csv is nobody's.
    return re.compile(
        first + r"(?P<month>\d{4}-(?:0[1-9]|1[0-2]))" + r"(?P=month)".join(rest or [""])
    )


def _distribution(name: str, source: FileSource) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise LandfallError(
            f"{source.dataset}: the Python distribution '{name}' is not installed.",
            fix=f"pip install {name}, or correct the source's path '{source.path}'.",
        ) from None


def _in_package(wanted: str, source: FileSource, *, must: bool) -> Path | None:
    """The file of an installed distribution, found without importing it."""
    name, _, inside = wanted.removeprefix(_PACKAGE).partition("/")
    distribution = _distribution(name, source)
    files = distribution.files or []
    for candidate in (f"{name}/{inside}", inside):
        for file in files:
            if file.as_posix() == candidate:
                return Path(str(distribution.locate_file(file)))
    if must:
        same = [f.as_posix() for f in files if f.suffix == Path(inside).suffix][:8]
        beside = f" It has {', '.join(same)}." if same else ""
        raise LandfallError(
            f"{source.dataset}: the distribution '{name}' holds no file '{inside}'.{beside}",
            fix="Correct the source's path in the stack's file: package:DISTRIBUTION/FILE.",
        )
    return None


def _only_member(archive: zipfile.ZipFile, path: Path, source: FileSource) -> str:
    names = [
        info.filename
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        raise LandfallError(
            f"{source.dataset}: {path} holds {len(names)} files ({', '.join(names[:5]) or 'none'}).",
            so="Which of them is meant is not said.",
            fix="Pack one file a zip, or unpack it and name the file.",
        )
    return names[0]


@contextmanager
def readable(path: Path, source: FileSource) -> Iterator[None]:
    """Tell what goes wrong while reading `path` as an error that names it."""
    try:
        yield
    except zipfile.BadZipFile as error:
        raise _unreadable(path, source, f"it is no readable zip file ({error})") from None
    except NotImplementedError as error:
        raise _unreadable(path, source, f"it is packed in a way not known here ({error})") from None
    except RuntimeError as error:  # zipfile's word for a password
        if "encrypted" not in str(error):
            raise
        raise _unreadable(path, source, "it is locked by a password") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _unreadable(path, source, f"it is no readable compressed file ({error})") from None
    except EOFError:
        raise _unreadable(path, source, "it is cut off before its end") from None
    except FileNotFoundError:
        raise _missing(source, str(path)) from None
    except PermissionError:
        raise LandfallError(
            f"{source.dataset}: {path} may not be read by this user.",
            fix="Give the user who lands data the right to read it.",
        ) from None


def _unreadable(path: Path, source: FileSource, why: str) -> LandfallError:
    return LandfallError(
        f"{source.dataset}: {path} cannot be read: {why}.",
        so="Nothing of it was landed; what was landed before stays.",
        fix="Fetch the file again, whole, and run the same command.",
    )


@contextmanager
def opened(path: Path, source: FileSource) -> Iterator[BinaryIO]:
    """The file's bytes with `.zip` and `.gz` undone, as a stream."""
    with readable(path, source):
        if path.suffix.lower() == ".zip":
            with (
                zipfile.ZipFile(path) as archive,
                archive.open(_only_member(archive, path, source)) as stream,
            ):
                yield cast(BinaryIO, stream)
        elif path.suffix.lower() == ".gz":
            with gzip.open(path) as stream:
                yield cast(BinaryIO, stream)
        else:
            with path.open("rb") as stream:
                yield stream
