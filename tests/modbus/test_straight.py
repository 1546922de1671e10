"""The short way of the server: known reads, given to the kernel past the transport. All else comes in between."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from bessinside.modbus import Quirks, Server, Unit, connect
from bessinside.modbus.connection_tcp import TcpConnection
from bessinside.modbus.frames import read_pdu, tcp_frame
from bessinside.modbus.known import MOST, Known
from bessinside.modbus.trouble import Ask, Reply
from bessinside.runtime import clock, net
from bessinside.runtime.simulation import SimLoop

Scene = Callable[["Peer"], Coroutine[Any, Any, None]]
COUNT = 100
SIZE = 9 + 2 * COUNT


class Peer:
    """A bare client with small buffers, and the server's end of its connection."""

    def __init__(self, server: Server, unit: Unit, sock: socket.socket) -> None:
        self.server, self.unit, self.sock = server, unit, sock
        self.loop = asyncio.get_running_loop()
        self.sent = 0

    @property
    def end(self) -> TcpConnection:
        (connection,) = self.server.connections
        assert isinstance(connection, TcpConnection)
        return connection

    async def ask(self, count: int = 1) -> None:
        """Sends requests in one piece, numbered from 0, without reading; waits until the server has answered them."""
        wanted = self.server.counts["requests"] + count
        frames = b"".join(tcp_frame(self.sent + n, 1, read_pdu(3, (self.sent + n) % 7, COUNT)) for n in range(count))
        self.sent += count
        await self.loop.sock_sendall(self.sock, frames)
        await until(lambda: self.server.counts["requests"] == wanted)

    async def read(self, size: int) -> bytes:
        """That many bytes, or fewer where the stream ends before."""
        got = b""
        while len(got) < size and (piece := await self.loop.sock_recv(self.sock, 65536)):
            got += piece
        return got

    async def check(self, first: int, last: int) -> None:
        """The answers to the requests `first` up to `last` come next, whole, right and in order."""
        got = await self.read((last - first) * SIZE)
        assert len(got) == (last - first) * SIZE
        for n in range(first, last):
            frame = got[(n - first) * SIZE : (n - first + 1) * SIZE]
            assert int.from_bytes(frame[:2]) == n
            assert frame[9:] == self.unit.holding.words[n % 7 : n % 7 + COUNT].tobytes()

    async def fill(self) -> int:
        """Asks one by one until the kernel takes no more; the number of requests then."""
        await self.ask()
        await self.ask(7)  # now each of them is known
        while self.end._straight:
            await self.ask()
        transport = self.end._transport
        assert transport is not None
        assert transport.get_write_buffer_size() > 0
        return self.sent


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def peer(**options: Any) -> AsyncIterator[Peer]:
    unit = Unit()
    unit.holding.put(0, np.arange(1000) * 7)
    async with Server({1: unit}, **options) as server:
        port = await server.start()
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
            await until(lambda: bool(server.connections))
            made = Peer(server, unit, sock)
            transport = made.end._transport
            assert transport is not None
            number = transport.get_extra_info("socket").fileno()
            with socket.socket(fileno=number) as raw:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
                raw.detach()
            yield made


async def slow_reader(one: Peer) -> None:
    """What the kernel does not take waits in the transport, then the peer is read no more; all comes in the end."""
    await one.fill()
    while not one.end._full:
        await one.ask(10)
    transport = one.end._transport
    assert transport is not None
    assert not transport.is_reading()
    assert transport.get_write_buffer_size() < 200_000
    asked = one.server.counts["requests"]
    more = b"".join(tcp_frame(one.sent + n, 1, read_pdu(3, (one.sent + n) % 7, COUNT)) for n in range(5))
    await one.loop.sock_sendall(one.sock, more)  # into the kernel: nobody reads it now
    async with await connect(f"modbus+tcp://127.0.0.1:{one.sock.getpeername()[1]}") as other:
        assert len(await other.read(1, 3, 0, 125)) == 125
    assert one.server.counts["requests"] == asked + 1
    await one.check(0, one.sent + 5)
    one.sent += 5
    assert one.server.counts["requests"] == asked + 6
    for _ in range(2):  # the first finds that nothing waits any more, the second goes straight
        await one.ask()
        await one.check(one.sent - 1, one.sent)
    assert one.end._straight


