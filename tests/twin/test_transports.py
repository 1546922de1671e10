"""The same two racks over every way a device can be reached: the figures are the same."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bessinside.modbus import Server
from bessinside.modbus.security import ROLE_OID, VIEWER_OPERATOR, role_extension, server_context
from bessinside.twin import Twin

VALUES = {"soc": 87.3, "current": 100.0, "voltage": 1330.24, "relay_positive": 1.0, "m2/cell002/voltage": 3.302}


async def read_all(small: Any, text: str, *racks: str) -> None:
    """Opens the plant and compares both racks with the values by hand, and the passports with their bytes."""
    async with Twin(small.plant(text)) as twin:
        async with asyncio.timeout(10):
            while {poller.state for poller in twin.pollers} != {"up"}:
                await asyncio.sleep(0.02)
        for rack in racks:
            for name, value in VALUES.items():
                passport = twin.passport(f"{rack}/{name}")
                assert (passport.value, passport.quality) == (value, "good"), passport.id
                reading = passport.reading
                assert reading is not None
                response = bytes.fromhex(reading.response_hex)
                if reading.function_code > 2:
                    value_bytes = response[reading.value_start : reading.value_start + reading.value_length]
                    assert value_bytes.hex().upper() == "".join(reading.words)


async def test_tcp(served: Any) -> None:
    await read_all(served, served.text(), "c1/r01", "c1/r02")


async def test_two_units_behind_one_address(small: Any) -> None:
    async with Server({1: small.units["a"], 7: small.units["b"]}) as gateway:
        port = await gateway.start()
        url = f"modbus+tcp://127.0.0.1:{port}?unit="
        await read_all(small, small.text(a=url + "1", b=url + "7"), "c1/r01", "c1/r02")


async def test_rtu_over_tcp(small: Any) -> None:
    for name, server in small.servers.items():
        small.ports[name] = await server.start(framing="rtu")
    urls = {name: f"modbus+rtu://127.0.0.1:{port}?unit=1" for name, port in small.ports.items()}
    await read_all(small, small.text(**urls), "c1/r01", "c1/r02")
    await small.stop()


@pytest.fixture
def line() -> Iterator[tuple[str, str, list[int]]]:
    """The paths of two pseudo terminals and their other ends, which a test joins."""
    ends = [os.openpty() for _ in range(2)]
    for master, slave in ends:
        tty.setraw(master)
        tty.setraw(slave)
        os.set_blocking(master, False)
    yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1]), [master for master, _ in ends]
    for pair in ends:
        for end in pair:
            os.close(end)


@pytest.fixture
async def joined(line: tuple[str, str, list[int]]) -> AsyncIterator[tuple[str, str]]:
    loop = asyncio.get_running_loop()
    near, far, masters = line
    loop.add_reader(masters[0], lambda: os.write(masters[1], os.read(masters[0], 4096)))
    loop.add_reader(masters[1], lambda: os.write(masters[0], os.read(masters[1], 4096)))
    yield near, far
    for master in masters:
        loop.remove_reader(master)


async def test_serial_line(small: Any, joined: tuple[str, str]) -> None:
    near, far = joined
    await small.servers["a"].start_serial(far, baudrate=115200)
    head, rest = small.text(a=f"modbus+serial://{near}?baud=115200&unit=1").rsplit("[[device]]", 1)
    assert 'id = "b"' in rest
    await read_all(small, head, "c1/r01")
    await small.stop()


def certificates(folder: Path) -> dict[str, str]:
    """An authority, a server and a client whose certificate carries the role VIEWER."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    server.private_key_pem.write_to_path(folder / "server.key")
    server.cert_chain_pems[0].write_to_path(folder / "server.pem")
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    issuer_key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    role = x509.UnrecognizedExtension(x509.ObjectIdentifier(ROLE_OID), role_extension("VIEWER"))
    client = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the twin")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
        .add_extension(role, critical=False)
        .sign(issuer_key, hashes.SHA256())  # type: ignore[arg-type]
    )
    (folder / "client.pem").write_bytes(client.public_bytes(serialization.Encoding.PEM))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "client.key").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
    return {path.name: str(path) for path in folder.iterdir()}


async def test_tls_with_a_certificate_and_its_role(small: Any, tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    paths = certificates(tmp_path / "pki")
    context = server_context(paths["ca.pem"], paths["server.pem"], paths["server.key"])
    urls = {}
    for name, unit in small.units.items():
        small.servers[name] = Server({1: unit}, rights=VIEWER_OPERATOR)
        port = await small.servers[name].start(ssl=context)
        query = f"ca={paths['ca.pem']}&cert={paths['client.pem']}&key={paths['client.key']}"
        urls[name] = f"modbus+tls://127.0.0.1:{port}?unit=1&{query}"
    text = small.text(**urls).replace('"150 ms"', '"2 s"')
    await read_all(small, text, "c1/r01", "c1/r02")
    await small.stop()
