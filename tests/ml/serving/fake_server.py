"""A real server process on models that a folder describes, for tests: `fake_server.py FOLDER`.

The folder holds `settings.json` (the intent's serving part and `options` of run_server), `champion`,
`candidate`, and `v<N>.json` with a version's behaviour: `bias` is added to column `x`, `sleep` seconds
are spent a call, `fail` names an exception to raise unless the row's `x` is an example's (0).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from landfall.errors import LandfallError, UsageError
from landfall.intent.ml import Serving
from landfall.storage import Store
from ml.serving.server import open_socket, run_server
from ml.serving.source import Column, Model

COLUMNS = (Column("x", "FP64", nullable=False), Column("y", "FP64"), Column("city", "BYTES"))
FAULTS: dict[str, type[Exception]] = {"RuntimeError": RuntimeError, "ValueError": ValueError}


class FolderSource:
    """A ModelSource whose registry is a folder."""

    name = "toy"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def champion(self) -> int | None:
        return self._number("champion")

    def candidate(self) -> int | None:
        return self._number("candidate")

    def load(self, version: int) -> Model:
        path = self._folder / f"v{version}.json"
        if not path.exists():
            raise UsageError(f"Problem 'toy' has no model version {version}.")
        told = json.loads(path.read_text())

        def predict(columns: Any, rows: int) -> np.ndarray:
            time.sleep(told.get("sleep", 0))
            x = np.array(columns["x"], dtype=float)
            if "fail" in told and x.any():
                raise FAULTS[told["fail"]]("as told")
            if told.get("broken"):
                return np.full(rows, np.nan)
            return x + told["bias"]

        return Model(version, COLUMNS, predict, {"x": [0.0], "y": [None], "city": ["Oslo"]})

    def _number(self, name: str) -> int | None:
        path = self._folder / name
        return int(path.read_text()) if path.exists() else None


def main() -> int:
    """Serve until SIGTERM; prints the announcement as one JSON line."""
    folder = Path(sys.argv[1])
    told = json.loads((folder / "settings.json").read_text())
    options = told.pop("options", {})
    try:
        with open_socket("127.0.0.1", options.pop("port", 0)) as sock:
            run_server(
                FolderSource(folder), Serving(**told), sock, Store((folder / "lake").as_uri()),
                announce=lambda value: print(json.dumps(value), flush=True), **options,
            )  # fmt: skip
    except LandfallError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
