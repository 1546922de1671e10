"""The parts of the simulated world, each on its own: the emulator's time and sockets, the page server's frames."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from bessinside.emulator.service.serve import Emulator
from bessinside.modbus import connect
from bessinside.modbus.frames import exception_pdu
from bessinside.modbus.trouble import Ask, Reply
from bessinside.runtime import clock
from bessinside.runtime.simulation import START_NS, SimLoop
from bessinside.twin import Quality, Twin
from bessinside.web.live import TICK_S, Live
from tests.sim.page import read_frame
from tests.sim.world import small_plant


def simulate(work: Coroutine[Any, Any, None]) -> None:
    loop = SimLoop(4)
    try:
        loop.run(work)
    finally:
        loop.close()


def test_the_emulator_lives_in_the_time_of_the_loop_and_listens_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with Emulator(small_plant()) as emulator:
            assert emulator.physics.time_ns == START_NS
            await clock.sleep(90.5)
            assert emulator.physics.time_ns == START_NS + 90 * 10**9
            emulator.hold()
            await clock.sleep(60.0)
            assert emulator.physics.time_ns == START_NS + 90 * 10**9
            emulator.go_on()
            await clock.sleep(10.0)
            assert emulator.physics.time_ns == START_NS + 100 * 10**9
            async with await connect(small_plant().device("meter").url) as client:
                assert (await client.read(1, 3, 19000, 2)).any()

    def touched(*_: Any) -> None:
        raise AssertionError("a socket of the machine was touched")

    for call in ("bind", "listen", "connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, call, touched)
    simulate(scenario())


def test_a_frame_that_cannot_be_built_is_told_and_the_next_viewer_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with Twin(small_plant()) as twin:
            live = Live(twin)
            async with aclosing(live.frames()) as frames:
                assert isinstance(await anext(frames), str)
                assert isinstance(await anext(frames), bytes)
                with monkeypatch.context() as patch:
                    patch.setattr(twin, "snapshot", lambda: 1 // 0)
                    with pytest.raises(ZeroDivisionError):
                        await anext(frames)
            async with aclosing(live.frames()) as frames:
                assert isinstance(await anext(frames), str)
                assert isinstance(await anext(frames), bytes)
            await live.close()

    simulate(scenario())


def test_the_stream_ends_for_everybody_when_the_server_closes() -> None:
    async def scenario() -> None:
        async with Twin(small_plant()) as twin:
            live = Live(twin)
            seen: list[int] = []

            async def watch() -> None:
                count = 0
                async for _ in live.frames():
                    count += 1
                seen.append(count)

            watching = [asyncio.create_task(watch()) for _ in range(3)]
            await clock.sleep(10.2 * TICK_S)
            await live.close()
            async with asyncio.timeout(1.0):
                await asyncio.gather(*watching)
            assert seen == [12, 12, 12]  # the schema, then a frame at once and ten later

    simulate(scenario())


def test_a_viewer_who_is_told_a_schema_gets_a_frame_of_it() -> None:
    """A device is planned anew while a slow viewer is being told the schema: what follows fits what was told last."""

    async def scenario() -> None:
        async with Emulator(small_plant()), Twin(small_plant()) as twin:
            await clock.sleep(5.0)
            live = Live(twin)
            told: list[str | bytes] = []
            async with aclosing(live.frames()) as frames:
                told.append(await anext(frames))
                twin.devices[0].refusals.registers[3, 19000] = 2
                twin.devices[0].replan()
                await clock.sleep(3 * TICK_S)
                while len(told) < 4:
                    told.append(await anext(frames))
            schemas = ""
            for message in told:
                if isinstance(message, str):
                    schemas = message
                else:
                    assert read_frame(message).schema == schemas
            assert sum(isinstance(message, str) for message in told) == 2
            await live.close()

    simulate(scenario())


def test_a_value_is_worth_no_more_than_its_scale_factor() -> None:
    """Model 804 ends with its scale factors, in another block than its readings: for that one the device is busy."""

    async def scenario() -> None:
        async with Emulator(small_plant()) as emulator, Twin(small_plant()) as twin:
            await clock.sleep(5.0)
            device = next(found for found in twin.devices if found.bound.device.id == "ss12")
            voltage = twin.binding.find("c1/r12/voltage")
            assert voltage is not None
            i = voltage - device.bound.first
            assert device.carrier[i] not in (-1, device.block[i])
            good = twin.figure("c1/r12/voltage")
            assert good.quality == "good"
            assert good.value is not None
            assert 1200 < good.value < 1500
            busy = device.plan.requests[device.carrier[i]]

            def be_busy(ask: Ask) -> Reply | None:
                asked = int.from_bytes(ask.pdu[1:3], "big")
                return Reply(ask.frame(exception_pdu(3, 6))) if asked == busy.address else None

            emulator.servers["modbus+tcp://127.0.0.1:15070"].trouble = be_busy
            await clock.sleep(5.0)
            assert device.block_quality[device.block[i]] == Quality.GOOD
            assert twin.figure("c1/r12/voltage").quality == "device exception"
            async with Twin(small_plant()) as later:
                await clock.sleep(5.0)
                row = later.figure("c1/r12/voltage")
                assert (row.value, row.quality, row.age) == (None, "no reading yet", None)
                assert later.figure("c1/r12/state").quality == "good"

    simulate(scenario())
