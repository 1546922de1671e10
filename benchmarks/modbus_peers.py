"""The servers and loads that `modbus.py` compares: ours, pymodbus, bare asyncio, bare epoll and a C server."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bessinside.modbus import Server, Unit, connect, plan
from bessinside.modbus.sweep import Image

REGISTERS = 9000
PLAN = plan(3, np.arange(REGISTERS), 1)
REQUESTS = len(PLAN.requests)
Load = Callable[[int, float], Awaitable[int]]


def installed(package: str) -> bool:
    """Whether a peer, or a loop, is installed."""
    return importlib.util.find_spec(package) is not None


# servers, each in a process of its own


async def serve_ours() -> None:
    unit = Unit()
    unit.holding.put(0, np.arange(REGISTERS))
    server = Server({1: unit}, max_connections=4096)
    print(await server.start(), flush=True)
    await asyncio.Event().wait()


async def serve_pymodbus() -> None:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    device = SimDevice(1, [SimData(0, values=list(range(REGISTERS)), datatype=DataType.REGISTERS)])
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print(server.transport.sockets[0].getsockname()[1], flush=True)  # type: ignore[union-attr]
    await asyncio.Event().wait()


class Served:
    """A running server process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.port = int(process.stdout.readline())

    def cpu(self) -> float:
        """Seconds of CPU the process has used (Linux: scheduler statistics, in nanoseconds)."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0]) / 1e9


@contextmanager
def served(kind: str, folder: Path) -> Iterator[Served]:
    """Runs `ours`, `ours-uvloop`, `pymodbus`, `c`, or `c-awake`, which never sleeps where there is a core for it."""
    command = [sys.executable, __file__, kind]
    if kind in ("c", "c-awake"):
        program = folder / "peer_server"
        if not program.exists():
            source = Path(__file__).with_name("peer_server.c")
            subprocess.run([shutil.which("cc") or "cc", "-O2", str(source), "-o", str(program)], check=True)
        command = [str(program), *(["awake"] if kind == "c-awake" and (os.cpu_count() or 1) > 1 else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Served(process)
        finally:
            process.kill()


# clients: read for some seconds over some connections, give the number of requests answered


def our_load(port: int, window: int) -> Load:
    async def load(connections: int, seconds: float) -> int:
        clients = [await connect(f"modbus+tcp://127.0.0.1:{port}") for _ in range(connections)]
        image: Image = np.zeros(PLAN.size, ">u2")
        done = 0
        until = time.monotonic() + seconds

        async def run(number: int) -> None:
            nonlocal done
            client = clients[number]
            client.window = window
            while time.monotonic() < until:
                sweep = await client.sweep(PLAN, image=image)
                if not sweep.ok:
                    raise RuntimeError(next(iter(sweep.error.values())))
                done += REQUESTS

        await asyncio.gather(*map(run, range(connections)))
        for client in clients:
            await client.close()
        return done

    return load


class EpollLoad:
    """Fixed bytes sent and taken on bare sockets, no loop of anybody's.

    One that stays awake is never woken by what the server sends, as no client elsewhere on a network would be.
    """

    def __init__(self, port: int, connections: int, window: int, awake: bool = False) -> None:
        self.poll, self.patience, self.window = select.epoll(), 0 if awake else None, window
        self.sockets: dict[int, socket.socket] = {}
        for _ in range(connections):
            end = socket.create_connection(("127.0.0.1", port))
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.setblocking(False)
            self.sockets[end.fileno()] = end
            self.poll.register(end.fileno(), select.EPOLLIN)

    def run(self, seconds: float) -> int:
        """Asks on every connection until the time is over; requests answered, all of those that were sent."""
        store, sockets, poll, patience = bytearray(8192), self.sockets, self.poll, self.patience
        request, size = Bare.request * self.window, 259 * self.window
        missing = dict.fromkeys(sockets, size)
        for end in sockets.values():
            end.send(request)
        done, until, open_ends = 0, time.monotonic() + seconds, len(sockets)
        while open_ends:
            ended = time.monotonic() > until
            for number, _ in poll.poll(patience):
                end = sockets[number]
                missing[number] -= end.recv_into(store)
                if not missing[number]:
                    done += self.window
                    if ended:
                        open_ends -= 1
                        continue
                    missing[number] = size
                    end.send(request)
        return done

    def close(self) -> None:
        """Closes all connections."""
        for end in self.sockets.values():
            end.close()
        self.poll.close()


class Bare(asyncio.BufferedProtocol):
    """The least that asyncio can do: send a fixed request, take the bytes, send it again."""

    request = bytes.fromhex("00010000000601030000007d")

    def __init__(self) -> None:
        self.answers = 0
        self.until = 0.0
        self.ended = asyncio.get_running_loop().create_future()
        self.store = memoryview(bytearray(4096))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.write = transport.write  # type: ignore[attr-defined]

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.store

    def buffer_updated(self, nbytes: int) -> None:
        self.answers += 1
        if time.monotonic() < self.until:
            self.write(self.request)
        elif not self.ended.done():
            self.ended.set_result(None)


def bare_load(port: int) -> Load:
    async def load(connections: int, seconds: float) -> int:
        loop = asyncio.get_running_loop()
        ends = [(await loop.create_connection(Bare, "127.0.0.1", port))[1] for _ in range(connections)]
        for end in ends:
            end.until = time.monotonic() + seconds
            end.write(end.request)
        await asyncio.gather(*(end.ended for end in ends))
        for end in ends:
            end.transport.close()
        return sum(end.answers for end in ends)

    return load


def pymodbus_load(port: int) -> Load:
    from pymodbus.client import AsyncModbusTcpClient

    async def load(connections: int, seconds: float) -> int:
        clients = [AsyncModbusTcpClient("127.0.0.1", port=port) for _ in range(connections)]
        for client in clients:
            await client.connect()
        done = 0
        until = time.monotonic() + seconds

        async def run(client: AsyncModbusTcpClient) -> None:
            nonlocal done
            while time.monotonic() < until:
                for request in PLAN.requests[:8]:
                    answer = await client.read_holding_registers(request.address, count=request.count, device_id=1)
                    if answer.isError():
                        raise RuntimeError(str(answer))
                done += 8

        await asyncio.gather(*map(run, clients))
        for client in clients:
            client.close()
        return done

    return load


if __name__ == "__main__":
    if sys.argv[1] == "ours-uvloop":
        import uvloop

        uvloop.run(serve_ours())
    else:
        asyncio.run({"ours": serve_ours, "pymodbus": serve_pymodbus}[sys.argv[1]]())
