"""Modbus/TCP Security: who has no certificate is not heard, who has no role is refused, who has one may what it may."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bessinside.modbus import Outcome, Quirks, ReadPlan, Request, Server, Unit, connect
from bessinside.modbus.errors import DeviceException, EndpointError, ModbusError, SecurityError
from bessinside.modbus.security import (
    READS,
    ROLE_OID,
    VIEWER_OPERATOR,
    Rights,
    client_context,
    role_extension,
    role_in,
    server_context,
)

Extensions = list[bytes]


@dataclass
class Authority:
    """A certificate authority that writes PEM files into a folder."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = self._builder(self.subject, self.key, 10).add_extension(x509.BasicConstraints(True, 0), True)
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.ca = str(self.folder / f"{self.name}.pem")
        Path(self.ca).write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=30))
            .not_valid_after(now + datetime.timedelta(days=days))
        )  # fmt: skip

    def issue(self, name: str, role: bytes | None = None, *, days: int = 10, also: str = "") -> tuple[str, str]:
        """Paths of a certificate with a role extension (DER) and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, days)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), False)
        if role is not None:
            builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(ROLE_OID), role), False)
        if also:
            extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(also), role_extension("OPERATOR"))
            builder = builder.add_extension(extension, False)
        certificate = builder.sign(self.key, hashes.SHA256())
        paths = str(self.folder / f"{name}.crt"), str(self.folder / f"{name}.key")
        Path(paths[0]).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        Path(paths[1]).write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "plant")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("foreign"), "stranger")


@pytest.fixture
async def secure(authority: Authority, unit: Unit) -> AsyncIterator[Callable[[str, str, str], str]]:
    """A running server; gives the URL to it with a client's certificate."""
    unit.holding.writable[:10] = True
    async with Server({1: unit}, rights=VIEWER_OPERATOR) as server:
        context = server_context(authority.ca, *authority.issue("server"))
        port = await server.start(ssl=context)
        yield lambda ca, cert, key: f"modbus+tls://127.0.0.1:{port}?ca={ca}&cert={cert}&key={key}"


async def attempt(url: str) -> tuple[str, str]:
    """What a read and a write come to: ok, refused (exception 1) or closed."""
    quirks, results = Quirks(timeout_s=1), []
    for write in (False, True):
        try:
            async with await connect(url, quirks=quirks, writes=True) as client:
                await (client.write(1, 0, [1]) if write else client.read(1, 3, 0, 10))
            results.append("ok")
        except DeviceException as error:
            results.append("refused" if error.code == 1 else str(error))
        except ModbusError:
            results.append("closed")
    return results[0], results[1]


ROLES: dict[str, tuple[bytes | None, tuple[str, str]]] = {
    "operator": (role_extension("OPERATOR"), ("ok", "ok")),
    "viewer": (role_extension("VIEWER"), ("ok", "refused")),
    "unknown role": (role_extension("JANITOR"), ("refused", "refused")),
    "no role": (None, ("refused", "refused")),
    "role as octet string": (b"\x04\x08OPERATOR", ("refused", "refused")),
    "role as printable string": (b"\x13\x08OPERATOR", ("refused", "refused")),
    "role without tag": (b"OPERATOR", ("refused", "refused")),
    "role with bytes behind": (role_extension("OPERATOR") + b"\0", ("refused", "refused")),
    "role that is no text": (b"\x0c\x02\xff\xfe", ("refused", "refused")),
    "empty role": (b"\x0c\x00", ("refused", "refused")),
    "role in other letters": (role_extension("operator"), ("refused", "refused")),
}


@pytest.mark.parametrize("case", ROLES)
async def test_roles_decide(case: str, authority: Authority, secure: Callable[[str, str, str], str]) -> None:
    role, expected = ROLES[case]
    assert await attempt(secure(authority.ca, *authority.issue(case.replace(" ", "-"), role))) == expected


async def test_expired_and_foreign_certificates_are_closed(
    authority: Authority, stranger: Authority, secure: Callable[[str, str, str], str]
) -> None:
    role = role_extension("OPERATOR")
    assert await attempt(secure(authority.ca, *authority.issue("expired", role, days=-1))) == ("closed", "closed")
    assert await attempt(secure(authority.ca, *stranger.issue("foreign", role))) == ("closed", "closed")


async def test_no_certificate_is_closed(authority: Authority, secure: Callable[[str, str, str], str]) -> None:
    port = int(secure("", "", "").split(":")[2].split("?")[0])
    context = ssl.create_default_context(cafile=authority.ca)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(bytes.fromhex("000100000006010300000001"))
    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 2)
    writer.close()


async def test_plain_bytes_are_closed(secure: Callable[[str, str, str], str]) -> None:
    port = int(secure("", "", "").split(":")[2].split("?")[0])
    async with await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=Quirks(timeout_s=1)) as client:
        sweep = await client.sweep(ReadPlan([Request(3, 0, 1)]))
    assert sweep.outcome[0] in (Outcome.CLOSED, Outcome.BAD_FRAME)


async def test_a_server_of_another_authority_is_not_trusted(
    authority: Authority, stranger: Authority, secure: Callable[[str, str, str], str]
) -> None:
    with pytest.raises(SecurityError, match="no secure connection"):
        await connect(secure(stranger.ca, *authority.issue("operator2", role_extension("OPERATOR"))))


async def test_many_words_come_through(
    authority: Authority, secure: Callable[[str, str, str], str], words: list[int]
) -> None:
    url = secure(authority.ca, *authority.issue("viewer2", role_extension("VIEWER")))
    async with await connect(url) as client:
        assert (await client.read(1, 3, 0, 2000)).tolist() == list(words)
        client.window = 8
        assert (await client.read(1, 3, 0, 2000)).tolist() == list(words)


def test_a_certificate_with_two_roles_has_none(authority: Authority) -> None:
    certificate = x509.load_pem_x509_certificate(
        Path(authority.issue("two", role_extension("VIEWER"), also="1.3.6.1.4.1.50316.802.2")[0]).read_bytes()
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert role_in(der) == "VIEWER"
    oids = [bytes.fromhex("060b2b060104018389") + bytes((0x0C, 0x86, 0x22, last)) for last in (1, 2)]
    assert oids[1] in der
    assert role_in(der.replace(oids[1], oids[0])) is None
    assert role_in(der[:100]) is None
    assert role_in(b"") is None


def test_files_that_cannot_be_used_are_named(authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.issue("files")
    with pytest.raises(SecurityError, match=r"missing\.crt"):
        client_context(authority.ca, str(tmp_path / "missing.crt"), key)
    with pytest.raises(SecurityError, match=r"missing\.pem"):
        client_context(str(tmp_path / "missing.pem"), cert, key)
    with pytest.raises(SecurityError, match="1 to 127"):
        role_extension("x" * 128)


async def test_a_secure_server_without_rights_does_not_start(authority: Authority, unit: Unit) -> None:
    context = server_context(authority.ca, *authority.issue("server2"))
    with pytest.raises(EndpointError, match="rights"):
        await Server({1: unit}).start(ssl=context)


def test_rights_know_only_what_they_name() -> None:
    rights = Rights({"VIEWER": READS})
    assert rights.functions("VIEWER") == READS
    assert rights.functions(None) == rights.functions("viewer") == frozenset()
