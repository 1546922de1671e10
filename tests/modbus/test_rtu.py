"""RTU frames: tunnelled through TCP, and on a serial line that a pseudo terminal stands for."""

from __future__ import annotations

import asyncio
import os
import time
import tty
from collections.abc import Awaitable, Callable, Iterator

import numpy as np
import pytest

from bessinside.modbus import Outcome, Quirks, ReadPlan, Request, Server, Unit, connect, errors, plan
from bessinside.modbus.frames import exception_pdu, rtu_frame

Start = Callable[[Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]], Awaitable[int]]
PLAN = ReadPlan([Request(3, 0, 10), Request(1, 3, 13), Request(4, 5, 3)])


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    """A serial line: the descriptor of one end, the path of the other."""
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    os.set_blocking(master, False)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.fixture
def two_ended() -> Iterator[tuple[str, str]]:
    """Two paths that are joined: what one end writes the other reads."""
    ends = [os.openpty() for _ in range(2)]
    for master, slave in ends:
        tty.setraw(master)
        tty.setraw(slave)
        os.set_blocking(master, False)
    loop = asyncio.new_event_loop()

    def pump(source: int, sink: int) -> None:
        os.write(sink, os.read(source, 4096))

    loop.add_reader(ends[0][0], pump, ends[0][0], ends[1][0])
    loop.add_reader(ends[1][0], pump, ends[1][0], ends[0][0])
    import threading

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    for master, slave in ends:
        os.close(master)
        os.close(slave)


async def test_rtu_over_tcp_brings_the_same_words(unit: Unit, words: np.ndarray, bits: np.ndarray) -> None:
    async with Server({1: unit, 7: unit}) as server:
        port = await server.start(framing="rtu")
        async with await connect(f"modbus+rtu://127.0.0.1:{port}?unit=7") as client:
            sweep = await client.sweep(plan(np.repeat([1, 3], 2000), np.tile(np.arange(2000), 2), 1))
            assert sweep.ok
            assert sweep.image.tolist() == [*bits, *words]
            assert sweep.request_bytes(0) == rtu_frame(7, bytes.fromhex("01000007d0"))
            with pytest.raises(errors.DeviceException, match="exception 2"):
                await client.read(7, 3, 3000, 1)
            with pytest.raises(errors.DeviceException, match="exception 11"):
                await client.read(9, 3, 0, 1)
            assert b"BESS Inside" in await client.call(7, bytes.fromhex("2b0e0100"))


async def test_writes_over_rtu(unit: Unit) -> None:
    unit.holding.writable[:50] = True
    async with Server({1: unit}) as server:
        port = await server.start(framing="rtu")
        async with await connect(f"modbus+rtu://127.0.0.1:{port}", writes=True) as client:
            await client.write(1, 0, [5])
            await client.write(1, 1, [6, 7])
            assert (await client.read(1, 3, 0, 3)).tolist() == [5, 6, 7]


