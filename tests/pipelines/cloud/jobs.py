"""A context whose Spark is a managed service's, with its artifacts in a folder and code published there."""

from __future__ import annotations

from pathlib import Path

import pytest

from landfall.platform import Platform
from landfall.project import Project
from pipelines.context import Context, open_context
from pipelines.jars import jar_name
from pipelines.sign_in import CA, TOKEN
from tests.pipelines.cloud.platforms import SAMPLES, changed, exported
from tests.pipelines.cloud.project import flights_project

DIGEST = "0123456789abcdef"
WHEEL = "landfall-0.0.0-py3-none-any.whl"


def job_context(
    cloud: str, folder: Path, patch: pytest.MonkeyPatch, *, environment: str = ""
) -> Context:
    """The sample's Platform as exported, but for its artifacts zone; its jars are staged already."""
    patch.delenv("LANDFALL_SPARK", raising=False)
    given = changed(exported(SAMPLES[cloud]), storage={"artifacts": (folder / "zone").as_uri()})
    if cloud == "aws":  # the plan fabricates a name where AWS gives an id
        given = changed(given, spark={"master": "00fjkl0123456789"})
    if cloud == "azure":  # what a pod finds mounted
        for variable, content in ((TOKEN, "token-of-ingest"), (CA, "a certificate")):
            file = folder / variable.lower()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            patch.setenv(variable, str(file))
    flights = flights_project(folder / "project", SAMPLES[cloud], given)
    patch.setenv("LANDFALL_PLATFORM", str(flights.file))
    ctx = open_context(flights.stack, Project(flights.root, folder / "home"))
    publish(ctx, environment)
    return ctx


def publish(ctx: Context, environment: str = "") -> None:
    """What `landfall code publish` leaves, and the jars."""
    current = {"digest": DIGEST, "name": WHEEL}
    ctx.artifacts.write_json(
        "code/current.json", current | ({"environment": environment} if environment else {})
    )
    for coordinate in ctx.platform.spark.packages:
        ctx.artifacts.write(f"spark/jars/{jar_name(coordinate)}", b"staged before")


def as_exported(uri: str, ctx: Context, platform: Platform) -> str:
    """A URI of the stand-in's zone, as it would be in the exported one."""
    return uri.replace(ctx.platform.storage.artifacts, platform.storage.artifacts)
