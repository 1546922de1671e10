"""Set-points written with pymodbus: the plant file decides, the converter follows with its ramp, the rest refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from bessinside.emulator.service.moment import moment
from bessinside.emulator.service.serve import Emulator
from bessinside.emulator.worlds.writes import WriteError
from bessinside.modbus import parse_endpoint
from bessinside.modbus.answer import answer
from bessinside.plant import load_plant, parse_plant

START = moment("2026-06-21T21:00")  # the schedule rests: what moves then was written
P1, Q1, P2 = 304, 305, 1304  # holding registers of PCS 1 and 2
RESET, RUN, STOP, REMOTE = 1, 2, 3, 7  # coils
POINTS = '["active_power_setpoint", "reactive_power_setpoint", "start", "stop", "fault_reset", "remote_control_enable"]'


@dataclass
class Site:
    """A plant that stands still until it is stepped, and a stranger who writes to its converters."""

    emulator: Emulator
    client: AsyncModbusTcpClient

    async def registers(self, address: int, *values: int) -> int:
        """Writes; 0 or the exception code."""
        answer = await self.client.write_registers(address, list(values), device_id=1)
        return answer.exception_code if answer.isError() else 0

    async def register(self, address: int, value: int) -> int:
        answer = await self.client.write_register(address, value, device_id=1)
        return answer.exception_code if answer.isError() else 0

    async def coil(self, address: int, value: bool) -> int:
        answer = await self.client.write_coil(address, value, device_id=1)
        return answer.exception_code if answer.isError() else 0

    async def read(self, address: int) -> int:
        answer = await self.client.read_holding_registers(address, count=1, device_id=1)
        assert not answer.isError(), answer
        return int(answer.registers[0])

    async def read_coil(self, address: int) -> bool:
        answer = await self.client.read_coils(address, count=1, device_id=1)
        assert not answer.isError(), answer
        return bool(answer.bits[0])

    def power(self, number: int) -> float:
        return float(self.emulator.physics.quantity("pcs", "active_power")[number - 1])

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.emulator.step(1.0)


Open = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def site(moved: Path, tmp_path: Path) -> Open:
    (tmp_path / "rest.csv").write_text("time,power\n00:00,0\n")

    @asynccontextmanager
    async def opened(points: str = POINTS) -> AsyncIterator[Site]:
        text = moved.read_text()
        allowed = f'map = "inpower-pcs-v23"\nwrites = "allowed"\npoints = {points}\n' if points else ""
        text = text.replace('map = "inpower-pcs-v23"\n', allowed or 'map = "inpower-pcs-v23"\n')
        plant = parse_plant(text, str(moved))
        emulator = Emulator(plant, seed=2, schedule=str(tmp_path / "rest.csv"), at=START)
        emulator.hold()
        async with emulator:
            endpoint = parse_endpoint(plant.device("pcs").url)
            client = AsyncModbusTcpClient(endpoint.host, port=endpoint.port)
            assert await client.connect()
            yield Site(emulator, client)
            client.close()

    return opened


async def test_the_converter_follows_with_its_ramp(site: Open) -> None:
    async with site() as plant:
        assert await plant.register(P1, -6000 & 0xFFFF) == 0  # 0.1 kW, charging positive: 600 kW discharging
        plant.run(6)  # it synchronises for five seconds
        risen = [plant.power(1)]
        for _ in range(8):
            plant.run(1)
            risen.append(plant.power(1))
        design = plant.emulator.physics.design
        steps = [b - a for a, b in pairwise(risen)]
        assert risen[0] < 300e3
        assert max(steps) <= 0.1 * design.rated_power * 1.05  # the ramp, and the noise of a second
        assert risen[-1] == pytest.approx(600e3, abs=3e3)
        assert plant.power(2) == 0.0
        assert await plant.read(P1) == -6000 & 0xFFFF
        assert await plant.registers(P1, 2500, 300) == 0  # 250 kW charging and 30 kvar, in one request
        plant.run(20)
        assert plant.power(1) == pytest.approx(-250e3, abs=3e3)
        reactive = plant.emulator.physics.quantity("pcs", "reactive_power")[0]
        assert reactive == pytest.approx(30e3, abs=1.0)


async def test_the_schedule_again(site: Open) -> None:
    async with site() as plant:
        assert await plant.read_coil(REMOTE)
        assert await plant.register(P1, 2500) == 0
        assert await plant.register(P2, 2500) == 0
        plant.run(20)
        assert plant.power(2) == pytest.approx(-250e3, abs=3e3)
        assert await plant.coil(REMOTE, False) == 0
        plant.run(20)
        assert plant.power(1) == pytest.approx(0.0, abs=1e3)
        assert plant.power(2) == pytest.approx(-250e3, abs=3e3)
        assert not await plant.read_coil(REMOTE)
        assert await plant.register(P1, 1000) == 0  # the next set-point takes it again
        assert await plant.read_coil(REMOTE)
        plant.run(20)
        assert plant.power(1) == pytest.approx(-100e3, abs=3e3)
        plant.emulator.writes.release()
        plant.run(20)
        assert (plant.power(1), plant.power(2)) == pytest.approx((0.0, 0.0), abs=1e3)
        assert not await plant.read_coil(REMOTE)
        assert not await plant.read_coil(1000 + REMOTE)


async def test_stop_and_start_are_pulses(site: Open) -> None:
    async with site() as plant:
        await plant.register(P1, 2500)
        await plant.register(P2, 2500)
        plant.run(20)
        assert await plant.coil(STOP, False) == 0  # a pulse that is none
        plant.run(2)
        assert plant.power(1) < -200e3
        assert await plant.coil(STOP, True) == 0
        assert not await plant.read_coil(STOP)
        plant.run(2)
        assert plant.power(1) == 0.0
        assert plant.power(2) < -200e3
        assert plant.emulator.physics.quantity("pcs", "state_shutdown").tolist() == [1.0, 0.0]
        assert await plant.coil(RUN, True) == 0
        plant.run(20)
        assert plant.power(1) == pytest.approx(-250e3, abs=3e3)  # it still knows its set-point


async def test_a_fault_is_reset_where_it_is(site: Open) -> None:
    async with site() as plant:
        for faults in plant.emulator.physics.pcs.faults:
            faults.add("AC_OVERVOLTAGE")
        plant.run(1)
        assert plant.emulator.physics.quantity("pcs", "state_fault").tolist() == [1.0, 1.0]
        assert await plant.coil(RESET, True) == 0
        plant.run(1)
        assert plant.emulator.physics.quantity("pcs", "state_fault").tolist() == [0.0, 1.0]


async def test_what_cannot_be_followed_is_refused_and_changes_nothing(site: Open) -> None:
    async with site() as plant:
        assert await plant.register(P1, 1000) == 0
        for address, values, code in (
            (P1, (12501,), 3),  # beyond the rating
            (P1, (-12501 & 0xFFFF,), 3),
            (P1, (2000, 13751), 3),  # the second value is beyond: neither is taken
            (P1 - 1, (1, 2000), 2),  # a register that is not open beside one that is
            (301, (3,), 2),  # served by no point that is open
            (40000, (0,), 2),
        ):
            assert await plant.registers(address, *values) == code, (address, values)
        assert await plant.coil(4, True) == 2
        answer = await plant.client.mask_write_register(address=P1, and_mask=0, or_mask=0, device_id=1)
        assert answer.exception_code == 1
        assert await plant.read(P1) == 1000
        plant.run(20)
        assert plant.power(1) == pytest.approx(-100e3, abs=3e3)
        assert await plant.register(P1, 12500) == 0  # the rating itself


async def test_nothing_is_open_unless_the_plant_file_opens_it(site: Open) -> None:
    async with site("") as plant:
        assert await plant.register(P1, 1000) == 1
        assert await plant.coil(RUN, True) == 1
        plant.run(10)
        assert plant.power(1) == 0.0


async def test_only_what_is_named_is_open(site: Open) -> None:
    async with site('["pcs2/active_power_setpoint"]') as plant:
        assert await plant.register(P2, 1000) == 0
        assert await plant.register(P1, 1000) == 2
        assert await plant.register(Q1, 1000) == 2
        assert await plant.coil(RUN, True) == 1


@pytest.mark.parametrize("points", ['["run_mode"]', '["pcs3/active_power_setpoint"]', '["active_power"]'])
async def test_a_point_that_the_emulator_cannot_follow_is_named(site: Open, points: str) -> None:
    with pytest.raises(WriteError, match=r"device.pcs.points: .*follows .*start.*active_power_setpoint"):
        async with site(points):
            pass


def test_sinexcel_takes_set_points_and_commands_as_registers() -> None:
    shipped = load_plant("ref-1m")
    text = Path(shipped.path).read_text()
    opened = (
        'map = "sinexcel-pws"\nwrites = "allowed"\npoints = ["*_power_setpoint", "start", "stop", "clear_faults"]\n'
    )
    emulator = Emulator(parse_plant(text.replace('map = "sinexcel-pws"\n', opened), shipped.path), at=START)
    images = [image for image in emulator.world.images if image.bound.map.id == "sinexcel-pws"]
    assert len(images) == 4
    unit = images[2].unit
    assert answer(unit, bytes.fromhex("06 0087 05DC")).hex() == "06008705dc"  # 150.0 kW, discharging positive
    assert answer(unit, bytes.fromhex("06 0087 7FFF")).hex() == "8603"
    assert answer(unit, bytes.fromhex("06 028B 0001")).hex() == "06028b0001"  # stop
    assert emulator.physics.pcs.enabled.tolist() == [True, True, False, True]
    assert answer(unit, bytes.fromhex("06 028A 0001")).hex() == "06028a0001"  # start
    for _ in range(20):
        emulator.step(1.0)
    assert emulator.physics.quantity("pcs", "active_power")[2] == pytest.approx(150e3, abs=2e3)
