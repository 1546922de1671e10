"""What a link learns of its device while it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from bessinside.modbus import connect, plan
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
