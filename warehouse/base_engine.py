"""What the engines share: dbt in a warm worker that is started on first use, and what its failures mean.

Leaves out what differs: how silver is shown (`expose`), how a built table is called, and with what the worker begins.
No module here may be called `dbt_…`: dbt takes those for plugins and imports them, where there is no Landfall.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError
from landfall.project import Project
from warehouse.client import Worker, WorkerFailure, scratch_file

if TYPE_CHECKING:
    import pyarrow as pa

Json = dict[str, Any]
SHOWN = 5
"""Failed nodes that an error spells out."""


class DbtEngine(ABC):
    """See `warehouse.engine.Engine`. `settings` is what the worker is told besides where the dbt project is."""

    def __init__(
        self, project: Project, folder: Path, settings: Json, environment: str = ".venv-dbt"
    ) -> None:
        self._project = project
        self._folder = folder
        self._exposed: dict[str, str] = {}
        told = {
            "project_dir": str(project.dbt_dir),
            "target_path": str(folder / "target"),
            "log_path": str(folder / "logs"),
            **settings,
        }
        self.worker = Worker(project, told, folder, environment)

    def models(self) -> dict[str, str]:
        """The dbt models whose sources are all exposed: name → file in the dbt project."""
        return self._ask({"op": "models", "sources": sorted(self._exposed)})

    def build(self, select: list[str] | None = None, variables: Json | None = None) -> Json:
        """Run `dbt build`; see `warehouse.engine.Engine.build`."""
        sources = sorted(self._exposed)
        return self._ask(
            {"op": "build", "select": select, "sources": sources, "vars": variables or {}}
        )

    def compile(self) -> dict[str, str]:
        """Each model and test as this engine is sent it; asks the engine nothing."""
        return self._ask({"op": "compile", "sources": sorted(self._exposed) or None})

    def arrow(self, sql: str) -> pa.Table:
        """A query's rows, through a Parquet file that is removed again."""
        import pyarrow.parquet as pq

        path = scratch_file(self._folder / "export", ".parquet")
        try:
            self._ask({"op": "export", "sql": sql, "path": str(path)})
            return pq.read_table(path, memory_map=False)
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the worker."""
        self.worker.close()

    def _ask(self, request: Json) -> Any:
        """The worker's answer; raises LandfallError with what failed in it."""
        try:
            return self._answer(request)
        except WorkerFailure as failure:
            raise as_error(failure, self._project, self.worker.log) from None

    def _answer(self, request: Json) -> Any:
        if self.worker.pid is None:
            self._start()
        return self.worker.ask(request)

    def _clear_exports(self) -> None:
        """Remove what a run that was killed left behind; one run at a time holds a stack's lock."""
        for left in (self._folder / "export").glob("*.parquet"):
            left.unlink()

    @abstractmethod
    def _start(self) -> None:
        """Start the worker, and make what it needs to begin with."""


def as_error(failure: WorkerFailure, project: Project, log: Path) -> LandfallError:
    """What failed in the worker, as an error that names the models and tests."""
    texts = (failure.what, *(one["message"] for one in failure.failures))
    if any("no space left" in text.lower() for text in texts):
        return LandfallError(
            "The disk is full: the warehouse could not be built.",
            so="Nothing was published.",
            fix="Free some space and run the same command again.",
        )
    if failure.kind == "entry":
        return LandfallError(
            f"The warehouse was not entered: {failure.what}.",
            so="Nothing was published.",
            fix=f"Sign in as docs/warehouses.md says, and check the address. The worker's log: {log}",
        )
    if failure.kind == "engine":
        return LandfallError(
            f"The warehouse refused what it was asked: {failure.what}.",
            so="Nothing was published.",
            fix=f"Check that what it names is there. The worker's log: {log}",
        )
    if not failure.failures:
        return LandfallError(
            f"The warehouse could not be built: {failure.what}.",
            so="Nothing was published.",
            fix=f"Mend the dbt project in {project.dbt_dir}. The worker's log: {log}",
        )
    told = [_told(one) for one in failure.failures[:SHOWN]]
    more = len(failure.failures) - SHOWN
    if more > 0:
        told.append(f"and {more} more")
    first = failure.failures[0]
    look = f" The failing rows: run the query in {first['compiled']}." if first["compiled"] else ""
    return LandfallError(
        f"The warehouse did not pass: {'; '.join(told)}.",
        so="Nothing was published; readers still see the features as they were.",
        fix=f"Mend the data or {project.dbt_dir / first['file']}.{look}",
    )


def _told(failure: Json) -> str:
    if failure["status"] == "fail":
        return f"test {failure['name']} found {failure['rows']} faulty rows ({failure['file']})"
    return f"{failure['type']} {failure['name']} failed ({failure['file']}): {failure['message']}"