BROKEN: dict[str, tuple[bytes, Outcome, type[Exception]]] = {
    "silence": (b"", Outcome.TIMEOUT, errors.AnswerTimeout),
    "truncated": (rtu_frame(1, b"\x01\x02\x00\x00")[:4], Outcome.BAD_FRAME, errors.Truncated),
    "bad check sum": (rtu_frame(1, b"\x01\x02\x00\x00")[:-1] + b"\x00", Outcome.BAD_FRAME, errors.BadCrc),
    "wrong unit": (rtu_frame(2, b"\x01\x02\x00\x00"), Outcome.BAD_FRAME, errors.WrongUnit),
    "wrong function": (rtu_frame(1, b"\x02\x02\x00\x00"), Outcome.BAD_FRAME, errors.WrongFunction),
    "wrong byte count": (rtu_frame(1, b"\x01\x03\x00\x00\x00"), Outcome.BAD_FRAME, errors.WrongLength),
    "bytes behind": (rtu_frame(1, b"\x01\x02\x00\x00") + b"\x00", Outcome.BAD_FRAME, errors.OverLong),
    "exception": (rtu_frame(1, exception_pdu(1, 4)), Outcome.EXCEPTION, errors.DeviceException),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_broken_answers_over_tcp(case: str, unit: Unit, scripted: Start, quick: Quirks) -> None:
    frame, outcome, error = BROKEN[case]
    from bessinside.modbus.answer import answer

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readexactly(8):
            writer.write(frame if request[1] == 1 else rtu_frame(1, answer(unit, request[1:-2])))

    client = await connect(f"modbus+rtu://127.0.0.1:{await scripted(device)}", quirks=quick)
    sweep = await client.sweep(PLAN)
    follows = Outcome.OK if outcome == Outcome.EXCEPTION else Outcome.NOT_SENT
    assert sweep.outcome.tolist() == [Outcome.OK, outcome, follows]
    assert isinstance(sweep.faults[1], error)
    assert sweep.response_bytes(1) == frame
    assert client.closed == (outcome != Outcome.EXCEPTION)
    await client.close()


@pytest.mark.parametrize("case", BROKEN)
async def test_a_serial_line_goes_on_after_a_broken_answer(
    case: str, unit: Unit, line: tuple[int, str], quick: Quirks
) -> None:
    """A bad frame costs its own request; after silence the rest of the sweep is left, and the next sweep is whole."""
    frame, outcome, error = BROKEN[case]
    from bessinside.modbus.answer import answer

    master, path = line
    broken = [True]
    pending = bytearray()

    def serve() -> None:
        pending.extend(os.read(master, 4096))
        while len(pending) >= 8:
            request = bytes(pending[:8])
            del pending[:8]
            if request[1] == 1 and broken:
                broken.clear()
                os.write(master, frame or b"")
            else:
                os.write(master, rtu_frame(1, answer(unit, request[1:-2])))

    loop = asyncio.get_running_loop()
    loop.add_reader(master, serve)
    try:
        async with await connect(f"modbus+serial://{path}?baud=115200", quirks=quick) as client:
            sweep = await client.sweep(PLAN)
            silent = case in ("silence",)
            assert sweep.outcome.tolist() == [Outcome.OK, outcome, Outcome.NOT_SENT if silent else Outcome.OK]
            assert isinstance(sweep.faults[1], error)
            assert not client.closed
            assert (await client.sweep(PLAN)).ok
    finally:
        loop.remove_reader(master)


async def test_client_and_server_on_the_two_ends_of_a_line(
    two_ended: tuple[str, str], unit: Unit, words: np.ndarray
) -> None:
    other = Unit()
    other.holding.put(0, [4711])
    async with Server({1: unit, 2: other}) as server:
        await server.start_serial(two_ended[0], baudrate=115200)
        url = f"modbus+serial://{two_ended[1]}?baud=115200&parity=N"
        async with await connect(url, quirks=Quirks(timeout_s=0.5)) as client:
            sweep = await client.sweep(plan(3, np.arange(1000), 1))
            assert sweep.ok
            assert (sweep.image == words[:1000]).all()
            assert sweep.tid.tolist() == [0] * 8
            gaps = sweep.sent_ns[1:] - sweep.received_ns[:-1]
            assert (gaps > 1_700_000).all()  # 3.5 characters of silence, 1.75 ms above 19200 Bd
            assert (await client.read(2, 3, 0, 1)).tolist() == [4711]
            began = time.monotonic()
            with pytest.raises(errors.AnswerTimeout):  # another unit's request is left alone
                await client.read(3, 3, 0, 1)
            assert time.monotonic() - began < 1
            assert (await client.read(1, 3, 0, 1)).tolist() == [0]


async def test_noise_on_the_line_before_a_request_is_dropped(two_ended: tuple[str, str], unit: Unit) -> None:
    async with Server({1: unit}) as server:
        await server.start_serial(two_ended[0], baudrate=115200)
        async with await connect(f"modbus+serial://{two_ended[1]}?baud=115200", quirks=Quirks(timeout_s=0.3)) as client:
            client._link.transport.write(b"\x01\x03\x00\x00\x00\x01\x00\x00")  # type: ignore[union-attr]
            await asyncio.sleep(0.05)
            assert (await client.read(1, 3, 0, 1)).tolist() == [0]
            client._link.transport.write(b"\x01\x03\x00")  # type: ignore[union-attr]
            await asyncio.sleep(0.15)
            assert (await client.read(1, 3, 0, 1)).tolist() == [0]
        assert server.counts["bad check sum"] == server.counts["cut off"] == 1


async def test_a_line_that_is_not_there_is_said() -> None:
    with pytest.raises(errors.EndpointError, match="/dev/ttyNone"):
        await connect("modbus+serial:///dev/ttyNone?baud=9600")
    with pytest.raises(errors.EndpointError, match="/dev/ttyNone"):
        await Server({}).start_serial("/dev/ttyNone")


async def test_a_line_that_is_pulled_closes_the_client(unit: Unit) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    client = await connect(f"modbus+serial://{os.ttyname(slave)}?baud=9600", quirks=Quirks(timeout_s=0.5))
    os.close(slave)
    asyncio.get_running_loop().call_later(0.05, os.close, master)
    sweep = await client.sweep(PLAN)
    assert sweep.outcome[0] == Outcome.CLOSED
    assert client.closed
