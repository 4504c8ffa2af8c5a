"""Makes the catalog on the cluster ready: `python -m pipelines.lakekeeper SERVER REQUEST TOKEN`.

SERVER is Lakekeeper's address inside the cluster, REQUEST a file with the `warehouse` to make (its own request) and
the `namespaces` with the place of each one's tables, TOKEN a file. What is there already is left as it is, so the
same again changes nothing; what is there and differs is an error, since tables lie by it. Leaves out changing a
warehouse, and the tables. Source: https://docs.lakekeeper.io/docs/0.12.x/api/management (read 2026-11-29).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import requests

from landfall.errors import LandfallError

Json = dict[str, Any]
_SECONDS = 60


def prepare(server: str, asked: Json, token: str) -> list[str]:
    """Make what is missing; gives what was made, in order. Raises LandfallError where the server refuses."""
    call = _Server(server, token)
    made: list[str] = []
    if not call("GET", "/management/v1/info")["bootstrapped"]:
        call("POST", "/management/v1/bootstrap", {"accept-terms-of-use": True})
        made.append("server")
    wanted: Json = asked["warehouse"]
    name: str = wanted["warehouse-name"]
    there = {one["name"]: one for one in call("GET", "/management/v1/warehouse")["warehouses"]}
    if name in there:
        _compare(name, wanted["storage-profile"], there[name]["storage-profile"])
    else:
        call("POST", "/management/v1/warehouse", wanted)
        made.append(f"warehouse {name}")
    told = call("GET", f"/catalog/v1/config?warehouse={name}")
    home = f"/catalog/v1/{(told['defaults'] | told['overrides'])['prefix']}/namespaces"
    known = {".".join(one) for one in call("GET", home)["namespaces"]}
    for namespace, location in asked["namespaces"].items():
        if namespace not in known:
            call("POST", home, {"namespace": [namespace], "properties": {"location": location}})
            made.append(f"namespace {namespace}")
    return made


def _compare(name: str, wanted: Json, found: Json) -> None:
    """The warehouse that is there keeps its tables where the request says."""
    place = ("type", "account-name", "filesystem", "key-prefix")
    differs = [key for key in place if wanted.get(key) != found.get(key)]
    if differs:
        told = ", ".join(f"{key} {found.get(key)}, not {wanted.get(key)}" for key in differs)
        raise LandfallError(
            f"The warehouse '{name}' is there already, with {told}.",
            so="Its tables lie where it says; nothing was changed.",
            fix="Put the lake back where it was, or move the tables and delete the warehouse by hand.",
        )


class _Server:
    """Lakekeeper, asked with the token."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, verb: str, path: str, body: Json | None = None) -> Json:
        told = self._session.request(verb, self._address + path, json=body, timeout=_SECONDS)
        if told.status_code >= 400:
            raise LandfallError(
                f"The catalog refused {verb} {path}: {told.status_code} {told.text.strip()[:500]}",
                fix="kubectl -n catalog logs deploy/catalog",
            )
        return told.json() if told.content else {}


def main(words: list[str]) -> None:
    """Say what was made; exits as `landfall` does."""
    server, request, token = words
    try:
        asked = json.loads(Path(request).read_text(encoding="utf-8"))
        made = prepare(server, asked, Path(token).read_text(encoding="utf-8").strip())
    except LandfallError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    print(f"made: {', '.join(made) or 'nothing, all was there'}")


if __name__ == "__main__":
    main(sys.argv[1:])
