"""Redshift Serverless by a PostgreSQL: the service that gives passwords for an AWS identity, and a gate with TLS.

Runs in `.venv-stand-ins`, alone: `redshift_server.py DATABASE_PORT FOLDER`, and leaves its certificate as
`FOLDER/ca.pem`. The gate speaks Redshift's wire protocol as PostgreSQL does, lets in only who brings a password
that the service gave, and hands statements on as they came; those with a function or a clause that PostgreSQL
lacks are translated by sqlglot. Leaves out late binding (PostgreSQL's views are bound), Spectrum, the `show`
statements, sort and distribution keys, and everything about size and speed.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import ssl
import struct
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import sqlglot
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FOREIGN = re.compile(r"\b(datediff|dateadd|getdate)\b", re.IGNORECASE)
"""Functions that PostgreSQL lacks, of those that dbt and our models write for Redshift."""
LATE = re.compile(r"\bwith no schema binding\b", re.IGNORECASE)
SSL_REQUEST = 80877103
STARTUP = 196608
VERSION = b"8.0.2"
"""What every Redshift says of itself."""
KNOWN = "AKIA" + secrets.token_hex(8).upper()
"""The access key that is let in; its signature is not checked."""
GIVEN: set[str] = set()
"""The passwords that are good."""


class Credentials(BaseHTTPRequestHandler):
    """The one call of Redshift Serverless that signs a workload in: GetCredentials."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        code, told = self.answer()
        body = json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self) -> tuple[int, dict[str, Any]]:
        """A new password, for the known key alone."""
        if self.headers["X-Amz-Target"] != "RedshiftServerless.GetCredentials":
            return 400, {"__type": "UnknownOperationException"}
        if f"Credential={KNOWN}/" not in self.headers["Authorization"]:
            text = "The security token included in the request is invalid."
            return 403, {"__type": "UnrecognizedClientException", "message": text}
        password = secrets.token_urlsafe(16)
        GIVEN.add(password)
        return 200, {
            "dbUser": "IAMR:transform", "dbPassword": password, "expiration": time.time() + 900
        }  # fmt: skip

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def translated(sql: str) -> str:
    """The statement as PostgreSQL takes it; unchanged where nothing in it is Redshift's own."""
    sql = LATE.sub("", sql)
    if not FOREIGN.search(sql):
        return sql
    return sqlglot.transpile(sql, read="redshift", write="postgres")[0]


def exactly(connection: socket.socket, count: int) -> bytes:
    """That many bytes; raises ConnectionError where the other side has gone."""
    parts = b""
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionError
        parts += part
    return parts


def body_of(connection: socket.socket) -> bytes:
    """A message's body, behind its length."""
    return exactly(connection, struct.unpack("!i", exactly(connection, 4))[0] - 4)


def message(kind: bytes, body: bytes) -> bytes:
    """A message of the protocol."""
    return kind + struct.pack("!i", len(body) + 4) + body


def rewritten(kind: bytes, body: bytes) -> bytes:
    """A message with its statement translated: `Q` holds one, `P` a name, then one."""
    if kind == b"Q":
        return message(kind, translated(body[:-1].decode()).encode() + b"\0")
    if kind == b"P":
        name, sql, rest = body.split(b"\0", 2)
        return message(kind, b"\0".join((name, translated(sql.decode()).encode(), rest)))
    return message(kind, body)


def admit(client: socket.socket, database: int) -> socket.socket:
    """Ask for the password, then open the database behind; raises ConnectionError for who may not enter."""
    told = body_of(client)[4:].split(b"\0")
    asked = dict(zip(told[::2], told[1::2], strict=False))
    client.sendall(message(b"R", struct.pack("!i", 3)))
    exactly(client, 1)
    if body_of(client)[:-1].decode() not in GIVEN:
        text = b"SFATAL\0C28000\0Mpassword authentication failed\0\0"
        client.sendall(message(b"E", text))
        raise ConnectionError
    behind = socket.create_connection(("127.0.0.1", database))
    wanted = b"user\0admin\0database\0" + asked[b"database"] + b"\0\0"
    behind.sendall(message(b"", struct.pack("!i", STARTUP) + wanted))
    kind = b""
    while kind != b"Z":  # Until the database is ready: what it says of itself.
        kind, body = exactly(behind, 1), body_of(behind)
        if kind == b"S" and body.startswith(b"server_version\0"):
            body = b"server_version\0" + VERSION + b"\0"
        client.sendall(message(kind, body))
    return behind


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Everything the database says, as it is, until it ends."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for one in (source, target):
            one.close()


def serve(plain: socket.socket, tls: ssl.SSLContext, database: int) -> None:
    """One client, from its first byte to its last."""
    try:
        length, code = struct.unpack("!ii", exactly(plain, 8))
        if (length, code) != (8, SSL_REQUEST):
            raise ConnectionError
        plain.sendall(b"S")
        client = tls.wrap_socket(plain, server_side=True)
        behind = admit(client, database)
        threading.Thread(target=pass_on, args=(behind, client), daemon=True).start()
        while True:
            kind = exactly(client, 1)
            behind.sendall(rewritten(kind, body_of(client)))
    except OSError:
        plain.close()


def certificate(folder: Path) -> ssl.SSLContext:
    """A TLS context with a new certificate of its own, whose public part is `ca.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def main(database: int, folder: Path) -> None:
    """Until the process is ended."""
    tls = certificate(folder)
    service = ThreadingHTTPServer(("127.0.0.1", 0), Credentials)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as gate:
        ports = f"gate {gate.getsockname()[1]} service {service.server_port}"
        print(f"{ports} known {KNOWN} .", flush=True)
        while True:
            client, _ = gate.accept()
            threading.Thread(target=serve, args=(client, tls, database), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
