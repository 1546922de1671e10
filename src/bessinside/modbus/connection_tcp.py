"""The server's side of Modbus/TCP: plain reads of registers take a short way, everything else a slower one."""

from __future__ import annotations

import struct

from bessinside.modbus.connection import Connection
from bessinside.modbus.frames import ADDRESSES, MAX_LENGTH, MAX_REGISTERS, tcp_frame

_READ = struct.Struct(">HHHBBHH")
_HEAD = struct.Struct(">HHHBBB")


class TcpConnection(Connection):
    """MBAP framing. A header that is not Modbus ends the connection: nothing behind it can be trusted."""

    def _serve(self) -> None:
        at, end, store, transport = 0, self._end, self._store, self._transport
        server = self.server
        plain, units = self._plain and server.trouble is None, server.units
        out: list[bytes] = []
        done = 0
        while end - at >= 6 and transport is not None:
            if plain and end - at >= 12:
                transaction, protocol, length, unit, function, address, count = _READ.unpack_from(store, at)
                if length == 6 and protocol == 0 and (function == 3 or function == 4) and function in self.may:
                    served = units.get(unit)
                    stop = address + count
                    if served is not None and 0 < count <= MAX_REGISTERS and stop <= ADDRESSES:
                        table = served.holding if function == 3 else served.input
                        if table.open.find(0, address, stop) < 0:
                            size = 2 * count
                            head = _HEAD.pack(transaction, 0, size + 3, unit, function, size)
                            out.append(head + table.store[2 * address : 2 * stop])
                            at += 12
                            done += 1
                            continue
            taken = self._slow(at, end, out, plain)
            if taken <= 0:
                break
            at += taken
            if self._waiting or self._transport is None:
                break
        if done:
            server.counts["requests"] += done
        if out:
            self._flush(out)
        if at == self._end:
            self._end = 0
        elif at and self._end:
            self._keep(at)

    def _flush(self, out: list[bytes]) -> None:
        if self._transport is not None:
            self._write(out[0] if len(out) == 1 else b"".join(out))
        out.clear()

    def _slow(self, at: int, end: int, out: list[bytes], plain: bool) -> int:
        """Serves one request of any kind; gives its bytes, 0 where more are needed, -1 where the stream is lost."""
        store = self._store
        length = store[at + 4] << 8 | store[at + 5]
        if store[at + 2] or store[at + 3]:
            return self._lost(out, "not Modbus")
        if length > MAX_LENGTH or length < 2:
            return self._lost(out, "wrong length")
        if end - at < 6 + length:
            return 0
        frame = bytes(store[at : at + 6 + length])
        right = self._reply(frame[6], frame[7:])
        whole = tcp_frame(frame[0] << 8 | frame[1], frame[6], right) if right is not None else None
        if plain:
            if whole is not None:
                out.append(whole)
        else:
            self._send(frame[6], frame, whole)
        return 6 + length

    def _lost(self, out: list[bytes], reason: str) -> int:
        self._flush(out)
        self.server.counts[reason] += 1
        self._end = 0
        self.close()
        return -1
