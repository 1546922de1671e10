"""One request and its answer, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bessinside.modbus.sweep import Outcome, Sweep


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


Tap = Callable[[Exchange], None]
"""Is given every exchange of a client, in the order in which they were asked."""


def exchanges(sweep: Sweep) -> Iterator[Exchange]:
    """The exchanges of a sweep, without the requests that were never sent."""
    for i in range(len(sweep.plan.requests)):
        if sweep.sent_ns[i]:
            yield Exchange(
                int(sweep.sent_ns[i]), int(sweep.received_ns[i]), sweep.framing, sweep.unit,
                Outcome(int(sweep.outcome[i])), sweep.request_bytes(i), sweep.response_bytes(i),
            )  # fmt: skip
