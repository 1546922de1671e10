"""Reads that a server has answered before: what to look at and what to send, found by the bytes of the request."""

from __future__ import annotations

import struct
from typing import TypeAlias

from bessinside.modbus.frames import READ_HOLDING, READ_INPUT
from bessinside.modbus.unit import Unit

Read: TypeAlias = tuple[int, Unit, bytearray, int, int, bytes, memoryview]
"""Unit identifier and unit, which must still belong together; the mask of what may be read, with the first and the
behind-last address that the read needs; and the answer: its frame behind the transaction identifier, and the words,
which are read from the unit's table when they are sent."""

READS = frozenset((READ_HOLDING, READ_INPUT))
MOST = 4096
_REQUEST = struct.Struct(">BBHH")
_HEAD = struct.Struct(">HHBBB")


class Known(dict[bytes, Read]):
    """The reads of one server by the ten bytes that follow the transaction identifier.

    A client asks the same few requests for ever, so that a look into a table stands for checking them again. Nothing
    of what may change is kept: neither words nor what may be read. A peer that asks ever other requests gets no more
    than :data:`MOST` of them kept.
    """

    def learn(self, request: bytes, served: Unit) -> None:
        """Keeps `request`, a whole frame that `served` gave a right answer to, if it reads registers."""
        if request[7] not in READS:
            return
        unit, function, address, count = _REQUEST.unpack_from(request, 6)
        table = served.holding if function == READ_HOLDING else served.input
        if len(self) >= MOST:
            self.clear()
        stop, size = address + count, 2 * count
        head = _HEAD.pack(0, size + 3, unit, function, size)
        self[request[2:]] = unit, served, table.open, address, stop, head, table.store[2 * address : 2 * stop]