async def half_closed(one: Peer) -> None:
    """A peer that has nothing more to ask gets what it asked for, then the end."""
    sent = await one.fill()
    one.sock.shutdown(socket.SHUT_WR)
    await one.check(0, sent)
    assert await one.read(1) == b""
    await until(lambda: not one.server.connections)


async def closed_while_writing(one: Peer) -> None:
    """A connection that the server closes ends after what was asked for."""
    sent = await one.fill()
    one.end.close()
    await one.check(0, sent)
    assert await one.read(1) == b""
    await until(lambda: not one.server.connections)


async def gone_while_writing(one: Peer) -> None:
    """A peer that vanishes with its socket full costs its own connection."""
    await one.fill()
    port = one.sock.getpeername()[1]
    one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    one.sock.close()
    await until(lambda: not one.server.connections)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}") as other:
        assert len(await other.read(1, 3, 0, 125)) == 125


async def gone_before_the_answer(one: Peer) -> None:
    """A request whose peer is reset before it is answered: the write fails, the connection ends, nothing is raised."""
    await one.ask()
    await one.ask()
    end = one.end
    assert end._straight
    frame = tcp_frame(9, 1, read_pdu(3, 0, COUNT))

    def broken(data: bytes) -> int:
        raise BrokenPipeError(32, "broken pipe")

    await one.check(0, 2)
    one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    one.sock.close()
    end._hand = broken
    end.data_received(frame)
    assert not end._straight
    await until(lambda: not one.server.connections)


async def changed_meanwhile(one: Peer) -> None:
    """Words, masks, units and trouble count from the next request on, whatever was known before."""
    await one.ask()
    await one.check(0, 1)
    await one.ask()
    assert one.end._straight
    await one.check(1, 2)

    async def reads(start: int = 1) -> bytes:
        await one.loop.sock_sendall(one.sock, tcp_frame(5, 1, read_pdu(3, start, 1)))
        return (await one.read(11))[7:]

    for _ in range(3):
        assert await reads() == bytes.fromhex("0302 0007")
    one.unit.holding.words[1] = 8
    assert await reads() == bytes.fromhex("0302 0008")
    one.unit.holding.readable[1] = False
    await one.loop.sock_sendall(one.sock, tcp_frame(5, 1, read_pdu(3, 1, 1)))
    assert (await one.read(9))[7:] == bytes.fromhex("8302")
    one.unit.holding.readable[1] = True
    assert await reads() == bytes.fromhex("0302 0008")
    other = Unit()
    other.holding.put(0, [0, 9])
    one.server.units = {1: other}
    assert await reads() == bytes.fromhex("0302 0009")
    assert await reads() == bytes.fromhex("0302 0009")
    one.server.trouble = lambda ask: Reply(ask.frame(b"\x83\x04"))
    await one.loop.sock_sendall(one.sock, tcp_frame(5, 1, read_pdu(3, 1, 1)))
    assert (await one.read(9))[7:] == bytes.fromhex("8304")
    one.server.trouble = None
    assert await reads() == bytes.fromhex("0302 0009")
    one.server.units = {}
    await one.loop.sock_sendall(one.sock, tcp_frame(5, 1, read_pdu(3, 1, 1)))
    assert (await one.read(9))[7:] == bytes.fromhex("830b")


async def pieces(one: Peer) -> None:
    """A known request that comes in two pieces, and with the next one's beginning, is answered like any other."""
    await one.ask()
    await one.ask(6)
    await one.check(0, 7)
    frames = b"".join(tcp_frame(n, 1, read_pdu(3, n % 7, COUNT)) for n in range(7, 30))
    end, at = one.end, 0
    for stop in (5, 12, 17, 36, 41, 43, 60, len(frames)):
        end.data_received(frames[at:stop])
        assert end.unfinished == (stop % 12 != 0)
        assert end._straight != end.unfinished
        at = stop
    await one.check(7, 30)


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
SCENES = [
    slow_reader, half_closed, closed_while_writing, gone_while_writing, gone_before_the_answer, changed_meanwhile,
    pieces,
]  # fmt: skip


