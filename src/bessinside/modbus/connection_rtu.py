"""The server's side of RTU framing, on a serial line or tunnelled through TCP."""

from __future__ import annotations

from bessinside.modbus.connection import Connection
from bessinside.modbus.frames import MAX_RTU, MAX_WRITE_REGISTERS, WRITE_COILS, WRITE_REGISTERS, crc16, rtu_frame

_GAP_S = 0.1  # longer than adapters delay a part of a frame, shorter than a client waits before it asks again


class RtuConnection(Connection):
    """RTU framing. What has no fitting check sum is dropped, as a device on a line would."""

    framing = "rtu"

    def buffer_updated(self, nbytes: int) -> None:
        if self.serial and self._end and self._loop.time() - self.last > _GAP_S:
            self.server.counts["cut off"] += 1
            self._view[:nbytes] = self._view[self._end : self._end + nbytes]
            self._end = 0
        super().buffer_updated(nbytes)

    def _serve(self) -> None:
        at = 0
        while self._transport is not None and not self._waiting and (size := self._size(at)):
            if size < 0 or crc16(self._view[at : at + size - 2]) != (
                self._store[at + size - 2] | self._store[at + size - 1] << 8
            ):
                self.server.counts["bad check sum"] += 1
                at = self._end
                break
            frame = bytes(self._store[at : at + size])
            right = self._reply(frame[0], frame[1:-2])
            at += size
            if right is not None or self.server.trouble is not None:
                self._send(frame[0], frame, rtu_frame(frame[0], right) if right is not None else None)
        if self._end:
            self._keep(min(at, self._end))

    def _size(self, at: int) -> int:
        """Bytes of the request at `at`, 0 where more are needed, -1 where it can be none."""
        have = self._end - at
        if have < 4:
            return 0
        function = self._store[at + 1]
        if function in (WRITE_COILS, WRITE_REGISTERS):
            if have < 7:
                return 0
            size = 9 + self._store[at + 6]
            if size > 9 + 2 * MAX_WRITE_REGISTERS:
                return -1
        elif function == 43:
            size = 7
        elif 1 <= function <= 6:
            size = 8
        else:  # an unknown function code: its request ends where the check sum fits
            for size in range(4, min(have, MAX_RTU) + 1):
                if (
                    crc16(self._view[at : at + size - 2])
                    == self._store[at + size - 2] | self._store[at + size - 1] << 8
                ):
                    return size
            return -1 if have >= MAX_RTU or not self.serial else 0
        return size if have >= size else 0
