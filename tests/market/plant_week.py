"""REF-5M behind its sockets under a schedule, and what its registers say of every slot.

One thing is not as in the field: the plant's time goes on in steps of ten seconds when it is told to, for nobody can
wait for a week; so sweeps are asked for here and not by the wall clock of the poller. All else is: set-points are
written over TCP, every register is read over TCP by the twin's own reader and stamped with the plant's time, sweeps are
recorded by a historian, and what they say of every slot is asked of its folder as the page asks it. Faults are levers
of the emulated plant. A plant that also answers the grid's frequency follows its schedule by itself, as one with an
energy management of its own does: nobody writes to it, and its meter and converters are read after every step.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bessinside.emulator.service.serve import Emulator
from bessinside.emulator.whole.plant import DEAD_BAND, FULL_ACTIVATION, NOMINAL_FREQUENCY
from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.emulator.whole.schedule import DAY, NS, Schedule
from bessinside.historian.embedded.record import Historian
from bessinside.historian.opened import opened
from bessinside.market.dispatch.battery import Battery, Floats
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.plans.plan import rolling
from bessinside.market.realised.metered import metered
from bessinside.market.realised.registers import Said, said
from bessinside.modbus import Client, Quirks, connect
from bessinside.plant import Plant, load_plant
from bessinside.twin import Twin
from tests.peers.conftest import REF_5M, on_ports

SLOT_S, STEP_S = 900, 10.0
SLOT_NS = SLOT_S * 10**9
LOOKS = (1, *range(6, 90, 6), 89)  # steps of a slot after which all is read: once a minute, and close to both edges
RATED = 2.5e6  # W at the converters' terminals
NOMINAL = 5.01596e6  # Wh
CUT_OFF = 0.05  # state of charge below which the BMS gives nothing
CLOSE = ("meter", "pcs")  # what is read after every step where the frequency is answered
SETPOINTS = (304, 1304)  # addresses of both converters, as the map inpower-pcs-v23 has them
DIGIT_W = -100.0  # of a converter's set-point; its map counts discharging as negative
PATIENT = '{ pause = "0 s", timeout = "60 s", connect = "60 s" }'  # everything here shares one busy machine
ONLY = {
    "meter": ["*/energy_import", "*/energy_export", "*/frequency"],
    "pcs": ["*/state_fault", "*/state_derating", "*/active_power", "*/active_power_setpoint", "*/ac_energy_*"],
    "bau1": ["bus1/cell_voltage_m??", "bus1/soc", "bus1/soh", "*/relay_positive"],
    "bau2": ["bus2/cell_voltage_m??", "bus2/soc", "bus2/soh", "*/relay_positive"],
    "thermal": ["*/auxiliary_energy"],
}
Fault = Callable[[Physics, int], None]


@dataclass(frozen=True)
class Week:
    """What was bought and wanted (W float64[n]), and what the registers say of it. `sweeps` were read over the wire.
    `answered_w` float64[n]: the answer to the frequency as the emulated plant had it, for comparison alone."""

    owned: Battery
    wanted_w: Floats
    said: Said
    sweeps: int
    answered_w: Floats


def bought(start_wh: float) -> Battery:
    """The plant by its nameplate: what it was sold as, down to the cut-off."""
    return Battery(
        RATED,
        RATED,
        NOMINAL,
        0.97,
        0.97,
        soc_min=CUT_OFF,
        start_wh=start_wh,
        end_wh=None,
        cycles_day=1.5 * (1 - CUT_OFF),
    )


def run(calendar: Calendar, prices: Floats, fault: Fault, folder: Path, reserve_w: float = 0.0) -> Week:
    """Sends the plant through the schedule of somebody who knows two days. `fault` is called before every slot;
    `reserve_w` is what it gives at 200 mHz, and what the schedule leaves free of its power."""
    loop = asyncio.SelectorEventLoop()
    try:
        return loop.run_until_complete(_run(calendar, prices, fault, folder, reserve_w))
    finally:
        loop.close()


async def _run(calendar: Calendar, prices: Floats, fault: Fault, folder: Path, reserve_w: float) -> Week:
    plant = _plant(folder / "plant.toml")
    begin_ns = int(calendar.starts_ns[0])
    emulator = Emulator(plant, seed=1, at=begin_ns - SLOT_NS, reserve=reserve_w)
    emulator.physics.schedule = Schedule(np.array([0.0]), np.array([0.0]))
    emulator.hold()
    # stamps of sweeps and of the historian are the plant's time
    asyncio.get_running_loop().wall_ns = lambda: emulator.physics.time_ns  # type: ignore[attr-defined]
    async with emulator, Historian(folder / "past", plant, commit_every_s=0.02) as historian:
        wire = Wire(Twin(plant), historian, await _writer(plant), CLOSE if reserve_w else ())
        try:
            if not reserve_w:
                await wire.order(0.0)
            await wire.swept(emulator)
            owned = bought(wire.energy_wh())
            wanted = rolling("wanted", _left(owned, reserve_w), prices, prices, calendar).power_w
            wanted = np.round(wanted / (2 * DIGIT_W)) * (2 * DIGIT_W)
            if reserve_w:
                emulator.physics.schedule = _stepping(calendar, wanted)
            for slot, power in enumerate(wanted.tolist()):
                fault(emulator.physics, slot)
                if not reserve_w:
                    await wire.order(power)
                await wire.swept(emulator)
            if not reserve_w:
                await wire.order(0.0)
            await wire.swept(emulator)
        finally:
            await wire.close()
    with opened(folder / "past") as past:
        at_meter = metered(past, begin_ns, begin_ns + len(calendar) * SLOT_NS, SLOT_NS)
        assert not at_meter.gaps, "every slot's edge lies between two readings"
        found = said(past, calendar.starts_ns, SLOT_NS, at_meter.power_w, RATED, NOMINAL)
    assert not found.missing, found.missing
    assert found.start_wh is not None
    return Week(replace(owned, start_wh=found.start_wh), wanted, found, wire.sweeps, np.array(wire.answered[1:-1]))


def _left(owned: Battery, reserve_w: float) -> Battery:
    """What a schedule may use of a battery that keeps power and energy free for its answer to the frequency."""
    if not reserve_w:
        return owned
    power = RATED - reserve_w
    return replace(owned, charge_w=power, discharge_w=power, soc_min=0.15, soc_max=0.85)


def _stepping(calendar: Calendar, power_w: Floats) -> Schedule:
    """Powers of slots as a schedule of the plant's own: level through a slot, then within a second to the next."""
    assert len(calendar) <= round(DAY) // SLOT_S, "a schedule of the plant's own is that of one day"
    begin = calendar.starts_ns % round(DAY * NS) / NS
    seconds, power = np.concatenate([begin, begin + SLOT_S - 1.0]), np.concatenate([power_w, power_w])
    order = np.argsort(seconds)
    return Schedule(seconds[order], power[order])


