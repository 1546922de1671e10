"""What was read stays what it is, as old as it is, when the reads are planned anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bessinside.modbus import Refusals
from bessinside.modbus.frames import exception_pdu
from bessinside.modbus.trouble import Ask, Reply
from bessinside.runtime import clock
from bessinside.twin import Twin
from bessinside.twin.readings import Readings

Simulate = Callable[..., Any]


async def read_once(twin: Twin) -> Readings:
    """A device that was read for some seconds, and is left alone from now on."""
    async with twin:
        await clock.sleep(2.1)
    return twin.devices[0]


def places(readings: Readings, i: int) -> set[tuple[int, int]]:
    layout = readings.bound.layout
    fc, first = int(layout.fc[i]), int(layout.address[i])
    return {(fc, address) for address in range(first, first + int(layout.words[i]))}


@pytest.mark.parametrize("seed", range(8))
def test_readings_outlive_a_new_plan(small: Any, simulate: Simulate, seed: int) -> None:
    random = np.random.default_rng(seed)

    async def scenario() -> None:
        await small.start()
        small.units["a"].holding.readable[6] = False
        twin = Twin(small.plant())
        readings = await read_once(twin)
        everything = sorted(set().union(*(places(readings, i) for i in range(readings.bound.size))))
        gone: set[tuple[int, int]] = {(3, 6)}
        for _ in range(6):
            before = [facts(readings, i) for i in range(readings.bound.size)]
            pick = random.permutation(len(everything))[: int(random.integers(0, 6))]
            refused = {everything[n]: 2 for n in pick.tolist()}
            cuts = {everything[n] for n in random.permutation(len(everything))[:3].tolist()}
            gone |= set(refused)
            assert readings.refuse(Refusals(refused, cuts))
            for i in range(readings.bound.size):
                if i not in readings.polled or places(readings, i) & set(refused):
                    assert readings.block[i] == -1
                    assert readings.times()[i] == 0
                elif places(readings, i) & gone:
                    assert readings.times()[i] == 0  # it was lost, and is not made up
                    assert np.isnan(readings.shown()[i])
                    assert (readings.words_of(i), readings.answer(i)) == ([], None)
                else:
                    scale = int(readings.bound.layout.sf_point[i])
                    lost = scale >= 0 and bool(places(readings, scale) & gone)
                    assert_kept(before[i], facts(readings, i), value=not lost)

    simulate(scenario())


def facts(readings: Readings, i: int) -> dict[str, Any]:
    answer, layout = readings.answer(i), readings.bound.layout
    frame = None
    if answer is not None:
        sweep, k = answer
        at = int(layout.address[i]) - sweep.plan.requests[k].address
        frame = sweep.words(k)[at : at + int(layout.words[i])].tolist()
    return {
        "value": float(readings.shown()[i]),
        "time": int(readings.times()[i]),
        "words": readings.words_of(i),
        "answer": frame,
        "trend": [str(value) for value in readings.trend(i)[1]],
    }


def assert_kept(before: dict[str, Any], after: dict[str, Any], *, value: bool) -> None:
    assert after["words"] == before["words"] == [f"{word:04X}" for word in after["answer"]] != []
    if value:
        assert str(after["value"]) == str(before["value"])
        assert 0 < after["time"] <= before["time"]
        assert after["trend"] in (before["trend"], [])


def test_blocks_of_different_age_make_one_of_the_older(small: Any, simulate: Simulate) -> None:
    """A new block that lies over two old ones is as old as the older, and the bytes of each point are its own."""

    def busy(ask: Ask) -> Reply | None:
        first = int.from_bytes(ask.pdu[1:3], "big")
        return Reply(ask.frame(exception_pdu(3, 6))) if ask.pdu[0] == 3 and first == 0 else None

    async def scenario() -> None:
        await small.start()
        small.units["a"].holding.readable[3] = False
        twin = Twin(small.plant())
        async with twin:
            await clock.sleep(1.0)
            small.servers["a"].trouble = busy
            await clock.sleep(1.0)
        readings = twin.devices[0]
        soc, power = (int(twin.binding.find(f"c1/r01/{name}") or 0) for name in ("soc", "power"))
        old, young = readings.times()[soc], readings.times()[power]
        assert 0.5e9 < young - old < 1.5e9
        bytes_of = {i: readings.answer(i) for i in (soc, power)}
        readings.refuse(Refusals({}, {(3, 10)}))
        assert readings.block[soc] == readings.block[power]
        assert readings.times()[[soc, power]].tolist() == [old, old]
        assert {i: readings.answer(i) for i in (soc, power)} == bytes_of
        assert readings.shown()[[soc, power]].tolist() == [87.3, 100e3]
        voltage = twin.binding.find("c1/r01/voltage") or 0
        assert (readings.times()[voltage], np.isnan(readings.shown()[voltage])) == (0, True)

    simulate(scenario())
