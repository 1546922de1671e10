"""Faults of the wire: what becomes of answers between a served device and its client.

delay         every answer comes `value` s late
silence       no answer
cut           the connection is cut in the middle of the answer
one_client    a gateway that serves a single client: a further connection is closed at once
"""

from __future__ import annotations

from collections.abc import Callable

from bessinside.modbus import Server
from bessinside.modbus.trouble import Ask, Reply, Trouble

Fault = Callable[[Ask, float], Reply]


def _delay(ask: Ask, value: float) -> Reply:
    return Reply(ask.right, delay_s=value)


def _silence(ask: Ask, value: float) -> Reply:
    return Reply(b"")


def _cut(ask: Ask, value: float) -> Reply:
    return Reply(ask.right[: len(ask.right) // 2], close=True)


ANSWERS: dict[str, Fault] = {"wire.delay": _delay, "wire.silence": _silence, "wire.cut": _cut}
ONE_CLIENT = "wire.one_client"
FAULTS = (*ANSWERS, ONE_CLIENT)


class Disturbance:
    """One fault on one server, in force while `share()` is not 0. `units` are those it concerns."""

    def __init__(
        self, server: Server, units: frozenset[int], fault: str, value: float, share: Callable[[], float]
    ) -> None:
        self.server, self.units, self.fault, self.value, self.share = server, units, fault, value, share
        self._before: Trouble | None = server.trouble
        self._connections = server.max_connections
        if fault in ANSWERS:
            server.trouble = self.trouble

    def trouble(self, ask: Ask) -> Reply | None:
        """What the server asks for every request; an earlier trouble answers where this one has nothing to say."""
        if self.share() > 0.0 and ask.unit in self.units and ask.right:
            return ANSWERS[self.fault](ask, self.value)
        return self._before(ask) if self._before is not None else None

    def refresh(self) -> None:
        """Lets the number of connections follow; whoever is connected stays so."""
        if self.fault == ONE_CLIENT:
            self.server.max_connections = 1 if self.share() > 0.0 else self._connections

    def leave(self) -> None:
        """Gives the server back as it was; a trouble that came later keeps this one behind it, without effect."""
        if self.fault == ONE_CLIENT:
            self.server.max_connections = self._connections
        elif self.server.trouble == self.trouble:
            self.server.trouble = self._before
