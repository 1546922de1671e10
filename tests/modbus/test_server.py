"""The server, spoken to with bare bytes: what it answers, what it refuses, and whom it lets down (nobody)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

import numpy as np
import pytest

from bessinside.modbus import Quirks, Server, Unit, connect
from bessinside.modbus.errors import AnswerTimeout, EndpointError, LimitError, LinkClosed
from bessinside.modbus.frames import parse_tcp, read_pdu, tcp_frame
from bessinside.modbus.server import IDLE_S
from bessinside.modbus.trouble import Ask, Reply
from bessinside.runtime import clock
from bessinside.runtime.faults import FaultTable
from bessinside.runtime.simulation import SimLoop


async def ask(port: int, *frames: bytes, answers: int | None = None) -> list[bytes]:
    """Sends all frames in one segment and gives the PDUs of the answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(frames))
    found = []
    try:
        for _ in range(len(frames) if answers is None else answers):
            header = await asyncio.wait_for(reader.readexactly(6), 1)
            body = await reader.readexactly(int.from_bytes(header[4:6], "big"))
            found.append(parse_tcp(header + body)[1])
    finally:
        writer.close()
    return found


@pytest.mark.parametrize(
    ("request_pdu", "answer"),
    [
        ("0300000001", "03020000"),
        ("03 0000 007e", "8303"),
        ("03 0000 0000", "8303"),
        ("03 07cf 0002", "8302"),
        ("03 ffff 0002", "8302"),
        ("04 ffff 0001", "8402"),
        ("01 0000 07d1", "8103"),
        ("02 07d0 0001", "8202"),
        ("03 0000 0001 00", "8303"),
        ("03", "8303"),
        ("07", "8701"),
        ("63 00", "e301"),
        ("06 0000 0001", "8601"),
        ("05 0000 ff00", "8501"),
        ("05 0000 1234", "8503"),
        ("06 0000", "8603"),
        ("10 0000 0001 02 0001", "9001"),
        ("10 0000 0001 03 0001", "9003"),
        ("10 0000 007c f8", "9003"),
        ("0f 0000 0001 02 00", "8f03"),
        ("2b 0d 00", "ab01"),
        ("2b 0e 05 00", "ab03"),
        ("2b 0e 04 09", "ab02"),
        ("83 0000 0001", "8301"),
    ],
)
async def test_what_cannot_be_answered_is_refused_as_the_specification_says(
    server: Server, request_pdu: str, answer: str
) -> None:
    (found,) = await ask(server.port, tcp_frame(7, 1, bytes.fromhex(request_pdu)))  # type: ignore[attr-defined]
    assert found.hex() == answer


async def test_every_request_of_a_segment_is_answered_in_order(server: Server, words: np.ndarray) -> None:
    asked = [tcp_frame(i, 1, read_pdu(3, i, 2)) for i in range(100)]
    asked[50] = tcp_frame(50, 1, read_pdu(1, 0, 8))
    found = await ask(server.port, *asked)  # type: ignore[attr-defined]
    assert [int.from_bytes(pdu[2:4], "big") for i, pdu in enumerate(found) if i != 50] == [
        int(words[i]) for i in range(100) if i != 50
    ]
    assert found[50][0] == 1


async def test_a_request_in_single_bytes_is_answered(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)  # type: ignore[attr-defined]
    for byte in tcp_frame(1, 1, read_pdu(3, 0, 3)) * 2:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0.001)
    assert len(await asyncio.wait_for(reader.readexactly(30), 1)) == 30
    writer.close()


async def test_a_unit_that_is_not_served_is_refused_or_silent(unit: Unit) -> None:
    async with Server({1: unit}) as loud, Server({1: unit}, silent=True) as silent:
        assert (await ask(await loud.start(), tcp_frame(1, 2, read_pdu(3, 0, 1))))[0].hex() == "830b"
        with pytest.raises(TimeoutError):
            await ask(await silent.start(), tcp_frame(1, 2, read_pdu(3, 0, 1)))


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", bytes.fromhex("0001000000ff0103"), bytes.fromhex("00010000000101"), b"\xff" * 9000],
    ids=["http", "length 255", "length 1", "ones"],
)
async def test_garbage_ends_its_own_connection_and_no_other(server: Server, garbage: bytes) -> None:
    port = server.port  # type: ignore[attr-defined]
    async with await connect(f"modbus+tcp://127.0.0.1:{port}") as canary:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(tcp_frame(1, 1, read_pdu(3, 0, 1)) + garbage)
        good = await asyncio.wait_for(reader.readexactly(11), 1)
        assert good[7:] == bytes.fromhex("03020000")
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 1) == b""
        writer.close()
        assert (await canary.read(1, 3, 0, 1)).tolist() == [0]
    assert server.counts["not Modbus"] + server.counts["wrong length"] == 1


