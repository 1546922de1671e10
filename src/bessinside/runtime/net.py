"""Sockets and serial lines, opened on the running loop; under a simulated loop they are links in memory."""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import ssl as tls
from collections.abc import Callable
from typing import Any, TypeVar

_HANDSHAKE_S = 10.0
_PROBING = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}  # s, s, probes, ms
P = TypeVar("P", bound=asyncio.BaseProtocol)


async def connect(
    factory: Callable[[], P],
    host: str,
    port: int,
    *,
    ssl: tls.SSLContext | None = None,
    server_hostname: str | None = None,
) -> tuple[asyncio.Transport, P]:
    """Opens a stream to `host`:`port`; raises OSError (ssl.SSLError among them) when that fails."""
    loop = asyncio.get_running_loop()
    return await loop.create_connection(factory, host, port, ssl=ssl, server_hostname=server_hostname)


async def listen(
    factory: Callable[[], asyncio.BaseProtocol],
    host: str,
    port: int,
    *,
    ssl: tls.SSLContext | None = None,
) -> asyncio.AbstractServer:
    """Listens on `host`:`port`; port 0 takes a free one, which :func:`port_of` tells."""
    loop = asyncio.get_running_loop()
    limit = _HANDSHAKE_S if ssl is not None else None
    return await loop.create_server(factory, host, port, ssl=ssl, ssl_handshake_timeout=limit)


def port_of(server: asyncio.AbstractServer) -> int:
    """The port a server of :func:`listen` listens on."""
    sockets: Any = server.sockets  # type: ignore[attr-defined]
    return int(sockets[0].getsockname()[1])


async def open_serial(
    factory: Callable[[], P],
    path: str,
    *,
    baudrate: int = 19200,
    parity: str = "N",
    stopbits: int = 1,
) -> tuple[asyncio.Transport, P]:
    """Opens a serial line with 8 data bits; raises OSError when the line cannot be opened."""
    from bessinside.runtime.serial_line import SerialTransport, open_port

    loop = asyncio.get_running_loop()
    protocol = factory()
    transport = SerialTransport(loop, open_port(path, baudrate, parity, stopbits), protocol)
    return transport, protocol


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Lets the kernel find out whether the peer is still there: a stream whose peer vanished ends after a minute.

    A silent stream is probed; on one with data that nobody acknowledges the wait is bounded likewise, which probes
    would not do. A peer that is there and says nothing is not disturbed. Links without a socket have nothing to set.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBING.items():
        if (option := getattr(socket, name, None)) is not None:  # each system knows some of them
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def quick_ack(transport: asyncio.BaseTransport) -> Callable[[], None] | None:
    """A function that asks the kernel to acknowledge at once, or None where there is no such option.

    A peer that writes small answers under Nagle's algorithm waits for our acknowledgement, which Linux delays
    by 40 ms; the option lasts for one receive, so it is set again before each.
    """
    option = getattr(socket, "TCP_QUICKACK", None)
    sock = transport.get_extra_info("socket")
    if option is None or sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return None

    def acknowledge() -> None:
        sock.setsockopt(socket.IPPROTO_TCP, option, 1)

    return acknowledge


def hand(transport: asyncio.Transport) -> Callable[[bytes], int] | None:
    """A function that hands bytes to the kernel past the transport, and gives how many it took or raises OSError.

    None where there is no bare socket to do it with: in TLS, in memory, on a serial line. It is for who knows that
    nothing waits in the transport (`get_write_buffer_size`), and only until `connection_lost`: the number of the socket
    may then be another's.
    """
    sock = transport.get_extra_info("socket")
    known = type(transport).__module__.startswith(("uvloop", "asyncio.selector_events"))
    if not known or os.name != "posix" or sock is None or transport.get_extra_info("sslcontext") is not None:
        return None
    return functools.partial(os.write, sock.fileno())


def writer(transport: asyncio.Transport) -> Callable[[bytes], None]:
    """A function that writes to a stream: what the kernel takes at once, and the rest through the transport.

    asyncio's own transports do just that. uvloop's keep every write until the end of the loop's turn, which gathers
    many small ones but costs one large write about a microsecond.
    """
    give, waiting = hand(transport), transport.get_write_buffer_size
    if give is None or not type(transport).__module__.startswith("uvloop"):
        return transport.write

    def write(data: bytes) -> None:
        if not waiting() and not transport.is_closing():
            try:
                sent = give(data)
            except OSError:  # full, or broken: the transport finds out which, and says so
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)

    return write
