"""A whole plant, by its design: by default REF-5M, 2 × 1,250 kW PCS on 12 racks × 4 modules × 104 cells of 314 Ah.

A step of dt holds the currents and powers last solved for dt, then solves the plant at the new moment, so that
everything a register shows belongs to one instant and fits together exactly:

    cells, plates, sensors, counters advance by dt → weather, cabin, coolant, grid → set-points → PCS, DC circuit →
    transformer, meter → BMS senses, limits and protects → safety sensors

Between instants the currents are held; steps longer than a minute are cut into minutes, and those in which the power
moves or a cell nears full or empty into ten seconds (`stride.py`). The same seed, start and steps give bit-identical
states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from bessinside.emulator.basis.design import NOMINAL_CELL_VOLTAGE, REF_5M, Design
from bessinside.emulator.basis.noise import Chorus
from bessinside.emulator.basis.table import Array
from bessinside.emulator.battery import ocv
from bessinside.emulator.battery.cell import Cells
from bessinside.emulator.battery.ntc import Sensors
from bessinside.emulator.battery.rack import BUS, JOINTS, DcCircuit
from bessinside.emulator.battery.thermal import ColdPlates
from bessinside.emulator.bms import readings as battery_readings
from bessinside.emulator.bms.bms import RESERVE, Bms
from bessinside.emulator.container.cabin import Cabin
from bessinside.emulator.container.coolant import CoolantLoop
from bessinside.emulator.container.safety import Safety
from bessinside.emulator.container.weather import DAY_S, NS, Weather
from bessinside.emulator.power.grid import NOMINAL_FREQUENCY, Grid
from bessinside.emulator.power.meter import Meter
from bessinside.emulator.power.pcs import Q_SLOPE, Energy, Pcs
from bessinside.emulator.power.transformer import Transformer
from bessinside.emulator.whole import history
from bessinside.emulator.whole.schedule import Schedule, built_in
from bessinside.emulator.whole.stride import LONG, RESTING, SHORT, at_rest, steep, stride
from bessinside.runtime.chance import Chance

STANDBY_POWER = 700.0  # W: controls, BMS, communication; of REF-5M, as what follows
ELECTRONICS_HEAT = 500.0  # W of it that warm the cabin
SOC = 0.52  # at the start, as the BMS counts it
CYCLES = 410.0
WORKING_CURRENT = 20.0  # A of a bus, from which the coolant circulates
FULL_ACTIVATION, DEAD_BAND = 0.2, 0.010  # Hz, of primary control


class Plant:
    """The whole plant at the moment `time_ns` (ns since the epoch, UTC)."""

    def __init__(
        self,
        seed: int = 0,
        start_ns: int = 0,
        schedule: Schedule | None = None,
        *,
        soc: float = SOC,
        cycles: float = CYCLES,
        years: float | None = None,
        reserve: float = 0.0,
        design: Design = REF_5M,
    ) -> None:
        """At `start_ns` with a state of charge `soc` (share, as the BMS counts it) after `cycles` full cycles,
        or after as many as `years` of usual days make.

        `schedule` defaults to a day of two cycles. `reserve` is primary control (FCR) on top of it: W at 200 mHz.
        """
        stream = Chance(seed).stream
        self.seed = seed
        self.design = design
        self.parts = design.parts
        self.restless = False  # whether the battery takes part in every step, however little moves in it
        self._waited, self._flow = 0.0, 0.0  # s since it did, and W/K that have flowed through the plates since
        self._size, self._working_current = design.size, WORKING_CURRENT * design.feeders
        self.schedule = built_in(design.power) if schedule is None else schedule
        self.reserve = reserve
        buses, shape = design.buses, (design.racks, design.series)
        self.override = np.full(buses, np.nan)
        self.reactive_override = np.full(buses, np.nan)
        # The first step of one second ends at the start: every instrument has measured once.
        self.time_ns = start_ns - NS

        kind, curve = design.cell, ocv.load()
        self.weather = Weather(self.time_ns, stream("weather"))
        chance = stream("cells")
        temperature = 23.5 + 0.15 * chance.standard_normal(shape)
        unused = Energy(*(np.zeros(buses) for _ in range(4)))
        self.pcs = Pcs(buses, unused, self.weather.temperature, stream("pcs"), design)
        cycles = cycles if years is None else history.cycles_in(years)
        self.history = history.after(cycles, kind, curve, design.all_cells, self.pcs.converter, buses, design)
        past = self.history
        self.cells = Cells(
            kind,
            curve,
            shape,
            chance,
            soc=soc - RESERVE,
            health=past.health,
            resistance_rise=past.resistance_rise,
            temperature=temperature,
        )
        self.plates = ColdPlates(design.racks * design.modules, design.cells, design.amps)
        self.sensors = Sensors(temperature, stream("ntc"), design)
        self.circuit = DcCircuit(design.racks, buses, joints=JOINTS * design.level, bus=BUS / design.feeders)
        self._set_sources()
        self.circuit.solve(np.zeros(buses))
        self.cells.set_current(self.circuit.current)
        self.bms = Bms(
            self.cells,
            self.sensors,
            self.circuit,
            stream("bms"),
            modules=design.modules,
            cycles=cycles,
            energy_charged=past.dc_charged,
            energy_discharged=past.dc_discharged,
            design=design,
        )
        # The PCS did not all do the same, but together what the plant did.
        use = 1.0 + 0.002 * stream("history").standard_normal() * _apart(buses)
        self.pcs.energy = Energy(
            *(
                total / buses * use
                for total in (past.ac_charged, past.ac_discharged, past.dc_charged, past.dc_discharged)
            )
        )
        self.coolant = CoolantLoop(22.5, stream("coolant"), design.size)
        self.cabin = Cabin(24.0, self.weather, stream("cabin"), design.size)
        self.grid = Grid(stream("grid"), design.power)
        self.transformer = Transformer(self.weather.temperature, design.transformer_rating)
        self.meter = Meter(
            stream("meter"),
            energy_export=past.meter_export,
            energy_import=past.meter_import,
            reactive_export=past.reactive_export,
            reactive_import=past.reactive_import,
            auxiliary_energy=past.auxiliary_energy,
            design=design,
        )
        self.safety = Safety(stream("safety"))
        self.auxiliaries = STANDBY_POWER * design.size
        self.auxiliary_energy = past.auxiliary_energy
        self._readings: dict[str, Mapping[str, Array]] = {}
        self.noise = Chorus(
            [
                self.weather.noise,
                self.weather.moisture_noise,
                self.pcs.heat_sinks.controller_noise,
                self.pcs.noise,
                self.pcs.half_noise,
                self.cabin.noise,
                self.coolant.noise,
                self.grid.noise,
                self.safety.slow_noise,
                self.safety.fast_noise,
                self.bms.insulation_monitor.noise,
            ]
        )
        self.step(1.0)

    def set_active_power(self, pcs: int, power: float | None) -> None:
        """Sets PCS `pcs` (from 1) to `power` W on its AC side in place of the schedule; None gives it back."""
        self.override[self._unit(pcs)] = np.nan if power is None else power

    def set_reactive_power(self, pcs: int, reactive: float | None) -> None:
        """Sets PCS `pcs` (from 1) to `reactive` var in place of its Q(U) curve; None gives it back."""
        self.reactive_override[self._unit(pcs)] = np.nan if reactive is None else reactive

    def _unit(self, pcs: int) -> int:
        if not 1 <= pcs <= self.design.buses:
            raise ValueError(f"PCS {pcs}: the plant has PCS 1 to {self.design.buses}")
        return pcs - 1

    def step(self, dt: float) -> None:
        """Advances the plant by `dt` s (> 0)."""
        if not dt > 0.0:
            raise ValueError(f"a step of {dt} s: time only goes forward")
        left = round(dt * NS)
        while left > 0:
            part = left if left <= SHORT * NS else min(left, stride(self) * NS)
            left -= part
            self.time_ns += part
            self._step(part / NS)
        self._readings = {}

    def _step(self, dt: float) -> None:
        self.noise.step(dt)
        moved = self._advance(dt)
        hour = self.time_ns / NS % DAY_S / 3600.0
        self.grid.step(dt, hour, self.meter.power, self.meter.reactive)
        if moved:
            self._set_sources()
        setpoint, reactive = self._setpoints()
        self.pcs.command(dt, setpoint, reactive, self.bms.ready())
        self.pcs.convert(dt, self.circuit, *self.bms.bus_limits())
        self.cells.set_current(self.circuit.current)
        self._measure(dt)
        self.bms.sense(dt, self.cabin.humidities[0], boards=moved)
        self.pcs.battery = self.bms.reports()
        self.safety.step(dt, self.cabin.temperature, self.time_ns // (int(DAY_S) * NS))
        self.pcs.stop_line = self.bms.stopped = self.safety.stop

    def _advance(self, dt: float) -> bool:
        """Lets the currents and powers last solved act for `dt` s; whether the battery moved, or rests."""
        flow, rested, last = self.coolant.capacity_flow, self._waited, self._flow
        moved = self.restless or dt <= SHORT or flow != last or not at_rest(self, rested + dt)
        if moved:
            if rested and flow != last:
                self._advance_battery(rested, last)
                rested = 0.0
            self._advance_battery(rested + dt, flow)
            self._flow = flow
        self._waited = 0.0 if moved else rested + dt
        self.pcs.count(dt, self.weather.temperature)
        self.meter.count(dt)
        self.auxiliary_energy += self.auxiliaries * dt / 3600.0
        self.weather.step(dt, self.time_ns)
        self.cabin.step(
            dt,
            self.weather,
            self.plates.air_heat + self.cells.bleed_heat + ELECTRONICS_HEAT * self._size,
            self.safety.exchange,
        )
        self.coolant.step(
            dt,
            heat=self.plates.heat,
            air=self.cabin.temperature,
            hottest=self.bms.hottest,
            coldest=self.bms.coldest,
            working=max(map(abs, self.circuit.bus_current.tolist())) > self._working_current,
        )
        return moved

    def _advance_battery(self, dt: float, flow: float) -> None:
        """Cells, plates and counters of the boards by `dt` s, with `flow` W/K of coolant."""
        most = max(map(abs, self.circuit.current.tolist()))
        if dt > SHORT and steep(self) and most > RESTING * min(1.0, LONG / dt):
            self.circuit.hold(dt * self.cells.stiffness())
            self.cells.set_current(self.circuit.current)
        self.cells.step(dt, self.bms.bleeding if self.bms.bleeds else None)
        self.plates.step(
            dt,
            self.cells.temperature,
            self.cells.heat,
            supply=self.coolant.supply,
            capacity_flow=flow,
            air=self.cabin.temperature,
        )
        self.cells.refresh()
        self.sensors.step(dt, self.cells.temperature)
        self.bms.count(dt)

    def _set_sources(self) -> None:
        self.circuit.set_sources(*self.cells.sources())

    def _setpoints(self) -> tuple[Array, Array]:
        """W and var per PCS: schedule and primary control hold at the meter, so losses come on top; Q(U).

        Primary control: P = −P_FCR·Δf / 200 mHz, full at ±200 mHz, none within ±10 mHz (Regulation (EU) 2017/1485,
        Art. 154).
        """
        deviation = self.grid.frequency - NOMINAL_FREQUENCY
        activated = 0.0 if abs(deviation) <= DEAD_BAND else min(max(-deviation / FULL_ACTIVATION, -1.0), 1.0)
        scheduled = self.schedule.at(self.time_ns) + self.reserve * activated
        total = scheduled + self.transformer.loss + self.auxiliaries if abs(scheduled) >= 1e3 else 0.0
        rated = self.design.rated_power
        share = min(max(total / self.design.buses, -rated), rated)
        curve = min(max(Q_SLOPE * (1.0 - self.grid.level), -0.33), 0.33) * rated
        # NaN, which is no order, differs from itself.
        power = [share if order != order else order for order in self.override.tolist()]
        reactive = [curve if order != order else order for order in self.reactive_override.tolist()]
        return np.array(power), np.array(reactive)

    def _measure(self, dt: float) -> None:
        power, reactive = sum(self.pcs.power.tolist()), sum(self.pcs.reactive.tolist())
        loads = (self.coolant.power, self.cabin.power, self.safety.fan_power, self.pcs.standby_supply)
        self.auxiliaries = STANDBY_POWER * self._size + sum(loads)
        self.transformer.step(dt, power - self.auxiliaries, reactive, self.grid.level, self.weather.temperature)
        self.meter.measure(
            fed=power - self.transformer.loss,
            auxiliaries=self.auxiliaries,
            reactive=reactive - self.transformer.reactive,
            levels=self.grid.phases,
            frequency=self.grid.frequency,
        )
        self.pcs.watch(dt, self.grid.phases + self.transformer.lift, self.grid.frequency)

    def readings(self, kind: str) -> Mapping[str, Array]:
        """All quantities of a kind of part at this moment, each float64[parts]; KeyError for an unknown kind.

        The arrays are the plant's own and change with the next step; `quantity` copies.
        """
        if kind not in self._readings:
            if kind not in self.parts:
                raise KeyError(f"{kind}: the plant has no such part; it has {', '.join(self.parts)}")
            self._readings[kind] = READERS[kind](self)
        return self._readings[kind]

    def quantity(self, kind: str, name: str) -> Array:
        """The metric `name` of every part of `kind` in plant order (rack, module, cell), SI units; a copy.

        KeyError where this plant has no such quantity. NaN where a part does not carry it: the temperature of a cell
        without sensor.
        """
        found = self.readings(kind)
        if name not in found:
            raise KeyError(f"{kind}.{name}: this plant does not measure it")
        return found[name].copy()

    def text(self, kind: str, name: str) -> list[str]:
        """The same for quantities that are text; KeyError where there is none."""
        if (kind, name) != ("module", "serial"):
            raise KeyError(f"{kind}.{name}: this plant has no such text")
        plant, racks, modules = self.design.id.upper().replace("-", ""), self.design.racks, self.design.modules
        return [f"{plant}-R{rack + 1:02d}M{module + 1}" for rack in range(racks) for module in range(modules)]

    def alarms(self, kind: str, level: int | None = None) -> list[set[str]]:
        """Names of the active alarms of each part of `kind`; of racks and buses by `level` 1, 2, 3 too (None: any).

        Kinds without alarms of their own have empty sets; KeyError for a kind that the plant does not have.
        """
        if kind == "rack":
            return self.bms.alarms.names(level)
        if kind == "bus":
            racks = self.bms.alarms.names(level)
            size = self.design.racks // self.design.buses
            return [set().union(*racks[bus * size : (bus + 1) * size]) for bus in range(self.design.buses)]
        own: dict[str, Callable[[], list[set[str]]]] = {
            "pcs": self.pcs.alarms,
            "cooling": lambda: [self.coolant.alarms(leaking=self.safety.leaking, inside=self.safety.leaking_inside)],
            "smoke": lambda: [self.safety.smoke_alarms()],
            "leak": lambda: [self.safety.leak_alarms()],
            "container": lambda: [self.safety.container_alarms()],
        }
        return own[kind]() if kind in own else [set() for _ in range(self.parts[kind])]


def _apart(units: int) -> Array:
    """+1 and −1 by turns, 0 for an odd one left over: the sum is 0."""
    signs = np.tile([1.0, -1.0], units // 2)
    return np.append(signs, [0.0] * (units % 2))


def _pcs(plant: Plant) -> Mapping[str, Array]:
    """What a PCS measures, what its BMS tells it, and the oil thermometer of the transformer that is wired to both."""
    bus = plant.readings("bus")
    buses = plant.design.buses
    cells = plant.design.all_cells / buses
    capacity = plant.bms.capacity.reshape(buses, -1).mean(axis=1) * cells * NOMINAL_CELL_VOLTAGE  # Wh
    oil = {"transformer_temperature": np.full(buses, plant.transformer.oil)}
    return {
        **plant.pcs.readings(),
        **(oil if plant.transformer.rating.rated else {}),
        "bms_soc": bus["soc"],
        "bms_soh": bus["soh"],
        "bms_voltage": bus["voltage"],
        "bms_current": bus["current"],
        "bms_charge_current_limit": bus["charge_current_limit"],
        "bms_discharge_current_limit": bus["discharge_current_limit"],
        "bms_charge_power_limit": bus["charge_power_limit"],
        "bms_discharge_power_limit": bus["discharge_power_limit"],
        "bms_chargeable_energy": capacity * (100.0 - bus["soc"]) / 100.0,
        "bms_dischargeable_energy": capacity * bus["soc"] / 100.0,
    }


def _container(plant: Plant) -> Mapping[str, Array]:
    bms, coolant, bus = plant.bms, plant.coolant.readings(leaking=plant.safety.leaking), plant.readings("bus")
    air, humidity, fans = plant.cabin.temperatures, plant.cabin.humidities, plant.safety.fan_speeds()
    values = {
        "soc": bms.soc.mean(),
        "soh": bms.rack_soh.min(),
        "power": plant.pcs.dc_power.sum(),
        "air_temperature": air[0],
        "air_temperature_2": air[1],
        "humidity": humidity[0],
        "humidity_2": humidity[1],
        "outdoor_temperature": plant.weather.temperature,
        "coolant_supply_temperature": coolant["coolant_supply_temperature"],
        "coolant_return_temperature": coolant["coolant_return_temperature"],
        "cooling_state": plant.coolant.state,
        "co_concentration": plant.safety.co_reading[0],
        "exhaust_fan_speed_1": fans[0],
        "exhaust_fan_speed_2": fans[1],
        "auxiliary_power": plant.auxiliaries,
        "auxiliary_energy": plant.auxiliary_energy,
        "charge_power_limit": bus["charge_power_limit"].sum(),
        "discharge_power_limit": bus["discharge_power_limit"].sum(),
        "charge_cutoff_soc": bms.charge_cutoff,
        "discharge_cutoff_soc": bms.discharge_cutoff,
        "cell_voltage_max": bms.cell_extremes.high.max(),
        "cell_voltage_min": bms.cell_extremes.low.min(),
    }
    return {name: np.array([float(value)]) for name, value in values.items()}


READERS: dict[str, Callable[[Plant], Mapping[str, Array]]] = {
    "meter": lambda plant: plant.meter.readings(),
    "pcs": _pcs,
    "bus": lambda plant: battery_readings.bus(plant.bms),
    "container": _container,
    "rack": lambda plant: battery_readings.rack(plant.bms),
    "module": lambda plant: battery_readings.module(plant.bms),
    "cell": lambda plant: battery_readings.cell(plant.bms),
    "sensor": lambda plant: battery_readings.sensor(plant.bms),
    "cooling": lambda plant: {
        name: np.array([value]) for name, value in plant.coolant.readings(leaking=plant.safety.leaking).items()
    },
    "smoke": lambda plant: plant.safety.smoke_readings(plant.cabin.temperature),
    "leak": lambda plant: plant.safety.leak_readings(),
}
