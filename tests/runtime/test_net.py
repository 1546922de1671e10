"""Streams: what is written at once and what has to wait come in order, on either loop."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from bessinside.runtime import net

SIZE, PIECES = 300_000, 40  # more than the kernel takes at once
PIECE = bytes(range(256)) * (SIZE // 256)


class Sender(asyncio.Protocol):
    """Writes everything at once, whether or not it is taken."""

    def __init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        write = net.writer(cast("asyncio.Transport", transport))  # other loops have transports of their own
        for number in range(PIECES):
            write(number.to_bytes(2, "big") + PIECE)
        write(b"end")
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(exc)


async def slowly() -> None:
    """A reader that starts late gets every byte, in order."""
    listener = await net.listen(Sender, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", net.port_of(listener))
    await asyncio.sleep(0.05)
    got = await reader.read(-1)
    wanted = b"".join(number.to_bytes(2, "big") + PIECE for number in range(PIECES)) + b"end"
    assert len(got) == len(wanted), (len(got), len(wanted))
    assert hashlib.sha256(got).digest() == hashlib.sha256(wanted).digest()
    writer.close()
    listener.close()


async def gone() -> None:
    """A reader that is gone ends the stream, and nothing is raised where the bytes are written."""
    senders: list[Sender] = []

    def made() -> Sender:
        senders.append(Sender())
        return senders[-1]

    listener = await net.listen(made, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", net.port_of(listener))
    writer.transport.abort()
    async with asyncio.timeout(10):
        while not senders:
            await asyncio.sleep(0.01)
        with contextlib.suppress(ConnectionError):
            await senders[0].ended
    listener.close()


def uvloop_run(work: Coroutine[Any, Any, None]) -> None:
    import uvloop

    uvloop.run(work)


LOOPS = [
    pytest.param(asyncio.run, id="asyncio"),
    pytest.param(
        uvloop_run,
        id="uvloop",
        marks=pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed"),
    ),
]


@pytest.mark.parametrize("run", LOOPS)
@pytest.mark.parametrize("what", [slowly, gone])
def test_what_is_written_comes_whole_and_in_order(
    run: Callable[[Coroutine[Any, Any, None]], None], what: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    run(what())
