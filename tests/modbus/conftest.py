"""Devices of every temper, on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest

from bessinside.modbus import Quirks, Unit
from bessinside.modbus.server import Server

WORDS = (np.arange(2000) * 40503 % 65536).astype(np.uint16)
BITS = (WORDS >> 3 & 1).astype(np.uint16)


def make_unit() -> Unit:
    """2,000 words in each register table, 2,000 bits in each bit table."""
    unit = Unit(identification={0: "BESS Inside", 1: "T1", 2: "0.1"})
    unit.holding.put(0, WORDS)
    unit.input.put(0, WORDS[::-1])
    unit.coils.put(0, BITS)
    unit.discrete.put(0, BITS[::-1])
    return unit


@pytest.fixture
def unit() -> Unit:
    return make_unit()


@pytest.fixture
def words() -> np.ndarray:
    """The words of the unit's holding registers; its input registers hold them backwards."""
    return WORDS.copy()


@pytest.fixture
def bits() -> np.ndarray:
    """The bits of the unit's coils; its discrete inputs hold them backwards."""
    return BITS.copy()


@pytest.fixture
async def server(unit: Unit) -> AsyncIterator[Server]:
    async with Server({1: unit}) as running:
        running.port = await running.start()  # type: ignore[attr-defined]
        yield running


@pytest.fixture
def quick() -> Quirks:
    """A device that is given up on soon."""
    return Quirks(timeout_s=0.15)


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[[Script], Awaitable[int]]]:
    """Starts a server that does on each connection what a script says; gives its port."""
    servers: list[asyncio.Server] = []
    tasks: list[asyncio.Task[None]] = []

    async def start(script: Script) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.append(task)
            try:
                await script(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for server in servers:
        server.close()
