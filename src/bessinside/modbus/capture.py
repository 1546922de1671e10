"""A record of exchanges in a file of JSON lines, and a device that answers from it.

The first line is a header, `{"capture": 1, "device": …, "framing": "tcp"|"rtu"}`; each further line is one exchange:
`{"sent": ns, "received": ns, "unit": n, "outcome": "OK", "request": hex, "response": hex}` with whole frames.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from bessinside.modbus.errors import CaptureError
from bessinside.modbus.sweep import Outcome, Sweep
from bessinside.runtime import disk

VERSION = 1


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer as they were on the wire; `response` is empty where none came."""

    sent_ns: int
    received_ns: int
    framing: str
    unit: int
    outcome: Outcome
    request: bytes
    response: bytes

    @property
    def request_pdu(self) -> bytes:
        """The request without its framing."""
        return self.request[7:] if self.framing == "tcp" else self.request[1:-2]

    @property
    def response_pdu(self) -> bytes:
        """The answer without its framing."""
        return self.response[7:] if self.framing == "tcp" else self.response[1:-2]


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    capture: int
    device: str
    framing: str


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    sent: int
    received: int
    unit: int
    outcome: str
    request: str
    response: str


def exchanges(sweep: Sweep) -> Iterator[Exchange]:
    """The exchanges of a sweep, without the requests that were never sent."""
    for i in range(len(sweep.plan.requests)):
        if sweep.sent_ns[i]:
            yield Exchange(
                int(sweep.sent_ns[i]), int(sweep.received_ns[i]), sweep.framing, sweep.unit,
                Outcome(int(sweep.outcome[i])), sweep.request_bytes(i), sweep.response_bytes(i),
            )  # fmt: skip


class Capture:
    """Writes the sweeps of one device to a new file; what it holds lasts once it is closed."""

    def __init__(self, path: str | Path, device: str, framing: str = "tcp") -> None:
        if disk.exists(path) and disk.size(path):
            raise CaptureError(f"{path} exists: name another file or remove it")
        self.path = Path(path)
        self._framing = framing
        self._file: BinaryIO = disk.append(path)
        self._put(_Header(VERSION, device, framing))

    def add(self, sweep: Sweep) -> None:
        """Appends every exchange of a sweep."""
        if sweep.framing != self._framing:
            raise CaptureError(
                f"{self.path} holds {self._framing} frames, the sweep of {sweep.device} has {sweep.framing}"
            )
        for e in exchanges(sweep):
            self._put(_Line(e.sent_ns, e.received_ns, e.unit, e.outcome.name, e.request.hex(), e.response.hex()))

    def close(self) -> None:
        """Syncs and closes the file."""
        disk.sync(self._file)
        self._file.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()

    def _put(self, line: msgspec.Struct) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")


def read_capture(path: str | Path) -> list[Exchange]:
    """All exchanges of a capture. A last line that was cut off while it was written is left out; any other line that
    cannot be read raises CaptureError with its number."""
    lines = disk.read_bytes(path).split(b"\n")[:-1]
    found: list[Exchange] = []
    framing = ""
    for number, line in enumerate(lines, 1):
        try:
            if number == 1:
                header = msgspec.json.decode(line, type=_Header)
                if header.capture != VERSION or header.framing not in ("tcp", "rtu"):
                    raise ValueError(f"version {header.capture}, framing {header.framing!r}")
                framing = header.framing
                continue
            e = msgspec.json.decode(line, type=_Line)
            request, response = bytes.fromhex(e.request), bytes.fromhex(e.response)
            if len(request) < 8:
                raise ValueError(f"request of {len(request)} bytes")
            found.append(Exchange(e.sent, e.received, framing, e.unit, Outcome[e.outcome], request, response))
        except (ValueError, KeyError) as error:
            raise CaptureError(f"{path}:{number}: not a line of a capture: {error}") from error
    if not framing:
        raise CaptureError(f"{path}: empty; a capture begins with a header line")
    return found
