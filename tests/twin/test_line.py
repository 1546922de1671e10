"""Devices behind one address share one connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bessinside.modbus import Quirks, Server, parse_endpoint
from bessinside.runtime import clock
from bessinside.twin import Twin
from bessinside.twin.line import Line
from tests.conftest import Small, rack_unit


def behind_one_gateway(small: Small) -> str:
    return small.text(a="modbus+tcp://127.0.0.1:1001?unit=1", b="modbus+tcp://127.0.0.1:1001?unit=7")


def test_two_units_behind_a_gateway_for_one_client(small: Small, simulate: Any) -> None:
    async def scenario() -> None:
        gateway = Server({1: rack_unit(), 7: rack_unit()}, quirks=Quirks(one_connection=True))
        await gateway.start("127.0.0.1", 1001)
        async with Twin(small.plant(behind_one_gateway(small))) as twin:
            await clock.sleep(5.0)
            assert {poller.state for poller in twin.pollers} == {"up"}
            assert len(gateway.connections) == 1
            assert twin.figure("c1/r01/soc").value == twin.figure("c1/r02/soc").value == 87.3
        await clock.sleep(1.0)
        assert not gateway.connections

    simulate(scenario())


def test_a_gateway_that_comes_back_serves_both_again(small: Small, simulate: Any) -> None:
    async def scenario() -> None:
        units = {1: rack_unit(), 7: rack_unit()}
        gateway = Server(units)
        await gateway.start("127.0.0.1", 1001)
        async with Twin(small.plant(behind_one_gateway(small))) as twin:
            await clock.sleep(3.0)
            await gateway.stop()
            await clock.sleep(10.0)
            assert {poller.state for poller in twin.pollers} == {"down"}
            again = Server(units)
            await again.start("127.0.0.1", 1001)
            await clock.sleep(120.0)
            assert {poller.state for poller in twin.pollers} == {"up"}
            assert len(again.connections) == 1

    simulate(scenario())


async def test_a_window_is_widened_where_the_plant_file_asks_and_a_probe_proves_it(served: Small) -> None:
    text = served.text().replace('quirks = { timeout = "150 ms" }', 'quirks = { timeout = "1 s", window = 8 }', 1)
    async with Twin(served.plant(text)) as twin:
        for _ in range(100):
            await asyncio.sleep(0.05)
            if {poller.state for poller in twin.pollers} == {"up"}:
                break
        windows = [(await poller.line.client()).window for poller in twin.pollers]
    assert windows[0] in (1, 2, 4, 8)
    assert windows[1] == 1  # nobody asked


async def test_a_line_connects_once_for_all_who_ask(served: Small) -> None:
    endpoint = parse_endpoint(f"modbus+tcp://127.0.0.1:{served.ports['a']}")
    line = Line(endpoint, Quirks(), "a")
    first, second = await asyncio.gather(line.client(), line.client())
    assert first is second
    await first.close()
    assert await line.client() is not first
    await line.close()
    with pytest.raises(Exception, match="cannot connect"):
        await Line(parse_endpoint("modbus+tcp://127.0.0.1:9"), Quirks()).client()
