"""dbt's process: started once by the adapter, it builds as often as asked, so dbt starts only once.

Runs under the Python of dbt's own environment and imports nothing of Landfall. Reads one JSON object a
line on stdin and answers one a line on stdout; everything else that is printed goes to stderr. When
stdin ends, because the parent closed it or died, the process ends too, even amid a build.

Requests: {"op": "build", "select": [...]|null, "sources": [...], "vars": {}}, {"op": "expose",
"tables": {name: file} or, on a cloud's engine, [statement]}, {"op": "export", "sql", "path"}, {"op": "models"},
{"op": "compile", "sources": [...]|null}. The first line holds the settings, see `Settings`. Answers: {"ok": true, "result": ...} or {"ok": false, "kind",
"what", "failures"}.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NotRequired, TypedDict

Json = dict[str, Any]


class Settings(TypedDict):
    """The first line of stdin."""

    engine: str
    database: NotRequired[str]
    """DuckDB's file."""
    lock_wait: NotRequired[float]
    """Seconds to wait for another process to let go of it."""
    connection: NotRequired[Json]
    """What a cloud's engine is opened with."""
    project_dir: str
    profiles_dir: str
    target_path: str
    log_path: str


class Failed(Exception):
    """A request that could not be done: `kind` (`tests`, `models`, `project`, `damaged`) and what failed."""

    def __init__(self, kind: str, what: str, failures: list[Json] | None = None) -> None:
        super().__init__(what)
        self.kind = kind
        self.failures = failures or []


def _database(settings: Settings) -> Any:
    """Who shows silver to dbt, and hands out rows."""
    if settings["engine"] == "duckdb":
        from duckdb_file import DuckDBFile

        return DuckDBFile(settings.get("database", ""), settings.get("lock_wait", 0.0))
    from remote import Remote

    return Remote(settings["engine"], settings.get("connection", {}))


class Worker:
    """One dbt project on one database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = _database(settings)
        self._manifest: Any = None
        self._stamp: object = None

    def _arguments(self) -> list[str]:
        project = self.settings["project_dir"]
        return [
            "--project-dir", project, "--profiles-dir", self.settings["profiles_dir"],
            "--target", self.settings["engine"], "--target-path", self.settings["target_path"],
            "--log-path", self.settings["log_path"],
        ]  # fmt: skip

    def _invoke(self, command: str, *arguments: str) -> Any:
        from dbt.cli.main import (  # pyright: ignore[reportMissingImports]
            dbtRunner,
        )

        flags = [
            "--no-use-colors",
            "--quiet",
            "--no-send-anonymous-usage-stats",
            "--no-version-check",
        ]
        outcome = dbtRunner(manifest=self._manifest).invoke(
            [*flags, command, *self._arguments(), *arguments]
        )
        if outcome.exception is not None:
            raise Failed("project", str(outcome.exception).strip())
        return outcome

    def _parse(self) -> Any:
        """The project's manifest, parsed again only where a file changed."""
        stamp = _stamp(Path(self.settings["project_dir"]))
        if self._manifest is None or stamp != self._stamp:
            self._manifest = None
            outcome = self._invoke("parse")
            self._manifest, self._stamp = outcome.result, stamp
        return self._manifest

    def _buildable(self, sources: set[str]) -> dict[str, str]:
        """Names and paths of the models whose every source is among `sources`."""
        manifest = self._parse()
        needs: dict[str, set[str]] = {}

        def ancestors(unique_id: str) -> set[str]:
            if unique_id not in needs:
                needs[unique_id] = set()
                if unique_id.startswith("source."):
                    needs[unique_id] = {manifest.sources[unique_id].name}
                else:
                    for parent in manifest.parent_map.get(unique_id, []):
                        needs[unique_id] |= ancestors(parent)
            return needs[unique_id]

        return {
            node.name: node.original_file_path
            for unique_id, node in manifest.nodes.items()
            if node.resource_type == "model" and ancestors(unique_id) <= sources
        }

    def build(self, request: Json) -> Json:
        """Build models and run their tests; raises Failed with each fault."""
        models = self._buildable(set(request["sources"]))
        select = request["select"] or sorted(models)
        arguments = ["--indirect-selection", "buildable", "--vars", json.dumps(request["vars"])]
        outcome = self._invoke("build", *arguments, "--select", *select)
        results = outcome.result.results
        failures = [_failure(one) for one in results if one.status in ("error", "fail")]
        if failures:
            kind = "models" if any(one["status"] == "error" for one in failures) else "tests"
            text = f"{len(failures)} of {len(results)} nodes failed"
            raise Failed(_damage(failures) or kind, text, failures)
        kinds = [one.node.resource_type for one in results]
        return {
            "models": sum(kind == "model" for kind in kinds),
            "tests": sum(kind == "test" for kind in kinds),
            "warnings": [_failure(one) for one in results if one.status == "warn"],
            "seconds": {one.node.name: round(one.execution_time, 3) for one in results},
        }

    def compile(self, sources: list[str] | None) -> dict[str, str]:
        """Name → SQL of each model and test, by default of all; asks the engine nothing."""
        manifest = self._parse()
        known = {source.name for source in manifest.sources.values()}
        models = self._buildable(known if sources is None else set(sources))
        flags = ["--no-introspect", "--no-populate-cache", "--indirect-selection", "buildable"]
        outcome = self._invoke("compile", *flags, "--select", *sorted(models))
        return {one.node.name: one.node.compiled_code for one in outcome.result.results}

    def answer(self, request: Json) -> object:
        """Do what one request asks."""
        match request["op"]:
            case "build":
                return self.build(request)
            case "models":
                return self._buildable(set(request["sources"]))
            case "compile":
                return self.compile(request["sources"])
            case "expose":
                return self.database.expose(request["tables"])
            case "export":
                return self.database.export(request["sql"], request["path"])
            case other:
                raise Failed("project", f"unknown request '{other}'")


