"""One pass over a device: the words as they came, and for every request what was sent, answered and when."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus.errors import ModbusError
from bessinside.modbus.frames import exception_pdu, pack_bits, rtu_frame, tcp_frame
from bessinside.modbus.plan import ReadPlan

Image = NDArray[np.uint16]
"""Words with their high byte first, dtype '>u2': the bytes of the wire."""


class Outcome(enum.IntEnum):
    """How one request ended."""

    OK = 0
    EXCEPTION = 1
    TIMEOUT = 2
    BAD_FRAME = 3
    CLOSED = 4
    NOT_SENT = 5


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What one pass over a device's blocks brought; R requests.

    image: '>u2'[plan.size], the answers' words; where a request has no answer its words are what the caller's image
    held before, 0 in a new one
    tid: uint16[R] transaction identifiers (0 on serial lines, which have none)
    sent_ns, received_ns: int64[R], UTC ns since the epoch, 0 where nothing was sent or received
    outcome: uint8[R] of :class:`Outcome`; exception: uint8[R], the code where the outcome is EXCEPTION
    faults: the error of each request that has one; raw: the bytes of each answer that is not simply header and words
    """

    id: int
    device: str
    framing: str
    unit: int
    start_ns: int
    end_ns: int
    plan: ReadPlan
    image: Image
    tid: NDArray[np.uint16]
    sent_ns: NDArray[np.int64]
    received_ns: NDArray[np.int64]
    outcome: NDArray[np.uint8]
    exception: NDArray[np.uint8]
    faults: Mapping[int, ModbusError] = field(default_factory=dict)
    raw: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every request was answered with data."""
        return not self.outcome.any()

    @property
    def error(self) -> dict[int, str]:
        """What went wrong, in words, by request."""
        return {i: str(fault) for i, fault in self.faults.items()}

    def words(self, i: int) -> Image:
        """The words of request `i` as a view into the image."""
        start = int(self.plan.starts[i])
        return self.image[start : start + self.plan.requests[i].count]

    def request_bytes(self, i: int) -> bytes:
        """The frame that was sent for request `i`, byte for byte; empty where none was sent."""
        if not self.sent_ns[i]:
            return b""
        return self._frame(i, self.plan.packed[i, 7:].tobytes())

    def response_bytes(self, i: int) -> bytes:
        """The frame that came back for request `i`, byte for byte as far as it was read; empty where none came."""
        raw = self.raw.get(i)
        if raw is not None:
            return raw
        function = self.plan.requests[i].fc
        if self.outcome[i] == Outcome.EXCEPTION:
            return self._frame(i, exception_pdu(function, int(self.exception[i])))
        if self.outcome[i] != Outcome.OK:
            return b""
        words = self.words(i)
        payload = pack_bits(words) if self.plan.requests[i].bits else words.tobytes()
        return self._frame(i, bytes((function, len(payload))) + payload)

    def _frame(self, i: int, pdu: bytes) -> bytes:
        return tcp_frame(int(self.tid[i]), self.unit, pdu) if self.framing == "tcp" else rtu_frame(self.unit, pdu)
