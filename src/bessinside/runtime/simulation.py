"""A seeded event loop: one thread, a clock that jumps to the next timer, links in memory that fail as they are told.

Whatever asyncio code runs on it runs the same way again from the same seed; :meth:`SimLoop.trace_hash` proves it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bessinside.errors import BessError
from bessinside.runtime.chance import Chance
from bessinside.runtime.faults import FaultTable
from bessinside.runtime.sim_link import Listeners, SimServer, SimTransport

T = TypeVar("T")
START_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
_FIRST_PORT = 49152
_EPOCH = 1000.0  # loop time at the start; not 0, which stands for "never" in time stamps


class SimDeadlock(BessError):
    """Every task waits and no timer is left: nothing would ever happen again."""


class _Selector:
    """Stands where the loop expects a selector: waiting is a jump of the clock."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise SimDeadlock("every task waits and no timer is left; look for a wait without a time limit")
        self._loop.advance(timeout)
        return []

    def close(self) -> None:
        return None


class SimLoop(asyncio.BaseEventLoop):
    """An event loop under a virtual clock.

    seed: of all chance, of the links and of :func:`bessinside.runtime.chance.stream`
    start_ns: the wall clock at the start, UTC ns since the epoch
    faults: what befalls the links; may be exchanged while the loop runs
    """

    in_line = True  # threads would not be replayed: see :class:`bessinside.runtime.worker.Worker`

    def __init__(self, seed: int = 0, *, start_ns: int = START_NS, faults: FaultTable | None = None) -> None:
        super().__init__()
        self.chance = Chance(seed)
        self.faults = faults or FaultTable()
        self.start_ns = start_ns
        self._selector = _Selector(self)
        self._clock_resolution = 1e-9
        self._now = _EPOCH
        self._listeners: Listeners = {}
        self._links = 0
        self._port = _FIRST_PORT
        self._opening = self.chance.stream("open")
        self._trace = hashlib.blake2b(digest_size=16)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Runs `main` to its end, then cancels what it left running."""
        try:
            return self.run_until_complete(main)
        finally:
            left = asyncio.all_tasks(self)
            for task in left:
                task.cancel()
            if left:
                self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self.run_until_complete(self.shutdown_asyncgens())

    def time(self) -> float:
        return self._now

    def wall_ns(self) -> int:
        """The virtual wall clock, UTC ns since the epoch."""
        return self.start_ns + round((self._now - _EPOCH) * 1e9)

    def advance(self, seconds: float) -> None:
        """Lets the clock jump."""
        self._now += seconds

    def trace_hash(self) -> str:
        """A digest of every chunk delivered and every fault, with its time: equal runs have equal digests."""
        return self._trace.hexdigest()

    def note(self, link: int, side: int, what: bytes) -> None:
        """Adds an event to the trace."""
        self._trace.update(b"%d %d %d %d " % (self.wall_ns(), link, side, len(what)))
        self._trace.update(what)

    async def create_connection(
        self, protocol_factory: Callable[[], Any], host: str | None = None, port: int | None = None, **options: Any
    ) -> tuple[SimTransport, Any]:
        if options.get("ssl") is not None:
            raise BessError("a simulated link carries no TLS; test TLS on real sockets")
        await asyncio.sleep(self.faults.latency(self._opening))
        listener = self._listeners.get((host or "", port or 0)) or self._listeners.get(("", port or 0))
        if listener is None or self.faults.refuses(self._opening):
            raise ConnectionRefusedError(111, f"nobody listens on {host}:{port}")
        self._links += 1
        near, far = protocol_factory(), listener.factory()
        ends = [SimTransport(self, p, self._links, side, str(host)) for side, p in enumerate((near, far))]
        ends[0].join(ends[1])
        ends[1].join(ends[0])
        far.connection_made(ends[1])
        near.connection_made(ends[0])
        return ends[0], near

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], host: str | None = None, port: int | None = None, **options: Any
    ) -> SimServer:
        name = "" if host in (None, "0.0.0.0", "::") else str(host)  # noqa: S104
        if not port:
            self._port += 1
            port = self._port
        if (name, port) in self._listeners:
            raise OSError(98, f"address {host}:{port} in use")
        server = SimServer(self, self._listeners, name, port, protocol_factory)
        self._listeners[name, port] = server
        return server

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """Runs the call at once: threads would not be replayed."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def call_soon_threadsafe(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]
        return self.call_soon(callback, *args, context=context)

    def _process_events(self, event_list: list[Any]) -> None:
        return None

    def _write_to_self(self) -> None:
        return None
