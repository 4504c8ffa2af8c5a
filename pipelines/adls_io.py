"""PyIceberg's Arrow files on Azure: `abfss://container@account.dfs.core.windows.net/path` as Arrow names them.

PyIceberg 0.12 hands Arrow the whole `container@host/path`, which Arrow takes for a container's name and Azure
refuses; its other way is a package with an asynchronous HTTP stack of its own. The account comes from the
catalog's properties. Leaves out everything else: this is PyIceberg's own class.
"""

from __future__ import annotations

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties


class AdlsFileIO(PyArrowFileIO):
    """Named by `py-io-impl` in a catalog's properties."""

    @staticmethod
    def parse_location(location: str, properties: Properties = EMPTY_DICT) -> tuple[str, str, str]:
        """Scheme, place and Arrow's path (`container/path`) of a location."""
        scheme, place, path = PyArrowFileIO.parse_location(location, properties)
        container, at, _ = place.partition("@")
        return (
            (scheme, place, f"{container}{path.removeprefix(place)}")
            if at
            else (scheme, place, path)
        )
