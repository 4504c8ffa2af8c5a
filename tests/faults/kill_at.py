"""Run the `landfall` command and kill it (SIGKILL) at a chosen effect of a chosen step.

An effect is a call that changes something outside the process: a file put in place, a Spark write or
statement, an Iceberg commit, a write to the registry or the bus, a dbt build. They are counted as they
happen, so no line of the product knows of this. An effect made of others counts once.

    python -m tests.faults.kill_at count FILE -- run --month 2013-03
    python -m tests.faults.kill_at kill 2013-03/train:7:after -- run --month 2013-03
    python -m tests.faults.kill_at kill 2013-03/ingest:9:0.4 -- run --month 2013-03

`count` runs undisturbed and writes {month/step: [[effect, seconds], ...]} to FILE. The moment is
`before`, `after`, or so many seconds after the effect's begin, by which a kill falls into it.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

# Where effects happen, by module; a module is patched as soon as a step has it imported.
EFFECTS = {
    "landfall.storage": ("Store.write", "Store.create"),
    "pathlib": ("Path.replace", "Path.rename", "Path.hardlink_to"),
    "os": ("replace", "rename", "link"),
    "pyspark.sql": ("SparkSession.sql",),
    "pyspark.sql.readwriter": (
        "DataFrameWriterV2.append",
        "DataFrameWriterV2.create",
        "DataFrameWriterV2.createOrReplace",
        "DataFrameWriterV2.overwritePartitions",
    ),
    "pyspark.sql.merge": ("MergeIntoWriter.merge",),
    # Commits that Spark's JVM makes for us, which no Python library shows.
    "pipelines.tables": ("LakeTable.publish", "LakeTable.change", "LakeTable.open_branch"),
    "pyiceberg.catalog.sql": ("SqlCatalog.commit_table", "SqlCatalog.create_table"),
    "mlflow.store.tracking.sqlalchemy_store": (
        "SqlAlchemyStore.create_experiment",
        "SqlAlchemyStore.create_run",
        "SqlAlchemyStore.log_batch",
        "SqlAlchemyStore.update_run_info",
    ),
    "mlflow.tracking": ("MlflowClient.log_artifacts",),
    "mlflow.store.model_registry.sqlalchemy_store": (
        "SqlAlchemyStore.create_registered_model",
        "SqlAlchemyStore.create_model_version",
        "SqlAlchemyStore.set_registered_model_alias",
        "SqlAlchemyStore.set_registered_model_tag",
        "SqlAlchemyStore.set_model_version_tag",
    ),
    "pipelines.bus.sqlite": ("SqliteBus.publish",),
    "warehouse.duckdb_engine": ("DuckDBEngine.expose", "DuckDBEngine.build"),
}
# What a step imports within its function; imported before it, so that it is patched in time.
HEAVY = {
    "land": ["pipelines.bus.sqlite"],
    "ingest": ["pyspark.sql", "pyspark.sql.readwriter", "pyspark.sql.merge", "pipelines.tables"],
    "build": ["pyiceberg.catalog.sql", "warehouse.duckdb_engine"],
    "train": [
        "mlflow.tracking",
        "mlflow.store.tracking.sqlalchemy_store",
        "mlflow.store.model_registry.sqlalchemy_store",
    ],
}
HEAVY |= {"gate": HEAVY["train"], "promote": [*HEAVY["train"], "pipelines.bus.sqlite"]}


class Target(NamedTuple):
    """The moment to die."""

    step: str
    """As in `2013-03/train`."""
    number: int
    """The effect, counted from 1."""
    moment: str
    """`before`, `after`, or seconds from the effect's begin."""

    def __str__(self) -> str:
        return f"{self.step}:{self.number}:{self.moment}"


class Effects:
    """Counts effects by step, and kills the process at the chosen one."""

    def __init__(self, target: Target | None) -> None:
        self.target = target
        self.step = "start"
        self.seen: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self._patched: set[str] = set()
        self._inside = False

    def patch(self) -> None:
        """Wrap the effects of every module that is imported by now."""
        for module, names in EFFECTS.items():
            if module in sys.modules and module not in self._patched:
                self._patched.add(module)
                for name in names:
                    self._wrap(sys.modules[module], name)

    def _wrap(self, owner: Any, dotted: str) -> None:
        *classes, last = dotted.split(".")
        for part in classes:
            owner = getattr(owner, part)
        original = getattr(owner, last)

        @functools.wraps(original)
        def counted(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return original(*args, **kwargs)
            self._inside = True
            began = time.monotonic()
            try:
                self._begin(dotted)
                result = original(*args, **kwargs)
                self._end(dotted, time.monotonic() - began)
            finally:
                self._inside = False
            return result

        setattr(owner, last, counted)

    def _begin(self, name: str) -> None:
        self.seen[self.step].append((name, 0.0))
        moment = self._moment()
        if moment == "before":
            die()
        elif moment not in (None, "after"):
            threading.Timer(float(moment), die).start()

    def _end(self, name: str, seconds: float) -> None:
        self.seen[self.step][-1] = (name, seconds)
        if self._moment() == "after":
            die()

    def _moment(self) -> str | None:
        here = (self.step, len(self.seen[self.step]))
        return self.target.moment if self.target and self.target[:2] == here else None


def die() -> None:
    """The end, without a chance to clean up."""
    os.kill(os.getpid(), signal.SIGKILL)


def install(effects: Effects) -> None:
    """Follow the flow's steps, patching what each has imported before its function runs."""
    from pipelines import flow

    load = flow.Step.load

    def loading(step: flow.Step) -> Any:
        function = load(step)
        if step.name in ("train", "gate", "promote"):
            from ml.tracking import quiet_mlflow

            quiet_mlflow()
        for module in HEAVY.get(step.name, []):
            importlib.import_module(module)
        effects.patch()

        def followed(ctx: Any, month: Any) -> Any:
            effects.step = f"{month}/{step.name}"
            return function(ctx, month)

        return followed

    flow.Step.load = loading  # pyright: ignore[reportAttributeAccessIssue]


def main() -> None:
    mode, argument, _, *command = sys.argv[1:]
    target = None
    if mode == "kill":
        step, number, moment = argument.split(":")
        target = Target(step, int(number), moment)
    effects = Effects(target)
    install(effects)
    sys.argv = ["landfall", *command]
    from landfall.cli import main as landfall

    try:
        landfall()
    finally:
        if mode == "count":
            Path(argument).write_text(json.dumps(effects.seen), encoding="utf-8")


if __name__ == "__main__":
    main()
