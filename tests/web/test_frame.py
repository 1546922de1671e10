"""What travels to the page, taken apart again."""

from __future__ import annotations

import asyncio
import struct
import zlib
from typing import Any

import msgspec
import numpy as np
import pytest

from bessinside.twin import Snapshot, Twin
from bessinside.web import schema
from bessinside.web.frame import encode_frame
from bessinside.web.live import Live
from bessinside.web.schema import page_schema
from tests.conftest import Small


def take_apart(frame: bytes) -> dict[str, Any]:
    magic, version, schema, time_ms, words, blocks, points, figures = struct.unpack("<4sI8sdIIII", frame[:40])
    body = zlib.decompress(frame[40:])
    parts, at = {}, 0
    for name, kind, count in (
        ("words", "<u2", words),
        ("block_ms", "<f8", blocks),
        ("quality", "u1", points),
        ("values", "<f8", figures),
        ("marks", "u1", figures),
    ):
        size = np.dtype(kind).itemsize * count
        parts[name] = np.frombuffer(body[at : at + size], kind)
        at += size
    assert at == len(body)
    return {"magic": magic, "version": version, "schema": schema, "time_ms": time_ms, **parts}


def test_a_frame_holds_the_snapshot(reference: Any) -> None:
    twin: Twin = reference.twin
    now: Snapshot = reference.snapshot()
    schema, text = page_schema(twin)
    found = take_apart(encode_frame(twin, now, schema))
    columns = msgspec.json.decode(text)
    assert (found["magic"], found["version"], found["schema"]) == (b"BIS1", 1, schema.encode())
    assert found["time_ms"] == now.time_ns / 1e6
    assert (found["quality"] == now.quality).all()
    assert np.array_equal(found["values"], now.derived_values, equal_nan=True)
    assert (found["marks"] == now.derived_quality).all()
    points = columns["points"]
    assert len(points["id"]) == twin.binding.size
    for figure in ("meter/active_power", "c1/r04/m3/cell026/voltage", "pcs2/dc_voltage", "c1/r12/soc@ss12"):
        index = points["id"].index(figure)
        offset, count = points["offset"][index], points["words"][index]
        words = [f"{word:04X}" for word in found["words"][offset : offset + count]]
        assert words == reference.passport(figure).reading.words, figure
        block = columns["blocks"][points["block"][index]]
        assert block["address"] <= points["address"][index] < block["address"] + block["count"]
        assert found["block_ms"][points["block"][index]] > 0


def test_the_schema_says_how_to_decode(reference: Any) -> None:
    """Decoded by the columns alone, every number of the plant is what the twin says."""
    twin: Twin = reference.twin
    now = reference.snapshot()
    columns = msgspec.json.decode(page_schema(twin)[1])["points"]
    words = np.concatenate([np.asarray(readings.words, "<u2") for readings in twin.devices])
    checked = 0
    for index in np.flatnonzero(now.quality == 1).tolist():
        if columns["type"][index].startswith(("float", "string")) or columns["bcd"][index]:
            continue
        at, count = columns["offset"][index], columns["words"][index]
        parts = words[at : at + count].tolist()
        raw = 0
        for word in parts[::-1] if columns["low_first"][index] else parts:
            raw = raw << 16 | word
        bits = 16 * count
        if (mask := columns["mask"][index]) is not None:
            raw, bits = (raw & mask) >> columns["shift"][index], (mask >> columns["shift"][index]).bit_length()
        if columns["type"][index].startswith(("int", "sunssf")) and raw >> (bits - 1):
            raw -= 1 << bits
        exponent = columns["sf"][index]
        if exponent is None:
            exponent = int(now.values[columns["sf_point"][index]])
        value = columns["sign"][index] * (raw * 10.0**exponent + columns["add"][index]) * columns["factor"][index]
        assert np.isclose(value, now.values[index], rtol=1e-12, atol=1e-12), columns["id"][index]
        checked += 1
    assert checked > 9000


async def test_a_new_plan_is_a_new_schema(served: Small) -> None:
    async with Twin(served.plant()) as twin:
        live = Live(twin)
        before = live.current_schema()
        assert live.current_schema() == before
        twin.devices[0].refusals.registers[3, 16] = 2
        twin.devices[0].replan()
        assert live.current_schema() != before


async def test_a_schema_is_made_once(served: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    whole = schema.page_schema

    def counted(twin: Twin, language: str = "en") -> tuple[str, bytes]:
        made.append(language)
        return whole(twin, language)

    monkeypatch.setattr(schema, "page_schema", counted)
    async with Twin(served.plant()) as twin:
        schemas = schema.Schemas(twin)
        first = {language: schemas.get(language) for language in ("en", "de")}
        assert {language: schemas.get(language) for language in ("de", "en")} == first
        assert made == ["en", "de"]
        assert first["en"].hash == first["de"].hash
        assert first["en"].tag != first["de"].tag
        twin.devices[0].refusals.registers[3, 16] = 2
        twin.devices[0].replan()
        assert schemas.get("en").hash != first["en"].hash
        made.clear()
        twin._bind()  # as after a device was discovered
        schemas.get("en")
        assert made == ["en"]


async def test_a_slow_viewer_skips_frames_and_misses_nothing(served: Small) -> None:
    async with Twin(served.plant()) as twin:
        live = Live(twin)
        slow, quick = live.frames(), live.frames()
        assert isinstance(await anext(slow), str)
        assert isinstance(await anext(quick), str)
        first = await anext(slow)
        seen = [await anext(quick) for _ in range(5)]
        newest = await anext(slow)
        assert newest == seen[-1] != first
        await slow.aclose()
        await quick.aclose()
        await live.close()


def test_frames_stop_when_nobody_watches(reference: Any) -> None:
    """A frame is built for viewers only."""

    async def watch() -> bool:
        live = Live(reference.twin)
        frames = live.frames()
        await anext(frames)
        await frames.aclose()
        task = live._task
        assert task is not None
        await task
        return task.done()

    assert reference._run(watch())


async def test_each_block_has_the_time_of_its_newest_good_answer(served: Small) -> None:
    async with Twin(served.plant()) as twin:
        before = take_apart(encode_frame(twin, twin.snapshot(), "x"))
        assert not before["block_ms"].any()
        assert not before["words"].any()
        async with asyncio.timeout(5):
            while {poller.state for poller in twin.pollers} != {"up"}:
                await asyncio.sleep(0.01)
        await served.stop("b")
        await asyncio.sleep(0.5)
        now = twin.snapshot()
        found, columns = take_apart(encode_frame(twin, now, "x")), msgspec.json.decode(page_schema(twin)[1])
        assert found["block_ms"].max() - found["block_ms"].min() > 200  # one device is silent for some time
        for index, block in enumerate(columns["points"]["block"]):
            if block >= 0:
                assert found["block_ms"][block] == now.read_ns[index] / 1e6
