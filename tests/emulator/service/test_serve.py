"""The emulator's time: real, hurried, held and jumped over; the same commands give the same registers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymodbus.client import AsyncModbusTcpClient

from bessinside.emulator.service.moment import moment
from bessinside.emulator.service.pace import PaceError
from bessinside.emulator.service.serve import Emulator, EmulatorError
from bessinside.modbus import parse_endpoint
from bessinside.plant import Plant, load_plant, parse_plant

NS = 1_000_000_000
START = moment("2026-06-21T05:00")


@pytest.fixture
def plant() -> Plant:
    """REF-1M on the ports of its file: for loops whose sockets are in memory."""
    return load_plant("ref-1m")


def words(emulator: Emulator) -> list[np.ndarray[Any, Any]]:
    return [
        getattr(image.unit, table).words.copy()
        for image in emulator.world.images
        for table in ("coils", "discrete", "holding", "input")
    ]


def same(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_real_time_goes_in_steps_of_a_second(simulate: Any, plant: Plant) -> None:
    async def run() -> tuple[int, list[Any]]:
        async with Emulator(plant, seed=3, at=START) as emulator:
            await asyncio.sleep(20.5)
            return emulator.physics.time_ns, words(emulator)

    time, seen = simulate(run())
    assert time == START + 20 * NS
    stepped = Emulator(plant, seed=3, at=START)
    for _ in range(20):
        stepped.step(1.0)
    assert same(seen, words(stepped))


def test_a_hurried_plant_is_shown_once_a_second(simulate: Any, plant: Plant) -> None:
    async def run() -> tuple[int, int, list[Any]]:
        emulator = Emulator(plant, seed=3, at=START, speed=60.0)
        shown: list[int] = []
        show = emulator.show
        emulator.show = lambda: (shown.append(emulator.physics.time_ns), show())  # type: ignore[method-assign,assignment,func-returns-value]
        async with emulator:
            await asyncio.sleep(5.5)
            assert shown == [START + 60 * NS * n for n in range(1, 6)]
            return emulator.physics.time_ns, len(shown), words(emulator)

    time, shown, seen = simulate(run())
    assert (time, shown) == (START + 300 * NS, 5)
    stepped = Emulator(plant, seed=3, at=START)
    for _ in range(300):
        stepped.advance(1.0)
    stepped.show()
    assert same(seen, words(stepped))


def test_the_seed_and_the_start_make_the_plant(plant: Plant) -> None:
    first, again, other, later = (
        Emulator(plant, seed=seed, at=START + after) for seed, after in ((3, 0), (3, 0), (4, 0), (3, 3600 * NS))
    )
    assert same(words(first), words(again))
    assert not same(words(first), words(other))
    assert not same(words(first), words(later))


def test_a_pause_does_not_count(simulate: Any, plant: Plant) -> None:
    async def run() -> None:
        async with Emulator(plant, at=START) as emulator:
            await asyncio.sleep(3.5)
            emulator.hold()
            before = words(emulator)
            await asyncio.sleep(100)
            assert same(before, words(emulator))
            assert emulator.physics.time_ns == START + 3 * NS
            emulator.go_on()
            await asyncio.sleep(2)
            assert emulator.physics.time_ns == START + 5 * NS

    simulate(run())


def test_the_speed_may_change(simulate: Any, plant: Plant) -> None:
    async def run() -> None:
        async with Emulator(plant, at=START) as emulator:
            await asyncio.sleep(3.5)
            emulator.speed = 30.0
            await asyncio.sleep(2)
            assert emulator.physics.time_ns == START + (3 + 60) * NS
            with pytest.raises(PaceError):
                emulator.speed = 0.0
            assert emulator.speed == 30.0

    simulate(run())


def test_a_jump_arrives_where_it_should_and_is_the_same_each_time(simulate: Any, plant: Plant) -> None:
    goal = START + 5430 * NS

    async def run(between: float) -> list[Any]:
        shares: list[float] = []
        async with Emulator(plant, seed=3, at=START) as emulator:
            await asyncio.sleep(2.5)
            await asyncio.sleep(between)
            emulator.hold()
            await emulator.go(goal, shares.append)
            assert emulator.physics.time_ns == goal
            assert shares == sorted(shares)
            assert not emulator.jumping
            return words(emulator)

    first = simulate(run(0.0))
    assert same(first, simulate(run(0.3), 2))


async def test_a_jump_into_the_past_is_refused(plant: Plant) -> None:
    emulator = Emulator(plant, at=START)
    with pytest.raises(EmulatorError, match="the plant is at 2026-06-21 05:00:00 UTC"):
        await emulator.go(START)


async def test_holding_ends_a_jump_and_readers_are_served_meanwhile(moved: Path) -> None:
    plant = load_plant(moved)
    async with Emulator(plant, at=START) as emulator:
        jump = asyncio.create_task(emulator.go(START + 30 * 86400 * NS))
        await asyncio.sleep(0.3)
        assert emulator.jumping
        endpoint = parse_endpoint(plant.devices[0].url)
        client = AsyncModbusTcpClient(endpoint.host, port=endpoint.port)
        assert await client.connect()
        answer = await client.read_holding_registers(19026, count=2, device_id=1)
        client.close()
        assert not answer.isError()
        with pytest.raises(EmulatorError, match="on its way"):
            await emulator.go(START + 40 * 86400 * NS)
        emulator.hold()
        await asyncio.wait_for(jump, 5)
        assert START < emulator.physics.time_ns < START + 30 * 86400 * NS


async def test_every_unit_says_that_it_is_emulated(moved: Path) -> None:
    plant = load_plant(moved)
    async with Emulator(plant, seed=7, speed=60.0, scenario="weak-cell") as emulator:
        for device in (plant.devices[0], plant.device("bcu04"), plant.device("ss12")):
            endpoint = parse_endpoint(device.url)
            client = AsyncModbusTcpClient(endpoint.host, port=endpoint.port)
            assert await client.connect()
            answer = await client.read_device_information(read_code=2, object_id=0, device_id=endpoint.unit)
            said = {number: text.decode("ascii") for number, text in answer.information.items()}
            assert said[0] == "BESS Inside emulator"
            assert said[1] == device.map
            assert said[4].startswith("Emulated: ")
            assert said[5] == f"{device.id} of ref-5m"
            assert said[6] == "emulated, 60x real time, seed 7, scenario weak-cell"
            emulator.speed = 1.0
            answer = await client.read_device_information(read_code=4, object_id=6, device_id=endpoint.unit)
            assert answer.information[6] == b"emulated, real time, seed 7, scenario weak-cell"
            emulator.speed = 60.0
            client.close()


def test_scenarios_begin_and_end_and_leave_their_truth(plant: Plant) -> None:
    emulator = Emulator(plant, seed=3, at=START)
    where = emulator.begin("weak-cell")
    assert where.startswith("c1/")
    assert emulator.label == "emulated, real time, seed 3, scenario weak-cell"
    emulator.advance(60.0)
    emulator.end("weak-cell")
    (truth,) = emulator.plays.truths()
    assert (truth.part, truth.since_ns, truth.until_ns) == (where, START, START + 60 * NS)
    assert emulator.label == "emulated, real time, seed 3, no scenario"
    emulator.begin("weak-cell@c1/r02/m1/cell003")
    assert emulator.plays.truths()[-1].part == "c1/r02/m1/cell003"


def test_years_of_work_show(plant: Plant) -> None:
    new, old = (Emulator(plant, seed=3, at=START, years=years).physics for years in (1.0, 10.0))
    assert old.quantity("container", "soh")[0] < new.quantity("container", "soh")[0] - 5.0
    assert old.quantity("meter", "energy_export")[0] > 5 * new.quantity("meter", "energy_export")[0]


def test_a_plant_that_is_not_marked_is_not_emulated(plant: Plant) -> None:
    text = Path(plant.path).read_text().replace("emulated = true", "emulated = false")
    with pytest.raises(EmulatorError, match="`emulated = true` is missing"):
        Emulator(parse_plant(text))


def test_a_machine_that_is_too_slow_says_so_once(simulate: Any, plant: Plant, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> float:
        async with Emulator(plant, at=START, speed=60.0) as emulator:
            frames = emulator._frames

            async def slow(count: int) -> None:
                await asyncio.sleep(5.0)
                await frames(min(count, 1))

            emulator._frames = slow  # type: ignore[method-assign]
            await asyncio.sleep(40.0)
            return emulator.pace.lost

    lost = simulate(run())
    assert lost > 60.0
    assert [record.getMessage() for record in caplog.records] == [
        "this machine does not hold 60x real time: `status` says what was left out"
    ]


def test_time_that_ends_by_mistake_is_told(simulate: Any, plant: Plant, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with Emulator(plant, at=START) as emulator:
            emulator.advance = lambda seconds: 1 / 0  # type: ignore[assignment,method-assign]
            await asyncio.sleep(3.0)

    simulate(run())
    assert "the plant's time ended" in caplog.text


def test_a_scenario_brings_its_own_setting_unless_a_schedule_is_given(tmp_path: Path) -> None:
    plant = load_plant("ref-5m")
    own = Emulator(plant, at=START, scenario="weak-cell")
    assert own.physics.quantity("container", "soc")[0] == pytest.approx(45.0, abs=1.0)
    own.physics.step(60.0)
    assert own.physics.meter.power == pytest.approx(2.4e6, rel=0.02)
    day = tmp_path / "day.csv"
    day.write_text("time,power\n00:00,-1000000\n")
    given = Emulator(plant, at=START, scenario="weak-cell", schedule=str(day))
    given.physics.step(60.0)
    assert given.physics.meter.power == pytest.approx(-1e6, rel=0.02)
    assert given.setting is None
