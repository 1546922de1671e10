"""Serves units over Modbus: one process, many connections, RTU and MBAP framing, plain, in TLS or on a serial line."""

from __future__ import annotations

import asyncio
import ssl as tls
import types
from collections import Counter
from collections.abc import Mapping

from bessinside.modbus.connection import Connection
from bessinside.modbus.connection_rtu import RtuConnection
from bessinside.modbus.connection_tcp import TcpConnection
from bessinside.modbus.errors import EndpointError
from bessinside.modbus.known import Known
from bessinside.modbus.quirks import Quirks
from bessinside.modbus.security import Rights
from bessinside.modbus.trouble import Trouble
from bessinside.modbus.unit import Unit
from bessinside.runtime import clock, net

_STALE_S = 10.0
IDLE_S = 120.0


class Server:
    """Answers for `units`, which may be changed while it runs.

    quirks: limits of the emulated device (registers a request, pause, one connection, slow first answer)
    silent: whether a unit that is not served is met with silence instead of exception 11
    trouble: makes answers late, wrong or missing; see :mod:`bessinside.modbus.trouble`
    max_connections: further ones are closed at once, so that a flood holds no more than this; but one on which nothing
    came for `idle_s`, to a second, makes room for a new one: its client may have vanished. Without a newcomer nobody is
    cut for being slow, only for being gone (:func:`bessinside.runtime.net.keep_alive`)
    counts: requests, frames refused by name, connections; for tests and health pages
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        *,
        quirks: Quirks | None = None,
        silent: bool = False,
        trouble: Trouble | None = None,
        max_connections: int = 512,
        idle_s: float = IDLE_S,
        rights: Rights | None = None,
    ) -> None:
        self.units = units
        self.quirks = quirks or Quirks()
        self.silent = silent
        self.trouble = trouble
        self.max_connections = 1 if self.quirks.one_connection else max_connections
        self.idle_s = idle_s
        self.rights = rights
        self.known = Known()
        self.answered = 0
        self.now = 0.0
        self.timed = False
        self.connections: set[Connection] = set()
        self._counts: Counter[str] = Counter()
        self._listeners: list[asyncio.AbstractServer] = []
        self._serial: list[asyncio.Transport] = []
        self._sweeper: asyncio.TimerHandle | None = None
        self._second: asyncio.TimerHandle | None = None

    @property
    def counts(self) -> Counter[str]:
        """What happened, by name."""
        if self.answered:
            self._counts["requests"] += self.answered
            self.answered = 0
        return self._counts

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, *, framing: str = "tcp", ssl: tls.SSLContext | None = None
    ) -> int:
        """Listens and gives the port. `framing="rtu"` serves RTU frames over TCP; `ssl` makes it Modbus/TCP Security,
        for which the server needs `rights`. Several listeners may serve the same units."""
        if ssl is not None and self.rights is None:
            raise EndpointError(f"{host}:{port}: Modbus/TCP Security needs the rights of roles: Server(rights=…)")
        kind: type[Connection] = TcpConnection if framing == "tcp" else RtuConnection
        secure = ssl is not None
        try:
            listener = await net.listen(lambda: kind(self, secure), host, port, ssl=ssl)
        except OSError as error:
            raise EndpointError(f"cannot listen on {host}:{port}: {error}; is another server running there?") from error
        self._listeners.append(listener)
        return net.port_of(listener)

    async def start_serial(self, path: str, *, baudrate: int = 19200, parity: str = "N", stopbits: int = 1) -> None:
        """Serves RTU frames on a serial line; other units' frames on it are left alone."""
        try:
            transport, _ = await net.open_serial(
                lambda: RtuConnection(self, False, baudrate), path, baudrate=baudrate, parity=parity, stopbits=stopbits
            )
        except OSError as error:
            raise EndpointError(str(error)) from error
        self._serial.append(transport)

    async def stop(self) -> None:
        """Closes the listeners and every connection."""
        for timer in (self._sweeper, self._second):
            if timer is not None:
                timer.cancel()
        self._sweeper = self._second = None
        self.timed = False
        for listener in self._listeners:
            listener.close()
        for connection in list(self.connections):
            connection.close()
        self._listeners.clear()
        self._serial.clear()

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        await self.stop()

    def room(self) -> bool:
        """Whether one more connection may be had; the one that was silent for longest makes room where it may."""
        taken = [connection for connection in self.connections if not connection.serial]
        if len(taken) < self.max_connections:
            return True
        oldest = min(taken, key=lambda connection: connection.last)
        if clock.monotonic() - oldest.last < self.idle_s:
            return False
        oldest.refuse("idle")
        self.connections.discard(oldest)
        return True

    def look(self) -> None:
        """Reads the time for the second that begins: one reading for all that is heard in it."""
        self.now = clock.monotonic()
        self.timed = True
        self._second = asyncio.get_running_loop().call_later(1.0, self._over)

    def _over(self) -> None:
        self._second = None
        self.timed = False

    def watch(self) -> None:
        """A connection holds part of a frame: looks after it until it is whole or stale."""
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(_STALE_S / 2, self._sweep)

    def _sweep(self) -> None:
        """Closes connections that began a frame and did not end it: a slow-loris holds no connection for long."""
        self._sweeper = None
        stale = clock.monotonic() - _STALE_S
        unfinished = [connection for connection in self.connections if connection.unfinished]
        for connection in unfinished:
            if connection.last < stale:
                connection.refuse("stale")
        if unfinished:
            self.watch()
