"""REF-5M behind its sockets under a schedule, and what its registers say of every slot.

One thing is not as in the field: the plant's time goes on in steps of ten seconds when it is told to, for nobody can
wait for a week; so sweeps are asked for here and not by the wall clock of the poller. All else is: set-points are
written over TCP, every register is read over TCP by the twin's own reader and stamped with the plant's time, sweeps are
recorded by a historian, and the counters of meter, converters and auxiliaries come out of its folder. Faults are
levers of the emulated plant.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.service.serve import Emulator
from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.historian.opened import opened
from bessinside.historian.record import Historian
from bessinside.market.dispatch.battery import Battery, Floats
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.plans.plan import rolling
from bessinside.market.realised.measured import counted_energy, efficiencies
from bessinside.market.realised.metered import count, metered
from bessinside.market.realised.waterfall import Realised
from bessinside.modbus import Client, connect
from bessinside.plant import Plant, load_plant
from bessinside.twin import Twin
from tests.peers.conftest import REF_5M, on_ports

SLOT_S, STEP_S = 900, 10.0
SLOT_NS, NS = SLOT_S * 10**9, 10**9
EVERY = {"pcs": 3, "meter": 6, "thermal": 6, "bau1": 30, "bau2": 30}  # steps from a sweep of a device to its next
LEAD = 6  # steps before the first slot and after the last: their edges lie between two readings
RATED = 2.5e6  # W at the converters' terminals
NOMINAL = 5.01596e6  # Wh
CUT_OFF = 0.05  # state of charge below which the BMS gives nothing
FULL_V, EMPTY_V = 3.45, 2.95  # cell voltages from which the BMS tapers
SETPOINTS = (304, 1304)  # addresses of both converters, as the map inpower-pcs-v23 has them
DIGIT_W = -100.0  # of a converter's set-point; its map counts discharging as negative
ONLY = {
    "meter": ["*/energy_import", "*/energy_export"],
    "pcs": ["*/state_fault", "*/state_derating", "*/active_power", "*/active_power_setpoint", "*/ac_energy_*"],
    "bau1": ["bus1/cell_voltage_m??", "bus1/soc", "c1/r??/soc", "c1/r??/soh", "*/relay_positive"],
    "bau2": ["bus2/cell_voltage_m??", "bus2/soc", "c1/r??/soc", "c1/r??/soh", "*/relay_positive"],
    "thermal": ["*/auxiliary_energy"],
}
Fault = Callable[[Physics, int], None]
Plan = Callable[[Battery, Calendar], Floats]


@dataclass(frozen=True)
class Week:
    """What was wanted and what registers say, float64[n] for each slot: powers W as means, energy Wh above the cut-off
    at the end, shares 0 to 1; `empty`, `full`: whether a cell stood at its limit. `sweeps` were read over the wire.
    """

    owned: Battery
    wanted_w: Floats
    meter_w: Floats
    pcs_w: Floats
    auxiliary_w: Floats
    energy_wh: Floats
    available: Floats
    limit: Floats
    empty: NDArray[np.bool_]
    full: NDArray[np.bool_]
    health: float
    sweeps: int


def bought(start_wh: float) -> Battery:
    """The plant by its nameplate: what it was sold as."""
    return Battery(RATED, RATED, (1 - CUT_OFF) * NOMINAL, 0.97, 0.97, start_wh=start_wh, end_wh=None, cycles_day=1.5)


def run(calendar: Calendar, prices: Floats, fault: Fault, folder: Path) -> Week:
    """Sends the plant through the schedule of somebody who knows two days. `fault` is called before every slot."""
    loop = asyncio.SelectorEventLoop()
    try:
        return loop.run_until_complete(_run(calendar, prices, fault, folder))
    finally:
        loop.close()


async def _run(calendar: Calendar, prices: Floats, fault: Fault, folder: Path) -> Week:
    plant = _plant(folder / "plant.toml")
    begin_ns = int(calendar.starts_ns[0])
    emulator = Emulator(plant, seed=1, at=begin_ns - round(LEAD * STEP_S * NS))
    emulator.hold()
    # stamps of sweeps and of the historian are the plant's time
    asyncio.get_running_loop().wall_ns = lambda: emulator.physics.time_ns  # type: ignore[attr-defined]
    async with emulator, Historian(folder / "past", plant, commit_every_s=0.02) as historian:
        wire = await Wire.open(plant, historian)
        try:
            await wire.order(0.0)
            for _ in range(LEAD):
                emulator.step(STEP_S)
                await wire.sweep(0)
            start_wh, health = wire.energy()
            owned = bought(start_wh)
            wanted = rolling("wanted", owned, prices, prices, calendar).power_w
            wanted = np.round(wanted / (2 * DIGIT_W)) * (2 * DIGIT_W)
            rows = []
            for slot, power in enumerate(wanted.tolist()):
                fault(emulator.physics, slot)
                await wire.order(power)
                rows.append(await _slot(emulator, wire, power))
                await wire.recorded()
            await wire.order(0.0)
            for _ in range(LEAD):
                emulator.step(STEP_S)
                await wire.sweep(0)
        finally:
            await wire.close()
    energy_wh, available, limit, empty, full = np.array(rows).T
    with opened(folder / "past") as past:
        span = begin_ns, begin_ns + len(calendar) * SLOT_NS, SLOT_NS
        at_meter = metered(past, *span)
        assert not at_meter.gaps, "every slot's edge lies between two readings"
        pcs = sum(
            sign * count(past, f"pcs{unit}/ac_energy_{way}", *span).wh
            for unit in (1, 2)
            for sign, way in ((1, "discharged"), (-1, "charged"))
        )
        auxiliary = count(past, "c1/auxiliary_energy", *span).wh
    hourly = 3600 / SLOT_S
    return Week(
        owned, wanted, at_meter.power_w, pcs * hourly, auxiliary * hourly,
        energy_wh, available, limit, empty > 0, full > 0, health, wire.sweeps,
    )  # fmt: skip


async def _slot(emulator: Emulator, wire: Wire, power: float) -> tuple[float, ...]:
    """One slot: energy at its end, means of what was in service and allowed, whether a cell stood at its limit."""
    steps = round(SLOT_S / STEP_S)
    looks = steps // EVERY["pcs"]
    served = allowed = 0.0
    ended = False
    for step in range(1, steps + 1):
        emulator.step(STEP_S)
        await wire.sweep(step, every=step == steps)
        if step % EVERY["pcs"]:
            continue
        in_service = wire.closed() & (wire["state_fault"] == 0)
        served += float(in_service.mean()) / looks
        derated = wire["state_derating"] > 0
        at_end = (wire["cell_voltage_max"] >= FULL_V) if power < 0 else (wire["cell_voltage_min"] <= EMPTY_V)
        at_end |= (power > 0) & (wire["soc"] <= 100 * CUT_OFF + 2.0)
        ended |= bool((derated & at_end).any())
        share = np.where(derated & ~at_end, np.abs(wire["active_power"]) / (RATED / 2), 1.0)
        allowed += float(np.minimum(share, 1.0).mean()) / looks
    return wire.energy()[0], served, allowed, float(ended and power > 0), float(ended and power < 0)


class Wire:
    """Both sides of the sockets that are not the plant: who writes set-points, and the twin's own reader."""

    def __init__(self, twin: Twin, historian: Historian, orders: Client) -> None:
        self.twin, self.historian, self.orders = twin, historian, orders
        self.sweeps = 0
        twin.listen(historian.take)
        self._pollers = {poller.readings.bound.device.id: poller for poller in twin.pollers}
        self._places = {
            name: [self._place(f"{part}{unit}/{name}") for unit in (1, 2)]
            for part, name in (
                ("pcs", "state_fault"),
                ("pcs", "state_derating"),
                ("pcs", "active_power"),
                ("bus", "cell_voltage_max"),
                ("bus", "cell_voltage_min"),
                ("bus", "soc"),
            )
        }
        for name in ("soc", "soh", "relay_positive"):
            self._places[f"rack {name}"] = [self._place(f"c1/r{rack:02d}/{name}") for rack in range(1, 13)]

    @classmethod
    async def open(cls, plant: Plant, historian: Historian) -> Wire:
        url = plant.device("pcs").url
        return cls(Twin(plant), historian, await connect(url, writes=True))

    async def close(self) -> None:
        await self.orders.close()
        await self.twin.stop()

    def _place(self, figure: str) -> tuple[str, int]:
        bound, i = self.twin.binding.locate(_found(self.twin, figure))
        return bound.device.id, i

    def __getitem__(self, name: str) -> Floats:
        """What the registers said last, SI: of both converters or buses, or `rack …` of all racks."""
        return np.array([self._pollers[device].readings.values[i] for device, i in self._places[name]])

    async def order(self, power_w: float) -> None:
        """Writes half the power into each converter's set-point."""
        for address in SETPOINTS:
            await self.orders.write(1, address, [round(power_w / 2 / DIGIT_W) & 0xFFFF])

    async def sweep(self, step: int, *, every: bool = False) -> None:
        """Reads the devices that are due at a step of a slot, all of them at its first; each request is answered."""
        for device, poller in self._pollers.items():
            if every or step == 1 or step % EVERY[device] == 0:
                sweep = await poller._sweep(await poller.line.client())
                assert sweep.ok, sweep.error
                self.sweeps += 1

    async def recorded(self) -> None:
        """Waits until the historian has committed what was read."""
        while self.historian.health().waiting:
            await asyncio.sleep(0.002)
        assert not self.historian.health().trouble

    def closed(self) -> NDArray[np.bool_]:
        """bool[2], whether a rack stands on each bus."""
        found: NDArray[np.bool_] = (self["rack relay_positive"].reshape(2, -1) > 0).any(axis=1)
        return found

    def energy(self) -> tuple[float, float]:
        """Wh above the cut-off by state of charge and health of the racks, and that health."""
        health = float(self["rack soh"].mean()) / 100
        return (float(self["rack soc"].mean()) / 100 - CUT_OFF) * health * NOMINAL, health