@pytest.mark.parametrize("run", LOOPS)
@pytest.mark.parametrize("scene", SCENES)
def test_the_short_way(run: Callable[[Coroutine[Any, Any, None]], None], scene: Scene) -> None:
    async def main() -> None:
        async with peer() as one:
            await scene(one)

    run(main())


@pytest.mark.parametrize("quirks", [Quirks(max_registers=60), Quirks(pause_s=0.001), Quirks(first_answer_s=0.001)])
async def test_a_device_with_quirks_has_no_short_way(quirks: Quirks) -> None:
    async with peer(quirks=quirks) as one:
        for _ in range(3):
            await one.loop.sock_sendall(one.sock, tcp_frame(1, 1, read_pdu(3, 1, 1)))
            assert await one.read(11) == bytes.fromhex("0001 0000 0005 01 03 02 0007")
            assert not one.end._straight
        assert not one.server.known


async def test_the_time_of_the_last_word_is_known_to_a_second() -> None:
    async with peer() as one:
        await one.ask(7)
        began = clock.monotonic()
        await one.ask()
        before = one.end.last
        assert before == one.server.now
        assert began - 0.01 <= before <= clock.monotonic()
        await until(lambda: not one.server.timed)
        await one.ask()
        assert one.end.last == one.server.now >= before + 0.9


async def test_there_is_a_hand_only_where_there_is_a_bare_socket(unit: Unit) -> None:
    async with Server({1: unit}) as server:
        transport, _ = await net.connect(asyncio.Protocol, "127.0.0.1", await server.start())
        assert net.hand(transport) is not None
        transport.close()
    assert net.hand(asyncio.Transport()) is None


def test_what_is_known_is_bounded(unit: Unit) -> None:
    known = Known()
    for start in range(100):
        for count in range(1, 101):
            known.learn(tcp_frame(1, 1, read_pdu(3, start, count)), unit)
            assert 1 <= len(known) <= MOST
    known.clear()
    known.learn(tcp_frame(1, 1, read_pdu(1, 0, 8)), unit)
    assert not known


def test_a_flood_holds_up_nobody_else(unit: Unit) -> None:
    """One large piece is served over many turns of the loop; the other's request comes in between."""
    order: list[int] = []

    class Sink(asyncio.Transport):
        def __init__(self, number: int) -> None:
            super().__init__()
            self.number, self.reading, self.wrote = number, True, 0

        def write(self, data: bytes) -> None:  # type: ignore[override]
            order.append(self.number)
            self.wrote += len(data)

        def is_reading(self) -> bool:
            return self.reading

        def pause_reading(self) -> None:
            self.reading = False

        def resume_reading(self) -> None:
            self.reading = True

        def is_closing(self) -> bool:
            return False

    async def main() -> None:
        server = Server({1: unit})
        ends = [TcpConnection(server) for _ in range(2)]
        sinks = [Sink(number) for number in range(2)]
        for end, sink in zip(ends, sinks, strict=True):
            end.connection_made(sink)
        frame = tcp_frame(1, 1, read_pdu(3, 0, 1))
        ends[0].data_received(frame * 5000 + frame[:5])
        assert not sinks[0].reading
        ends[1].data_received(frame)
        while not sinks[0].reading:
            await clock.sleep(0.0)
        assert [sink.wrote for sink in sinks] == [5000 * 11, 11]
        assert order.index(1) < 3 < len(order) - 3
        assert ends[0].unfinished
        ends[0].data_received(frame[5:])
        assert not ends[0].unfinished
        assert server.counts["requests"] == 5002

    loop = SimLoop(1)
    loop.run(main())
    loop.close()


def test_the_hook_sees_every_request_although_they_are_known(unit: Unit) -> None:
    seen: list[int] = []

    def hook(ask: Ask) -> Reply | None:
        seen.append(ask.request[1])
        return None

    async def main() -> None:
        async with Server({1: unit}) as server, await connect(f"modbus+tcp://127.0.0.1:{await server.start()}") as one:
            for _ in range(3):
                await one.read(1, 3, 0, 1)
            server.trouble = hook
            for _ in range(3):
                await one.read(1, 3, 0, 1)

    asyncio.run(main())
    assert len(seen) == 3
