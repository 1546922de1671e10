"""A record of exchanges in a file of JSON lines, and a device that answers from it.

The first line is a header, `{"capture": 1, "device": …, "framing": "tcp"|"rtu"}`; each further line is one exchange:
`{"sent": ns, "received": ns, "unit": n, "outcome": "OK", "request": hex, "response": hex}` with whole frames.

A capture of a whole plant lists its `devices` in the header, and every line names its `device`. What never was on a
wire says in the header how it came about, as `emulated`. The file may be compressed with gzip.
"""

from __future__ import annotations

import gzip
import types
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from bessinside.modbus.errors import CaptureError
from bessinside.modbus.exchange import Exchange
from bessinside.modbus.sweep import Outcome
from bessinside.runtime import disk

VERSION = 1
_CHUNK = 1 << 20
_GZIP = 31  # zlib's number for the gzip format with the largest window


class Header(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a capture is of: `device`, or `devices` of the plant `device`. `emulated` is empty for a real one."""

    capture: int
    device: str
    framing: str
    emulated: str = ""
    devices: tuple[str, ...] = ()


class _Line(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    sent: int
    received: int
    unit: int
    outcome: str
    request: str
    response: str
    device: str = ""


class Capture:
    """Writes the exchanges of one device, or of the `devices` of a plant, to a new file; what it holds lasts once it is
    closed. `emulated` says how it came about if not on a wire.

    `add` may be the tap of a client: then nothing that is asked is missing, and a replay is asked the same.
    """

    def __init__(
        self,
        path: str | Path,
        device: str,
        framing: str = "tcp",
        *,
        emulated: str = "",
        devices: Sequence[str] = (),
        compress: bool = False,
    ) -> None:
        if disk.exists(path) and disk.size(path):
            raise CaptureError(f"{path} exists: name another file or remove it")
        self.path = Path(path)
        self._framing = framing
        self._file: BinaryIO = disk.append(path)
        # without a time in it, the same exchanges make the same file
        self._out: gzip.GzipFile | BinaryIO = (
            gzip.GzipFile("", "wb", 6, self._file, mtime=0) if compress else self._file
        )
        header = Header(VERSION, device, framing, emulated, tuple(devices))
        self._out.write(msgspec.json.encode(header) + b"\n")

    def add(self, exchange: Exchange, device: str = "") -> None:
        """Appends one exchange; with `device` in the capture of a plant."""
        if exchange.framing != self._framing:
            raise CaptureError(f"{self.path} holds {self._framing} frames, this exchange is of {exchange.framing}")
        self._out.write(line_of(exchange, device))

    def close(self) -> None:
        """Syncs and closes the file."""
        if self._out is not self._file:
            self._out.close()
        disk.sync(self._file)
        self._file.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()


def line_of(exchange: Exchange, device: str = "") -> bytes:
    """An exchange as a line of a capture."""
    line = _Line(
        exchange.sent_ns, exchange.received_ns, exchange.unit, exchange.outcome.name,
        exchange.request.hex(), exchange.response.hex(), device,
    )  # fmt: skip
    return msgspec.json.encode(line) + b"\n"


def read_header(path: str | Path) -> Header:
    """What a capture is of. Raises CaptureError where the file is none."""
    for line in _lines(path):
        return _header(path, line)
    raise CaptureError(f"{path}: empty; a capture begins with a header line")


def read_capture(path: str | Path, device: str = "") -> list[Exchange]:
    """All exchanges of a capture, of one `device` where it holds several. A last line that was cut off while it was
    written is left out; any other line that cannot be read raises CaptureError with its number."""
    header = read_header(path)
    known = header.devices or (header.device,)
    if (device or len(known) > 1) and device not in known:
        what = f"{device!r} is not in it" if device else f"holds {len(known)} devices: name one of them"
        raise CaptureError(f"{path}: {what}; it has {', '.join(known)}")
    mine = f'"device":"{device}"'.encode() if header.devices else b""
    found: list[Exchange] = []
    for number, line in enumerate(_lines(path), 1):
        if number == 1 or mine not in line:
            continue
        try:
            e = msgspec.json.decode(line, type=_Line)
            request, response = bytes.fromhex(e.request), bytes.fromhex(e.response)
            if len(request) < 8:
                raise ValueError(f"request of {len(request)} bytes")
            found.append(Exchange(e.sent, e.received, header.framing, e.unit, Outcome[e.outcome], request, response))
        except (ValueError, KeyError) as error:
            raise CaptureError(f"{path}:{number}: not a line of a capture: {error}") from error
    return found


def _header(path: str | Path, line: bytes) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
        if header.capture != VERSION or header.framing not in ("tcp", "rtu"):
            raise ValueError(f"version {header.capture}, framing {header.framing!r}")
    except ValueError as error:
        raise CaptureError(f"{path}:1: not a line of a capture: {error}") from error
    return header


def _lines(path: str | Path) -> Iterator[bytes]:
    """The whole lines of a file, plain or compressed."""
    rest = b""
    with disk.open_read(path) as file:
        chunk = file.read(_CHUNK)
        unpack = zlib.decompressobj(_GZIP) if chunk.startswith(b"\x1f\x8b") else None
        while chunk:
            try:
                plain = chunk if unpack is None else unpack.decompress(chunk)
            except zlib.error as error:
                raise CaptureError(f"{path}: the compressed file is damaged: {error}") from error
            *whole, rest = (rest + plain).split(b"\n")
            yield from whole
            chunk = file.read(_CHUNK)
