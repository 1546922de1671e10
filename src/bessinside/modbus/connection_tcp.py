"""The server's side of Modbus/TCP: reads that were asked before take a short way, everything else a slower one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bessinside.modbus.connection import Connection, Served
from bessinside.modbus.frames import MAX_LENGTH, tcp_frame
from bessinside.modbus.known import READS, Known
from bessinside.runtime import net

_NOTHING = Known()


class TcpConnection(Connection):
    """MBAP framing. A header that is not Modbus ends the connection: nothing behind it can be trusted."""

    def __init__(self, server: Served, secure: bool = False, baudrate: int = 0) -> None:
        super().__init__(server, secure, baudrate)
        self._known = _NOTHING
        self._hand: Callable[[bytes], int] | None = None
        self._straight = False  # nothing is left or waits, and the kernel takes what is written

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._plain and self.may >= READS and self._transport is not None:
            self._known = self.server.known
            self._hand = net.hand(self._transport)

    def data_received(self, data: bytes) -> None:
        """One whole read that is known, and nothing else: the usual case, in few steps, for they are what it costs."""
        server = self.server
        read = self._known.get(data[2:])
        if read is not None and self._straight and server.trouble is None:
            unit, served, readable, address, stop, head, words = read
            if server.units.get(unit) is served and readable.find(0, address, stop) < 0:
                if not server.timed:
                    server.look()
                self.last = server.now
                server.answered += 1
                frame = data[:2] + head + words
                try:
                    sent = self._hand(frame)  # type: ignore[misc]  # straight, so there is one
                except OSError:  # full, or broken: the transport finds out which, and says so
                    sent = 0
                if sent != len(frame):
                    self._straight = False
                    self._write(frame[sent:])
                return
        super().data_received(data)

    def pause_writing(self) -> None:
        self._straight = False
        super().pause_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._straight = False
        self._hand = None
        super().connection_lost(exc)

    def _turn(self) -> None:
        super()._turn()
        transport = self._transport
        self._straight = (
            self._hand is not None
            and transport is not None
            and not (self._left or self._waiting or self._full)
            and not transport.is_closing()
            and not transport.get_write_buffer_size()
        )

    def _serve(self) -> None:
        data, at = self._left, 0
        server, known = self.server, self._known
        plain = self._plain and server.trouble is None
        out: list[bytes] = []
        while len(data) - at >= 6 and self._transport is not None and not (self._waiting or self._full):
            read = known.get(data[at + 2 : at + 12]) if plain else None
            if read is not None:
                unit, served, readable, address, stop, head, words = read
                if server.units.get(unit) is served and readable.find(0, address, stop) < 0:
                    server.answered += 1
                    out.append(data[at : at + 2] + head + words)
                    at += 12
                    continue
            taken = self._slow(data, at, out, plain)
            if taken < 0:
                at = len(data)
            if taken <= 0:
                break
            at += taken
        self._flush(out)
        self._left = data[at:] if self._transport is not None else b""

    def _flush(self, out: list[bytes]) -> None:
        if out and self._transport is not None:
            self._write(out[0] if len(out) == 1 else b"".join(out))
        out.clear()

    def _slow(self, data: bytes, at: int, out: list[bytes], plain: bool) -> int:
        """Serves one request of any kind; gives its bytes, 0 where more are needed, -1 where the stream is lost."""
        length = data[at + 4] << 8 | data[at + 5]
        if data[at + 2] or data[at + 3]:
            return self._lost(out, "not Modbus")
        if length > MAX_LENGTH or length < 2:
            return self._lost(out, "wrong length")
        if len(data) - at < 6 + length:
            return 0
        frame = data[at : at + 6 + length]
        unit, pdu = frame[6], frame[7:]
        right = self._reply(unit, pdu)
        whole = tcp_frame(frame[0] << 8 | frame[1], unit, right) if right is not None else None
        if not plain:
            self._send(unit, frame, whole)
        elif whole is not None:
            out.append(whole)
            if self._known is not _NOTHING and whole[7] == pdu[0] and (served := self.server.units.get(unit)):
                self._known.learn(frame, served)
        return 6 + length

    def _lost(self, out: list[bytes], reason: str) -> int:
        self._flush(out)
        self.server.counts[reason] += 1
        self.close()
        return -1
