"""Two power conversion systems of 1,250 kW: set-point, ramp, limits, losses, states and counters.

    set-point → ramp 125 kW/s → |P| ≤ 1,250 kW, derated by heat → DC current within the BMS limits → P_ac
    P_dc = P_ac + loss(P_ac, V_dc)                           both positive when discharging
    |Q| ≤ √(S_max² − P²), S_max 1,375 kVA, active power first

States: shutdown (no command or BMS not ready), standby (ready, AC contactor open), starting (5 s synchronising),
running, fault. After ten minutes without set-point a PCS goes back to standby. Heat derates from 85 °C and trips at
95 °C of the hottest NTC. Grid protection trips outside 47.5–51.5 Hz and 80–115 % of the voltage. Ratings: public
specification of the Kehua BCS1250K; ramp and times are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.emulator.codes import PcsState
from bessinside.emulator.converter import RATED, Converter
from bessinside.emulator.heat_sink import HeatSinks
from bessinside.emulator.noise import MeanReverting
from bessinside.emulator.phases import between, by_pair, by_phase, factor, shared
from bessinside.emulator.rack import DcCircuit
from bessinside.emulator.table import Array, Mask

MAX_APPARENT = 1.375e6  # VA
RAMP = 0.1 * RATED  # W/s
NOMINAL_VOLTAGE = 690.0
SYNCHRONISING = 5.0  # s
IDLE_TO_STANDBY = 600.0  # s
CONTROL_NOISE = 350.0  # W, what the current control leaves of ripple in a second's mean
DERATE_FROM, TRIP_AT = 85.0, 95.0  # °C
STANDBY_SUPPLY = 150.0  # W, taken from the auxiliaries while the AC contactor is open
FREQUENCY_BAND = (47.5, 51.5)
VOLTAGE_BAND = (0.80, 1.15)
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
    "BMS_ALARM",
    "BMS_TRIP",
)
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

    def __init__(self, count: int, energy: Energy, ambient: float, chance: np.random.Generator) -> None:
        self.converter = Converter()
        self.heat_sinks = HeatSinks(count, ambient, chance)
        self.energy = energy
        self.state = [PcsState.STANDBY] * count
        self.faults: list[set[str]] = [set() for _ in range(count)]
        self.battery: list[set[str]] = [set() for _ in range(count)]  # what its BMS reports: BMS_ALARM, BMS_TRIP
        self.estop = False
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
        self.phase_voltage = np.full((count, 3), NOMINAL_VOLTAGE / 3**0.5)
        self.frequency = 50.0
        self.uptime = 0.0
        self._ramped = np.zeros(count)
        self._waited = np.zeros(count)  # s in the state STARTING, or without set-point while RUNNING
        self._noise = MeanReverting(np.full(count, CONTROL_NOISE), 3.0, chance)
        self._half = MeanReverting(np.full(count, 0.8), 5.0, chance)

    @property
    def running(self) -> Mask:
        """Which PCS have their AC contactor closed."""
        return np.array([state is PcsState.RUNNING for state in self.state])

    @property
    def standby_supply(self) -> float:
        """W that waiting PCS, and the heaters of all, take from the auxiliaries."""
        return STANDBY_SUPPLY * float((~self.running).sum()) + self.heat_sinks.heater_power

    def count(self, dt: float, ambient: float) -> None:
        """Counts `dt` s of the power last set, and warms the heat sinks with its loss."""
        hours = dt / 3600.0
        self.energy.ac_discharged += np.maximum(self.power, 0.0) * hours
        self.energy.ac_charged += np.maximum(-self.power, 0.0) * hours
        self.energy.dc_discharged += np.maximum(self.dc_power, 0.0) * hours
        self.energy.dc_charged += np.maximum(-self.dc_power, 0.0) * hours
        self.heat_sinks.step(dt, self.loss, ambient)
        self.uptime += dt

    def command(self, dt: float, setpoint: Array, reactive: Array, ready: Mask) -> None:
        """Takes new set-points (W, var), walks the state machine by `dt` s; `ready`: the BMS allows operation."""
        self.setpoint = setpoint
        self.reactive_setpoint = reactive
        for unit in range(len(self.state)):
            self.state[unit] = self._next(unit, dt, bool(ready[unit]))

    def _next(self, unit: int, dt: float, ready: bool) -> PcsState:
        was = self.state[unit]
        if self.faults[unit]:
            return PcsState.FAULT
        if self.estop or not self.enabled[unit] or not ready:
            return PcsState.SHUTDOWN
        wanted = self.setpoint[unit] != 0.0
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
        running = self.running
        target = np.where(running, self.setpoint, 0.0)
        self._ramped = np.where(running, self._ramped + np.clip(target - self._ramped, -RAMP * dt, RAMP * dt), 0.0)
        rated = RATED * np.clip((TRIP_AT - self.heat_sinks.igbt.max(axis=1)) / (TRIP_AT - DERATE_FROM), 0.0, 1.0)
        wanted = np.where(self._ramped != 0.0, self._ramped + self._noise.step(dt), 0.0)
        high = np.minimum(self.converter.ac_power(circuit.power_at(discharge_limit), circuit.source), rated)
        low = np.maximum(self.converter.ac_power(circuit.power_at(-charge_limit), circuit.source), -rated)
        # A blocked direction still lets the converter idle: its no-load loss comes from the battery.
        power = np.clip(wanted, np.minimum(low, 0.0), np.maximum(high, 0.0))
        self.limited = running & (np.abs(power - wanted) > 0.01 * RATED)
        self.power = np.where(running, power, 0.0)
        room = np.sqrt(np.maximum(MAX_APPARENT**2 - self.power**2, 0.0))
        self.reactive = np.where(running, np.clip(self.reactive_setpoint, -room, room), 0.0)

        voltage = circuit.source
        for _ in range(3):
            self.loss = np.where(running, self.converter.losses(self.power, voltage), 0.0)
            voltage = circuit.voltage_for(self.power + self.loss)
        self.dc_power = self.power + self.loss
        circuit.solve(self.dc_power)
        self.dc_voltage = circuit.pcs_voltage
        self.dc_current = circuit.bus_current

    def watch(self, dt: float, levels: Array, frequency: float) -> None:
        """Sees the LV side of the grid (`levels` phase voltages as shares); trips on what lies outside its bands."""
        self.phase_voltage = np.tile(NOMINAL_VOLTAGE / 3**0.5 * levels, (len(self.state), 1))
        self.frequency = frequency
        self._half.step(dt)
        grid = {
            "AC_UNDERFREQUENCY": frequency < FREQUENCY_BAND[0],
            "AC_OVERFREQUENCY": frequency > FREQUENCY_BAND[1],
            "AC_UNDERVOLTAGE": bool(levels.min() < VOLTAGE_BAND[0]),
            "AC_OVERVOLTAGE": bool(levels.max() > VOLTAGE_BAND[1]),
        }
        for unit, state in enumerate(self.state):
            if state is not PcsState.RUNNING:
                continue
            trips = {
                **grid,
                "DC_BUS_UNDERVOLTAGE": bool(self.dc_voltage[unit] < DC_BAND[0]),
                "DC_BUS_OVERVOLTAGE": bool(self.dc_voltage[unit] > DC_BAND[1]),
                "OVERTEMPERATURE": bool(self.heat_sinks.igbt[unit].max() >= TRIP_AT),
            }
            self.faults[unit] |= {name for name, tripped in trips.items() if tripped}

    def alarms(self) -> list[set[str]]:
        """Names per PCS: latched trips and present warnings."""
        hot = self.heat_sinks.igbt.max(axis=1) >= DERATE_FROM
        stop = {"EMERGENCY_STOP"} if self.estop else set()
        return [
            faults | stop | self.battery[unit] | ({"HIGH_TEMPERATURE"} if hot[unit] else set())
            for unit, faults in enumerate(self.faults)
        ]

    def _fault_word(self) -> Array:
        """Active names as bits in the order of `ALARMS`; all words of a vendor's map draw on the same names."""
        return np.array([float(sum(1 << ALARMS.index(name) for name in names)) for names in self.alarms()])

    def readings(self) -> dict[str, Array]:
        """All metrics of kind `pcs` that the PCS measures itself."""
        count = len(self.state)
        state = np.array([float(state) for state in self.state])
        voltage, pairs = self.phase_voltage, between(self.phase_voltage)
        power, reactive = shared(self.power, voltage), shared(self.reactive, voltage)
        apparent = np.hypot(power, reactive)
        total = np.hypot(self.power, self.reactive)
        # Positive when discharging, as all currents of a PCS.
        current = np.where(power < 0.0, -1.0, 1.0) * apparent / voltage
        half = 0.5 * self.dc_voltage
        # Without voltage there is nothing to be unbalanced.
        unbalance = np.where(self.dc_voltage > 0.0, self._half.value, 0.0)

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
            **{f"fault_word_{word}": self._fault_word() for word in range(1, 6)},
            "state_alarm": np.array([float(bool(names)) for names in self.alarms()]),
            "state_remote": np.ones(count),
            "state_estop": np.full(count, float(self.estop)),
            "state_derating": self.limited.astype(np.float64),
            "active_power": self.power,
            "reactive_power": self.reactive,
            "apparent_power": total,
            "power_factor": factor(np.abs(self.power), total),
            "current": current.sum(axis=1),
            "frequency": np.full(count, self.frequency),
            "active_power_setpoint": self.setpoint,
            "reactive_power_setpoint": self.reactive_setpoint,
            "reactive_power_setpoint_share": 100.0 * self.reactive_setpoint / RATED,
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
