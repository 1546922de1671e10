"""Whatever comes over the wire, every request gets its named outcome and the sweep ends in time.

Cases from the specification and from public reports about other Modbus programs (wrong MBAP lengths that desynchronise
a client, a length of 65535 that makes it wait for ever, a bare function code, an exception frame of length 4).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import pytest

from bessinside.modbus import Outcome, Quirks, ReadPlan, Request, connect, errors

Start = Callable[[Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]], Awaitable[int]]
PLAN = ReadPlan([Request(3, 0, 10), Request(3, 100, 10), Request(4, 0, 5)])


def good(request: bytes) -> bytes:
    """The right answer, register n = its address."""
    address, count = int.from_bytes(request[8:10], "big"), int.from_bytes(request[10:12], "big")
    words = b"".join((address + i).to_bytes(2, "big") for i in range(count))
    return request[:4] + (3 + len(words)).to_bytes(2, "big") + request[6:8] + bytes((len(words),)) + words


def patched(at: int, value: bytes) -> Callable[[bytes], bytes]:
    return lambda request: good(request)[:at] + value + good(request)[at + len(value) :]


def next_tid(request: bytes) -> bytes:
    return ((int.from_bytes(request[:2], "big") + 500) & 0xFFFF).to_bytes(2, "big") + good(request)[2:]


CATALOGUE: dict[str, tuple[Callable[[bytes], bytes], Outcome, type[Exception]]] = {
    "silence": (lambda request: b"", Outcome.TIMEOUT, errors.AnswerTimeout),
    "truncated header": (lambda request: good(request)[:5], Outcome.BAD_FRAME, errors.Truncated),
    "truncated words": (lambda request: good(request)[:20], Outcome.BAD_FRAME, errors.Truncated),
    "wrong transaction": (next_tid, Outcome.BAD_FRAME, errors.WrongTransaction),
    "wrong unit": (patched(6, b"\x09"), Outcome.BAD_FRAME, errors.WrongUnit),
    "wrong function": (patched(7, b"\x04"), Outcome.BAD_FRAME, errors.WrongFunction),
    "exception of another function": (
        lambda r: r[:4] + b"\x00\x03" + r[6:7] + b"\x84\x02",
        Outcome.BAD_FRAME,
        errors.WrongFunction,
    ),
    "protocol 1": (patched(2, b"\x00\x01"), Outcome.BAD_FRAME, errors.NotModbus),
    "length 65535": (patched(4, b"\xff\xff"), Outcome.BAD_FRAME, errors.OverLong),
    "length 255": (patched(4, b"\x00\xff"), Outcome.BAD_FRAME, errors.OverLong),
    "length 71": (patched(4, b"\x00\x47"), Outcome.BAD_FRAME, errors.OverLong),
    "length 0": (patched(4, b"\x00\x00"), Outcome.BAD_FRAME, errors.WrongLength),
    "length one short": (patched(4, b"\x00\x16"), Outcome.BAD_FRAME, errors.WrongLength),
    "byte count one off": (patched(8, b"\x13"), Outcome.BAD_FRAME, errors.WrongLength),
    "fewer words than asked": (
        lambda r: r[:4] + b"\x00\x05" + r[6:8] + b"\x02\x00\x00",
        Outcome.BAD_FRAME,
        errors.WrongLength,
    ),
    "more words than asked": (
        lambda r: r[:4] + b"\x00\x19" + r[6:8] + b"\x16" + bytes(22),
        Outcome.BAD_FRAME,
        errors.OverLong,
    ),
    "bare function code": (lambda r: r[:4] + b"\x00\x02" + r[6:8], Outcome.BAD_FRAME, errors.WrongLength),
    "exception of length 4": (
        lambda r: r[:4] + b"\x00\x04" + r[6:7] + b"\x83\x03",
        Outcome.BAD_FRAME,
        errors.WrongLength,
    ),
    "answer twice": (lambda request: good(request) * 2, Outcome.BAD_FRAME, errors.DuplicateAnswer),
    "bytes behind the answer": (lambda request: good(request) + b"\x00\x01", Outcome.BAD_FRAME, errors.OverLong),
    "text": (lambda request: b"HTTP/1.1 400 Bad Request\r\n\r\n", Outcome.BAD_FRAME, errors.NotModbus),
    "zeros": (lambda request: bytes(300), Outcome.BAD_FRAME, errors.WrongTransaction),
    "ones": (lambda request: b"\xff" * 5000, Outcome.BAD_FRAME, errors.NotModbus),
}


@pytest.mark.parametrize("pieces", [1, 7], ids=["whole", "in pieces"])
@pytest.mark.parametrize("case", CATALOGUE)
async def test_a_broken_answer_gets_its_name(case: str, pieces: int, scripted: Start, quick: Quirks) -> None:
    broken, outcome, error = CATALOGUE[case]
    # only what ends by silence is given up on soon: pieces of the others may come late on a busy machine
    quirks = quick if issubclass(error, errors.AnswerTimeout | errors.Truncated) else Quirks(timeout_s=3.0)

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(good(await reader.readexactly(12)))
        frame = broken(await reader.readexactly(12))
        step = -(-len(frame) // pieces) or 1
        for at in range(0, len(frame), step):
            writer.write(frame[at : at + step])
            await writer.drain()
            await asyncio.sleep(0.002)
        await reader.readexactly(12)
        await asyncio.sleep(5)

    port = await scripted(device)
    began = time.monotonic()
    client = await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=quirks, device="pcs")
    client._tid = 1000  # what a broken frame holds in its place must not be right by chance
    sweep = await client.sweep(PLAN)
    assert time.monotonic() - began < 2.5
    found = sweep.outcome.tolist()
    named = 1
    if case in ("answer twice", "bytes behind the answer") and found[1] == Outcome.OK:
        named = 2  # the surplus came in a later segment: it belongs to whoever waited then
        assert isinstance(sweep.faults[2], errors.FrameError)
        assert found == [Outcome.OK, Outcome.OK, Outcome.BAD_FRAME]
    else:
        assert found == [Outcome.OK, outcome, Outcome.NOT_SENT]
        assert isinstance(sweep.faults[1], error)
        assert sweep.words(0).tolist() == list(range(10))
    assert "pcs, unit 1, function code" in sweep.error[named]
    assert client.closed
    if case not in ("silence",):
        assert sweep.response_bytes(named)
        assert len(sweep.response_bytes(named)) <= 300


@pytest.mark.parametrize("sent", [0, 5, 20], ids=["before", "in the header", "in the words"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_connection_that_ends_in_the_middle(sent: int, reset: bool, scripted: Start, quick: Quirks) -> None:
    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(good(await reader.readexactly(12)))
        frame = good(await reader.readexactly(12))
        writer.write(frame[:sent])
        await writer.drain()
        await asyncio.sleep(0.01)
        if reset:
            import socket
            import struct

            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    port = await scripted(device)
    client = await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=quick)
    sweep = await client.sweep(PLAN)
    assert sweep.outcome.tolist() == [Outcome.OK, Outcome.CLOSED, Outcome.NOT_SENT]
    assert isinstance(sweep.faults[1], errors.LinkClosed)
    assert len(sweep.response_bytes(1)) == sent
    assert client.closed


async def test_a_late_second_answer_is_a_duplicate(scripted: Start, quick: Quirks) -> None:
    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = good(await reader.readexactly(12))
        writer.write(first)
        await reader.readexactly(12)
        writer.write(first)
        await asyncio.sleep(5)

    port = await scripted(device)
    client = await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=quick)
    sweep = await client.sweep(PLAN)
    assert sweep.outcome.tolist() == [Outcome.OK, Outcome.BAD_FRAME, Outcome.NOT_SENT]
    assert isinstance(sweep.faults[1], errors.DuplicateAnswer)


async def test_bytes_that_nobody_asked_for_end_an_idle_link(scripted: Start, quick: Quirks) -> None:
    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        writer.write(b"hello")
        await reader.readexactly(1)

    port = await scripted(device)
    client = await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=quick)
    async with asyncio.timeout(5):
        while client.error is None:
            await asyncio.sleep(0.01)
    assert isinstance(client.error, errors.Unsolicited)
    assert (await client.sweep(PLAN)).outcome.tolist() == [Outcome.NOT_SENT] * 3


async def test_short_exceptions_are_read_where_the_device_is_known_for_them(scripted: Start) -> None:
    """18 58 00 00 00 04 01 83 03 is what a device in the field sends."""
    sent: list[bytes] = []

    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while request := await reader.readexactly(12):
                refused = request[7] == 3
                frame = request[:4] + b"\x00\x04" + request[6:7] + b"\x83\x03" if refused else good(request)
                sent.append(frame)
                writer.write(frame)

    port = await scripted(device)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=Quirks(short_exception=True)) as client:
        sweep = await client.sweep(PLAN)
        assert not client.closed
    assert sweep.outcome.tolist() == [Outcome.EXCEPTION, Outcome.EXCEPTION, Outcome.OK]
    assert sweep.exception.tolist() == [3, 3, 0]
    assert [sweep.response_bytes(i) for i in range(3)] == sent


async def test_a_bad_frame_ends_one_link_and_no_other(scripted: Start, quick: Quirks) -> None:
    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readexactly(12):
            bad = int.from_bytes(request[8:10], "big") == 100
            writer.write(b"\xde\xad\xbe\xef" * 8 if bad else good(request))

    port = await scripted(device)
    url = f"modbus+tcp://127.0.0.1:{port}"
    healthy, ill = await connect(url, quirks=quick), await connect(url, quirks=quick)
    wanted = ReadPlan([Request(3, 0, 10)] * 50)
    fine, broken = await asyncio.gather(healthy.sweep(wanted), ill.sweep(PLAN))
    assert fine.ok
    assert broken.outcome.tolist() == [Outcome.OK, Outcome.BAD_FRAME, Outcome.NOT_SENT]
    await healthy.close()


async def test_a_wide_window_falls_back_to_one_at_the_first_loss(scripted: Start, quick: Quirks) -> None:
    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(good(await reader.readexactly(12)))
        while True:
            await reader.readexactly(12)

    port = await scripted(device)
    client = await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=quick)
    client.window = 2
    sweep = await client.sweep(ReadPlan([Request(3, 0, 10)] * 6))
    assert sweep.outcome.tolist() == [
        Outcome.OK, Outcome.TIMEOUT, Outcome.CLOSED, Outcome.NOT_SENT, Outcome.NOT_SENT, Outcome.NOT_SENT,
    ]  # fmt: skip
    assert client.window == 1


async def test_answers_out_of_order_find_their_requests(scripted: Start, quick: Quirks) -> None:
    async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            requests = [await reader.readexactly(12) for _ in range(3)]
            for request in reversed(requests):
                writer.write(good(request))

    port = await scripted(device)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=quick) as client:
        client.window = 3
        sweep = await client.sweep(PLAN)
    assert sweep.ok
    assert sweep.image.tolist() == [*range(10), *range(100, 110), *range(5)]
