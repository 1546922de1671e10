"""What was captured of a device and is played again gives the same readings, mistakes and silences included."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from bessinside.modbus.capture import Capture, read_capture
from bessinside.modbus.replay import Replay
from bessinside.modbus.trouble import Ask, Reply
from bessinside.runtime import clock
from bessinside.twin import Twin

Simulate = Callable[..., Any]
Moments = list[tuple[list[float | None], list[str]]]


def watch(readings: Any) -> Moments:
    """Records values and outcomes of each sweep as it comes; the values are those of the sweep before."""
    seen: Moments = []

    def take(sweep: Any) -> None:
        values = np.full(readings.bound.size, np.nan)
        readings.codec.decode(sweep.image, values, np.zeros(readings.bound.size, np.uint8))
        seen.append(([None if np.isnan(v) else float(v) for v in values], sweep.outcome.tolist()))

    readings.tap = take
    return seen


def busy(ask: Ask) -> Reply:
    return Reply(ask.frame(bytes((ask.pdu[0] | 0x80, 6))))


def silent(ask: Ask) -> Reply | None:
    return Reply(b"") if ask.pdu[0] == 4 else None


def record(small: Any, simulate: Simulate, path: Path) -> Moments:
    async def scenario() -> Moments:
        await small.start()
        twin = Twin(small.plant())
        with Capture(path, "a") as capture:
            seen = watch(twin.devices[0])
            twin.pollers[0].line.listen(capture.add)
            async with twin:
                for step in range(20):
                    small.units["a"].holding.put(0, 300 + step)
                    small.units["a"].holding.put(110, 3200 + step)
                    small.servers["a"].trouble = {10: busy, 15: silent}.get(step)
                    await clock.sleep(0.5)
            return seen

    moments: Moments = simulate(scenario())
    return moments


def play(small: Any, simulate: Simulate, path: Path, count: int) -> Moments:
    async def scenario() -> Moments:
        await Replay(read_capture(path)).server().start("127.0.0.1", 1001)
        twin = Twin(small.plant())
        seen = watch(twin.devices[0])
        async with twin:
            while len(seen) < count:
                await clock.sleep(0.1)
        return seen

    moments: Moments = simulate(scenario(), seed=99)
    return moments


def test_a_replay_gives_the_same_readings(small: Any, simulate: Simulate, tmp_path: Path) -> None:
    path = tmp_path / "a.capture"
    recorded = record(small, simulate, path)
    assert len(recorded) > 30
    assert len({tuple(outcome) for _, outcome in recorded}) > 2  # good, busy, silent
    assert play(small, simulate, path, len(recorded))[: len(recorded)] == recorded


def test_a_replay_of_a_device_that_refuses_registers(small: Any, simulate: Simulate, tmp_path: Path) -> None:
    """What was asked to find out which registers are refused is played again too, in its own order."""
    path = tmp_path / "a.capture"
    unit = small.units["a"].holding
    unit.readable[[4, 111]] = False  # so that a half that is tried is a block of the plan later

    step = count()

    async def counting() -> None:
        await small.start()
        twin = Twin(small.plant())
        with Capture(path, "a") as capture:
            seen = watch(twin.devices[0])
            twin.pollers[0].line.listen(capture.add)
            async with twin:
                small.servers["a"].trouble = lambda ask: unit.put(0, [next(step)])  # moves at each question
                await clock.sleep(3.0)
        recorded.extend(seen)
        refused.update(twin.devices[0].refusals.registers)

    recorded: Moments = []
    refused: dict[tuple[int, int], int] = {}
    simulate(counting())
    assert set(refused) == {(3, 4), (3, 5), (3, 111)}
    assert len(recorded) > 10
    assert play(small, simulate, path, len(recorded))[: len(recorded)] == recorded


def test_a_replay_of_a_good_device_ends_with_its_last_answer(small: Any, simulate: Simulate, tmp_path: Path) -> None:
    path = tmp_path / "a.capture"

    async def keep() -> None:
        await small.start()
        twin = Twin(small.plant())
        with Capture(path, "a") as capture:
            twin.pollers[0].line.listen(capture.add)
            async with twin:
                await clock.sleep(1.0)
                small.units["a"].holding.put(0, 444)
                await clock.sleep(1.0)

    async def again() -> None:
        await Replay(read_capture(path)).server().start("127.0.0.1", 1001)
        async with Twin(small.plant()) as twin:
            await clock.sleep(10.0)
            assert twin.figure("c1/r01/soc").value == 44.4
            assert twin.figure("c1/r01/serial").text == "R-01"
            assert {twin.figure(name).quality for name in twin.ids() if name.startswith("c1/r01/m")} == {"good"}
            assert twin.figure("c1/r02/soc").quality == "no answer"

    simulate(keep())
    simulate(again())
