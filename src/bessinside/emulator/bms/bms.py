"""The battery management: what a BMS measures, estimates, limits and protects. It knows the cells through sensors only.

    SoC' = drift − I_sensor/(3600·Q_est)    coulomb counting per module with the rack's sensor (`instruments.py`); set
                                            to 100 % when the rack is full: it drifts between and jumps there
    limit                                   `limits.py`; 0 in a direction that a level-2 alarm stops
    bus limit = racks connected · smallest rack limit
    cycle = Ah charged and discharged / (2·Q)

A rack is full when its highest cell stands at 3.58 V with less than 20 A flowing in; then it is not charged again
until 98.5 %. Bleed resistors (0.1 A) work above 3.38 V on cells more than 8 mV over their module's lowest, never
while discharging. Level-3 alarms open the contactors for good; `reconnect` closes them by precharge and only where the
voltages are within 5 V (`rack.py`). The emergency stop opens all, a second after the PCS was told to stop.

A module whose monitoring boards are silent has no cell voltages and temperatures: NaN. NTC outside −40…120 °C are dead
and left out of every highest, lowest and mean; what a rack knows of itself when all are dead is what it knew last.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.basis.design import REF_5M, Design
from bessinside.emulator.basis.table import Array, Mask
from bessinside.emulator.battery.cell import Cells
from bessinside.emulator.battery.ntc import Sensors
from bessinside.emulator.battery.rack import RECONNECT, DcCircuit
from bessinside.emulator.bms import extremes, limits
from bessinside.emulator.bms.alarm import AlarmBank, First
from bessinside.emulator.bms.extremes import Extremes
from bessinside.emulator.bms.instruments import Instruments
from bessinside.emulator.bms.insulation import Insulation
from bessinside.emulator.bms.limits import CHARGE_TAPER

MAX_CURRENT = 200.0  # A per rack, continuous
FULL_VOLTAGE, FULL_CURRENT, RECHARGE_BELOW = 3.58, 20.0, 98.5
BLEED_ABOVE, BLEED_OVER = 3.38, 0.008
RESERVE = 0.017  # SoC that most cells still miss when the highest one ends the charge: there the BMS counts 100 %
WORKING_CURRENT = 2.0  # A, below it a rack counts as resting
STOP_DELAY = 1.0  # s
MAINTENANCE = ("COMMUNICATION", "TEMPERATURE_ACQUISITION", "EMERGENCY_STOP", "RELAY_CONTROLLED")
NTC_RANGE = (-40.0, 120.0)  # °C
DAY = 86400.0


class Bms:
    """Estimates per module (`soc` %, `soh` %), limits per rack (A), alarms, contactors, bleed switches per cell.

    Measured are `cell_voltage` (racks, cells) V, `temperature` (racks, sensors) °C, `voltage`, `outside_voltage` V and
    `current` A per rack. `drift` (% of SoC a day, per rack), `silent` (modules) and `insulation_fault` (Ω, both poles ×
    racks) disturb it from outside; `stopped` is the emergency stop.
    """

    def __init__(
        self,
        cells: Cells,
        sensors: Sensors,
        circuit: DcCircuit,
        chance: np.random.Generator,
        *,
        modules: int,
        cycles: float,
        energy_charged: float,
        energy_discharged: float,
        design: Design = REF_5M,
    ) -> None:
        """`modules` in a rack; `cycles` and the energies (Wh of the whole plant) are what was counted before."""
        self.cells, self.sensors, self.circuit = cells, sensors, circuit
        self.racks = cells.soc.shape[0]
        self.modules = modules
        count = self.racks * modules
        true_soc = cells.soc.reshape(count, -1).mean(axis=1)
        capacity = cells.capacity.reshape(count, -1).mean(axis=1)
        self.soc = np.clip(100.0 * (true_soc + RESERVE) + 0.4 * chance.standard_normal(count), 0.0, 100.0)
        self.capacity = capacity * (1.0 + 0.002 * chance.standard_normal(count))  # Ah, as estimated
        self.soh = np.minimum(100.0 * self.capacity / cells.kind.capacity, 100.0)
        use = 1.0 + 0.002 * np.repeat(chance.standard_normal(self.racks), modules)
        self.throughput = 2.0 * cycles * use * self.capacity  # Ah, both directions
        self.energy_charged = energy_charged / count * use  # Wh per module
        self.energy_discharged = energy_discharged / count * use
        self.instruments = Instruments(self.racks, cells.soc.shape[1], chance, design)
        self.insulation_monitor = Insulation(self.racks, circuit.buses, chance)
        self.insulation_fault = self.insulation_monitor.fault
        self.drift = np.zeros(self.racks)
        self.silent: Mask = np.zeros(count, dtype=np.bool_)
        self.stopped = False
        self._stopping = 0.0  # s
        self.by_hand: Mask = np.zeros(self.racks, dtype=np.bool_)  # racks that somebody disconnected
        self.charge_cutoff = 100.0  # %
        self.discharge_cutoff = 5.0
        self.full: Mask = np.zeros(self.racks, dtype=np.bool_)
        self.tripped: Mask = np.zeros(self.racks, dtype=np.bool_)
        self.bleeding = np.zeros(cells.soc.shape)
        self.bleeds = False  # whether any bleed resistor may be on
        self.max_current = MAX_CURRENT * design.amps
        self.full_current = FULL_CURRENT * design.amps
        self.alarms = AlarmBank(self.racks, design)
        self.temperature_rise = np.zeros(self.racks)  # K/min
        self.unheard = np.zeros(self.racks)  # s since all its modules last spoke
        self.cell_voltage: Array = np.empty(cells.soc.shape)
        self._unread = 0.0  # s since the boards were read
        self._nothing = np.zeros(self.racks)
        self._ones = np.ones(cells.soc.shape[1] // modules)  # one for each cell of a module
        self._silence: list[set[str]] = [set() for _ in range(circuit.buses)]
        self._buses: Mask = np.ones(circuit.buses, dtype=np.bool_)
        self._calm = False  # whether voltages and temperatures limit nothing
        self._unlimited = np.full(self.racks, self.max_current)
        self._unlimited.flags.writeable = False
        self._unlimited_bus = np.full(circuit.buses, self.max_current * (self.racks // circuit.buses))
        self._first = First.of(self.alarms)
        sound = np.clip(sensors.reading.reshape(self.racks, -1), *NTC_RANGE)
        self.cell_extremes, self.temperature_extremes = extremes.of(cells.voltage), extremes.of(sound)
        self.sense(0.0, humidity=40.0)

    def count(self, dt: float) -> None:
        """Counts charge and energy of `dt` s with the currents and voltages last measured."""
        current = self.current[:, None] * (dt / 3600.0)  # Ah
        soc = self.soc.reshape(self.racks, -1)
        moved = 100.0 * current / self.capacity.reshape(soc.shape)
        if np.count_nonzero(self.drift):
            moved -= (self.drift * (dt / DAY))[:, None]
        soc -= moved
        soc.clip(0.0, 100.0, out=soc)
        throughput = self.throughput.reshape(soc.shape)
        throughput += np.abs(current)
        energy = (self._module_sum.reshape(soc.shape) * current).ravel()
        amps = self.current.tolist()
        if min(amps) >= 0.0:
            self.energy_discharged += energy
        elif max(amps) <= 0.0:
            self.energy_charged -= energy
        else:
            self.energy_discharged += np.maximum(energy, 0.0)
            self.energy_charged -= np.minimum(energy, 0.0)

    def sense(self, dt: float, humidity: float, *, boards: bool = True) -> None:
        """Reads all sensors after the circuit was solved, then sets limits, alarms, contactors and bleed switches.

        `boards`: also those of the cells; a battery at rest shows what it showed.
        """
        circuit = self.circuit
        self.current, self.voltage, self.outside_voltage = self.instruments.shown(circuit.measurable, circuit.closed)
        self._unread += dt
        if boards:
            self._read_boards(self._unread)
            self._unread = 0.0
        self.insulation_monitor.step(dt, humidity, circuit.closed)
        self.rack_soc = np.add.reduce(self.soc.reshape(self.racks, -1), axis=1) / self.modules
        self._protect(dt)
        self._limit()
        self._find_full()
        self._bleed()

    def _read_boards(self, dt: float) -> None:
        """Cell voltages and temperatures, from the modules that speak."""
        shape = (self.racks * self.modules, -1)
        np.add(self.cells.voltage, self.instruments.cell_error, out=self.cell_voltage)
        self.temperature = self.sensors.reading.reshape(self.racks, -1)
        drop = self.circuit.current * (self.circuit.busbars / self.modules)
        # A silent module still has a voltage and takes part in the energy.
        self._module_sum: Array = np.matmul(self.cell_voltage.reshape(shape), self._ones)
        self._module_sum -= drop.repeat(self.modules)
        self.module_voltage = self._module_sum
        mute = np.count_nonzero(self.silent) > 0
        if mute:
            self.module_voltage = np.where(self.silent, np.nan, self._module_sum)
            self.cell_voltage.reshape(shape)[self.silent] = np.nan
            self.temperature = self.temperature.copy()
            self.temperature.reshape(shape)[self.silent] = np.nan
            self.unheard = np.where(self.silent.reshape(self.racks, -1).any(axis=1), self.unheard + dt, 0.0)
            cells = _known(extremes.of(self.cell_voltage, ~np.isnan(self.cell_voltage)), self.cell_extremes)
        else:
            self.unheard = self._nothing
            cells = extremes.of(self.cell_voltage)
        warmth = extremes.of(self.temperature)
        coldest, hottest = min(warmth.low.tolist()), max(warmth.high.tolist())
        if mute or not (coldest > NTC_RANGE[0] and hottest < NTC_RANGE[1]):
            warmth = _known(extremes.of(self.temperature, self.sound), self.temperature_extremes)
            coldest, hottest = min(warmth.low.tolist()), max(warmth.high.tolist())
        if dt > 0.0:
            # A minute's filter: one LSB of one sensor is no fire.
            rise = (warmth.high - self.temperature_extremes.high) * (60.0 / dt)
            self.temperature_rise += min(1.0, dt / 60.0) * (rise - self.temperature_rise)
        self.cell_extremes, self.temperature_extremes = cells, warmth
        self.highest, self.lowest = max(cells.high.tolist()), min(cells.low.tolist())
        self.hottest, self.coldest = hottest, coldest
        self._calm = (
            self.highest <= limits.CHARGE_TAPER
            and self.lowest >= limits.DISCHARGE_TAPER
            and limits.WARMTH[0] <= coldest
            and hottest <= limits.WARMTH[1]
        )

    @property
    def sound(self) -> Mask:
        """Which NTC (racks, sensors) deliver a temperature that can be."""
        low, high = NTC_RANGE
        sound: Mask = (self.temperature > low) & (self.temperature < high)
        return sound

    @property
    def insulation(self) -> Array:
        """Ω (2 poles, racks) as the monitors show it."""
        return self.insulation_monitor.reading

    def _protect(self, dt: float) -> None:
        if not (self.alarms.silent and self._far_from_alarms()):
            self._compare()
            self.tripped |= self.alarms.trips
        self._switch(dt)

    def _far_from_alarms(self) -> bool:
        """Whether no rule can set: no rack is beyond any first threshold, in any direction of its current."""
        first, highest, lowest, current = self._first, self.highest, self.lowest, self.current.tolist()
        soc, volts = self.rack_soc.tolist(), self.voltage.tolist()
        return (
            highest <= first.cell_high
            and lowest >= first.cell_low
            and highest - lowest <= first.spread
            and first.rack_low <= min(volts)
            and max(volts) <= first.rack_high
            and max(self.module_voltage.tolist()) <= first.module_high
            and first.cold <= self.coldest
            and self.hottest <= first.hot
            and self.hottest - self.coldest <= first.uneven
            and max(self.temperature_rise.tolist()) <= first.rise
            and -first.current <= min(current)
            and max(current) <= first.current
            and min(self.insulation.ravel().tolist()) >= first.insulation
            and first.soc_low <= min(soc)
            and max(soc) <= first.soc_high
            and self.unheard is self._nothing
        )

    def _compare(self) -> None:
        """Hands all quantities to the alarms."""
        current, value = self.current, self.alarms.quantity
        cells, warmth = self.cell_extremes, self.temperature_extremes
        charging, discharging = current < -WORKING_CURRENT, current > WORKING_CURRENT
        value["cell_high"][:] = cells.high
        value["cell_low"][:] = cells.low
        value["cell_spread"][:] = cells.spread
        value["rack_voltage"][:] = self.voltage
        value["module_high"][:] = np.fmax.reduce(self.module_voltage.reshape(self.racks, -1), axis=1)
        value["charging_hot"][:] = np.where(charging, warmth.high, -np.inf)
        value["charging_cold"][:] = np.where(charging, warmth.low, np.inf)
        value["discharging_hot"][:] = np.where(discharging, warmth.high, -np.inf)
        value["discharging_cold"][:] = np.where(discharging, warmth.low, np.inf)
        value["temperature_spread"][:] = warmth.spread
        value["temperature_rise"][:] = self.temperature_rise
        value["charge_current"][:] = -current
        value["discharge_current"][:] = current
        value["insulation"][:] = self.insulation.min(axis=0)
        value["soc"][:] = self.rack_soc
        value["unheard"][:] = self.unheard
        self.alarms.step()

    def _switch(self, dt: float) -> None:
        """Opens what must not stay closed and goes on with precharging."""
        circuit = self.circuit
        self._stopping = self._stopping + dt if self.stopped else 0.0
        opened = np.full(self.racks, True) if self._stopping >= STOP_DELAY else self.tripped
        if np.count_nonzero(opened):
            circuit.closed = circuit.closed & ~opened
            circuit.precharge[opened] = 0.0
        if np.count_nonzero(circuit.precharge):
            circuit.step(dt)

    def _limit(self) -> None:
        cells, warmth, soc = self.cell_extremes, self.temperature_extremes, self.rack_soc
        blocked = not self.alarms.silent or np.count_nonzero(self.tripped) > 0
        full = np.count_nonzero(self.full) > 0
        temperate = limits.WARMTH[0] <= self.coldest and self.hottest <= limits.WARMTH[1]
        open_ = temperate and not blocked
        if open_ and not full and self.highest <= limits.CHARGE_TAPER and self.charge_cutoff >= 100.0:
            self.charge_limit = self._unlimited
        else:
            share = limits.charge(cells, None if temperate else warmth, soc, self.charge_cutoff)
            self.charge_limit = self.max_current * share * ~(self.full | self.alarms.stops_charge | self.tripped)
        charged = min(soc.tolist()) >= self.discharge_cutoff + limits.SOC_TAPER
        if open_ and charged and self.lowest >= limits.DISCHARGE_TAPER:
            self.discharge_limit = self._unlimited
        else:
            share = limits.discharge(cells, None if temperate else warmth, soc, self.discharge_cutoff)
            self.discharge_limit = self.max_current * share * ~(self.alarms.stops_discharge | self.tripped)

    def _find_full(self) -> None:
        high = self.cell_extremes.high
        if self._calm or self.highest < CHARGE_TAPER:
            if np.count_nonzero(self.full):
                self.full &= self.rack_soc > RECHARGE_BELOW
            return
        ended = (high >= FULL_VOLTAGE) & (self.current < 0.0) & (self.current > -self.full_current)
        # One full rack ends the charge of its bus; its neighbours at the same voltage are as full as they get.
        on_full_bus = np.repeat(self.on_bus(ended), self.racks // self.circuit.buses)
        reached = on_full_bus & self.circuit.closed & (high >= CHARGE_TAPER)
        self.soc[np.repeat(reached, self.modules)] = 100.0
        self.rack_soc[reached] = 100.0
        self.full = (self.full | reached) & (self.rack_soc > RECHARGE_BELOW)

    def _bleed(self) -> None:
        if self.highest < BLEED_ABOVE:
            if self.bleeds:
                self.bleeding.fill(0.0)
                self.bleeds = False
            return
        voltage = self.cell_voltage.reshape(self.racks * self.modules, -1)
        above = np.minimum.reduce(voltage, axis=1)
        above += BLEED_OVER
        np.maximum(above, BLEED_ABOVE, out=above)
        # Of a rack that discharges no voltage is high enough. A silent module compares as NaN: its switches are open.
        above.reshape(self.racks, -1)[self.current >= WORKING_CURRENT] = np.inf
        np.greater(voltage, above[:, None], out=self.bleeding.reshape(voltage.shape))
        self.bleeds = True

    @property
    def rack_soh(self) -> Array:
        """% per rack: a string is as healthy as its weakest module."""
        soh: Array = self.soh.reshape(self.racks, -1).min(axis=1)
        return soh

    @property
    def cycles(self) -> Array:
        """Equivalent full cycles per module, not rounded."""
        cycles: Array = self.throughput / (2.0 * self.capacity)
        return cycles

    def bus_limits(self) -> tuple[Array, Array]:
        """(charge, discharge) current in A that each DC bus may carry."""
        whole = self.circuit.whole
        if whole and self.charge_limit is self.discharge_limit is self._unlimited:
            return self._unlimited_bus, self._unlimited_bus
        closed = self.circuit.closed.reshape(self.circuit.buses, -1)
        charge, discharge = self.charge_limit.reshape(closed.shape), self.discharge_limit.reshape(closed.shape)
        if whole:
            return charge.min(axis=1) * closed.shape[1], discharge.min(axis=1) * closed.shape[1]
        count = closed.sum(axis=1)
        smallest = (np.where(closed, limit, np.inf).min(axis=1) for limit in (charge, discharge))
        found = [np.where(count > 0, limit, 0.0) * count for limit in smallest]
        return found[0], found[1]

    def ready(self) -> Mask:
        """Which DC buses have at least one rack connected."""
        if self.circuit.whole:
            return self._buses
        return self.on_bus(self.circuit.closed)

    def on_bus(self, racks: Mask) -> Mask:
        """Whether anything of `racks` holds, per DC bus."""
        buses: Mask = np.any(racks.reshape(self.circuit.buses, -1), axis=1)
        return buses

    def reports(self) -> list[set[str]]:
        """What the PCS of each DC bus is told: BMS_ALARM from level 2 on, BMS_TRIP where contactors were opened."""
        if self.alarms.silent and not np.count_nonzero(self.tripped):
            return self._silence
        severe, tripped = self.on_bus(np.any(self.alarms.active[1:], axis=(0, 1))), self.on_bus(self.tripped)
        return [
            ({"BMS_ALARM"} if alarm else set()) | ({"BMS_TRIP"} if trip else set())
            for alarm, trip in zip(severe, tripped, strict=True)
        ]

    def maintenance(self) -> list[set[str]]:
        """Names per rack of what needs somebody's hands."""
        dead: Mask = np.any(~self.sound & ~np.isnan(self.temperature), axis=1)
        found = (self.unheard > 0.0, dead, np.full(self.racks, self.stopped), self.by_hand)
        named = list(zip(MAINTENANCE, found, strict=True))
        return [{name for name, racks in named if racks[rack]} for rack in range(self.racks)]

    def disconnect(self, rack: int) -> None:
        """Opens the contactors of `rack` (index from 0)."""
        self.circuit.disconnect(rack)
        self.by_hand[rack] = True

    def reconnect(self, rack: int) -> bool:
        """Clears a trip of `rack` and starts to close its contactors; False where it must stay open.

        That is where a level-3 alarm stands, the emergency stop holds or the voltages differ.
        """
        if self.alarms.trips[rack] or self.stopped or not self.circuit.connect(rack):
            return False
        self.tripped[rack] = self.by_hand[rack] = False
        return True

    def restart(self) -> list[bool]:
        """Reconnects every rack that is open; which of all racks are closed now or closing.

        Onto a dead bus those go that are within 5 V of its first rack: they will all close at once.
        """
        closed, emf = self.circuit.closed, self.circuit.emf
        first = emf.reshape(self.circuit.buses, -1)[:, 0]
        near = np.abs(emf - np.repeat(first, self.racks // self.circuit.buses)) <= RECONNECT
        live = np.repeat(self.ready(), self.racks // self.circuit.buses)
        return [
            bool(closed[rack] or ((live[rack] or near[rack]) and self.reconnect(rack))) for rack in range(self.racks)
        ]


def _known(found: Extremes, last: Extremes) -> Extremes:
    """`found`, with what was known last where a part has no value at all."""
    lost = np.isnan(found.high)
    if not lost.any():
        return found
    high, low = np.where(lost, last.high, found.high), np.where(lost, last.low, found.low)
    return Extremes(high, low, np.where(lost, last.high_at, found.high_at), np.where(lost, last.low_at, found.low_at))
