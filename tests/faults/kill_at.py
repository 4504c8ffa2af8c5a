"""Run the `landfall` command and kill it (SIGKILL) at a chosen effect of a chosen step.

An effect is a call that changes something outside the process: a file put in place, a Spark write or
statement, an Iceberg commit, a write to the registry or the bus, a dbt build. They are counted as they
happen, so no line of the product knows of this.

    python -m tests.faults.kill_at count FILE -- run --month 2013-03
    python -m tests.faults.kill_at kill STEP:NUMBER:before|after -- run --month 2013-03

`count` runs undisturbed and writes {step: [effect, ...]} to FILE.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

# Where effects happen, by module; a module is patched as soon as a step has it imported.
EFFECTS = {
    "landfall.storage": ("Store.write",),
    "pathlib": ("Path.replace", "Path.rename", "Path.hardlink_to"),
    "os": ("replace", "rename", "link"),
    "pyspark.sql": ("SparkSession.sql",),
    "pyspark.sql.readwriter": (
        "DataFrameWriterV2.append",
        "DataFrameWriterV2.create",
        "DataFrameWriterV2.createOrReplace",
        "DataFrameWriterV2.overwritePartitions",
    ),
    "pyiceberg.catalog.sql": ("SqlCatalog.commit_table", "SqlCatalog.create_table"),
    "mlflow.store.tracking.sqlalchemy_store": (
        "SqlAlchemyStore.create_run",
        "SqlAlchemyStore.log_batch",
        "SqlAlchemyStore.update_run_info",
    ),
    "mlflow.store.model_registry.sqlalchemy_store": (
        "SqlAlchemyStore.create_registered_model",
        "SqlAlchemyStore.create_model_version",
        "SqlAlchemyStore.set_registered_model_alias",
    ),
    "pipelines.bus": ("notify",),
    "pipelines.bus.sqlite": ("SqliteBus.publish",),
    "warehouse.duckdb_engine": ("DuckDbEngine.build",),
}


class Effects:
    """Counts effects by step, and kills the process at the chosen one."""

    def __init__(self, target: tuple[str, int, str] | None) -> None:
        self.target = target
        self.step = "start"
        self.seen: dict[str, list[str]] = defaultdict(list)
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
            if self._inside:  # an effect made of others counts once
                return original(*args, **kwargs)
            self._inside = True
            try:
                self._reach(dotted, "before")
                result = original(*args, **kwargs)
                self._reach(dotted, "after")
            finally:
                self._inside = False
            return result

        setattr(owner, last, counted)

    def _reach(self, name: str, side: str) -> None:
        if side == "before":
            self.seen[self.step].append(name)
        if self.target == (self.step, len(self.seen[self.step]), side):
            os.kill(os.getpid(), signal.SIGKILL)


def install(effects: Effects) -> None:
    """Follow the flow's steps, patching what each has imported before its function runs."""
    from pipelines import flow

    load = flow.Step.load
    heavy = {
        "land": ["pipelines.bus", "pipelines.bus.sqlite"],
        "ingest": ["pyspark.sql", "pyspark.sql.readwriter"],
        "build": ["pyiceberg.catalog.sql", "warehouse.duckdb_engine"],
        "train": ["mlflow.store.tracking.sqlalchemy_store"],
        "promote": ["mlflow.store.model_registry.sqlalchemy_store"],
    }

    def loading(step: flow.Step) -> Any:
        effects.step = step.name
        function = load(step)
        for module in heavy.get(step.name, []):
            importlib.import_module(module)
        effects.patch()
        return function

    flow.Step.load = loading  # pyright: ignore[reportAttributeAccessIssue]


def main() -> None:
    mode, argument, _, *command = sys.argv[1:]
    target = None
    if mode == "kill":
        step, number, side = argument.split(":")
        target = (step, int(number), side)
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