def _failure(result: Any) -> Json:
    node = result.node
    return {
        "name": node.name,
        "type": node.resource_type,
        "status": str(result.status),
        "rows": result.failures,
        "message": (result.message or "").strip(),
        "file": node.original_file_path,
        "compiled": node.compiled_path or "",
    }


def _damage(failures: list[Json]) -> str:
    words = ("corrupt database file", "computed checksum")
    found = any(word in one["message"].lower() for one in failures for word in words)
    return "damaged" if found else ""


def _stamp(project: Path) -> object:
    files = [p for p in project.rglob("*") if p.suffix in (".sql", ".yml") and p.is_file()]
    return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in files)


def _lines(inbox: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        inbox.put(line)
    os._exit(0)  # The parent is gone: whatever runs is not wanted any more; a build is repeatable.


def main() -> None:
    """Serve until stdin ends."""
    sys.path.append(str(Path(__file__).parent))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # dbt prints to stdout; only answers belong there.
    settings = json.loads(sys.stdin.readline())
    inbox: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_lines, args=(inbox,), daemon=True).start()

    def reply(value: Json) -> None:
        answers.write(json.dumps(value, default=str) + "\n")

    try:
        worker = Worker(settings)
    except Exception as error:
        kind = "locked" if type(error).__name__ == "Locked" else "start"
        traceback.print_exc()
        reply({"ok": False, "kind": kind, "what": str(error), "failures": []})
        os._exit(1)
    reply({"ok": True, "result": {"rebuilt": worker.database.rebuilt}})
    while True:
        request = json.loads(inbox.get())
        try:
            reply({"ok": True, "result": worker.answer(request)})
        except Failed as error:
            reply({"ok": False, "kind": error.kind, "what": str(error), "failures": error.failures})
        except Exception as error:
            kind = "entry" if type(error).__name__ == "NotEntered" else "engine"
            traceback.print_exc()
            reply({"ok": False, "kind": kind, "what": str(error).strip(), "failures": []})


if __name__ == "__main__":
    main()
