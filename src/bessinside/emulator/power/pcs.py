"""The power conversion systems: set-point, ramp, capability, losses, protection, states and counters.

    set-point → ramp 10 % of rated/s → |P| ≤ rated, derated by heat → DC current within the BMS limits → P_ac
    P_dc = P_ac + loss(P_ac, V_dc)                           both positive when discharging
    |Q| ≤ √(S² − P²), active power first;  S = 110 % of rated up to 35 °C outdoors, 105 % at 50 °C, 80 % at 60 °C

States: shutdown (no command or BMS not ready), standby (ready, AC contactor open), starting (5 s synchronising),
running, fault. After ten minutes without set-point a PCS goes back to standby. Heat derates from 85 °C and trips at
95 °C of the hottest NTC. Grid protection trips outside 47.5–51.5 Hz and 80–115 % of the voltage; once the grid has been
within 49.5–50.2 Hz and 90–110 % for 60 s a PCS comes back by itself, with 10 % of rated a minute. Other trips wait for
a reset. Ratings and capability: public specification of the Kehua BCS1250K; 80 % at 60 °C, ramp and times are
assumptions.

The DC link carries a ripple (share of its voltage, 1 % when healthy). A capacitor that ages lets it grow: the halves of
the link drift apart by 60 % of what is over 1 %, the current on the AC side distorts, the capacitors warm
(assumptions).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from bessinside.emulator.basis.codes import PcsState
from bessinside.emulator.basis.design import REF_5M, Design
from bessinside.emulator.basis.noise import MeanReverting
from bessinside.emulator.basis.table import Array, Mask
from bessinside.emulator.battery.rack import DcCircuit
from bessinside.emulator.power.converter import Converter
from bessinside.emulator.power.heat_sink import HeatSinks
from bessinside.emulator.power.phases import between, by_pair, by_phase, factor, shared

RAMP = 0.1  # of the rated power, 1/s
SYNCHRONISING = 5.0  # s
IDLE_TO_STANDBY = 600.0  # s
CONTROL_NOISE = 350.0  # W, what the current control leaves of ripple in a second's mean
DERATE_FROM, TRIP_AT = 85.0, 95.0  # °C
STANDBY_SUPPLY = 150.0  # W, taken from the auxiliaries while the AC contactor is open
FREQUENCY_BAND, FREQUENCY_BACK = (47.5, 51.5), (49.5, 50.2)
VOLTAGE_BAND, VOLTAGE_BACK = (0.80, 1.15), (0.90, 1.10)
RECONNECT_DELAY = 60.0  # s
RECONNECT_RAMP = 0.1 / 60.0  # of the rated power, 1/s
CAPABILITY = ((35.0, 50.0, 60.0), (1.10, 1.05, 0.80))  # °C outdoors, apparent power as a share of the rated
RIPPLE = 0.01  # of the DC voltage, healthy
UNBALANCE = 0.6  # V between the halves of the link per V of ripple over the healthy one
UNBALANCE_ALARM = 0.02  # of the DC voltage
FAN_FAULT = 0.3  # share of the air flow below which the fans report themselves
DISTORTION = 0.018  # of the rated current, healthy
DC_BAND = (1060.0, 1500.0)
ALARMS = (
    "AC_UNDERFREQUENCY",
    "AC_OVERFREQUENCY",
    "AC_UNDERVOLTAGE",
    "AC_OVERVOLTAGE",
    "DC_BUS_UNDERVOLTAGE",
    "DC_BUS_OVERVOLTAGE",
    "OVERTEMPERATURE",
    "HIGH_TEMPERATURE",
    "EMERGENCY_STOP",
    "BUS_UNBALANCE",
    "FAN_FAULT",
    "BMS_ALARM",
    "BMS_TRIP",
)
GRID_TRIPS = frozenset(ALARMS[:4])
Q_SLOPE = 8.0  # rated vars per 1 of voltage: 8 % for each percent the voltage is off


@dataclass
class Energy:
    """Counters in Wh, one value per PCS."""

    ac_charged: Array
    ac_discharged: Array
    dc_charged: Array
    dc_discharged: Array


class Pcs:
    """State of all PCS, arrays of one value per PCS."""

    def __init__(
        self, count: int, energy: Energy, ambient: float, chance: np.random.Generator, design: Design = REF_5M
    ) -> None:
        self.rated, self.max_apparent = design.rated_power, design.max_apparent
        self.nominal_voltage = design.ac_voltage
        self.dc_band = (DC_BAND[0] * design.level, DC_BAND[1] * design.level)
        self.share = design.share
        self.converter = Converter(design.rated_power, design.level)
        self.heat_sinks = HeatSinks(count, ambient, chance, design.share)
        self.energy = energy
        self.state = [PcsState.STANDBY] * count
        self.faults: list[set[str]] = [set() for _ in range(count)]
        self.battery: list[set[str]] = [set() for _ in range(count)]  # what its BMS reports: BMS_ALARM, BMS_TRIP
        self.estop = False  # its own button
        self.stop_line = False  # the safety chain of the plant
        self.fan: Array = np.ones(count)  # share of its air flow
        self.ripple: Array = np.full(count, RIPPLE)  # share of the DC voltage
        self.enabled: Mask = np.ones(count, dtype=np.bool_)
        self.setpoint = np.zeros(count)  # W, as commanded
        self.reactive_setpoint = np.zeros(count)  # var
        self.limited: Mask = np.zeros(count, dtype=np.bool_)
        self.power = np.zeros(count)  # W on the AC side
        self.reactive = np.zeros(count)
        self.loss = np.zeros(count)
        self.dc_power = np.zeros(count)
        self.dc_voltage = np.zeros(count)
        self.dc_current = np.zeros(count)
        self.levels: Array = np.ones(3)  # phase voltages at the LV side, as shares of the nominal one
        self.frequency = 50.0
        self.uptime = 0.0
        self.ambient = ambient
        self.running: Mask = np.zeros(count, dtype=np.bool_)  # AC contactor closed
        self._calm = 0.0  # s for which the grid has been fit to reconnect
        self._gentle = [False] * count  # back from a trip of the grid protection: slow ramp
        self._ramped = [0.0] * count
        self._waited = [0.0] * count  # s in the state STARTING, or without set-point while RUNNING
        self.noise = MeanReverting(np.full(count, CONTROL_NOISE * self.share), 3.0, chance)
        self.half_noise = MeanReverting(np.full(count, 0.8), 5.0, chance)

    @property
    def capability(self) -> float:
        """VA that each PCS can give at the present outdoor temperature."""
        if self.ambient <= CAPABILITY[0][0]:
            return min(self.max_apparent, self.rated * CAPABILITY[1][0])
        return min(self.max_apparent, self.rated * float(np.interp(self.ambient, *CAPABILITY)))

    @property
    def phase_voltage(self) -> Array:
        """V of the phases against neutral, shape (PCS, 3)."""
        return (self.nominal_voltage / 3**0.5 * self.levels)[None].repeat(len(self.state), axis=0)

    @property
    def unbalance(self) -> Array:
        """V by which the positive half of the DC link is over the negative one, from ripple and noise."""
        # Without voltage there is nothing to be unbalanced.
        over = UNBALANCE * np.maximum(self.ripple - RIPPLE, 0.0) * self.dc_voltage
        apart: Array = np.where(self.dc_voltage > 0.0, over + 2.0 * self.half_noise.value, 0.0)
        return apart

    @property
    def distortion(self) -> Array:
        """THD of the AC current as a share of the rated one: below 3 % when healthy."""
        found: Array = np.where(self.running, DISTORTION + np.maximum(self.ripple - RIPPLE, 0.0), 0.0)
        return found

    @property
    def standby_supply(self) -> float:
        """W that waiting PCS, and the heaters of all, take from the auxiliaries."""
        waiting = self.running.tolist().count(False)
        return STANDBY_SUPPLY * self.share * float(waiting) + self.heat_sinks.heater_power

    def count(self, dt: float, ambient: float) -> None:
        """Counts `dt` s of the power last set, and warms the heat sinks with its loss."""
        hours = dt / 3600.0
        energy = self.energy
        for unit, (ac, dc) in enumerate(zip(self.power.tolist(), self.dc_power.tolist(), strict=True)):
            if ac > 0.0:
                energy.ac_discharged[unit] += ac * hours
            elif ac < 0.0:
                energy.ac_charged[unit] -= ac * hours
            if dc > 0.0:
                energy.dc_discharged[unit] += dc * hours
            elif dc < 0.0:
                energy.dc_charged[unit] -= dc * hours
        self.heat_sinks.step(dt, self.loss, ambient, self.fan, self.ripple)
        self.ambient = ambient
        self.uptime += dt

    def command(self, dt: float, setpoint: Array, reactive: Array, ready: Mask) -> None:
        """Takes new set-points (W, var), walks the state machine by `dt` s; `ready`: the BMS allows operation."""
        self.setpoint = setpoint
        self.reactive_setpoint = reactive
        before = list(self.state)
        wanted, enabled = setpoint.tolist(), self.enabled.tolist()
        for unit, allowed in enumerate(ready.tolist()):
            self.state[unit] = self._next(unit, dt, allowed and enabled[unit], wanted[unit] != 0.0)
        if self.state != before:
            self.running = np.array([state is PcsState.RUNNING for state in self.state])

    def _next(self, unit: int, dt: float, ready: bool, wanted: bool) -> PcsState:
        was = self.state[unit]
        if self.faults[unit]:
            return PcsState.FAULT
        if self.estop or self.stop_line or not ready:
            return PcsState.SHUTDOWN
        if was is PcsState.RUNNING:
            self._waited[unit] = 0.0 if wanted or self._ramped[unit] != 0.0 else self._waited[unit] + dt
            return PcsState.STANDBY if self._waited[unit] >= IDLE_TO_STANDBY else was
        if was is PcsState.STARTING:
            self._waited[unit] += dt
            if self._waited[unit] < SYNCHRONISING:
                return was
            self._waited[unit] = 0.0
            return PcsState.RUNNING
        self._waited[unit] = 0.0
        return PcsState.STARTING if wanted and was is PcsState.STANDBY else PcsState.STANDBY

    def reset_faults(self) -> None:
        """Clears latched trips; what still holds trips again."""
        self.faults = [set() for _ in self.faults]

    def convert(self, dt: float, circuit: DcCircuit, charge_limit: Array, discharge_limit: Array) -> None:
        """Sets P, Q and DC power for the present set-points and solves `circuit`; limits in A per DC bus."""
        capability, rated = self.capability, self.rated
        wanted, running = self._ramp(dt), self.running.tolist()
        most = self._derated(min(rated, capability))
        charge, discharge = charge_limit.tolist(), discharge_limit.tolist()
        reactive, last = self.reactive_setpoint.tolist(), self.loss.tolist()
        found, limited = [], [False] * len(wanted)
        for unit, asked in enumerate(wanted):
            if not running[unit]:
                found.append((0.0, 0.0, 0.0, 0.0))
                continue
            room = most[unit]
            # A blocked direction still lets the converter idle: its no-load loss comes from the battery.
            battery = circuit.power_at(unit, discharge[unit] if asked > 0.0 else -charge[unit])
            if abs(battery) < 1.05 * abs(asked) + 0.02 * rated:
                given = self.converter.ac_power(battery, circuit.source[unit])
                room = min(room, max(given if asked > 0.0 else -given, 0.0))
            power = min(max(asked, -room), room)
            limited[unit] = abs(power - asked) > 0.01 * rated
            room = sqrt(max(capability * capability - power * power, 0.0))
            # The loss hardly depends on the voltage, 2 W/V: that with the loss of the last step is near enough.
            loss = self.converter.loss(power, circuit.voltage_for(unit, power + last[unit]))
            found.append((power, min(max(reactive[unit], -room), room), loss, power + loss))
        self.power, self.reactive, self.loss, self.dc_power = np.array(found).T.copy()
        self.limited = np.array(limited)
        circuit.solve(self.dc_power)
        self.dc_voltage = circuit.pcs_voltage
        self.dc_current = circuit.bus_current

    def _derated(self, most: float) -> list[float]:
        """W that the heat of each PCS leaves of `most`."""
        if self.heat_sinks.hottest <= DERATE_FROM:
            return [most] * len(self.state)
        heat = self.heat_sinks.igbt.max(axis=1)
        left = self.rated * np.clip((TRIP_AT - heat) / (TRIP_AT - DERATE_FROM), 0.0, 1.0)
        cool: list[float] = np.minimum(most, left).tolist()
        return cool

    def _ramp(self, dt: float) -> list[float]:
        """The set-points behind their ramps, with what the current control leaves of noise; W."""
        noise = self.noise.step(dt).tolist()
        wanted: list[float] = self.setpoint.tolist()
        for unit, state in enumerate(self.state):
            if state is not PcsState.RUNNING:
                self._ramped[unit], wanted[unit] = 0.0, 0.0
                continue
            most = self.rated * dt * (RECONNECT_RAMP if self._gentle[unit] else RAMP)
            way = wanted[unit] - self._ramped[unit]
            if abs(way) > most:
                self._ramped[unit] += most if way > 0.0 else -most
            else:
                self._ramped[unit], self._gentle[unit] = wanted[unit], False
            wanted[unit] = self._ramped[unit] + noise[unit] if self._ramped[unit] != 0.0 else 0.0
        return wanted

    def watch(self, dt: float, levels: Array, frequency: float) -> None:
        """Sees the LV side of the grid (`levels` phase voltages as shares); trips on what lies outside its bands."""
        self.levels, self.frequency = levels, frequency
        self.half_noise.step(dt)
        low, _, high = sorted(levels.tolist())
        grid: set[str] = set()
        if not FREQUENCY_BAND[0] <= frequency <= FREQUENCY_BAND[1]:
            grid.add("AC_UNDERFREQUENCY" if frequency < 50.0 else "AC_OVERFREQUENCY")
        if low < VOLTAGE_BAND[0]:
            grid.add("AC_UNDERVOLTAGE")
        if high > VOLTAGE_BAND[1]:
            grid.add("AC_OVERVOLTAGE")
        calm = FREQUENCY_BACK[0] <= frequency <= FREQUENCY_BACK[1] and VOLTAGE_BACK[0] <= low <= high <= VOLTAGE_BACK[1]
        self._calm = self._calm + dt if calm else 0.0
        for unit, state in enumerate(self.state):
            if state is PcsState.RUNNING:
                trips = grid | self._own_trips(unit)
                if trips:
                    self.faults[unit] |= trips
            elif self.faults[unit] & GRID_TRIPS and self._calm >= RECONNECT_DELAY:
                self.faults[unit] -= GRID_TRIPS
                self._gentle[unit] = True

    def _own_trips(self, unit: int) -> set[str]:
        voltage, trips = float(self.dc_voltage[unit]), set()
        if not self.dc_band[0] <= voltage <= self.dc_band[1]:
            trips.add("DC_BUS_UNDERVOLTAGE" if voltage < self.dc_band[0] else "DC_BUS_OVERVOLTAGE")
        if self.heat_sinks.hottest >= TRIP_AT and self.heat_sinks.igbt[unit].max() >= TRIP_AT:
            trips.add("OVERTEMPERATURE")
        return trips

    def alarms(self) -> list[set[str]]:
        """Names per PCS: latched trips and present warnings."""
        hot: list[bool] = (self.heat_sinks.igbt.max(axis=1) >= DERATE_FROM).tolist()
        apart: list[bool] = (np.abs(self.unbalance) > UNBALANCE_ALARM * self.dc_voltage).tolist()
        fan: list[float] = self.fan.tolist()
        stop = {"EMERGENCY_STOP"} if self.estop or self.stop_line else set()
        return [
            faults
            | stop
            | self.battery[unit]
            | ({"HIGH_TEMPERATURE"} if hot[unit] else set())
            | ({"BUS_UNBALANCE"} if apart[unit] else set())
            | ({"FAN_FAULT"} if fan[unit] < FAN_FAULT else set())
            for unit, faults in enumerate(self.faults)
        ]

    def readings(self) -> dict[str, Array]:
        """All metrics of kind `pcs` that the PCS measures itself."""
        count = len(self.state)
        state = np.array([float(state) for state in self.state])
        voltage = self.phase_voltage
        pairs = between(voltage)
        power, reactive = shared(self.power, voltage), shared(self.reactive, voltage)
        apparent = np.hypot(power, reactive)
        total = np.hypot(self.power, self.reactive)
        # Positive when discharging, as all currents of a PCS.
        current = np.where(power < 0.0, -1.0, 1.0) * apparent / voltage
        half = 0.5 * self.dc_voltage
        unbalance = 0.5 * self.unbalance
        alarms = self.alarms()
        # Active names as bits in the order of `ALARMS`; all words of a vendor's map draw on the same names.
        word = np.array([float(sum(1 << ALARMS.index(name) for name in names)) for names in alarms])

        def is_(wanted: PcsState) -> Array:
            found: Array = (state == wanted).astype(np.float64)
            return found

        return {
            "state": state,
            "state_shutdown": is_(PcsState.SHUTDOWN),
            "state_standby": is_(PcsState.STANDBY),
            "state_running": is_(PcsState.RUNNING),
            "state_fault": is_(PcsState.FAULT),
            "state_grid_connected": is_(PcsState.RUNNING),
            **{f"fault_word_{number}": word for number in range(1, 6)},
            "state_alarm": np.array([float(bool(names)) for names in alarms]),
            "state_remote": np.ones(count),
            "state_estop": np.full(count, float(self.estop or self.stop_line)),
            "state_derating": self.limited.astype(np.float64),
            "active_power": self.power,
            "reactive_power": self.reactive,
            "apparent_power": total,
            "power_factor": factor(np.abs(self.power), total),
            "current": current.sum(axis=1),
            "frequency": np.full(count, self.frequency),
            "active_power_setpoint": self.setpoint,
            "reactive_power_setpoint": self.reactive_setpoint,
            "reactive_power_setpoint_share": 100.0 * self.reactive_setpoint / self.rated,
            "dc_power": self.dc_power,
            "dc_voltage": self.dc_voltage,
            "dc_current": self.dc_current,
            "dc_voltage_positive": half + unbalance,
            "dc_voltage_negative": half - unbalance,
            "ac_energy_charged": self.energy.ac_charged,
            "ac_energy_discharged": self.energy.ac_discharged,
            "dc_energy_charged": self.energy.dc_charged,
            "dc_energy_discharged": self.energy.dc_discharged,
            "heartbeat": np.full(count, float(int(self.uptime) % 65536)),
            **by_phase("active_power", power),
            **by_phase("reactive_power", reactive),
            **by_phase("apparent_power", apparent),
            **by_phase("power_factor", factor(np.abs(power), apparent)),
            **by_phase("voltage", voltage),
            **by_pair("voltage", pairs),
            **by_phase("current", current),
            **self.heat_sinks.readings(),
        }
