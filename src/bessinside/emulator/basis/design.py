"""What the physics must know of a plant, taken from its plant file: how many parts, how large, and how they scale.

Counts, buses, sensors and ratings stand in the file. What no plant file states is scaled from REF-5M, whose figures are
the public ones of its class (assumptions, every one):

    amps    = Ah of the cell / 314             currents, conductances and masses of one cell grow with its capacity
    level   = cells in series / 416            voltages and insulation thresholds of a rack, resistance of its joints
    size    = cells·amps / 4,992               cooling, heating, coolant, cabin, standby: they follow the battery
    share   = rated power of one PCS / 1.25 MW losses, ramp, noise, heaters; its thermal resistance goes with 1/share
    power   = rated power of the plant / 2.5 MW  schedule, short-circuit power of the grid
    feeders = racks on a bus / 6               the cable from bus to PCS is as thick as its racks need
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from bessinside.emulator.basis.cell_type import CellType
from bessinside.errors import BessError
from bessinside.plant import Container, Plant

NOMINAL_CELL_VOLTAGE = 3.2
CELLS_PER_BOARD, SENSORS_PER_BOARD = 52, 12  # of the monitoring boards of REF-5M
OVERLOAD = 1.1  # apparent over rated power of a PCS, and of the transformer
AC_VOLTAGE = 690.0


class DesignError(BessError):
    """A plant file whose plant the physics cannot be."""


@dataclass(frozen=True, slots=True)
class Design:
    """A plant as the physics sees it. All racks are alike; rack r hangs on bus `r // (racks / buses)`.

    `sensor_cells` are the cells of a module at which its NTC sit, from 1. `rated_power` is W of one PCS, `ac_voltage`
    V between its phases, `grid_voltage` V between the phases where the meter stands: where it differs, a transformer
    lies between. `ct_current` is the rated primary A of the meter's current transformers.
    """

    id: str = "ref-5m"
    buses: int = 2
    racks: int = 12
    modules: int = 4
    cells: int = 104
    sensor_cells: tuple[int, ...] = field(default_factory=lambda: spread(104, 24))
    cell: CellType = field(default_factory=CellType)
    rated_power: float = 1.25e6
    ac_voltage: float = AC_VOLTAGE
    grid_voltage: float = 20e3
    ct_current: float = 100.0

    @classmethod
    def of(cls, plant: Plant) -> Design:
        """From a plant file. Raises DesignError, which says what the file lacks."""
        container = _container(plant)
        _check_buses(plant)
        units = len(plant.anatomy.buses)
        if plant.power_w is None:
            raise DesignError(
                f"{plant.path}: plant.nameplate.power is missing: how strong a converter is follows from it"
            )
        ac = plant.ac_voltage or AC_VOLTAGE
        return cls(
            id=plant.id,
            buses=units,
            racks=container.racks,
            modules=container.modules,
            cells=container.cells,
            sensor_cells=_sensors(container),
            cell=_cell(_capacity(plant, container)),
            rated_power=plant.power_w / units,
            ac_voltage=ac,
            grid_voltage=_primary(plant, "vt", "V") or ac,
            ct_current=_primary(plant, "ct", "A") or plant.power_w / (ac * 3**0.5),
        )

    @property
    def series(self) -> int:
        """Cells in series in a rack."""
        return self.modules * self.cells

    @property
    def all_cells(self) -> int:
        """Cells of the plant."""
        return self.racks * self.series

    @property
    def dc_voltage(self) -> float:
        """Nominal V of a rack."""
        return self.series * NOMINAL_CELL_VOLTAGE

    @property
    def max_apparent(self) -> float:
        """VA of one PCS."""
        return OVERLOAD * self.rated_power

    @property
    def transformer_rating(self) -> float:
        """VA; 0 where the meter stands on the PCS' own voltage and nothing lies between."""
        return 0.0 if self.grid_voltage == self.ac_voltage else OVERLOAD * self.rated_power * self.buses

    @property
    def amps(self) -> float:
        """Size of a cell, 1 for 314 Ah."""
        return self.cell.capacity / 314.0

    @property
    def level(self) -> float:
        """Voltage of a rack, 1 for 416 cells."""
        return self.series / 416.0

    @property
    def size(self) -> float:
        """Size of the battery, 1 for that of REF-5M."""
        return self.all_cells * self.amps / 4992.0

    @property
    def share(self) -> float:
        """Size of one PCS, 1 for 1,250 kW."""
        return self.rated_power / 1.25e6

    @property
    def power(self) -> float:
        """Rated power of the plant, 1 for 2.5 MW."""
        return self.rated_power * self.buses / 2.5e6

    @property
    def feeders(self) -> float:
        """Size of the cable from a bus to its PCS, 1 for six racks of 314 Ah."""
        return self.racks / self.buses / 6.0 * self.amps

    @property
    def parts(self) -> dict[str, int]:
        """How many parts of each kind."""
        modules = self.racks * self.modules
        return {
            "meter": 1,
            "pcs": self.buses,
            "bus": self.buses,
            "container": 1,
            "rack": self.racks,
            "module": modules,
            "cell": modules * self.cells,
            "sensor": modules * len(self.sensor_cells),
            "cooling": 1,
            "smoke": 1,
            "leak": 1,
        }


