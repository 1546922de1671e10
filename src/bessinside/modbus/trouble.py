"""Trouble made on purpose: what happens to an answer between a served device and its client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bessinside.modbus.frames import rtu_frame, tcp_frame


class Ask(NamedTuple):
    """A request as it reached the server, and the frame that would be the right answer."""

    framing: str
    """`tcp` or `rtu`."""
    unit: int
    request: bytes
    right: bytes
    """Empty where the right answer is silence."""

    @property
    def pdu(self) -> bytes:
        """The request without its framing."""
        return self.request[7:] if self.framing == "tcp" else self.request[1:-2]

    def frame(self, pdu: bytes) -> bytes:
        """An answer to this request with any PDU."""
        if self.framing == "tcp":
            return tcp_frame(int.from_bytes(self.request[:2], "big"), self.unit, pdu)
        return rtu_frame(self.unit, pdu)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server does instead of sending the right answer at once."""

    frame: bytes
    """The bytes to send; empty for silence."""
    delay_s: float = 0.0
    close: bool = False
    """Whether the connection is cut afterwards."""


Trouble = Callable[[Ask], Reply | None]
"""Called for every request; None lets the right answer go."""
