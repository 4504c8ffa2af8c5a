"""`landfall serve` against `mlflow models serve`, on the same pipeline, one row a request.

    python -m benchmarks.serving [--connections 64] [--seconds 4] [--rounds 3] [--output text|json]

Both servers run on loopback at the same time and take turns under load; a figure is the median of the
rounds. MLflow's server runs twice: as it comes, and with OMP_NUM_THREADS=1, which it does better with on
few cores; the ratio is against the better. The bare model is the loaded model and the scikit-learn
pipeline on batches of `max_batch` rows in one thread, without any server. Leaves out the network.
"""

from __future__ import annotations

import argparse
import json
import os
import platform as machine
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import flight_model
from benchmarks.http_load import Measured, drive, tool
from landfall.intent import parse_intent
from landfall.intent.ml import Serving
from landfall.local import local_platform
from landfall.project import default_stack, find_project
from landfall.project import environment as project_environment

_START_SECONDS = 120
_SERVE = "from landfall.cli.serve import serve; import typer; typer.run(serve)"


@dataclass(frozen=True)
class Target:
    """A server under test: where to post what."""

    name: str
    url: str
    bodies: list[bytes]


def main() -> None:
    """Train, start the servers, drive them in turns, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    result = measure(asked.connections, asked.seconds, asked.rounds)
    if asked.output == "json":
        print(json.dumps(result, indent=1))
    else:
        _print(result)


def measure(connections: int, seconds: float, rounds: int) -> dict[str, Any]:
    """All figures of one run, JSON-ready."""
    trained = flight_model.train()
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as folder, ExitStack() as servers:
        home = Path(folder)
        project = find_project()
        stack = default_stack()
        platform = local_platform(parse_intent(project.read_stack(stack), stack), stack, home)
        flight_model.register(platform, trained, 1)
        flight_model.promote(platform, 1)
        targets = [
            servers.enter_context(_landfall(home, trained)),
            servers.enter_context(_mlflow(home, trained, "mlflow", {})),
            servers.enter_context(
                _mlflow(home, trained, "mlflow 1 thread", {"OMP_NUM_THREADS": "1"})
            ),
        ]
        for target in targets:
            drive(target.url, target.bodies, connections, 1)  # warm
        found: dict[str, list[Measured]] = {target.name: [] for target in targets}
        for _ in range(rounds):
            for target in targets:
                found[target.name].append(drive(target.url, target.bodies, connections, seconds))
        bare = _bare(platform, trained)
    return _summary(found, bare, connections, seconds, rounds)


def _summary(
    found: dict[str, list[Measured]],
    bare: dict[str, float],
    connections: int,
    seconds: float,
    rounds: int,
) -> dict[str, Any]:
    servers = {
        name: {
            "requests_s": round(median(m.rate for m in measured), 1),
            "p50_ms": round(median(m.p50_ms for m in measured), 2),
            "p99_ms": round(median(m.p99_ms for m in measured), 2),
            "errors": sum(m.errors for m in measured),
            "rounds": [asdict(m) for m in measured],
        }
        for name, measured in found.items()
    }
    ours = servers["landfall"]
    best = max((v for k, v in servers.items() if k != "landfall"), key=lambda v: v["requests_s"])
    return {
        "machine": {"cpus": os.cpu_count(), "platform": machine.platform(), "python": machine.python_version()},
        "load": {"tool": tool(), "connections": connections, "seconds": seconds, "rounds": rounds},
        "servers": servers,
        "ratio": round(ours["requests_s"] / best["requests_s"], 2),
        "p99_ratio": round(ours["p99_ms"] / best["p99_ms"], 3),
        "bare_rows_s": bare,
        "share_of_bare": {k: round(ours["requests_s"] / v, 3) for k, v in bare.items()},
    }  # fmt: skip


def _bare(platform: Any, trained: flight_model.Trained) -> dict[str, float]:
    """Rows a second of the model alone, on batches as large as the server's largest, in one thread."""
    from threadpoolctl import threadpool_limits

    from ml.registry import load_version

    rows = Serving().max_batch
    frame = trained.rows.head(rows)
    columns = {name: flight_model.as_json(frame[name].tolist()) for name in flight_model.COLUMNS}
    model = load_version(platform, flight_model.PROBLEM, 1)
    with threadpool_limits(1):
        return {
            "loaded model": _rate(lambda: model.predict_columns(columns, rows), rows),
            "scikit-learn pipeline": _rate(lambda: trained.pipeline.predict_proba(frame), rows),
        }