def spread(cells: int, sensors: int) -> tuple[int, ...]:
    """The cells of a module (from 1) at which `sensors` sit evenly: ⌊(k + ½)·cells/sensors⌋ + 1."""
    return tuple(int((k + 0.5) * cells / sensors) + 1 for k in range(sensors))


def _container(plant: Plant) -> Container:
    containers = plant.anatomy.containers
    if len(containers) != 1:
        found = ", ".join(container.id for container in containers) or "none"
        raise DesignError(f"{plant.path}: anatomy: the emulator builds plants of one container, the file has {found}")
    return containers[0]


def _check_buses(plant: Plant) -> None:
    """Buses in the order of their PCS, racks in plant order, as many on each."""
    buses = plant.anatomy.buses
    on = [rack for bus in buses for rack in bus.racks]
    if not buses or on != list(plant.anatomy.all("rack")) or len({len(bus.racks) for bus in buses}) != 1:
        raise DesignError(
            f"{plant.path}: bus: an emulated plant has every rack on a bus, as many on each, in plant order; "
            f"the buses hold {', '.join(f'{bus.id}: {list(bus.racks)}' for bus in buses) or 'nothing'}"
        )
    for number, bus in enumerate(buses, start=1):
        if bus.pcs != f"pcs{number}":
            raise DesignError(f"{plant.path}: bus.{bus.id}.pcs: expected 'pcs{number}', got {bus.pcs!r}")


def _sensors(container: Container) -> tuple[int, ...]:
    """Where the file says nothing of sensors the BMS has as many as that of REF-5M: no BMS works without."""
    count = container.sensors or max(1, round(container.cells * SENSORS_PER_BOARD / CELLS_PER_BOARD))
    return container.sensor_cells or spread(container.cells, count)


def _capacity(plant: Plant, container: Container) -> float:
    """Ah of a cell: as the nameplate says, which must fit its energy within 2 %; else what the energy makes of it."""
    nominal = container.racks * container.modules * container.cells * NOMINAL_CELL_VOLTAGE
    stated = re.search(r"(\d+(?:\.\d+)?)\s*Ah\b", str(plant.nameplate.get("cell", "")))
    if stated is None and plant.energy_wh is None:
        raise DesignError(f'{plant.path}: plant.nameplate: neither `cell = "314 Ah"` nor `energy` tells a cell\'s size')
    capacity = float(stated.group(1)) if stated else (plant.energy_wh or 0.0) / nominal
    if plant.energy_wh is not None and abs(capacity * nominal / plant.energy_wh - 1.0) > 0.02:
        raise DesignError(
            f"{plant.path}: plant.nameplate.energy: {plant.energy_wh / 1e3:g} kWh, but the anatomy's cells of "
            f"{capacity:g} Ah and {NOMINAL_CELL_VOLTAGE} V are {capacity * nominal / 1e3:.6g} kWh; one of them is wrong"
        )
    return capacity


def _cell(capacity: float) -> CellType:
    """The cell of REF-5M with more or fewer of the same electrodes side by side: its resistances go with 1/Ah."""
    known = CellType()
    less = known.capacity / capacity
    return replace(
        known,
        capacity=capacity,
        r0=known.r0 * less,
        r1=known.r1 * less,
        r2=known.r2 * less,
    )


def _primary(plant: Plant, key: str, unit: str) -> float | None:
    """The primary side of a ratio such as '20000/100 V' in the meter's metadata; None where there is none."""
    text = plant.metadata.get("meter", {}).get(key)
    if text is None:
        return None
    ratio = re.fullmatch(rf"\s*(\d+(?:\.\d+)?)\s*/\s*\d+(?:\.\d+)?\s*{unit}\s*", str(text))
    if ratio is None:
        raise DesignError(f"{plant.path}: metadata.meter.{key}: expected a ratio such as '100/5 {unit}', got {text!r}")
    return float(ratio.group(1))


REF_5M = Design()
