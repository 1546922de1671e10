"""What a scan finds: every device of the reference plant by its map, and strangers of every temper on one host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bessinside.modbus import Server, Unit, parse_endpoint
from bessinside.modbus.trouble import Ask, Reply
from bessinside.twin import scan as module
from bessinside.twin.scan import Fit, Found, scan

Simulate = Callable[..., Any]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)


async def found_at(ports: list[int], units: list[int]) -> dict[str, Found | None]:
    return {url: found async for url, found in scan("127.0.0.1", ports, units)}


async def test_every_device_of_the_reference_plant_is_recognised(emulated: Any) -> None:
    devices = {parse_endpoint(device.url).port: device for device in emulated.plant.devices}
    found = await found_at(list(devices), [1])
    assert len(found) == len(devices) == 21
    for (url, one), (port, device) in zip(found.items(), devices.items(), strict=True):
        assert url == f"modbus+tcp://127.0.0.1:{port}?unit=1"
        assert one is not None, device.id
        if device.map == "sunspec":
            assert one.fits == ()
            assert one.sunspec is not None
            assert one.sunspec.label == "SunSpec models 1, 802, 803, 804, 805"
        else:
            assert one.sunspec is None
            assert one.fits[0].map == device.map, device.id
            assert all(one.fits[0].score > other.score for other in one.fits[1:])
            assert "points answer" in one.fits[0].evidence


def janitza() -> Unit:
    """A meter that has its registers where a Janitza has them, with values a meter can show."""
    unit = Unit()
    unit.holding.put(19000, list(np.full(60, 230.0, ">f4").view(">u2")))
    unit.holding.put(19060, list(np.full(120, 50.0, ">f4").view(">u2")))
    return unit


def sunspec_at(base: int) -> Unit:
    unit = Unit()
    unit.holding.put(base, [0x5375, 0x6E53, 1, 66, *[0] * 66, 0xFFFF, 0])
    return unit


def test_a_mixed_host(simulate: Simulate) -> None:
    """Two units behind one port, a device that hangs up, a silent one, one that speaks otherwise, and nobody."""

    def silent_above(ask: Ask) -> Reply | None:
        return Reply(b"") if int.from_bytes(ask.pdu[1:3], "big") >= 40000 else None

    async def scenario() -> dict[str, Found | None]:
        await Server({1: janitza(), 3: sunspec_at(40000)}).start("127.0.0.1", 502)
        await Server({1: sunspec_at(0)}, trouble=silent_above).start("127.0.0.1", 503)
        await Server({1: janitza()}, trouble=lambda ask: Reply(b"HTTP/1.1 400 Bad Request\r\n\r\n", close=True)).start(
            "127.0.0.1", 504
        )
        await Server({}, silent=True).start("127.0.0.1", 505)
        return await found_at([502, 503, 504, 505, 506], [1, 2, 3])

    found = simulate(scenario())
    meter = found.pop("modbus+tcp://127.0.0.1:502?unit=1")
    assert (meter.sunspec, meter.fits[0].map) == (None, "janitza-umg96rme")
    assert found.pop("modbus+tcp://127.0.0.1:502?unit=3").sunspec.label == "SunSpec models 1"
    assert found.pop("modbus+tcp://127.0.0.1:503?unit=1").sunspec is not None  # though it is silent at 40000
    assert "modbus+tcp://127.0.0.1:506?unit=2" not in found  # nobody listens: no use to ask for other units
    assert set(found.values()) == {None}
    assert len(found) == 3 * 4 - 3 + 1


def test_a_scan_leaves_no_connection_behind(simulate: Simulate) -> None:
    def hang_up(ask: Ask) -> Reply | None:
        return Reply(b"", close=True) if ask.pdu[0] == 4 else None

    async def scenario() -> tuple[int, int]:
        server = Server({1: janitza()}, trouble=hang_up)
        await server.start("127.0.0.1", 502)
        await found_at([502], [1])
        await asyncio.sleep(1.0)
        return server.counts["connections"], len(server.connections)

    made, left = simulate(scenario())
    assert made > 1
    assert left == 0


def test_a_scan_never_writes(simulate: Simulate) -> None:
    asked: set[int] = set()

    def watch(ask: Ask) -> None:
        asked.add(ask.pdu[0])

    async def scenario() -> None:
        await Server({1: janitza()}, trouble=watch).start("127.0.0.1", 502)
        await found_at([502], [1])

    simulate(scenario())
    assert asked
    assert asked <= {1, 2, 3, 4}


@pytest.fixture
def fits() -> Iterator[list[Fit]]:
    return [
        Fit("all", "", asked=10, answered=10, plausible=5, judged=5),
        Fit("half of it", "", asked=10, answered=5, plausible=5, judged=5),
        Fit("odd values", "", asked=10, answered=10, plausible=1, judged=5),
        Fit("nothing to judge", "", asked=10, answered=10, plausible=0, judged=0),
        Fit("nothing asked", "", asked=0, answered=0, plausible=0, judged=0),
    ]


def test_the_score_is_the_share_that_answers_times_the_share_that_makes_sense(fits: list[Fit]) -> None:
    assert [fit.score for fit in fits] == [1.0, 0.5, 0.2, 0.5, 0.0]
    assert fits[1].evidence == "5 of 10 points answer, 5 of 5 values are plausible"
