"""What a managed service is asked to run: the code, the project, Spark's settings, and one step of a month.

The driver is given three things in the artifacts zone: the wheel that `landfall code publish` put there
(`code/current.json` names it), the project (its stack files and contracts) with the Platform as one zip,
and the jars that the Platform names. All lie under names made of their content, so that a running batch never
sees another's. Leaves out the Python packages that the wheel needs: they are in `environment`, a packed
environment beside the wheel, or in the service's own image.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from landfall.errors import UsageError
from landfall.month import Month
from landfall.storage import Store
from pipelines.code import CURRENT, FOLDER
from pipelines.jars import fetch_jars, jar_name
from pipelines.sign_in import read_ca
from pipelines.spark import SAME, catalog_conf

if TYPE_CHECKING:
    from pipelines.context import Context

LIMIT_MINUTES = 120
JOBS = "spark/jobs"
JARS = "spark/jars"
ENVIRONMENT = "environment"
"""The folder that the packed environment is unpacked to, in the working folder of driver and executors."""
_MAIN = "from pipelines.submit.driver import main\n\nmain()\n"
_PRIVATE = ("landfall.", "spark.landfall.")
"""Keys of the Platform's conf that are for the request, not for Spark."""
CA = "catalog-ca.crt"
"""In the project's zip: what signs the catalog's certificate, where the system does not know it."""
_STEADY = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Batch:
    """One request, in no service's own words. All URIs."""

    name: str
    main: str
    arguments: list[str]
    wheel: str
    environment: str = ""
    jars: list[str] = field(default_factory=list)
    conf: dict[str, str] = field(default_factory=dict)
    """Spark's settings."""
    settings: dict[str, str] = field(default_factory=dict)
    """The request's own settings, without their prefix (`runtime`, `execution-role`, …)."""
    labels: dict[str, str] = field(default_factory=dict)
    limit_minutes: int = LIMIT_MINUTES


def build_batch(ctx: Context, month: Month, step: str) -> Batch:
    """Stage what is not in the artifacts zone yet and say what to run.

    Raises UsageError where no code was published, LandfallError or MissingTool where a jar cannot be had.
    """
    digest, wheel, environment = _code(ctx)
    project = project_zip(ctx)
    identity = "\n".join((ctx.stack, str(month), step, digest, hashlib.sha256(project).hexdigest()))
    name = f"landfall-{month}-{step}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    folder = f"{JOBS}/{name}"
    ctx.artifacts.create(f"{folder}/main.py", _MAIN.encode())
    ctx.artifacts.create(f"{folder}/project.zip", project)
    told = ctx.platform.spark.conf
    return Batch(
        name=name,
        main=ctx.artifacts.url(f"{folder}/main.py"),
        arguments=[
            "--project", ctx.artifacts.url(f"{folder}/project.zip"), "--stack", ctx.stack,
            "--month", str(month), "--step", step,
        ],
        wheel=wheel,
        environment=environment,
        jars=stage_jars(ctx.artifacts, ctx.platform.spark.packages, ctx.project.cache_dir),
        conf={
            **SAME,
            **{k: v for k, v in told.items() if not k.startswith(_PRIVATE)},
            **catalog_conf(ctx.platform),
        },
        settings={k.rpartition(".")[2]: v for k, v in told.items() if k.startswith(_PRIVATE)},
        labels={"client": ctx.platform.client, "step": step, "month": str(month)},
    )  # fmt: skip


def _code(ctx: Context) -> tuple[str, str, str]:
    """The published code's digest, the wheel's URI, and the packed environment's or an empty text."""
    try:
        current = ctx.artifacts.read_json(CURRENT)
        digest, name = current["digest"], current["name"]
    except FileNotFoundError:
        raise UsageError(
            f"No code is published in {ctx.artifacts.url(CURRENT)}.",
            so=f"{ctx.platform.spark.kind} would have nothing to run.",
            fix=f"make wheel, landfall code stage dist --stack {ctx.stack}, then landfall code publish as that says.",
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{ctx.artifacts.url(CURRENT)} names no code (it needs `digest` and `name`).",
            fix=f"landfall code publish DIGEST --stack {ctx.stack}",
        ) from None
    folder = f"{FOLDER}/{digest}"
    packed = current.get(ENVIRONMENT, "")
    return (
        digest,
        ctx.artifacts.url(f"{folder}/{name}"),
        ctx.artifacts.url(f"{folder}/{packed}") if packed else "",
    )


def project_zip(ctx: Context) -> bytes:
    """Stack files, contracts, the Platform, what signs its catalog's certificate; the same content, the same bytes."""
    root = ctx.project.root
    files = [root / "Pulumi.yaml", *ctx.project.stacks_dir.glob("Pulumi.*.yaml")]
    files += ctx.project.contracts_dir.glob("*.yml")
    content = {file.relative_to(root).as_posix(): file.read_bytes() for file in files}
    content["platform.json"] = ctx.platform.model_dump_json(indent=1).encode()
    signed_by = read_ca(ctx.platform)
    if signed_by is not None:
        content[CA] = signed_by
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            archive.writestr(zipfile.ZipInfo(name, _STEADY), content[name])
    return target.getvalue()


def stage_jars(artifacts: Store, packages: list[str], cache_dir: Path) -> list[str]:
    """URIs of the packages' jars in the artifacts zone; puts there what is missing, checked against the lock."""
    wanted = {coordinate: f"{JARS}/{jar_name(coordinate)}" for coordinate in packages}
    for coordinate, path in wanted.items():
        if not artifacts.exists(path):
            [jar] = fetch_jars([coordinate], cache_dir)
            artifacts.create(path, jar.read_bytes())
    return [artifacts.url(path) for path in wanted.values()]
