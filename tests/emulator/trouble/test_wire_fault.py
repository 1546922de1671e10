"""Faults of the wire over real sockets: who asks sees them, and sees nothing of them before and after."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bessinside.emulator.trouble.scenario import Scenario, load, names
from bessinside.emulator.trouble.stage import NS, Stage
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.world import World
from bessinside.modbus import AnswerTimeout, LinkClosed, ModbusError, Quirks, Server, connect, parse_endpoint
from bessinside.plant import bind, load_plant
from bessinside.registers import load_map

START = 1_750_000_000 * NS
PATIENCE = 0.3  # s that a test waits; the delays of the scenarios are longer
WIRE = [name for name in names() if any(act.lever.startswith("wire.") for act in load(name).act)]


@dataclass
class Device:
    """A served device of the reference plant and how to read its expected figure."""

    stage: Stage
    server: Server
    unit: int
    fc: int
    address: int
    words: int
    port: int = 0

    async def read(self, patience: float = PATIENCE) -> int:
        """Reads the figure over a connection of its own; how many words came."""
        client = await connect(
            f"modbus+tcp://127.0.0.1:{self.port}?unit={self.unit}", quirks=Quirks(timeout_s=patience)
        )
        async with client:
            return len(await client.read(self.unit, self.fc, self.address, self.words))


@pytest.fixture(scope="module")
def world() -> World:
    file = load_plant("ref-5m")
    binding = bind(
        file, lambda device: sunspec.device_map(device, file) if device.map == "sunspec" else load_map(device.map)
    )
    return World(binding, Plant(2, START))


def device(world: World, scenario: Scenario) -> Device:
    """The device that the scenario's first expectation looks at, with the scenario played on all servers."""
    servers = {link: Server(units) for link, units in world.units.items()}
    stage = Stage(world.physics, scenario, START, seed=1, anatomy=world.binding.plant.anatomy)
    stage.join(world, servers)
    expected = scenario.expect[0]
    bound, i = world.binding.locate(
        world.binding.by_part(expected.figure)[stage.part(scenario.id, scenario.act[0].part)]
    )
    endpoint, layout = parse_endpoint(bound.device.url), bound.layout
    return Device(
        stage, servers[endpoint.link], endpoint.unit, int(layout.fc[i]), int(layout.address[i]), int(layout.words[i])
    )


@pytest.mark.parametrize("name", [name for name in WIRE if name != "one-client-gateway"])
async def test_a_reader_gets_no_answer_while_it_lasts(world: World, name: str) -> None:
    scenario = load(name)
    served = device(world, scenario)
    async with served.server:
        served.port = await served.server.start()
        assert await served.read() == served.words
        served.stage.step(START + NS)
        with pytest.raises(ModbusError) as refused:
            await served.read()
        assert isinstance(refused.value, LinkClosed if name == "cut-connection" else AnswerTimeout)
        served.stage.leave()
        assert served.server.trouble is None
        assert await served.read() == served.words


async def test_a_slow_device_answers_in_the_end(world: World) -> None:
    scenario = load("slow-device")
    served = device(world, scenario)
    async with served.server:
        served.port = await served.server.start()
        served.stage.step(START + NS)
        assert scenario.expect[0].value < scenario.act[0].value
        assert await served.read(patience=scenario.act[0].value + 1.0) == served.words


async def test_a_gateway_for_one_client_turns_the_second_away(world: World) -> None:
    served = device(world, load("one-client-gateway"))
    async with served.server:
        served.port = await served.server.start()
        url = f"modbus+tcp://127.0.0.1:{served.port}?unit={served.unit}"
        first = await connect(url, quirks=Quirks(timeout_s=PATIENCE))
        async with first:
            assert await served.read() == served.words
            served.stage.step(START + NS)
            with pytest.raises(ModbusError):
                await served.read()
            assert len(await first.read(served.unit, served.fc, served.address, served.words)) == served.words
            served.stage.leave()
            assert await served.read() == served.words


def test_a_fault_that_comes_again_is_there_in_its_turns_only(world: World) -> None:
    scenario = load("cut-connection")
    served = device(world, scenario)
    shares = []
    for second in (0.0, 4.0, 5.0, 59.0, 60.0, 64.0, 66.0):
        served.stage.step(START + round(second * NS))
        shares.append(served.stage._disturbances[0].share())
    assert shares == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]
