"""A serial line as an asyncio transport: pyserial sets the line up, the loop watches its file descriptor."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import serial

_CHUNK = 4096


def open_port(path: str, baudrate: int, parity: str, stopbits: int) -> serial.Serial:
    """Opens `path` non-blocking with 8 data bits; OSError says which line and why."""
    try:
        return serial.Serial(path, baudrate, parity=parity, stopbits=stopbits, timeout=0, exclusive=True)
    except (serial.SerialException, ValueError) as error:
        raise OSError(f"{path}: serial line cannot be opened ({baudrate} Bd, parity {parity}): {error}") from error


class SerialTransport(asyncio.Transport):
    """Reads and writes the descriptor of an open port on the running loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: serial.Serial, protocol: asyncio.BaseProtocol) -> None:
        super().__init__({"serial": port})
        self._loop = loop
        self._port = port
        self._fd: int = port.fileno()
        self._protocol: Any = protocol
        self._buffered = isinstance(protocol, asyncio.BufferedProtocol)
        self._out = bytearray()
        self._closing = False
        self._reading = True
        loop.add_reader(self._fd, self._readable)
        protocol.connection_made(self)

    def _readable(self) -> None:
        try:
            chunk = os.read(self._fd, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:  # EIO: the other end of a pseudo terminal is gone, the adapter was pulled
            self._lost(error)
            return
        if not chunk:
            self._lost(OSError(f"{self._port.port}: the serial line ended"))
        elif not self._buffered:
            self._protocol.data_received(chunk)
        else:
            rest = memoryview(chunk)
            while rest and not self._closing:
                space = self._protocol.get_buffer(len(rest))
                taken = min(len(space), len(rest))
                space[:taken] = rest[:taken]
                self._protocol.buffer_updated(taken)
                rest = rest[taken:]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        waiting = bool(self._out)
        self._out += data
        if not waiting:
            self._writable()

    def _writable(self) -> None:
        try:
            del self._out[: os.write(self._fd, self._out)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._lost(error)
            return
        if self._out:
            self._loop.add_writer(self._fd, self._writable)
        else:
            self._loop.remove_writer(self._fd)
            if self._closing:
                self._lost(None)

    def pause_reading(self) -> None:
        if self._reading and not self._closing:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def resume_reading(self) -> None:
        if not self._reading and not self._closing:
            self._reading = True
            self._loop.add_reader(self._fd, self._readable)

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.remove_reader(self._fd)
            if not self._out:
                self._loop.call_soon(self._lost, None)

    def abort(self) -> None:
        self._lost(None)

    def _lost(self, error: OSError | None) -> None:
        if self._fd < 0:
            return
        self._closing = True
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._fd = -1
        self._port.close()
        self._loop.call_soon(self._protocol.connection_lost, error)
