"""An emulated plant whose truth is known: stepped through a day's work, read as a twin reads it, kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bessinside.emulator.service.serve import Emulator
from bessinside.historian.past.past import Past
from bessinside.modbus import Sweep, parse_endpoint
from bessinside.plant import Plant, parse_plant
from bessinside.twin import Twin
from tests.historian.memory import MemoryArchive

START_NS = 1_790_467_200_000_000_000  # 2026-09-27T00:00:00Z: inside of the days whose prices ship
STEP_S, SWEEP_S = 20.0, 60.0
RATED_W, NOMINAL_WH = 400e3, 835.9936e3  # 832 cells of 1,004.8 Wh
TEXT = """
[plant]
id = "closed"
label = "A plant whose truth is known"
emulated = true
nameplate = {{ power = "400 kW", energy = "835.9936 kWh" }}
[anatomy.c1]
racks = 2
modules = 4
cells = 104
sensors = 24
[bus.bus1]
pcs = "pcs1"
racks = ["c1/r01", "c1/r02"]
[[device]]
id = "meter"
map = "janitza-umg96rme"
at = "meter"
url = "modbus+tcp://127.0.0.1:1501?unit=1"
every = "60 s"
[[device]]
id = "pcs"
map = "inpower-pcs-v23"
at = ["pcs1"]
url = "modbus+tcp://127.0.0.1:1502?unit=1"
every = "60 s"
[[device]]
id = "bcu01"
map = "discover-aes-bcu"
at = "c1/r01"
url = "modbus+tcp://127.0.0.1:1503?unit=1"
every = "60 s"
[[device]]
id = "bcu02"
map = "discover-aes-bcu"
at = "c1/r02"
url = "modbus+tcp://127.0.0.1:1504?unit=1"
every = "60 s"
[[device]]
id = "bau1"
map = "discover-aes-bau"
at = "bus1"
url = "modbus+tcp://127.0.0.1:1505?unit=1"
every = "60 s"
[[device]]
id = "thermal"
map = "huawei-luna2000b"
at = "c1"
url = "modbus+tcp://127.0.0.1:1506?unit=1"
every = "60 s"
{more}
"""
Act = Callable[[Emulator], None]


def plant_text(more: str = "") -> str:
    """The plant file, with tables added."""
    return TEXT.format(more=more)


@dataclass(eq=False)
class Closed:
    """The run: its record and what was true, by quantity. `truth` holds the physics' own counters at begin and end."""

    plant: Plant
    past: Past
    start_ns: int
    end_ns: int
    truth: dict[str, tuple[float, float]] = field(default_factory=dict)

    def counted(self, name: str) -> float:
        """How far one of the physics' own counters went."""
        begin, end = self.truth[name]
        return end - begin


def run(course: list[tuple[float, float, Act | None]], more: str = "", folder: Path | None = None) -> Closed:
    """Steps a plant through (hours, watts, what happens first) and reads it once a minute."""
    plant = parse_plant(plant_text(more), str((folder or Path()) / "closed.toml"))
    emulator = Emulator(plant, at=START_NS, seed=3)
    twin = Twin(plant)
    archive = MemoryArchive()
    begin = _truth(emulator)
    time_ns, sweeps = START_NS, 0
    _read(emulator, twin, archive, time_ns, sweeps)
    for hours, watts, first in course:
        if first is not None:
            first(emulator)
        emulator.physics.set_active_power(1, watts)
        for step in range(round(hours * 3600 / STEP_S)):
            emulator.physics.step(STEP_S)
            time_ns += round(STEP_S * 1e9)
            if (step + 1) % round(SWEEP_S / STEP_S) == 0:
                sweeps += 1
                _read(emulator, twin, archive, time_ns, sweeps)
    end = _truth(emulator)
    truth = {name: (begin[name], end[name]) for name in begin}
    return Closed(plant, Past(archive), START_NS, time_ns + 1, truth)


def _truth(emulator: Emulator) -> dict[str, float]:
    physics = emulator.physics
    meter, pcs, racks = (physics.readings(kind) for kind in ("meter", "pcs", "rack"))
    return {
        "export": float(meter["energy_export"][0]),
        "import": float(meter["energy_import"][0]),
        "ac_out": float(pcs["ac_energy_discharged"].sum()),
        "ac_in": float(pcs["ac_energy_charged"].sum()),
        "dc_out": float(pcs["dc_energy_discharged"].sum()),
        "dc_in": float(pcs["dc_energy_charged"].sum()),
        "soc": float(racks["soc"].mean()),
        "soh": float(racks["soh"].mean()),
        "cell_soc": 100 * float(np.mean(physics.cells.soc)),
    }


def _read(emulator: Emulator, twin: Twin, archive: MemoryArchive, time_ns: int, number: int) -> None:
    """One sweep of every device: the words that its server would have given."""
    emulator.show()
    for readings in twin.devices:
        device = readings.bound.device
        endpoint = parse_endpoint(device.url)
        unit = emulator.world.units[endpoint.link][endpoint.unit]
        plan = readings.plan
        image = np.zeros(plan.size, ">u2")
        for first, request in zip(plan.starts.tolist(), plan.requests, strict=True):
            words = unit.table(request.fc).words[request.address : request.address + request.count]
            image[first : first + request.count] = words
        count = len(plan.requests)
        sent = np.full(count, time_ns - 2_000_000, np.int64)
        sweep = Sweep(
            number, device.id, "tcp", endpoint.unit, time_ns - 3_000_000, time_ns, plan, image,
            np.arange(count, dtype=np.uint16), sent, sent + 1_000_000, np.zeros(count, np.uint8),
            np.zeros(count, np.uint8),
        )  # fmt: skip
        archive.record(sweep, twin.plant, readings.bound.map)


def disconnect(emulator: Emulator) -> None:
    """Opens the contactors of both racks."""
    for rack in range(emulator.physics.design.racks):
        emulator.physics.bms.disconnect(rack)


def reconnect(emulator: Emulator) -> None:
    """Closes them again."""
    for rack in range(emulator.physics.design.racks):
        assert emulator.physics.bms.reconnect(rack)
