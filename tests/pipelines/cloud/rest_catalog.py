"""An Iceberg REST catalog for tests: PyIceberg's own SQLite catalog behind the protocol's calls, on loopback.

What BigLake's catalog and the one on Azure's cluster are to Spark and PyIceberg, without their rights and
checks: https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml. Namespaces have the
locations that the stack gives them. Leaves out views, scans, metrics and renames.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from pyiceberg.catalog.rest import CreateTableRequest, TableResponse
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.table import CommitTableRequest, StagedTable, Table
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import AssertRefSnapshotId

from pipelines.catalog import _nested

_STATUS = {
    NoSuchNamespaceError: (404, "NoSuchNamespaceException"),
    NoSuchTableError: (404, "NoSuchTableException"),
    TableAlreadyExistsError: (409, "AlreadyExistsException"),
    CommitFailedException: (409, "CommitFailedException"),
}


@contextmanager
def rest_catalog(folder: str, homes: Mapping[str, str], io: Mapping[str, str]) -> Iterator[str]:
    """Serve a catalog until the end of the block; gives its address.

    `homes` are the namespaces and where their tables lie; `io` PyIceberg's properties of the object store.
    """
    catalog = SqlCatalog("served", uri=f"sqlite:///{folder}/served.db", **_nested(io))
    for name, location in homes.items():
        catalog.create_namespace(name, {"location": location})
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            path = [unquote(part) for part in self.path.partition("?")[0].split("/")[2:]]
            with lock:
                status, told = _answer(catalog, self.command, path, body)
            content = b"" if self.command == "HEAD" or told is None else told.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_DELETE = _serve  # noqa: N815 - the base class calls them so

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        catalog.close()


def _answer(catalog: SqlCatalog, verb: str, path: list[str], body: bytes) -> tuple[int, str | None]:
    try:
        match verb, path:
            case "GET", ["config"]:
                return 200, json.dumps({"defaults": {}, "overrides": {}})
            case "GET" | "HEAD", ["namespaces", name]:
                told = catalog.load_namespace_properties(name)
                return 200, json.dumps({"namespace": [name], "properties": told})
            case "GET", ["namespaces", name, "tables"]:
                found = [{"namespace": [name], "name": one} for _, one in catalog.list_tables(name)]
                return 200, json.dumps({"identifiers": found})
            case "POST", ["namespaces", name, "tables"]:
                return 200, _loaded(_create(catalog, name, body))
            case "GET" | "HEAD", ["namespaces", name, "tables", table]:
                return 200, _loaded(catalog.load_table((name, table)))
            case "POST", ["namespaces", name, "tables", table]:
                return 200, _commit(catalog, (name, table), body)
            case "POST", ["namespaces", _, "tables", _, "metrics"]:
                return 204, None
            case _:
                return _error(404, "NoSuchEndpointException", f"{verb} {'/'.join(path)}")
    except tuple(_STATUS) as error:
        return _error(*_STATUS[type(error)], str(error))
    except Exception as error:
        return _error(500, type(error).__name__, str(error))


def _error(status: int, kind: str, message: str) -> tuple[int, str]:
    return status, json.dumps({"error": {"message": message, "type": kind, "code": status}})


def _create(catalog: SqlCatalog, name: str, body: bytes) -> Table:
    asked = CreateTableRequest.model_validate_json(_with_nulls(body))
    create = catalog._create_staged_table if asked.stage_create else catalog.create_table
    return create(
        (name, asked.name), asked.table_schema, asked.location,
        asked.partition_spec or UNPARTITIONED_PARTITION_SPEC,
        asked.write_order or UNSORTED_SORT_ORDER, asked.properties,
    )  # fmt: skip


def _with_nulls(body: bytes) -> bytes:
    """PyIceberg's model wants each field there, which Java's client leaves out where it is null."""
    absent = dict.fromkeys(("location", "partition-spec", "write-order"))
    return json.dumps({**absent, **json.loads(body)}).encode()


def _commit(catalog: SqlCatalog, identifier: tuple[str, str], body: bytes) -> str:
    asked = CommitTableRequest.model_validate_json(
        json.dumps({"identifier": _identifier(identifier), **json.loads(body)})
    )
    named = StagedTable.__new__(StagedTable)
    named._identifier = identifier
    # PyIceberg refuses a branch of a table without snapshots, which the protocol and Java know.
    empty = catalog.table_exists(identifier) and not catalog.load_table(identifier).metadata.refs
    requirements = tuple(
        one for one in asked.requirements if not (empty and isinstance(one, AssertRefSnapshotId))
    )
    done = catalog.commit_table(named, requirements, asked.updates)
    return done.model_dump_json()


def _identifier(identifier: tuple[str, str]) -> dict[str, Any]:
    return {"namespace": [identifier[0]], "name": identifier[1]}


def _loaded(table: Table) -> str:
    staged = isinstance(table, StagedTable)
    told = TableResponse(
        **{
            "metadata-location": None if staged else table.metadata_location,
            "metadata": table.metadata,
            "config": {},
        }
    )
    return told.model_dump_json(exclude_none=True)
