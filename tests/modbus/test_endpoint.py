"""Device URLs and quirks: what is understood, and what is said about the rest."""

from __future__ import annotations

import pytest

from bessinside.modbus import Quirks, parse_endpoint, parse_quirks
from bessinside.modbus.errors import EndpointError


def test_every_kind_of_url() -> None:
    tcp = parse_endpoint("modbus+tcp://10.0.0.5?unit=3")
    assert (tcp.kind, tcp.host, tcp.port, tcp.unit, tcp.framing) == ("tcp", "10.0.0.5", 502, 3, "tcp")
    assert str(tcp) == "modbus+tcp://10.0.0.5:502?unit=3"
    rtu = parse_endpoint("modbus+rtu://gateway:5020")
    assert (rtu.kind, rtu.port, rtu.unit, rtu.framing) == ("rtu", 5020, 1, "rtu")
    serial = parse_endpoint("modbus+serial:///dev/ttyS0?baud=9600&parity=e&stop=2&unit=7")
    assert (serial.path, serial.baudrate, serial.parity, serial.stopbits) == ("/dev/ttyS0", 9600, "E", 2)
    assert serial.unit == 7
    assert serial.framing == "rtu"
    tls = parse_endpoint("modbus+tls://pcs.plant?ca=a.pem&cert=c.pem&key=k.pem&name=pcs1")
    assert (tls.port, tls.ca, tls.cert, tls.key, tls.server_name) == (802, "a.pem", "c.pem", "k.pem", "pcs1")
    assert parse_endpoint("modbus+tcp://[::1]:1502").link == "modbus+tcp://[::1]:1502"


def test_units_behind_one_gateway_share_a_link() -> None:
    links = {parse_endpoint(f"modbus+tcp://gateway:502?unit={unit}").link for unit in range(1, 5)}
    assert links == {"modbus+tcp://gateway:502"}


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://x", r"modbus\+tcp://"),
        ("modbus+tcp://", r"modbus\+tcp://host:port"),
        ("modbus+tcp://x:99999", "Port"),
        ("modbus+tcp://x:502?unit=256", "unit=256 is not a number from 0 to 255"),
        ("modbus+tcp://x:502?unit=-1", "unit=-1"),
        ("modbus+tcp://x:502?unti=1", "unknown unti; tcp knows unit"),
        ("modbus+tcp://x:502/path", "host:port"),
        ("modbus+tls://x", "needs ca"),
        ("modbus+serial://ttyS0", "/dev/ttyS0"),
        ("modbus+serial:///dev/ttyS0?baud=fast", "baud=fast"),
        ("modbus+serial:///dev/ttyS0?parity=M", "parity N, E or O"),
    ],
)
def test_what_is_wrong_is_said(url: str, says: str) -> None:
    with pytest.raises(EndpointError, match=says):
        parse_endpoint(url)


def test_quirks_as_a_map_writes_them() -> None:
    given = {"max-registers": 60, "pause": "100 ms", "one-connection": True, "first-answer": "1 s", "timeout": "2.5s"}
    assert parse_quirks(given) == Quirks(
        max_registers=60, pause_s=0.1, one_connection=True, first_answer_s=1.0, timeout_s=2.5
    )
    assert parse_quirks({}) == Quirks()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"max-register": 60}, "known are max-registers"),
        ({"pause": 100}, '"100 ms" or "1 s"'),
        ({"pause": "100"}, '"100 ms" or "1 s"'),
        ({"max-registers": 126}, "1 to 125"),
        ({"max-bits": 0}, "1 to 2000"),
        ({"max-registers": True}, "a whole number"),
        ({"one-connection": 1}, "true or false"),
        ({"window": 16}, "1 to 8"),
        ({"timeout": "0 s"}, "positive"),
    ],
)
def test_quirks_that_make_no_sense_are_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(EndpointError, match=says):
        parse_quirks(given)
