"""Viewers of the live socket: they come, fall behind, sign out and vanish, and leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from bessinside.web import app, live
from bessinside.web.live import Live


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> list[Live]:
    """The streams of the applications made in a test; ten frames a second."""
    made: list[Live] = []

    class Noted(Live):
        def __init__(self, twin: Any) -> None:
            super().__init__(twin)
            made.append(self)

    monkeypatch.setattr(app, "Live", Noted)
    monkeypatch.setattr(live, "TICK_S", 0.1)
    return made


def viewer(site: Any) -> Any:
    return connect(site.socket_url, origin=Origin(site.url), proxy=None)


async def test_a_viewer_gets_the_schema_once_and_then_frames(streams: list[Live], site: Any) -> None:
    await site.read()
    async with viewer(site) as socket:
        hello = json.loads(await socket.recv())
        frames = [await socket.recv() for _ in range(4)]
    assert list(hello) == ["schema"]
    assert (await site.http.get("/api/schema")).json()["hash"] == hello["schema"]
    assert {frame[:4] for frame in frames} == {b"BIS1"}
    assert {frame[8:16] for frame in frames} == {hello["schema"].encode()}
    times = [struct.unpack_from("<d", frame, 16)[0] for frame in frames]
    assert times == sorted(set(times))


async def test_a_viewer_who_falls_behind_goes_on_with_the_newest(streams: list[Live], site: Any) -> None:
    await site.read()
    (stream,) = streams
    behind, frame = stream.frames(), b""
    async with viewer(site) as socket:
        for _ in range(2):
            frame = await anext(behind)  # type: ignore[assignment]
        for _ in range(6):
            await socket.recv()
        newest = stream._frame
        assert await anext(behind) == newest != frame
    await behind.aclose()


async def test_all_viewers_get_the_same_bytes(streams: list[Live], site: Any) -> None:
    await site.read()
    async with viewer(site) as one, viewer(site) as other:
        await one.recv()
        await other.recv()
        seen = [{await socket.recv() for _ in range(5)} for socket in (one, other)]
    assert len(seen[0] & seen[1]) >= 3


@pytest.mark.parametrize("politely", [True, False])
async def test_a_viewer_who_is_gone_costs_nothing(
    streams: list[Live], site: Any, caplog: pytest.LogCaptureFixture, politely: bool
) -> None:
    (stream,) = streams
    async with viewer(site) as socket:
        await socket.recv()
        assert stream._viewers == 1
        if not politely:
            socket.transport.abort()
    async with asyncio.timeout(5):
        while stream._viewers or not (stream._task and stream._task.done()):
            await asyncio.sleep(0.02)
    assert stream._frame == b""
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_new_plan_tells_every_viewer(streams: list[Live], site: Any) -> None:
    await site.read()
    async with viewer(site) as socket:
        first = json.loads(await socket.recv())["schema"]
        readings = site.twin.devices[0]
        readings.refusals.registers[3, 6] = 2
        readings.replan()
        async with asyncio.timeout(5):
            while isinstance(message := await socket.recv(), bytes):
                continue
    second = json.loads(message)["schema"]
    assert second != first
    schema = (await site.http.get("/api/schema")).json()
    assert schema["hash"] == second
    assert schema["devices"][0]["refused"] == 1
    assert schema["points"]["block"][schema["points"]["id"].index("c1/r01/soh")] == -1
