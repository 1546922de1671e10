"""Modbus/TCP Security: mutual TLS, and the role that a client's certificate carries."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from bessinside.modbus.errors import SecurityError
from bessinside.modbus.frames import ENCAPSULATED, READ_FUNCTIONS, WRITE_FUNCTIONS

ROLE_OID = "1.3.6.1.4.1.50316.802.1"
"""The X.509 extension that carries the role as an ASN.1 UTF8String (MODBUS/TCP Security, R-21 and R-22)."""
READS = frozenset((*READ_FUNCTIONS, ENCAPSULATED))
WRITES = frozenset(WRITE_FUNCTIONS)
EVERYTHING = frozenset(range(256))
NOTHING: frozenset[int] = frozenset()
_UTF8_STRING = 0x0C


@dataclass(frozen=True, slots=True)
class Rights:
    """Which function codes a role may use; a role that is not named, and a certificate without one, may nothing."""

    roles: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def functions(self, role: str | None) -> frozenset[int]:
        """The function codes of a role."""
        return NOTHING if role is None else self.roles.get(role, NOTHING)


VIEWER_OPERATOR = Rights({"VIEWER": READS, "OPERATOR": READS | WRITES})
"""The two roles of IEC 62351-8 that a plant starts with."""


def role_of(transport: asyncio.BaseTransport) -> str | None:
    """The role in the certificate of the other side; None where it has none, several, or one of another type."""
    tls = transport.get_extra_info("ssl_object")
    certificate = tls.getpeercert(True) if tls is not None else None
    return role_in(certificate) if certificate else None


def role_in(certificate: bytes) -> str | None:
    """The role in a DER certificate, which must carry exactly one extension with one UTF8String."""
    from cryptography import x509

    try:
        extensions = x509.load_der_x509_certificate(certificate).extensions
    except (ValueError, x509.DuplicateExtension):
        return None
    found = [entry.value for entry in extensions if entry.oid.dotted_string == ROLE_OID]
    if len(found) != 1 or not isinstance(found[0], x509.UnrecognizedExtension):
        return None
    value = found[0].value
    if len(value) < 3 or value[0] != _UTF8_STRING or value[1] != len(value) - 2 or value[1] > 127:
        return None
    try:
        return value[2:].decode()
    except UnicodeDecodeError:
        return None


def role_extension(role: str) -> bytes:
    """The DER of a role, to be put under :data:`ROLE_OID` when a certificate is made."""
    text = role.encode()
    if not 1 <= len(text) <= 127:
        raise SecurityError(f"role {role!r}: write 1 to 127 bytes")
    return bytes((_UTF8_STRING, len(text))) + text


def client_context(ca: str, cert: str, key: str) -> ssl.SSLContext:
    """A context that checks the server against `ca` and shows `cert` (PEM files)."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, ca, cert, key)


def server_context(ca: str, cert: str, key: str) -> ssl.SSLContext:
    """A context that demands a client certificate signed by `ca` (R-06)."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, ca, cert, key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _context(side: ssl._SSLMethod, ca: str, cert: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise SecurityError(f"certificate {cert} with key {key} cannot be used: {error}") from error
    try:
        context.load_verify_locations(ca)
    except (OSError, ssl.SSLError) as error:
        raise SecurityError(f"CA file {ca} cannot be used: {error}") from error
    return context
