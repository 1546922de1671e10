"""Where a device is reached: one URL for TCP, TLS, RTU over TCP and a serial line."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from bessinside.modbus.errors import EndpointError

SCHEMES = {"modbus+tcp": "tcp", "modbus+tls": "tls", "modbus+rtu": "rtu", "modbus+serial": "serial"}
_PORTS = {"tcp": 502, "tls": 802, "rtu": 502}
_KEYS = {
    "tcp": {"unit"},
    "tls": {"unit", "ca", "cert", "key", "name"},
    "rtu": {"unit"},
    "serial": {"unit", "baud", "parity", "stop"},
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A parsed device URL; `link` is what two units on the same connection share."""

    kind: str
    """tcp, tls, rtu (RTU frames over TCP) or serial."""
    host: str = ""
    port: int = 0
    unit: int = 1
    path: str = ""
    baudrate: int = 19200
    parity: str = "N"
    stopbits: int = 1
    ca: str = ""
    cert: str = ""
    key: str = ""
    server_name: str = ""

    @property
    def framing(self) -> str:
        """`tcp` for MBAP frames, `rtu` for RTU frames."""
        return "tcp" if self.kind in ("tcp", "tls") else "rtu"

    @property
    def link(self) -> str:
        """The same text for units that share one connection, as a person writes it."""
        scheme = f"modbus+{self.kind}://"
        if self.kind == "serial":
            return f"{scheme}{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.link}?unit={self.unit}"


def parse_endpoint(url: str) -> Endpoint:
    """Reads `modbus+tcp://host:port?unit=1`, `modbus+tls://…?ca=…&cert=…&key=…`, `modbus+rtu://…` (RTU over TCP)
    or `modbus+serial:///dev/ttyS0?baud=19200&parity=N&stop=1`; EndpointError says which part is wrong."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise EndpointError(f"{url}: {error}") from error
    kind = SCHEMES.get(parts.scheme)
    if kind is None:
        raise EndpointError(f"{url}: write one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = set(query) - _KEYS[kind]
    if unknown:
        raise EndpointError(
            f"{url}: unknown {', '.join(sorted(unknown))}; {kind} knows {', '.join(sorted(_KEYS[kind]))}"
        )
    unit = _number(url, query, "unit", 1, 0, 255)
    if kind == "serial":
        path = unquote(parts.path)
        parity = query.get("parity", "N").upper()
        if not path or parts.netloc or parity not in ("N", "E", "O"):
            raise EndpointError(f"{url}: write modbus+serial:///dev/ttyS0?baud=19200&parity=N&stop=1, parity N, E or O")
        baudrate = _number(url, query, "baud", 19200, 50, 4_000_000)
        return Endpoint(
            kind, unit=unit, path=path, baudrate=baudrate, parity=parity, stopbits=_number(url, query, "stop", 1, 1, 2)
        )
    try:
        host, port = parts.hostname, parts.port or _PORTS[kind]
    except ValueError as error:
        raise EndpointError(f"{url}: {error}") from error
    if not host or parts.path not in ("", "/"):
        raise EndpointError(f"{url}: write modbus+{kind}://host:port?unit=1")
    if kind == "tls":
        for name in ("ca", "cert", "key"):
            if not query.get(name):
                raise EndpointError(
                    f"{url}: Modbus/TCP Security needs {name}=<file> (the own certificate, its key, the CA)"
                )
    return Endpoint(
        kind, host, port, unit,
        ca=query.get("ca", ""), cert=query.get("cert", ""), key=query.get("key", ""), server_name=query.get("name", ""),
    )  # fmt: skip


def _number(url: str, query: dict[str, str], key: str, default: int, low: int, high: int) -> int:
    text = query.get(key, str(default))
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise EndpointError(f"{url}: {key}={text} is not a number from {low} to {high}")
    return int(text)
