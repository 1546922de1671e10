"""What was recorded answers as the device answered."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bessinside.modbus import Outcome, Quirks, ReadPlan, Request, Server, Unit, connect, plan
from bessinside.modbus.capture import Capture, read_capture
from bessinside.modbus.errors import CaptureError, DeviceException
from bessinside.modbus.exchange import Exchange, exchanges
from bessinside.modbus.frames import crc16
from bessinside.modbus.replay import Replay
from bessinside.modbus.trouble import Ask, Reply

PLAN = plan([3] * 300 + [1] * 20 + [4] * 5, [*range(300), *range(20), *range(1998, 2003)], 1)
TINY = plan(3, [0, 1], 1)  # its RTU frame is like a Modbus/TCP header


async def record(path: Path, unit: Unit, framing: str = "tcp") -> list[np.ndarray]:
    """Three sweeps of a device whose words change; the images."""
    scheme = {"tcp": "modbus+tcp", "rtu": "modbus+rtu"}[framing]
    images = []
    async with Server({1: unit}) as server:
        port = await server.start(framing=framing)
        async with await connect(f"{scheme}://127.0.0.1:{port}") as client:
            with Capture(path, "bcu04", framing) as capture:
                client.tap = capture.add
                for step in range(3):
                    unit.holding.words[:300] = np.arange(300) + 1000 * step
                    sweep = await client.sweep(PLAN)
                    images.append(sweep.image)
    return images


@pytest.mark.parametrize("recorded", ["tcp", "rtu"])
@pytest.mark.parametrize("served", ["tcp", "rtu"])
async def test_replayed_words_are_the_recorded_ones(tmp_path: Path, unit: Unit, recorded: str, served: str) -> None:
    images = await record(tmp_path / "a.jsonl", unit, recorded)
    async with Replay(read_capture(tmp_path / "a.jsonl")).server() as server:
        port = await server.start(framing=served)
        async with await connect(f"modbus+{served}://127.0.0.1:{port}") as client:
            assert (await client.sweep(TINY)).ok
            for image in (*images, images[-1]):
                sweep = await client.sweep(PLAN)
                assert sweep.outcome.tolist() == [0, 0, 0, 0, Outcome.EXCEPTION]
                assert sweep.image.tobytes() == image.tobytes()
            assert (await client.read(1, 3, 50, 10)).tolist() == list(range(2050, 2060))  # cut in another way
            with pytest.raises(DeviceException, match="exception 2"):
                await client.read(1, 3, 295, 10)


async def test_frames_come_back_byte_for_byte(tmp_path: Path, unit: Unit) -> None:
    async with Server({1: unit}) as server:
        async with await connect(f"modbus+tcp://127.0.0.1:{await server.start()}") as client:
            sweep = await client.sweep(PLAN)
        with Capture(tmp_path / "b.jsonl", "pcs") as capture:
            for exchange in exchanges(sweep):
                capture.add(exchange)
    found = read_capture(tmp_path / "b.jsonl")
    assert found == list(exchanges(sweep))
    assert [e.response for e in found] == [sweep.response_bytes(i) for i in range(len(PLAN.requests))]
    assert [e.received_ns for e in found] == sweep.received_ns.tolist()


async def test_mistakes_and_silences_are_replayed_too(tmp_path: Path, unit: Unit) -> None:
    def trouble(ask: Ask) -> Reply | None:
        address, right = int.from_bytes(ask.pdu[1:3], "big"), ask.right
        return {10: Reply(right[:6] + b"\x05" + right[7:]), 20: Reply(b""), 30: Reply(right[:9], close=True)}.get(
            address
        )

    quirks = Quirks(timeout_s=0.1)
    plans = [ReadPlan([Request(3, 0, 2), Request(3, first, 2), Request(3, 4, 2)]) for first in (10, 20, 30)]

    async def outcomes(server: Server, capture: Capture | None) -> list[list[int]]:
        port, found = await server.start(), []
        for made in plans:
            async with await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=quirks) as client:
                client.tap = capture.add if capture is not None else None
                sweep = await client.sweep(made)
            found.append(sweep.outcome.tolist())
        return found

    with Capture(tmp_path / "c.jsonl", "pcs") as capture:
        async with Server({1: unit}, trouble=trouble) as server:
            first = await outcomes(server, capture)
    async with Replay(read_capture(tmp_path / "c.jsonl")).server() as server:
        assert await outcomes(server, None) == first
    assert first == [[0, 3, 5], [0, 2, 5], [0, 4, 5]]


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
async def test_a_tap_hears_whatever_is_asked(unit: Unit, framing: str) -> None:
    unit.holding.put(5, [0x1234])
    unit.holding.readable[7] = False
    unit.holding.writable[9] = True
    heard: list[Exchange] = []
    async with Server({1: unit}) as server:
        url = f"modbus+{framing}://127.0.0.1:{await server.start(framing=framing)}"
        async with await connect(url, writes=True) as client:
            client.tap = heard.append
            await client.read(1, 3, 5, 1)
            with pytest.raises(DeviceException):
                await client.read(1, 3, 7, 1)
            await client.call(1, bytes.fromhex("0300050001"))
            with pytest.raises(DeviceException):
                await client.call(1, bytes.fromhex("0300070001"))
            await client.write(1, 9, [77])
    seen = [(e.request_pdu.hex(), e.response_pdu.hex(), e.outcome) for e in heard]
    assert seen == [
        ("0300050001", "03021234", Outcome.OK),
        ("0300070001", "8302", Outcome.EXCEPTION),
        ("0300050001", "03021234", Outcome.OK),
        ("0300070001", "8302", Outcome.EXCEPTION),
        ("060009004d", "060009004d", Outcome.OK),
    ]
    assert all(e.framing == framing and e.unit == 1 and 0 < e.sent_ns < e.received_ns for e in heard)


async def test_a_capture_does_not_write_over_another(tmp_path: Path, unit: Unit) -> None:
    await record(tmp_path / "d.jsonl", unit)
    with pytest.raises(CaptureError, match="exists"):
        Capture(tmp_path / "d.jsonl", "pcs")


async def test_lines_that_cannot_be_read_are_named(tmp_path: Path, unit: Unit) -> None:
    path = tmp_path / "e.jsonl"
    await record(path, unit)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(whole[:-10])
    assert len(read_capture(path)) == len(lines) - 2  # cut off while it was written
    for number, bad in ((1, b"{}\n"), (3, b"not json\n"), (4, lines[3].replace(b'"OK"', b'"FINE"')), (2, lines[0])):
        path.write_bytes(b"".join([*lines[: number - 1], bad, *lines[number:]]))
        with pytest.raises(CaptureError, match=f"e.jsonl:{number}: not a line"):
            read_capture(path)
    path.write_bytes(b"")
    with pytest.raises(CaptureError, match="empty"):
        read_capture(path)


async def test_the_file_is_plain_json_lines(tmp_path: Path, unit: Unit) -> None:
    path = tmp_path / "f.jsonl"
    await record(path, unit, "rtu")
    header, first, *_ = (json.loads(line) for line in path.read_text().splitlines())
    assert header == {"capture": 1, "device": "bcu04", "framing": "rtu"}
    frame = bytes.fromhex(first["response"])
    assert crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")
    assert first["sent"] < first["received"]