async def test_the_slow_the_silent_and_the_half_closed_stop_nobody(server: Server) -> None:
    port = server.port  # type: ignore[attr-defined]
    writers = []
    for i in range(60):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(tcp_frame(1, 1, read_pdu(3, 0, 125))[: i % 12])
        if i % 3 == 0:
            writer.write_eof()
        writers.append(writer)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}") as canary:
        began = time.monotonic()
        for _ in range(50):
            await canary.read(1, 3, 0, 125)
        assert time.monotonic() - began < 1
    assert len(server.connections) <= 41  # the half-closed are gone
    for writer in writers:
        writer.close()


async def test_a_client_that_never_reads_fills_its_own_connection_only(server: Server) -> None:
    port = server.port  # type: ignore[attr-defined]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    flood = tcp_frame(1, 1, read_pdu(3, 0, 125)) * 1000
    sent = 0
    for _ in range(100):
        writer.write(flood)
        sent += len(flood)
        try:
            await asyncio.wait_for(writer.drain(), 0.05)
        except TimeoutError:
            break
    (glutton,) = server.connections
    transport = glutton._transport
    assert transport is not None
    assert transport.get_write_buffer_size() < 200_000
    assert not transport.is_reading()
    async with await connect(f"modbus+tcp://127.0.0.1:{port}") as canary:
        assert len(await canary.read(1, 3, 0, 125)) == 125
    writer.transport.abort()


async def test_stale_beginnings_are_cut(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)  # type: ignore[attr-defined]
    writer.write(b"\0\1\0\0")
    await asyncio.sleep(0.05)
    (connection,) = server.connections
    connection.last -= 60
    server._sweep()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 1)
    assert server.counts["stale"] == 1


async def test_one_connection_only(unit: Unit) -> None:
    async with Server({1: unit}, quirks=Quirks(one_connection=True)) as server:
        url = f"modbus+tcp://127.0.0.1:{await server.start()}"
        first = await connect(url)
        await first.read(1, 3, 0, 1)
        second = await connect(url)
        await asyncio.sleep(0.02)
        assert second.closed
        assert (await first.read(1, 3, 0, 1)).tolist() == [0]
        await first.close()
        await asyncio.sleep(0.02)
        async with await connect(url) as third:
            await third.read(1, 3, 0, 1)


def test_a_client_that_vanished_makes_room_for_the_next_one(unit: Unit) -> None:
    """Its side of the link is gone without a word, as after a loss of power: its connection is taken over, later."""
    loop = SimLoop(1)

    async def main() -> None:
        async with Server({1: unit}, quirks=Quirks(one_connection=True)) as server:
            url = f"modbus+tcp://127.0.0.1:{await server.start()}"
            lost = await connect(url)
            await lost.read(1, 3, 0, 1)
            loop.faults = FaultTable(hang=1.0)
            with pytest.raises(AnswerTimeout):
                await lost.read(1, 3, 0, 1)
            loop.faults = FaultTable()
            await clock.sleep(IDLE_S - 10.0)
            early = await connect(url)
            with pytest.raises(LinkClosed):
                await early.read(1, 3, 0, 1)
            await clock.sleep(10.0)
            async with await connect(url) as late:
                assert (await late.read(1, 3, 0, 1)).tolist() == [0]
            assert (server.counts["connections refused"], server.counts["idle"]) == (1, 1)

    loop.run(main())
    loop.close()


def test_a_slow_client_is_not_cut_while_nobody_else_comes(unit: Unit) -> None:
    loop = SimLoop(1)

    async def main() -> None:
        async with Server({1: unit}, quirks=Quirks(one_connection=True)) as server:
            slow = await connect(f"modbus+tcp://127.0.0.1:{await server.start()}")
            for _ in range(4):
                await clock.sleep(3600.0)
                await slow.read(1, 3, 0, 1)
            await slow.close()

    loop.run(main())
    loop.close()


async def test_the_kernel_looks_after_silent_clients(server: Server) -> None:
    async with await connect(f"modbus+tcp://127.0.0.1:{server.port}") as client:  # type: ignore[attr-defined]
        await client.read(1, 3, 0, 1)
        (connection,) = server.connections
        assert connection._transport is not None
        sock = connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        probing = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        found = {name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in probing}
        assert found["TCP_KEEPIDLE"] + found["TCP_KEEPINTVL"] * found["TCP_KEEPCNT"] == 60
        assert found["TCP_USER_TIMEOUT"] == 60_000


