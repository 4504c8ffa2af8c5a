"""The driver of a submitted batch: fetches the project, and runs the one step as `landfall run` does.

Runs inside the managed service, where there is no project, no home and no Pulumi. Leaves out Spark: the
service has started it, and `pipelines.spark` finds it there.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import zipfile
from pathlib import Path

from landfall.errors import LandfallError
from landfall.platform import Platform
from landfall.platform_file import VARIABLE as PLATFORM
from landfall.storage import Store
from pipelines.sign_in import CA as CA_VARIABLE
from pipelines.sign_in import FILE, TOKEN, token_key
from pipelines.spark import VARIABLE as SPARK
from pipelines.submit.batch import CA


def main(arguments: list[str] | None = None) -> None:
    """Run the step that the arguments name; exits as `landfall run` does."""
    parser = argparse.ArgumentParser(prog="landfall-driver")
    for name in ("project", "stack", "month", "step"):
        parser.add_argument(f"--{name}", required=True)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="landfall-driver-") as folder:
        root = unpack(asked.project, Path(folder))
        os.environ |= {
            "LANDFALL_PROJECT": str(root),
            "LANDFALL_HOME": str(root / "home"),
            PLATFORM: str(root / "platform.json"),
            SPARK: "driver",
            **sign_in(root),
        }
        sys.argv = [
            "landfall", "run", "--stack", asked.stack, "--month", asked.month,
            "--from", asked.step, "--to", asked.step, "--output", "json",
        ]  # fmt: skip
        from landfall.cli import main as landfall

        landfall()


def sign_in(root: Path) -> dict[str, str]:
    """The variables by which PyIceberg, too, opens the catalog: by the token that the batch came with."""
    platform = Platform.model_validate_json((root / "platform.json").read_bytes())
    found: dict[str, str] = {}
    if (root / CA).exists():
        found[CA_VARIABLE] = str(root / CA)
    if FILE in platform.catalog.properties:
        from pyspark.sql import SparkSession

        token = SparkSession.builder.getOrCreate().conf.get(token_key(platform), None)
        if token is None:
            raise LandfallError(
                "This batch came without a token for the catalog.",
                so="It could neither read a table nor write one.",
                fix="landfall run, which hands its own on.",
            )
        file = root / "token"
        file.touch(mode=0o600)
        file.write_text(token, encoding="utf-8")
        found[TOKEN] = str(file)
    return found


def unpack(uri: str, folder: Path) -> Path:
    """The project of a URI, unpacked below `folder`."""
    place, _, name = uri.rpartition("/")
    with zipfile.ZipFile(io.BytesIO(Store(place).read(name))) as archive:
        archive.extractall(folder)
    return folder
