"""The battery management: what a BMS measures, estimates, limits and protects. It knows the cells through sensors only.

    SoC' = −I_sensor/(3600·Q_est)      coulomb counting per module with the rack's sensor, gain σ 0.1 %, offset σ 20 mA;
                                       set to 100 % when the rack is full: it drifts between and jumps there
    limit = 200 A · min(f(voltage), f(temperature), f(SoC)), 0 in a direction that a level-2 alarm stops
        charge     1 below 3.45 V of the highest cell, 0 at 3.60 V;  0 at 0 °C, 1 from 10 to 45 °C, 0 at 55 °C
        discharge  1 above 2.95 V of the lowest cell,  0 at 2.80 V;  0 at −20 °C, 1 from 0 to 50 °C, 0 at 60 °C;
                   and from 1 to 0 over the last 2 % before the cut-off SoC
    bus limit = racks connected · smallest rack limit
    cycle = Ah charged and discharged / (2·Q)

A rack is full when its highest cell stands at 3.58 V with less than 20 A flowing in; then it is not charged again
until 98.5 %. Bleed resistors (0.1 A) work above 3.38 V on cells more than 8 mV over their module's lowest, never
while discharging. Level-3 alarms open the contactors for good; `reconnect` closes them only where the voltages are
within 5 V.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator import extremes
from bessinside.emulator.alarm import AlarmBank
from bessinside.emulator.cell import Cells
from bessinside.emulator.noise import MeanReverting
from bessinside.emulator.ntc import Sensors
from bessinside.emulator.rack import JOINTS, DcCircuit
from bessinside.emulator.table import Array, Mask

MAX_CURRENT = 200.0  # A per rack, continuous
FULL_VOLTAGE, FULL_CURRENT, RECHARGE_BELOW = 3.58, 20.0, 98.5
CELL_MAX, CELL_MIN = 3.60, 2.80
CHARGE_TAPER, DISCHARGE_TAPER = 3.45, 2.95
BLEED_ABOVE, BLEED_OVER = 3.38, 0.008
RESERVE = 0.017  # SoC that most cells still miss when the highest one ends the charge: there the BMS counts 100 %
SOC_TAPER = 2.0  # %
WORKING_CURRENT = 2.0  # A, below it a rack counts as resting
CHARGE_TEMPERATURES = ((0.0, 10.0, 45.0, 55.0), (0.0, 1.0, 1.0, 0.0))
DISCHARGE_TEMPERATURES = ((-20.0, 0.0, 50.0, 60.0), (0.0, 1.0, 1.0, 0.0))
INSULATION = (11e6, 10e6)  # Ω of a rack, positive and negative pole
SENSOR_GAIN, SENSOR_OFFSET = 0.001, 0.02


class Bms:
    """Estimates per module (`soc` %, `soh` %), limits per rack (A), alarms, contactors, bleed switches per cell."""

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
        self.gain = 1.0 + SENSOR_GAIN * chance.standard_normal(self.racks)
        self.offset = SENSOR_OFFSET * chance.standard_normal(self.racks)
        use = 1.0 + 0.002 * np.repeat(chance.standard_normal(self.racks), modules)
        self.throughput = 2.0 * cycles * use * self.capacity  # Ah, both directions
        self.energy_charged = energy_charged / count * use  # Wh per module
        self.energy_discharged = energy_discharged / count * use
        self.charge_cutoff = 100.0  # %
        self.discharge_cutoff = 5.0
        self.full: Mask = np.zeros(self.racks, dtype=np.bool_)
        self.tripped: Mask = np.zeros(self.racks, dtype=np.bool_)
        self.bleeding = np.zeros(cells.soc.shape)
        self.alarms = AlarmBank(self.racks)
        self.temperature_rise = np.zeros(self.racks)  # K/min
        self._leak = 1.0 + 0.06 * np.clip(chance.standard_normal((2, self.racks)), -2.0, 2.0)
        self._insulation_noise = MeanReverting(np.full((2, self.racks), 0.01), 300.0, chance)
        self._hot = sensors.reading.reshape(self.racks, -1).max(axis=1)
        self.sense(0.0, humidity=40.0)

    def count(self, dt: float) -> None:
        """Counts charge and energy of `dt` s with the currents last measured."""
        sensed = np.repeat(
            self.circuit.current * self.gain + np.where(self.circuit.closed, self.offset, 0.0), self.modules
        )
        self.soc -= sensed * (dt / 36.0) / self.capacity
        np.clip(self.soc, 0.0, 100.0, out=self.soc)
        hours = dt / 3600.0
        self.throughput += np.abs(sensed) * hours
        power = self.module_voltage * np.repeat(self.circuit.current, self.modules)
        self.energy_discharged += np.maximum(power, 0.0) * hours
        self.energy_charged += np.maximum(-power, 0.0) * hours

    def sense(self, dt: float, humidity: float) -> None:
        """Reads all sensors after the circuit was solved, then sets limits, alarms, contactors and bleed switches."""
        current, racks = self.circuit.current, self.racks
        self.cell_extremes = extremes.of(self.cells.voltage)
        temperature = self.sensors.reading.reshape(racks, -1)
        self.temperature_extremes = extremes.of(temperature)
        cell_sum = self.cells.voltage.reshape(racks * self.modules, -1).sum(axis=1)
        self.module_voltage = cell_sum - np.repeat(current, self.modules) * (JOINTS / self.modules)
        self._read_rise(dt)
        humid = 1.0 - 0.004 * (humidity - 40.0)
        self.insulation = np.array(INSULATION)[:, None] * self._leak * humid * (1.0 + self._insulation_noise.step(dt))
        self._protect()
        self._limit()
        self._find_full()
        self._bleed()

    def _read_rise(self, dt: float) -> None:
        hot = self.temperature_extremes.high
        if dt > 0.0:
            # A minute's filter: one LSB of one sensor is no fire.
            share = min(1.0, dt / 60.0)
            self.temperature_rise += share * ((hot - self._hot) / dt * 60.0 - self.temperature_rise)
        self._hot = hot

    def _protect(self) -> None:
        current = self.circuit.current
        hot, cold = self.temperature_extremes.high, self.temperature_extremes.low
        charging, discharging = current < -WORKING_CURRENT, current > WORKING_CURRENT
        self.alarms.step(
            {
                "cell_high": self.cell_extremes.high,
                "cell_low": self.cell_extremes.low,
                "cell_spread": self.cell_extremes.spread,
                "rack_voltage": self.circuit.voltage,
                "module_high": self.module_voltage.reshape(self.racks, -1).max(axis=1),
                "charging_hot": np.where(charging, hot, -np.inf),
                "charging_cold": np.where(charging, cold, np.inf),
                "discharging_hot": np.where(discharging, hot, -np.inf),
                "discharging_cold": np.where(discharging, cold, np.inf),
                "temperature_spread": self.temperature_extremes.spread,
                "temperature_rise": self.temperature_rise,
                "charge_current": -current,
                "discharge_current": current,
                "insulation": self.insulation.min(axis=0),
                "soc": self.rack_soc,
            }
        )
        self.tripped |= self.alarms.trips
        self.circuit.closed = self.circuit.closed & ~self.tripped

    def _limit(self) -> None:
        high, low = self.cell_extremes.high, self.cell_extremes.low
        hot, cold = self.temperature_extremes.high, self.temperature_extremes.low
        warmth = np.minimum(np.interp(hot, *CHARGE_TEMPERATURES), np.interp(cold, *CHARGE_TEMPERATURES))
        room = np.clip((CELL_MAX - high) / (CELL_MAX - CHARGE_TAPER), 0.0, 1.0)
        if self.charge_cutoff < 100.0:
            room = np.minimum(room, np.clip((self.charge_cutoff - self.rack_soc) / SOC_TAPER, 0.0, 1.0))
        allowed = ~(self.full | self.alarms.stops_charge | self.tripped)
        self.charge_limit = MAX_CURRENT * np.minimum(room, warmth) * allowed

        warmth = np.minimum(np.interp(hot, *DISCHARGE_TEMPERATURES), np.interp(cold, *DISCHARGE_TEMPERATURES))
        room = np.clip((low - CELL_MIN) / (DISCHARGE_TAPER - CELL_MIN), 0.0, 1.0)
        room = np.minimum(room, np.clip((self.rack_soc - self.discharge_cutoff) / SOC_TAPER, 0.0, 1.0))
        allowed = ~(self.alarms.stops_discharge | self.tripped)
        self.discharge_limit = MAX_CURRENT * np.minimum(room, warmth) * allowed

    def _find_full(self) -> None:
        current = self.circuit.current
        high = self.cell_extremes.high
        ended = (high >= FULL_VOLTAGE) & (current < 0.0) & (current > -FULL_CURRENT)
        # One full rack ends the charge of its bus; its neighbours at the same voltage are as full as they get.
        on_full_bus = np.repeat(self.on_bus(ended), self.racks // self.circuit.buses)
        reached = on_full_bus & self.circuit.closed & (high >= CHARGE_TAPER)
        self.soc = np.where(np.repeat(reached, self.modules), 100.0, self.soc)
        self.full = (self.full | reached) & (self.rack_soc > RECHARGE_BELOW)

    def _bleed(self) -> None:
        if self.cell_extremes.high.max() < BLEED_ABOVE:
            self.bleeding.fill(0.0)
            return
        voltage = self.cells.voltage.reshape(self.racks * self.modules, -1)
        over = voltage > np.maximum(voltage.min(axis=1, keepdims=True) + BLEED_OVER, BLEED_ABOVE)
        resting = self.circuit.current < WORKING_CURRENT
        self.bleeding = over.reshape(self.bleeding.shape) * resting[:, None].astype(np.float64)

    @property
    def rack_soc(self) -> Array:
        """% per rack."""
        soc: Array = self.soc.reshape(self.racks, -1).mean(axis=1)
        return soc

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
        closed = self.circuit.closed.reshape(self.circuit.buses, -1)
        limits = []
        for limit in (self.charge_limit, self.discharge_limit):
            smallest = np.where(closed, limit.reshape(closed.shape), np.inf).min(axis=1)
            limits.append(np.where(closed.any(axis=1), smallest, 0.0) * closed.sum(axis=1))
        return limits[0], limits[1]

    def ready(self) -> Mask:
        """Which DC buses have at least one rack connected."""
        return self.on_bus(self.circuit.closed)

    def on_bus(self, racks: Mask) -> Mask:
        """Whether anything of `racks` holds, per DC bus."""
        buses: Mask = np.any(racks.reshape(self.circuit.buses, -1), axis=1)
        return buses

    def reports(self) -> list[set[str]]:
        """What the PCS of each DC bus is told: BMS_ALARM from level 2 on, BMS_TRIP where contactors were opened."""
        severe, tripped = self.on_bus(np.any(self.alarms.active[1:], axis=(0, 1))), self.on_bus(self.tripped)
        return [
            ({"BMS_ALARM"} if alarm else set()) | ({"BMS_TRIP"} if trip else set())
            for alarm, trip in zip(severe, tripped, strict=True)
        ]

    def disconnect(self, rack: int) -> None:
        """Opens the contactors of `rack` (index from 0)."""
        self.circuit.closed[rack] = False

    def reconnect(self, rack: int) -> bool:
        """Clears a trip of `rack` and closes its contactors; False where an alarm stands or voltages differ."""
        if self.alarms.trips[rack] or not self.circuit.may_close(rack):
            return False
        self.tripped[rack] = False
        self.circuit.closed[rack] = True
        return True
