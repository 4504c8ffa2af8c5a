"""What every step of the flow is given, and what it gives back.

A step is a plain function `(Context, Month) -> dict`, idempotent: the same input twice gives the same
tables, and a step killed at any moment finishes on the next run. The dict is JSON-ready; the runner
stores it as the step's result, and later steps read it with `Context.result`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.errors import UsageError
from landfall.intent import Intent, intent_of
from landfall.intent.ml import ML
from landfall.local import local_platform
from landfall.month import Month
from landfall.platform import Platform
from landfall.project import Project, find_project
from landfall.storage import Store
from pipelines.contract import Contract, load_contracts

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyspark.sql import SparkSession

    from warehouse.engine import Engine

Json = dict[str, Any]
StepFunction = Callable[["Context", Month], Json]


@dataclass
class Context:
    """One stack's Intent and Platform, and the sessions that its steps share. Close it when done."""

    project: Project
    stack: str
    intent: Intent
    platform: Platform
    _open: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contract of every source's dataset, in the intent's order."""
        return load_contracts(self.project.contracts_dir, [s.dataset for s in self.intent.sources])

    @property
    def ml(self) -> ML:
        """The intent's model part; raises UsageError where the intent predicts nothing."""
        if self.intent.ml is None:
            raise UsageError(
                f"The intent of '{self.stack}' has no 'ml' part.",
                fix="Add one, or draft it: landfall dataset init FILE --target COLUMN …",
            )
        return self.intent.ml

    @property
    def submits(self) -> bool:
        """Whether a step that needs Spark is handed to the Platform's managed service."""
        from pipelines.spark import mode

        return mode(self.platform) == "submitted"

    @cached_property
    def spark(self) -> SparkSession:
        """The Spark session on this platform's catalog, started on first use."""
        from pipelines.spark import open_spark

        session = open_spark(self.platform, self.project.cache_dir)
        self._open.callback(session.stop)
        return session

    @cached_property
    def catalog(self) -> Catalog:
        """The same Iceberg catalog through PyIceberg, for what needs no Spark."""
        from pipelines.catalog import open_catalog

        return open_catalog(self.platform)

    @cached_property
    def engine(self) -> Engine:
        """The warehouse's adapter, started on first use."""
        from warehouse.engine import open_engine

        return self._open.enter_context(open_engine(self.platform, self.project))

    @cached_property
    def artifacts(self) -> Store:
        """The artifacts zone: step results, profiles, predictions, the promotion record."""
        return Store(self.platform.storage.artifacts, self.platform.storage.options)

    def result_path(self, month: Month, step: str) -> str:
        """Where a step's result lies in the artifacts zone."""
        flow = self.intent.ml.problem.name if self.intent.ml else "data"
        return f"runs/{flow}/{month}/{step}.json"

    def result(self, month: Month, step: str) -> Json | None:
        """What a step of that month gave, or None where it has not run."""
        path = self.result_path(month, step)
        if not self.artifacts.exists(path):
            return None
        return json.loads(self.artifacts.read(path))

    def need(self, month: Month, step: str) -> Json:
        """The same, but a missing result is a UsageError that says which step to run."""
        found = self.result(month, step)
        if found is None:
            raise UsageError(
                f"{month} has no result of step '{step}' yet.",
                fix=f"landfall run --month {month} --from {step}",
            )
        return found

    def close(self) -> None:
        """End what was started (Spark, the warehouse's worker)."""
        self._open.close()

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_context(stack: str, project: Project | None = None) -> Context:
    """The Context of a stack: reads its file, checks the intent, knows its Platform; opens nothing."""
    project = project or find_project()
    intent = intent_of(project, stack)
    if intent.cloud.provider == "local":
        platform = local_platform(intent, stack, project.home)
    else:
        from landfall.platform_file import load_platform

        platform = load_platform(project, stack)
    return Context(project, stack, intent, platform)


def code_version(root: Path) -> str:
    """A digest of the code, SQL and contracts that results depend on (12 hex digits)."""
    digest = hashlib.sha256()
    for folder in ("landfall", "pipelines", "warehouse", "ml"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".py", ".sql", ".yml") and "target" not in path.parts:
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