async def test_a_device_with_a_limit_and_a_pause(unit: Unit) -> None:
    async with Server({1: unit}, quirks=Quirks(max_registers=60, pause_s=0.02)) as server:
        port = await server.start()
        began = time.monotonic()
        found = await ask(port, *(tcp_frame(i, 1, read_pdu(3, 0, n)) for i, n in enumerate((60, 61, 1, 1))))
        assert time.monotonic() - began > 0.055
        assert [pdu[:2].hex() for pdu in found] == ["0378", "8303", "0302", "0302"]


async def test_trouble_can_be_made(unit: Unit) -> None:
    """The hook sees unit, request and right answer, and may replace, delay, withhold or cut."""
    seen: list[tuple[int, int, int]] = []
    plan = iter([None, Reply(b"", 0.0), Reply(b"x" * 9, 0.05), Reply(b"", close=True)])

    def trouble(ask: Ask) -> Reply | None:
        seen.append((ask.unit, len(ask.request), len(ask.right)))
        return next(plan)

    async with Server({1: unit}, trouble=trouble) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.start())
        writer.write(tcp_frame(1, 1, read_pdu(3, 0, 1)) * 4)
        got = await asyncio.wait_for(reader.read(), 1)
        while not reader.at_eof():
            got += await asyncio.wait_for(reader.read(), 1)
        assert len(got) == 11 + 9
        assert seen == [(1, 12, 11)] * 4
        server.trouble = None
        writer.close()


async def test_words_may_change_while_they_are_served(server: Server, unit: Unit) -> None:
    async with await connect(f"modbus+tcp://127.0.0.1:{server.port}") as client:  # type: ignore[attr-defined]
        unit.holding.words[5:7] = [1, 65535]
        assert (await client.read(1, 3, 5, 2)).tolist() == [1, 65535]
        unit.holding.readable[6] = False
        (found,) = await ask(server.port, tcp_frame(1, 1, read_pdu(3, 5, 2)))  # type: ignore[attr-defined]
        assert found.hex() == "8302"


async def test_identification_that_does_not_fit_goes_on_in_a_second_answer(unit: Unit) -> None:
    unit.identification = {0: "V" * 120, 1: "P" * 120, 2: "R" * 20, 4: "name", 0x90: "private"}
    async with Server({1: unit}) as server:
        port = await server.start()
        (first,) = await ask(port, tcp_frame(1, 1, bytes.fromhex("2b0e0300")))
        assert first[4:7] == b"\xff\x02\x02"
        (rest,) = await ask(port, tcp_frame(1, 1, bytes.fromhex("2b0e0302")))
        assert rest[4:7] == b"\0\0\x03"
        assert rest.endswith(b"\x90\x07private")
        (one,) = await ask(port, tcp_frame(1, 1, bytes.fromhex("2b0e0404")))
        assert one.endswith(b"\x04\x04name")


async def test_a_port_that_is_taken_is_said(server: Server, unit: Unit) -> None:
    other = Server({1: unit})
    with pytest.raises(EndpointError, match="another server"):
        await other.start(port=server.port)  # type: ignore[attr-defined]


def test_tables_end_at_their_last_address() -> None:
    unit = Unit()
    unit.holding.put(65535, [1])
    for address, count in ((65535, 2), (-1, 1), (0, 0)):
        with pytest.raises(LimitError):
            unit.holding.define(address, count)
    with pytest.raises(LimitError):
        unit.holding.put(65535, [1, 2])


@pytest.mark.slow
async def test_a_request_costs_the_server_little(unit: Unit) -> None:
    """The served path itself, without sockets: well under 10 µs a request with room for a busy machine."""

    class Sink(asyncio.Transport):
        wrote = 0

        def write(self, data: bytes) -> None:
            self.wrote += len(data)

    from bessinside.modbus.connection_tcp import TcpConnection

    server = Server({1: unit})
    connection, sink = TcpConnection(server), Sink()
    connection.connection_made(sink)
    frame = tcp_frame(1, 1, read_pdu(3, 0, 125))
    rounds = 20_000
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(rounds):
            connection.data_received(frame)
        best = min(best, (time.process_time() - began) / rounds)
    assert sink.wrote == 5 * rounds * 259
    assert best < 10e-6, f"{best * 1e6:.1f} µs"
