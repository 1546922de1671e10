"""The server's side of RTU framing, on a serial line or tunnelled through TCP."""

from __future__ import annotations

from bessinside.modbus.connection import Connection
from bessinside.modbus.frames import MAX_RTU, MAX_WRITE_REGISTERS, WRITE_COILS, WRITE_REGISTERS, crc16, rtu_frame

_GAP_S = 0.1  # longer than adapters delay a part of a frame, shorter than a client waits before it asks again


class RtuConnection(Connection):
    """RTU framing. What has no fitting check sum is dropped, as a device on a line would."""

    framing = "rtu"

    def data_received(self, data: bytes) -> None:
        if self.serial and self._left and self._loop.time() - self.last > _GAP_S:
            self.server.counts["cut off"] += 1
            self._left = b""
        super().data_received(data)

    def _serve(self) -> None:
        data, at = self._left, 0
        while self._transport is not None and not (self._waiting or self._full) and (size := self._size(data[at:])):
            frame = data[at : at + size]
            if size < 0 or not _whole(frame):
                self.server.counts["bad check sum"] += 1
                at = len(data)
                break
            right = self._reply(frame[0], frame[1:-2])
            at += size
            if right is not None or self.server.trouble is not None:
                self._send(frame[0], frame, rtu_frame(frame[0], right) if right is not None else None)
        self._left = data[at:] if self._transport is not None else b""

    def _size(self, data: bytes) -> int:
        """Bytes of the request that `data` begins with, 0 where more are needed, -1 where it can be none."""
        have = len(data)
        if have < 4:
            return 0
        function = data[1]
        if function in (WRITE_COILS, WRITE_REGISTERS):
            if have < 7:
                return 0
            size = 9 + data[6]
            if size > 9 + 2 * MAX_WRITE_REGISTERS:
                return -1
        elif function == 43:
            size = 7
        elif 1 <= function <= 6:
            size = 8
        else:  # an unknown function code: its request ends where the check sum fits
            for size in range(4, min(have, MAX_RTU) + 1):
                if _whole(data[:size]):
                    return size
            return -1 if have >= MAX_RTU or not self.serial else 0
        return size if have >= size else 0


def _whole(frame: bytes) -> bool:
    """Whether the check sum fits."""
    return crc16(frame[:-2]) == frame[-2] | frame[-1] << 8
