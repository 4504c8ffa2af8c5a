"""`make scan` against a stand-in of the vulnerability service, and with a stand-in of the image scanner."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Service(BaseHTTPRequestHandler):
    """OSV's query: one hole in `typer`, none elsewhere; 500 for `click`."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        hole = {
            "id": "PYSEC-1", "summary": "made up", "modified": "2026-01-01T00:00:00Z", "aliases": [],
            "affected": [{
                "package": {"name": name, "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}],
            }],
        }  # fmt: skip
        body = json.dumps({"vulns": [hole]} if name == "typer" else {}).encode()
        self.send_response(500 if name == "click" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing on stderr."""


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("scan", ROOT / "ci" / "scan.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not module.AUDIT.exists():
        pytest.skip("pip-audit is not here; to run this: ci/setup.sh scan")
    (tmp_path / "requirements").mkdir()
    bake = tmp_path / "ci" / "images" / "docker-bake.json"
    bake.parent.mkdir(parents=True)
    bake.write_bytes((ROOT / "ci" / "images" / "docker-bake.json").read_bytes())
    monkeypatch.setattr(module, "ROOT", tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{server.server_port}/v1/query")
    monkeypatch.delenv("REGISTRY", raising=False)
    yield module
    server.shutdown()
    thread.join()
    server.server_close()


def locked(scan: ModuleType, *names: str) -> None:
    digest = "0" * 64
    text = "\n".join(f"{name}==1.0 --hash=sha256:{digest}" for name in names)
    (scan.ROOT / "requirements" / "some.txt").write_text(text + "\n")


def test_a_hole_is_told_with_what_mends_it_and_ends_with_1(scan, capsys):
    locked(scan, "typer", "rich")
    assert scan.main() == 1
    told = capsys.readouterr().out
    assert "some.txt: typer 1.0: PYSEC-1 (mended in 99)" in told
    assert "NOT SCANNED: images: say where they lie" in told
    assert [one["package"] for one in json.loads((scan.ROOT / "scan.json").read_text())["holes"]] == ["typer"]  # fmt: skip


def test_no_hole_ends_with_0(scan, capsys):
    locked(scan, "rich")
    assert scan.main() == 0
    assert "0 holes in 1 lists" in capsys.readouterr().out


def test_a_service_that_does_not_answer_is_a_failure_not_a_clean_list(scan, capsys):
    locked(scan, "click")
    assert scan.main() == 1
    assert "FAILED: some.txt" in capsys.readouterr().out


def test_images_are_asked_of_grype_where_it_is_there(scan, monkeypatch, tmp_path, capsys):
    locked(scan, "rich")
    matches = [
        {"artifact": {"name": "openssl", "version": "3.5.1"},
         "vulnerability": {"id": "CVE-1", "severity": severity, "fix": {"versions": ["3.5.2"]}}}
        for severity in ("High", "Low")
    ]  # fmt: skip
    grype = tmp_path / "bin" / "grype"
    grype.parent.mkdir()
    grype.write_text(
        f"#!/bin/sh\necho \"$1\" >> {tmp_path}/asked\ncat <<'E'\n{json.dumps({'matches': matches})}\nE\n"
    )
    grype.chmod(0o755)
    monkeypatch.setenv("PATH", f"{grype.parent}:/usr/bin:/bin")
    monkeypatch.setenv("REGISTRY", "registry.example/landfall")
    assert scan.main() == 1
    told = capsys.readouterr().out
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == len(json.loads((ROOT / "ci/images/docker-bake.json").read_text())["group"]["default"]["targets"])  # fmt: skip
    assert asked[0].startswith("registry:registry.example/landfall/jenkins:")
    assert told.count("openssl 3.5.1: CVE-1") == len(asked)
    assert "NOT SCANNED" not in told


def test_images_that_are_asked_for_and_that_nothing_can_look_at_are_a_failure(
    scan, monkeypatch, tmp_path, capsys
):
    locked(scan, "rich")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("REGISTRY", "registry.example/landfall")
    assert scan.main() == 1
    assert "FAILED: registry.example/landfall/jenkins:" in capsys.readouterr().out
    kept = json.loads((scan.ROOT / "scan.json").read_text())
    assert len(kept["failed"]) == len(scan.images("registry.example/landfall"))
    assert kept["failed"][0].endswith("grype is not on PATH")


def test_an_image_that_the_registry_does_not_hand_over_is_told_and_keeps_no_other_from_it(
    scan, monkeypatch, tmp_path, capsys
):
    locked(scan, "rich")
    grype = tmp_path / "bin" / "grype"
    grype.parent.mkdir()
    grype.write_text(
        "#!/bin/sh\ncase $1 in *jenkins*) echo 'UNAUTHORIZED: sign in' >&2; exit 1;; esac\n"
        f'echo "$1" >> {tmp_path}/asked\necho \'{{"matches": []}}\'\n'
    )
    grype.chmod(0o755)
    monkeypatch.setenv("PATH", f"{grype.parent}:/usr/bin:/bin")
    monkeypatch.setenv("REGISTRY", "registry.example/landfall")
    assert scan.main() == 1
    told = capsys.readouterr().out
    assert "UNAUTHORIZED: sign in" in told
    assert told.count("FAILED") == 1
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == len(scan.images("registry.example/landfall")) - 1
