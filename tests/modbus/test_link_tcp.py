"""What a link learns of its device while it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from bessinside.modbus import Quirks, connect, plan
from bessinside.runtime import net

HELD_S = 0.05
WORDS = (np.arange(2000) * 40503 % 65536).astype(np.uint16)
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers a segment's first request at once and the rest as a device does that waits for an acknowledgement."""
    while segment := await reader.read(4096):
        for n in range(0, len(segment), 12):
            frame = segment[n : n + 12]
            address, count = int.from_bytes(frame[8:10]), int.from_bytes(frame[10:12])
            data = WORDS[address : address + count].astype(">u2").tobytes()
            writer.write(frame[:2] + bytes((0, 0, 0, 3 + 2 * count)) + frame[6:8] + bytes((2 * count,)) + data)
            if not n and len(segment) > 12:
                await asyncio.sleep(HELD_S)


@pytest.mark.parametrize("window", [1, 8])
async def test_acknowledgements_are_hurried_only_where_answers_were_held_back(
    window: int, scripted: Callable[[Script], Awaitable[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = 0

    def quick_ack(transport: asyncio.BaseTransport) -> object:
        nonlocal hurried
        hurried += 1
        return lambda: None

    monkeypatch.setattr(net, "quick_ack", quick_ack)
    port = await scripted(answers)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}") as client:
        client.window = window
        for _ in range(2):
            sweep = await client.sweep(plan(3, np.arange(2000), 1))
            assert sweep.ok
            assert np.array_equal(sweep.image, WORDS)
    assert hurried == (window > 1)


def answer(frame: bytes) -> bytes:
    address, count = int.from_bytes(frame[8:10]), int.from_bytes(frame[10:12])
    data = WORDS[address : address + count].astype(">u2").tobytes()
    return frame[:2] + bytes((0, 0, 0, 3 + 2 * count)) + frame[6:8] + bytes((2 * count,)) + data


@pytest.mark.parametrize(
    ("order", "good"),
    [
        ((0, 1, 2, 3, 4, 5, 6, 7), True),
        ((7, 6, 5, 4, 3, 2, 1, 0), True),
        ((3, 0, 1, 2, 7, 4, 5, 6), True),
        ((0, 1, 2, 3, 4, 5, 6, 6), False),
        ((1, 1, 2, 3, 4, 5, 6, 7), False),
    ],
)
@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_window_of_answers_in_any_order(
    order: tuple[int, ...], good: bool, pieces: int, scripted: Callable[[Script], Awaitable[int]]
) -> None:
    """Right answers are taken in whatever order they come; one that comes twice is found, wherever it stands."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            segment = b""
            while len(segment) < 96:
                segment += await reader.read(96 - len(segment))
                if not segment:
                    return
            frames = [segment[12 * n : 12 * n + 12] for n in order]
            blob = b"".join(map(answer, frames))
            for n in range(pieces):
                writer.write(blob[len(blob) * n // pieces : len(blob) * (n + 1) // pieces])
                await asyncio.sleep(0.005)

    port = await scripted(script)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=Quirks(timeout_s=0.5)) as client:
        client.window = 8
        sweep = await client.sweep(plan(3, np.arange(2000), 1))  # 16 reads of 125: two whole windows
        assert sweep.ok is good
        if good:
            assert np.array_equal(sweep.image, WORDS)
        else:
            assert any("answered before" in str(fault) for fault in sweep.faults.values())


async def test_an_answer_that_comes_again_in_place_of_one_that_is_missing(
    scripted: Callable[[Script], Awaitable[int]],
) -> None:
    """The fourth answer comes alone; then the window's whole length comes, but with the fourth again, not the first."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        segment = await reader.readexactly(96)
        frames = [segment[12 * n : 12 * n + 12] for n in range(8)]
        writer.write(answer(frames[3]))
        frames.append(await reader.readexactly(12))
        writer.write(b"".join(answer(frame) for frame in frames[1:]))
        await reader.read(1)

    port = await scripted(script)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=Quirks(timeout_s=0.5)) as client:
        client.window = 8
        sweep = await client.sweep(plan(3, np.arange(2000), 1))
        assert not sweep.ok
        assert any("answered before" in str(fault) for fault in sweep.faults.values())