class Wire:
    """Both sides of the sockets that are not the plant: who writes set-points, and the twin's own reader. Devices in
    `close` are read after every step."""

    def __init__(self, twin: Twin, historian: Historian, orders: Client, close: tuple[str, ...] = ()) -> None:
        self.twin, self.historian, self.orders = twin, historian, orders
        self.close_by = close
        self.answered: list[float] = []
        self.sweeps = 0
        twin.listen(historian.take)

    async def close(self) -> None:
        await self.orders.close()
        await self.twin.stop()

    async def order(self, power_w: float) -> None:
        """Writes half the power into each converter's set-point."""
        for address in SETPOINTS:
            await self.orders.write(1, address, [round(power_w / 2 / DIGIT_W) & 0xFFFF])

    async def swept(self, emulator: Emulator) -> None:
        """One slot of the plant; after the steps in `LOOKS` every device is read, those of `close` after each."""
        steps = round(SLOT_S / STEP_S)
        self.answered.append(0.0)
        for step in range(1, steps + 1):
            emulator.step(STEP_S)
            self.answered[-1] += _answer(emulator.physics) / steps
            for poller in self.twin.pollers:
                if step not in LOOKS and poller.readings.bound.device.id not in self.close_by:
                    continue
                found = await poller._sweep(await poller.line.client())
                assert found.ok, found.error
                self.sweeps += 1
        await self.recorded()

    async def recorded(self) -> None:
        """Waits until the historian has committed what was read."""
        while self.historian.health().waiting:
            await asyncio.sleep(0.002)
        assert not self.historian.health().trouble

    def energy_wh(self) -> float:
        """Energy at the cells by state of charge and health of both buses."""
        soc, soh = (
            float(np.mean([self._value(f"bus{bus}/{name}") for bus in (1, 2)])) / 100 for name in ("soc", "soh")
        )
        return soc * soh * NOMINAL

    def _value(self, figure: str) -> float:
        index = self.twin.binding.find(figure)
        assert index is not None, figure
        bound, i = self.twin.binding.locate(index)
        readings = next(poller.readings for poller in self.twin.pollers if poller.readings.bound is bound)
        return float(readings.values[i])


def _answer(plant: Physics) -> float:
    away = plant.grid.frequency - NOMINAL_FREQUENCY
    return 0.0 if abs(away) <= DEAD_BAND else -plant.reserve * min(max(away / FULL_ACTIVATION, -1.0), 1.0)


async def _writer(plant: Plant) -> Client:
    return await connect(plant.device("pcs").url, quirks=Quirks(timeout_s=60.0, connect_s=60.0), writes=True)


def _plant(file: Path) -> Plant:
    """REF-5M on free ports, of which only what is used here is read; its converters take set-points."""
    head, *devices = on_ports(REF_5M).split("[[device]]\n")
    file.write_text(head + "".join(_kept(devices)))
    return load_plant(file)


def _kept(devices: list[str]) -> Iterator[str]:
    for text in devices:
        found = re.search(r'^id = "(\w+)"', text)
        if found is not None and found[1] in ONLY:
            yield "[[device]]\n"
            yield re.sub(r"^(only|skip) = .*\n", "", text, flags=re.M).rstrip() + "\n"
            yield f"only = {json.dumps(ONLY[found[1]])}\nquirks = {PATIENT}\n"
            yield 'writes = "allowed"\npoints = ["active_power_setpoint"]\n\n' if found[1] == "pcs" else "\n"
