"""A device made of a capture: it answers what was answered, in the same order, mistakes and silences included."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bessinside.modbus.exchange import Exchange
from bessinside.modbus.frames import unpack_bits
from bessinside.modbus.server import Server
from bessinside.modbus.sweep import Outcome
from bessinside.modbus.trouble import Ask, Reply
from bessinside.modbus.unit import Unit


class Replay:
    """Answers each request with its recorded answers one after the other, then with the last one again.

    A request that was not recorded is answered from the words that were read last before, where they are all known,
    else with exception 2. Serve it with :meth:`server`.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._recorded: dict[tuple[int, bytes], list[Exchange]] = {}
        self._next: dict[tuple[int, bytes], int] = {}
        self._units: dict[int, Unit] = {}
        for exchange in exchanges:
            self._recorded.setdefault((exchange.unit, exchange.request_pdu), []).append(exchange)
            unit = self._units.setdefault(exchange.unit, Unit())
            if exchange.outcome == Outcome.OK:
                _put(unit, exchange)

    def server(self) -> Server:
        """A server of the recorded units; over TCP it may be started with either framing."""
        return Server(self._units, trouble=self._reply)

    def _reply(self, ask: Ask) -> Reply | None:
        key = (ask.unit, ask.pdu)
        recorded = self._recorded.get(key)
        if recorded is None:
            return None
        at = self._next.get(key, 0)
        self._next[key] = min(at + 1, len(recorded) - 1)
        exchange = recorded[at]
        same_framing = exchange.framing == ask.framing == "tcp"
        if exchange.outcome in (Outcome.OK, Outcome.EXCEPTION) and not same_framing:
            return Reply(ask.frame(exchange.response_pdu))
        # The frame as it came, answering this request; but a transaction that was wrong stays wrong.
        same = same_framing and exchange.response[:2] == exchange.request[:2]
        frame = ask.request[:2] + exchange.response[2:] if same else exchange.response
        return Reply(frame, close=exchange.outcome == Outcome.CLOSED)


def _put(unit: Unit, exchange: Exchange) -> None:
    """Keeps the words of a good answer in the unit's table."""
    function = exchange.request_pdu[0]
    address, count = (int.from_bytes(exchange.request_pdu[at : at + 2], "big") for at in (1, 3))
    payload = exchange.response_pdu[2:]
    words = unpack_bits(payload, count) if function < 3 else np.frombuffer(payload, ">u2")
    unit.table(function).put(address, words)
