"""Links in memory between protocols of one simulated loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from bessinside.runtime.chance import Chance
from bessinside.runtime.faults import FaultTable


class Air(Protocol):
    """What all links of one simulated loop share: time, chance and what befalls them. The loop, as a link sees it."""

    chance: Chance
    faults: FaultTable

    def time(self) -> float:
        """Virtual seconds."""

    def call_soon(self, callback: Callable[..., Any], *args: Any) -> asyncio.Handle:
        """Runs next."""

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        """Runs at a time."""

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        """Runs after a delay."""

    def note(self, link: int, side: int, what: bytes) -> None:
        """Adds an event to the trace."""


class SimTransport(asyncio.Transport):
    """One end of a link; what is written arrives at the other end later, or as the fault table wants it."""

    def __init__(self, loop: Air, protocol: asyncio.BaseProtocol, number: int, side: int, address: str) -> None:
        super().__init__({"peername": (address, 0), "sockname": (address, number)})
        self._loop = loop
        self._protocol: Any = protocol
        self._buffered = isinstance(protocol, asyncio.BufferedProtocol)
        self._number = number
        self._side = side
        self._chance = loop.chance.stream(f"link.{number}.{side}")
        self._peer: SimTransport
        self._arrives = 0.0
        self._hanging = False
        self._paused = False
        self._closing = False
        self._gone = False
        self._waiting: deque[bytes] = deque()

    def join(self, peer: SimTransport) -> None:
        """Makes `peer` the other end."""
        self._peer = peer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self._gone or not data:
            return
        loop, chunk = self._loop, bytes(data)
        fault = loop.faults.draw(self._chance)
        delay = loop.faults.latency(self._chance)
        if fault is not None:
            loop.note(self._number, self._side, fault.encode())
        if fault == "hang":
            self._hanging = True
        if self._hanging or fault == "lose":
            return
        if fault == "cut":
            loop.call_later(delay, self._cut)
            return
        if fault == "late":
            delay += float(self._chance.random()) * loop.faults.late_s
        pieces = [chunk]
        if fault == "flip":
            bit = int(self._chance.integers(8 * len(chunk)))
            turned = bytearray(chunk)
            turned[bit >> 3] ^= 1 << (bit & 7)
            pieces = [bytes(turned)]
        elif fault == "duplicate":
            pieces = [chunk, chunk]
        elif fault == "split" and len(chunk) > 1:
            at = int(self._chance.integers(1, len(chunk)))
            pieces = [chunk[:at], chunk[at:]]
        for piece in pieces:
            self._arrives = max(self._arrives, loop.time() + delay)
            loop.call_at(self._arrives, self._peer.arrive, piece)

    def arrive(self, chunk: bytes) -> None:
        """A chunk from the other end."""
        if self._gone or self._closing:
            return
        if self._paused:
            self._waiting.append(chunk)
            return
        self._loop.note(self._number, self._side, chunk)
        if not self._buffered:
            self._protocol.data_received(chunk)
            return
        rest = memoryview(chunk)
        while rest and not self._gone and not self._closing:
            space = self._protocol.get_buffer(len(rest))
            taken = min(len(space), len(rest))
            space[:taken] = rest[:taken]
            self._protocol.buffer_updated(taken)
            rest = rest[taken:]

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        while self._waiting and not self._paused:
            self.arrive(self._waiting.popleft())

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._loop.call_soon(self._lost, None)
        if not self._hanging:
            self._arrives = max(self._arrives, self._loop.time() + self._loop.faults.latency_s)
            self._loop.call_at(self._arrives, self._peer.ended)

    def abort(self) -> None:
        self.close()

    def ended(self) -> None:
        """The other end closed."""
        if self._gone or self._closing:
            return
        keep_open = self._protocol.eof_received()
        if not keep_open:
            self.close()

    def _cut(self) -> None:
        for end in (self, self._peer):
            end._lost(ConnectionResetError(104, "connection cut"))

    def _lost(self, error: Exception | None) -> None:
        if not self._gone:
            self._gone = self._closing = True
            self._waiting.clear()
            self._protocol.connection_lost(error)


class SimServer(asyncio.AbstractServer):
    """A listener in memory."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listeners: Listeners, host: str, port: int, factory: Any
    ) -> None:
        self._loop = loop
        self._listeners = listeners
        self.host = host
        self.port = port
        self.factory = factory

    @property
    def sockets(self) -> tuple[SimSocket, ...]:
        """One socket that only knows its name."""
        return (SimSocket(self.host, self.port),)

    def close(self) -> None:
        self._listeners.pop((self.host, self.port), None)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return self._listeners.get((self.host, self.port)) is self

    async def start_serving(self) -> None:
        return None

    async def serve_forever(self) -> None:
        await self._loop.create_future()

    async def wait_closed(self) -> None:
        return None


Listeners = dict[tuple[str, int], SimServer]
"""The listeners of one loop by host and port."""


class SimSocket:
    """What is known of a listening socket."""

    def __init__(self, host: str, port: int) -> None:
        self._name = (host, port)

    def getsockname(self) -> tuple[str, int]:
        """Host and port."""
        return self._name
