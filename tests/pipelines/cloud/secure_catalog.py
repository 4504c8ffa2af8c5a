"""The tests' REST catalog as it stands on Azure's cluster: behind TLS of an authority of its own, for callers who
show a token that was made for it, and as the gateway's policy lets each of them in.

The policy is the one that the stack registers; the tokens are looked up, not verified: signatures are Envoy's and
Kubernetes' part. Leaves out Lakekeeper's own answers.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PASSED = ("Content-Type", "Content-Length")


@dataclass
class Gate:
    """An address, the authority's certificate, and what was asked: subject, verb, path, status."""

    address: str
    ca: Path
    tokens: dict[str, str]
    """Token → subject of the account that it was made for."""
    seen: list[tuple[str, str, str, int]] = field(default_factory=list)


@contextmanager
def gate(folder: Path, behind: str, rules: list[dict[str, Any]]) -> Iterator[Gate]:
    """Serve until the end of the block; `behind` is the catalog's address, `rules` the policy's."""
    ca, own = _certificates(folder)
    made = Gate("", ca, {})

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            subject = made.tokens.get(token, "")
            if not subject:
                status, told = 401, b""
            elif not any(_lets_in(rule, subject, self.command, self.headers) for rule in rules):
                status, told = 403, b""
            else:
                status, told = _ask(behind, self.command, self.path, body)
            made.seen.append((subject, self.command, urlsplit(self.path).path, status))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_HEAD = do_POST = do_DELETE = _serve  # noqa: N815 - the base class calls them so

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.address = f"https://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _lets_in(rule: Mapping[str, Any], subject: str, verb: str, headers: Any) -> bool:
    principal = rule["principal"]
    (claim,) = principal["jwt"]["claims"]
    methods = rule.get("operation", {}).get("methods", [verb])
    wanted = principal.get("headers", [])
    return (
        subject in claim["values"]
        and verb in methods
        and all(headers.get(one["name"], "") in one["values"] for one in wanted)
    )


def _ask(behind: str, verb: str, path: str, body: bytes) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(behind).netloc, timeout=60)
    connection.request(verb, path, body, {"Content-Type": "application/json"})
    with connection.getresponse() as told:
        found = told.status, told.read()
    connection.close()
    return found


def _certificates(folder: Path) -> tuple[Path, Path]:
    """An authority's certificate, and a server's with its key, signed by it for 127.0.0.1."""
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Landfall platform")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "catalog")])
    local = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])

    def sign(subject: x509.Name, key: Any, extension: x509.ExtensionType) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=False)
            .sign(authority, hashes.SHA256())
        )

    pem = serialization.Encoding.PEM
    root = sign(issuer, authority, x509.BasicConstraints(ca=True, path_length=None))
    own = sign(name, server, local)
    secret = server.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ca, file = folder / "ca.crt", folder / "server.pem"
    ca.write_bytes(root.public_bytes(pem))
    file.write_bytes(secret + own.public_bytes(pem))
    return ca, file
