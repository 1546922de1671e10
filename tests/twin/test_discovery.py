"""Devices that list their own registers: found at the start or late, or left out and why, under a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bessinside.modbus import Server, Unit
from bessinside.registers import Codec, chain, flatten, sunspec_map
from bessinside.runtime import clock
from bessinside.twin import Twin
from bessinside.web.health import health_of

Simulate = Callable[..., Any]
DEVICE = """
[[device]]
id = "sun"
label = "Rack 2 once more"
map = "sunspec"
at = "c1/r02"
url = "modbus+tcp://127.0.0.1:1003?unit=1"
every = "200 ms"
quirks = { timeout = "150 ms" }
"""


def sunspec_unit(models: list[Any] | None = None, base: int = 40000) -> Unit:
    """A rack as SunSpec models 1 and 802 with a state of charge of 61.5 % (SF -1)."""
    device = chain(models or [(1, {}), (802, {})], base=base)
    layout = flatten(sunspec_map(device))
    codec = Codec(layout, (layout.address - base).astype(np.int32))
    words = np.zeros(codec.size, np.uint16)
    values = np.full(len(layout), np.nan)
    names = [layout.definition(i).name for i in range(len(layout))]
    known = {"SoC": 61.5, "SoH": 97.0, "SunS": float(0x53756E53)} | dict.fromkeys(("SoC_SF", "SoH_SF"), -1.0)
    which = np.array([name in known for name in names])
    values[which] = [known[name] for name in names if name in known]
    factors = np.array([name.endswith("_SF") for name in names])
    if (which & factors).any():
        codec.encode(values, words, which & factors)
    codec.encode(values, words, which & ~factors)
    unit = Unit()
    unit.holding.put(base, words)
    for address, word in device.header_words().items():
        unit.holding.put(address, word)
    return unit


@pytest.mark.parametrize("base", [40000, 0, 50000])
def test_a_sunspec_device_is_found_at_the_start(small: Any, simulate: Simulate, base: int) -> None:
    async def scenario() -> None:
        await small.start()
        await Server({1: sunspec_unit(base=base)}).start("127.0.0.1", 1003)
        async with Twin(small.plant(small.text() + DEVICE)) as twin:
            assert twin.undiscovered == {}
            await clock.sleep(1.0)
            ours, theirs = twin.figure("c1/r02/soc@b"), twin.figure("c1/r02/soc@sun")
            assert (ours.value, ours.quality) == (87.3, "good")
            assert (theirs.value, theirs.quality) == (61.5, "good")
            assert twin.figure("c1/r01/soc").value == 87.3
            reading = twin.passport("c1/r02/soc@sun").reading
            assert reading is not None
            assert reading.scale == "× register SoC_SF"

    simulate(scenario())


def test_a_device_found_late_disturbs_nobody(small: Any, simulate: Simulate) -> None:
    async def scenario() -> None:
        await small.start()
        before_it = small.text().index("[[device]]")  # the late device stands first: all others move
        async with Twin(small.plant(small.text()[:before_it] + DEVICE + small.text()[before_it:])) as twin:
            await clock.sleep(5.0)
            assert list(twin.undiscovered) == ["sun"]
            assert "cannot connect" in twin.undiscovered["sun"]
            assert twin.figure("c1/r02/soc").value == 87.3
            connections = {name: server.counts["connections"] for name, server in small.servers.items()}
            trend = len(twin.passport("c1/r01/soc").trend.v)
            await Server({1: sunspec_unit()}).start("127.0.0.1", 1003)
            while twin.undiscovered:
                assert twin.figure("c1/r01/soc").quality == "good"
                await clock.sleep(0.1)
            assert twin.figure("c1/r01/soc").quality == "good"
            await clock.sleep(1.0)
            assert twin.figure("c1/r02/soc@sun").value == 61.5
            assert twin.figure("c1/r02/soc").value == 87.3  # named as before
            assert len(twin.passport("c1/r01/soc").trend.v) > trend
            assert {name: server.counts["connections"] for name, server in small.servers.items()} == connections
            assert [one.readings.bound.device.id for one in twin.pollers] == ["sun", "a", "b"]
            await clock.sleep(30.0)
            assert len(twin.pollers) == 3

    simulate(scenario())


def test_an_undiscovered_device_is_not_hidden(small: Any, simulate: Simulate) -> None:
    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant(small.text() + DEVICE)) as twin:
            await clock.sleep(1.0)
            health = health_of(twin)
            assert health.status == "degraded"
            (row,) = [device for device in health.devices if device.id == "sun"]
            assert (row.state, row.label, row.sweeps, row.age_s) == ("down", "Rack 2 once more", 0, None)
            assert "cannot connect" in row.error

    simulate(scenario())


def test_a_list_that_reads_differently_is_not_believed(small: Any, simulate: Simulate) -> None:
    """One damaged answer would become the map that every later answer is read with."""
    from bessinside.modbus.trouble import Reply

    asked = 0

    def flip(ask: Any) -> Reply:
        nonlocal asked
        asked += 1
        if asked != 2:  # after the marker the number and length of model 1, which now reads as 3
            return Reply(ask.right)
        return Reply(ask.right[:-3] + bytes([ask.right[-3] ^ 2]) + ask.right[-2:])

    async def scenario() -> None:
        await small.start()
        await Server({1: sunspec_unit()}, trouble=flip).start("127.0.0.1", 1003)
        async with Twin(small.plant(small.text() + DEVICE)) as twin:
            wanted = "two readings of the list of models differ: from 40000: 3 at 40002, length 66; 802 at 40070"
            assert wanted in twin.undiscovered["sun"]
            assert "then from 40000: 1 at 40002" in twin.undiscovered["sun"]
            await clock.sleep(15.0)
            assert twin.undiscovered == {}
            assert twin.figure("c1/r02/soc@sun").value == 61.5
            assert twin.figure("c1/r02/soc").value == 87.3

    simulate(scenario())


def test_units_of_one_gateway_are_discovered_over_one_connection(small: Any, simulate: Simulate) -> None:
    async def scenario() -> None:
        await small.start()
        gateway = Server({unit: sunspec_unit() for unit in (1, 2, 3)})
        await gateway.start("127.0.0.1", 1003)
        second = DEVICE.replace('"sun"', '"sun2"').replace("unit=1", "unit=2")
        third = DEVICE.replace('"sun"', '"sun3"').replace("unit=1", "unit=3").replace("c1/r02", "c1/r01")
        async with Twin(small.plant(small.text() + DEVICE + second + third)) as twin:
            assert twin.undiscovered == {}
            await clock.sleep(1.0)
            assert gateway.counts["connections"] == 1
            ids = ("c1/r02/soc@sun", "c1/r02/soc@sun2", "c1/r01/soc@sun3")
            assert [twin.figure(name).value for name in ids] == [61.5] * 3

    simulate(scenario())


def unspecific() -> Unit:
    unit = Unit()
    unit.holding.put(0, list(range(200)))
    unit.holding.put(40000, list(range(200)))
    return unit


def broken_list() -> Unit:
    unit = Unit()
    unit.holding.put(40000, [0x5375, 0x6E53, 1, 66])  # a model that begins and no more
    return unit


def other_plant() -> Unit:
    """Models of a string with a ninth module; a rack of this plant has two."""
    module = {"lithium-ion-module-cell": 3, "StrIdx": 1, "ModIdx": 9}
    device = chain([(1, {}), (802, {}), (805, module)])
    unit = sunspec_unit([(1, {}), (802, {}), (805, module)])
    start = next(found.address for found in device.models if found.id == 805)
    unit.holding.put(start + 2, [1, 9, 3])  # string, module, cells
    return unit


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Unit, "no SunSpec model list found"),
        (unspecific, "no 'SunS' there"),
        (broken_list, "the model list breaks off"),
        (other_plant, "c1/r02 has 2 modules, the device speaks of 9"),
    ],
)
def test_a_device_without_a_usable_list_is_left_out_with_the_reason(
    small: Any, simulate: Simulate, caplog: pytest.LogCaptureFixture, make: Callable[[], Unit], why: str
) -> None:
    async def scenario() -> None:
        await small.start()
        await Server({1: make()}).start("127.0.0.1", 1003)
        async with Twin(small.plant(small.text() + DEVICE)) as twin:
            assert why in twin.undiscovered["sun"]
            await clock.sleep(30.0)
            assert why in twin.undiscovered["sun"]
            assert twin.figure("c1/r02/soc").quality == "good"

    simulate(scenario())
    said = [record.getMessage().split(":")[0] for record in caplog.records]
    assert [line for line in said if line.startswith("sun")] == ["sun is left out"]  # said once


def test_a_device_that_takes_forever_to_list_its_models(small: Any, simulate: Simulate) -> None:
    from bessinside.modbus.trouble import Reply

    async def scenario() -> None:
        await small.start()
        slow = Server({1: sunspec_unit()}, trouble=lambda ask: Reply(ask.right, delay_s=0.9))
        await slow.start("127.0.0.1", 1003)
        text = (small.text() + DEVICE).replace('quirks = { timeout = "150 ms" }', 'quirks = { timeout = "2 s" }')
        began = clock.monotonic()
        async with Twin(small.plant(text)) as twin:
            assert clock.monotonic() - began < 3.1
            assert twin.undiscovered["sun"] == "no list of models within 3 s"
            await clock.sleep(1.0)
            assert twin.figure("c1/r01/soc").quality == "good"

    simulate(scenario())