def _found(twin: Twin, figure: str) -> int:
    found = twin.binding.find(figure)
    assert found is not None, figure
    return found


def _plant(file: Path) -> Plant:
    """REF-5M on free ports, of which only what is used here is read; its converters take set-points."""
    head, *devices = on_ports(REF_5M).split("[[device]]\n")
    file.write_text(head + "".join(f"[[device]]\n{text}" for text in _kept(devices)))
    return load_plant(file)


def _kept(devices: list[str]) -> Iterator[str]:
    for text in devices:
        found = re.search(r'^id = "(\w+)"', text)
        if found is not None and found[1] in ONLY:
            rest = re.sub(r"^(only|skip) = .*\n", "", text, flags=re.M)
            yield f"{rest.rstrip()}\nonly = {ONLY[found[1]]}\nquirks = {{pause = '0 s'}}\n".replace("'", '"') + (
                'writes = "allowed"\npoints = ["active_power_setpoint"]\n\n' if found[1] == "pcs" else "\n"
            )


def realised(week: Week) -> Realised:
    """The registers as the waterfall takes them."""
    ended = week.empty | week.full  # there the BMS corrects its count
    start_wh = week.owned.start_wh
    charging, discharging = efficiencies(week.pcs_w, week.energy_wh, start_wh, SLOT_S, ~ended)
    counted = counted_energy(week.pcs_w, start_wh, charging, discharging, SLOT_S)
    reached = np.clip(counted / week.owned.energy_wh, 0.0, 1.0)
    return Realised(
        meter_w=week.meter_w,
        pcs_w=week.pcs_w,
        auxiliary_w=week.auxiliary_w,
        schedule_w=week.wanted_w,
        available=np.clip(week.available, 0.0, 1.0),
        charge_limit=np.clip(week.limit, 0.0, 1.0),
        discharge_limit=np.clip(week.limit, 0.0, 1.0),
        empty_at=np.where(week.empty, reached, 0.0),
        full_at=np.where(week.full, reached, max(week.health, float(reached.max()))),
        charging=charging,
        discharging=discharging,
    )
