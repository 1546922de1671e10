"""One connection of the server: answers every request, in order, as late or as wrongly as it is told to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from bessinside.modbus.answer import ILLEGAL_FUNCTION, answer
from bessinside.modbus.frames import MAX_REGISTERS, exception_pdu
from bessinside.modbus.known import Known
from bessinside.modbus.quirks import Quirks
from bessinside.modbus.security import EVERYTHING, Rights, role_of
from bessinside.modbus.trouble import Ask, Reply, Trouble
from bessinside.modbus.unit import Unit
from bessinside.runtime import net

GATEWAY_TARGET_SILENT = 11
_PORTION = 4096  # bytes served in one turn of the loop: a peer that sends much holds up nobody else


class Served(Protocol):
    """What the connections of one server share: the server, as they see it."""

    units: Mapping[int, Unit]
    quirks: Quirks
    silent: bool
    trouble: Trouble | None
    rights: Rights | None
    known: Known
    connections: set[Connection]
    answered: int
    """Reads answered the short way that `counts` does not hold yet."""
    now: float
    """The loop's time, at most a second old while `timed`."""
    timed: bool

    @property
    def counts(self) -> Counter[str]:
        """What happened, by name."""

    def look(self) -> None:
        """Reads the time for the second that begins."""

    def room(self) -> bool:
        """Whether one more connection may be had."""

    def watch(self) -> None:
        """A connection holds part of a frame: looks after it until it is whole or stale."""


class Connection(asyncio.Protocol):
    """What both framings share: order, pauses, back pressure, rights.

    A framing gives `_serve`, which answers what lies in `_left` and takes it from there, until the rest of a frame is
    missing, an answer has to wait, or the peer has to read first.
    """

    framing = "tcp"

    def __init__(self, server: Served, secure: bool = False, baudrate: int = 0) -> None:
        self.server = server
        self.secure = secure
        self.serial = baudrate > 0
        self.may = EVERYTHING
        self._loop = asyncio.get_running_loop()
        self.last = self._loop.time()
        self._left = b""
        self._transport: asyncio.Transport | None = None
        self._write: Callable[[bytes], None] = _nowhere
        self._plain = False
        self._first = True
        self._ready = 0.0
        self._waiting = False
        self._full = False

    @property
    def unfinished(self) -> bool:
        """Whether part of a frame waits for its rest."""
        return bool(self._left) and not self._waiting and not self._full

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # other loops have transports of their own
        server = self.server
        self._transport = transport
        self._write = net.writer(transport)
        server.counts["connections"] += 1
        if not self.serial:
            if not server.room():
                self.refuse("connections refused")
                return
            net.keep_alive(transport)
        server.connections.add(self)
        if self.secure:
            assert server.rights is not None
            self.may = server.rights.functions(role_of(transport))
        quirks = server.quirks
        self._plain = quirks.max_registers == MAX_REGISTERS and not (quirks.pause_s or quirks.first_answer_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        self._transport = None
        self._left = b""

    def eof_received(self) -> None:
        return None

    def data_received(self, data: bytes) -> None:
        self.last = self._loop.time()
        self._left = self._left + data if self._left else data
        self._turn()

    def pause_writing(self) -> None:
        self._full = True
        self._hold()

    def resume_writing(self) -> None:
        self._full = False
        self.last = self._loop.time()  # it read: what it began to send before is not stale yet
        self._go_on()

    def close(self) -> None:
        """Closes the connection after what was written."""
        if self._transport is not None:
            self._transport.close()

    def refuse(self, reason: str) -> None:
        """Counts the reason and cuts the connection."""
        self.server.counts[reason] += 1
        self._left = b""
        if self._transport is not None:
            self._transport.abort()

    def _turn(self) -> None:
        """Serves what there is, as far as it may be now."""
        if not (self._waiting or self._full):
            self._left, later = self._left[:_PORTION], self._left[_PORTION:]
            self._serve()
            if later and self._transport is not None and not self._transport.is_closing():
                self._left += later
                if not (self._waiting or self._full):
                    self._waiting = True
                    self._hold()
                    self._loop.call_soon(self._again)
        if self.unfinished:
            self.server.watch()

    def _again(self) -> None:
        self._waiting = False
        self._go_on()

    def _serve(self) -> None:
        raise NotImplementedError

    def _reply(self, unit: int, request: bytes) -> bytes | None:
        """The right answer's PDU; None for silence."""
        server = self.server
        served = server.units.get(unit)
        if request[0] not in self.may:
            server.counts["forbidden"] += 1
            return exception_pdu(request[0], ILLEGAL_FUNCTION)
        if served is None:
            server.counts["unknown unit"] += 1
            return None if server.silent or self.serial else exception_pdu(request[0], GATEWAY_TARGET_SILENT)
        server.counts["requests"] += 1
        return answer(served, request, server.quirks.max_registers, server.quirks.max_bits)

    def _send(self, unit: int, request: bytes, right: bytes | None) -> bool:
        """Sends an answer as quirks and trouble want it; False when the next request has to wait for it."""
        server = self.server
        ask = Ask(self.framing, unit, request, right or b"")
        reply = server.trouble(ask) if server.trouble is not None else None
        if reply is None:
            reply = Reply(right or b"")
        delay = reply.delay_s + max(0.0, self._ready - self._loop.time())
        if self._first:
            self._first = False
            delay += server.quirks.first_answer_s
        if delay <= 0.0:
            self._out(reply)
            return self._transport is not None
        self._waiting = True
        self._hold()
        self._loop.call_later(delay, self._late, reply)
        return False

    def _late(self, reply: Reply) -> None:
        self._out(reply)
        self._again()

    def _out(self, reply: Reply) -> None:
        transport = self._transport
        if transport is None:
            return
        if reply.frame:
            self._write(reply.frame)
        self._ready = self._loop.time() + self.server.quirks.pause_s
        if reply.close:
            self._left = b""
            transport.close()
            self._transport = None

    def _hold(self) -> None:
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def _go_on(self) -> None:
        transport = self._transport
        if self._waiting or self._full or transport is None or transport.is_closing():
            return
        if self._left:
            self._turn()
        if not (self._waiting or self._full) and self._transport is not None and not transport.is_reading():
            transport.resume_reading()


def _nowhere(data: bytes) -> None:
    """Stands for writing before there is a stream."""
    raise ConnectionError("written before the connection was made")