def _rate(call: Callable[[], object], rows: int) -> float:
    call()
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < 2:
        call()
        calls += 1
    return round(calls * rows / (time.perf_counter() - start), 1)


@contextmanager
def _landfall(home: Path, trained: flight_model.Trained) -> Iterator[Target]:
    port = _free_port()
    command = [sys.executable, "-c", _SERVE, "--port", str(port), "--grace", "0"]
    base = f"http://127.0.0.1:{port}"
    bodies = [
        json.dumps(flight_model.v2_request(trained.rows.iloc[i : i + 1], str(i))).encode()
        for i in range(1000)
    ]
    environment = {"LANDFALL_HOME": str(home)}
    with _process(command, home / "landfall.log", f"{base}/v2/health/ready", environment):
        yield Target("landfall", f"{base}/v2/models/{flight_model.PROBLEM}/infer", bodies)


@contextmanager
def _mlflow(
    home: Path, trained: flight_model.Trained, name: str, environment: dict[str, str]
) -> Iterator[Target]:
    folder = home / "mlflow-model"
    if not folder.exists():
        _save_for_mlflow(folder, trained)
    port = _free_port()
    command = [
        str(Path(sys.executable).parent / "mlflow"), "models", "serve", "-m", str(folder),
        "--env-manager", "local", "-h", "127.0.0.1", "-p", str(port),
    ]  # fmt: skip
    bodies = []
    for i in range(1000):
        frame = trained.rows.iloc[i : i + 1]
        row = [flight_model.as_json(frame[c].tolist())[0] for c in flight_model.COLUMNS]
        split = {"columns": flight_model.COLUMNS, "data": [row]}
        bodies.append(json.dumps({"dataframe_split": split}).encode())
    base = f"http://127.0.0.1:{port}"
    log = home / f"{name.replace(' ', '-')}.log"
    with _process(command, log, f"{base}/ping", environment):
        yield Target(name, f"{base}/invocations", bodies)


def _save_for_mlflow(folder: Path, trained: flight_model.Trained) -> None:
    from ml.model import TRUSTED
    from ml.tracking import quiet_mlflow

    quiet_mlflow()
    import mlflow.sklearn
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    types = {c["name"]: c["type"] for c in trained.signature["columns"]}
    inputs: list[Any] = [
        ColSpec(types[name], name, required=False) for name in flight_model.COLUMNS
    ]
    mlflow.sklearn.save_model(
        trained.pipeline, str(folder), signature=ModelSignature(Schema(inputs)),
        pip_requirements=["scikit-learn"], pyfunc_predict_fn="predict_proba",
        serialization_format="skops", skops_trusted_types=TRUSTED,
    )  # fmt: skip


@contextmanager
def _process(
    command: list[str], log: Path, ready: str, environment: dict[str, str]
) -> Iterator[None]:
    """A server of ours for the length of the block, in a session of its own, ended with its children."""
    root = find_project().root
    settings = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "PYTHONPATH": str(root),
        "PATH": f"{Path(sys.executable).parent}:{project_environment('PATH')}",  # mlflow calls uvicorn
        **environment,
    }
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["env", *(f"{name}={value}" for name, value in settings.items()), *command],
            cwd=root, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, ready, log)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"the server did not start:\n{log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def _print(result: dict[str, Any]) -> None:
    load = result["load"]
    print(
        f"{load['connections']} connections, one row a request, {load['rounds']} rounds of "
        f"{load['seconds']} s by {load['tool']}, {result['machine']['cpus']} CPUs"
    )
    print(f"{'server':<18}{'req/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'errors':>8}")
    for name, told in result["servers"].items():
        print(
            f"{name:<18}{told['requests_s']:>10.0f}{told['p50_ms']:>10.1f}{told['p99_ms']:>10.1f}"
            f"{told['errors']:>8}"
        )
    print(f"ratio {result['ratio']}x of the better mlflow, p99 {result['p99_ratio']} of its p99")
    for name, rate in result["bare_rows_s"].items():
        print(
            f"bare {name}: {rate:.0f} rows/s, of which served {result['share_of_bare'][name]:.1%}"
        )


if __name__ == "__main__":
    main()
