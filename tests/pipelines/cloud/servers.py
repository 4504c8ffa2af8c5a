"""Stand-ins for the clouds' object stores on loopback: moto, azurite, fake-gcs-server.

Each is fetched once by its registry's own client (pip, npm, Go's module proxy) into the project's cache;
where npm or Go is missing, tests skip with a line that says what is not proven.
"""

from __future__ import annotations

import logging
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from landfall.project import find_project
from tests.pipelines.bus.servers import (
    AZURITE,
    AZURITE_ACCOUNT,
    AZURITE_KEY,
    _once,
    process,
    tool,
)

FAKE_GCS = "v1.52.3"


@contextmanager
def moto() -> Iterator[str]:
    """S3, Glue, Secrets Manager and EMR Serverless by moto, in this process; gives its address."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    # Every moto of a process has the same memory: one begins without what another left.
    with urlopen(Request(f"{address}/moto-api/reset", method="POST"), timeout=30):
        pass
    try:
        yield address
    finally:
        server.stop()


@contextmanager
def azurite() -> Iterator[str]:
    """Azure's blobs by azurite; gives its address, without the account."""
    npm = tool("npm", "Azure storage on azurite")
    node = tool("node", "Azure storage on azurite")
    folder = find_project().cache_dir / f"azurite-{AZURITE}"
    script = "node_modules/azurite/dist/src/blob/main.js"
    _once(folder, script, [npm, "install", "--no-audit", "--no-fund", f"azurite@{AZURITE}"])
    with (
        tempfile.TemporaryDirectory() as data,
        process(
            [
                node, str(folder / script), "--blobHost", "127.0.0.1", "--blobPort", "0",
                "--disableTelemetry", "--skipApiVersionCheck", "--silent", "--location", data,
            ],
            r"listen(?:s|ing) (?:at|on) (http://127\.0\.0\.1:\d+)",
            Path(data),
        ) as found,
    ):  # fmt: skip
        yield found[1]


def azure_connection(address: str) -> str:
    """The connection string of an azurite at `address`."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={AZURITE_ACCOUNT};AccountKey={AZURITE_KEY};"
        f"BlobEndpoint={address}/{AZURITE_ACCOUNT};"
    )


@contextmanager
def fake_gcs() -> Iterator[str]:
    """Google Cloud Storage by fake-gcs-server, in memory; gives its address."""
    go = tool("go", "Google Cloud Storage on fake-gcs-server")
    folder = find_project().cache_dir / f"fake-gcs-{FAKE_GCS}"
    package = f"github.com/fsouza/fake-gcs-server@{FAKE_GCS}"
    install = f'GOBIN="$PWD" {go} install {package}'
    _once(folder, "fake-gcs-server", ["sh", "-c", install])
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with process(
        [
            str(folder / "fake-gcs-server"), "-backend", "memory", "-scheme", "http",
            "-host", "127.0.0.1", "-port", str(port), "-public-host", f"127.0.0.1:{port}",
            "-external-url", address,
        ],
        "server started",
    ):  # fmt: skip
        wait_for(f"{address}/storage/v1/b?project=p")
        yield address


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, seconds: float = 30) -> None:
    """Until the server answers, whatever it says."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as told:
            told.close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
            continue
        return
