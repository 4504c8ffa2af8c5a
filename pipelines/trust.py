"""A JVM that trusts one certificate more: Iceberg's client for REST catalogs asks the JVM's default, and nobody else.

What the JVM trusts already stays trusted, or Spark could no longer reach its stores. Leaves out executors, which
never call the catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_OPEN = "changeit"
"""With which every JDK's own store of public authorities is locked."""


def trust(session: SparkSession, certificates: bytes) -> None:
    """Let the session's JVM trust what these certificates (PEM) sign, besides what it trusts already."""
    jvm: Any = session._jvm
    store = _known(session)
    stream = jvm.java.io.ByteArrayInputStream(certificates)
    found = jvm.java.security.cert.CertificateFactory.getInstance("X.509").generateCertificates(
        stream
    )
    for number, one in enumerate(found):
        store.setCertificateEntry(f"landfall-{number}", one)
    ssl = jvm.javax.net.ssl
    kind = ssl.TrustManagerFactory.getDefaultAlgorithm()
    managers = ssl.TrustManagerFactory.getInstance(kind)
    managers.init(store)
    context = ssl.SSLContext.getInstance("TLS")
    context.init(None, managers.getTrustManagers(), None)
    ssl.SSLContext.setDefault(context)


def _known(session: SparkSession) -> Any:
    """The JVM's own store of authorities, as a copy in memory."""
    gateway: Any = session.sparkContext._gateway
    jvm: Any = session._jvm
    told = jvm.java.lang.System.getProperty
    usual = f"{told('java.home')}/lib/security/cacerts"
    file = jvm.java.io.File(told("javax.net.ssl.trustStore") or usual)
    opened = told("javax.net.ssl.trustStorePassword") or _OPEN
    letters = gateway.new_array(jvm.char, len(opened))
    for place, letter in enumerate(opened):
        letters[place] = letter
    return jvm.java.security.KeyStore.getInstance(file, letters)
