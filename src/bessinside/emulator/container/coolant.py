"""The coolant loop: pump, chiller and heater with hysteresis, glycol 50 %.

    C·T_supply' = heat from the plates + heater − chiller + UA·(T_air − T_supply)
    T_return    = T_supply + heat/(ṁ·c_p), 40 s late
    chiller heat = 40 kW/K·(T_supply − 20 °C), 0…60 kW;  electrical = heat/COP + fans

Cooling starts when the hottest sensor reaches 26 °C and stops at 23.5 °C; heating (21 kW) starts at 10 °C of the
coldest and stops at 14 °C. Between, the pump turns at half speed while the battery works or its sensors are more than
3 K apart. The loop is filled to 1.2 bar at 20 °C; a leak lowers that, below 0.6 bar the unit warns, below 0.3 bar its
pump stops to save itself. 60 kW and 21 kW are public container specifications; 5 kg/s at full speed, COP 3, the
set-points and pressures are engineering assumptions.
"""

from __future__ import annotations

from math import exp

import numpy as np

from bessinside.emulator.basis.codes import CoolingState, LeakStatus, PumpStatus
from bessinside.emulator.basis.noise import MeanReverting

FULL_FLOW = 5.0  # kg/s
DENSITY = 1065.0  # kg/m³
SPECIFIC_HEAT = 3400.0  # J/(kg·K)
HEAT_CAPACITY = 400.0 * SPECIFIC_HEAT  # J/K
WALL = 15.0  # W/K to the cabin air
SUPPLY_SET = 20.0  # °C
CHILLER_GAIN = 40e3  # W/K
CHILLER_POWER = 60e3  # W of heat
CHILLER_FANS = 600.0  # W electrical
COP = 3.0
HEATER_POWER = 21e3
COOL_START, COOL_STOP = 26.0, 23.5  # °C, hottest sensor
HEAT_START, HEAT_STOP = 10.0, 14.0  # °C, coldest sensor
MIX_START, MIX_STOP = 3.0, 2.0  # K between sensors
DUTY = {CoolingState.OFF: 0.0, CoolingState.SELF_CIRCULATION: 0.5, CoolingState.COOLING: 1.0, CoolingState.HEATING: 0.8}
DUTY_RAMP = 0.1  # 1/s
PUMP_POWER = 1500.0  # W at full speed
PUMP_SPEED = 2900.0  # rpm at full speed
CONTROL_POWER = 60.0  # W of the pump unit's electronics
FILL_PRESSURE = 1.2e5  # Pa at 20 °C
EXPANSION = 800.0  # Pa/K
LOW_PRESSURE, DRY_PRESSURE = 0.6e5, 0.3e5  # Pa
PIPES, STANDING = 40.0, 600.0  # s, of the return temperature with and without flow
LOOP_PRESSURE = 1.5e5  # Pa lost in the loop at full flow


class CoolantLoop:
    """State of the loop: `supply`, `return_` °C, `duty` 0…1 of the pump, `state`."""

    def __init__(self, temperature: float, chance: np.random.Generator, size: float = 1.0) -> None:
        """`size` of the battery that it cools, 1 for that of REF-5M."""
        self.size = size
        self.supply = temperature
        self.return_ = temperature
        self.state = CoolingState.SELF_CIRCULATION
        self.duty = DUTY[self.state]
        self.pump_fault = False
        self.leak_rate = 0.0  # Pa/s that a leak takes from the fill pressure
        self.lost = 0.0  # Pa
        self.chiller_heat = 0.0
        self.heater_heat = 0.0
        # Shares: speed, flow; K: both temperatures; Pa: both pressures.
        self.noise = MeanReverting(np.array([0.002, 0.006, 0.05, 0.05, 400.0, 400.0]), 15.0, chance)

    @property
    def mass_flow(self) -> float:
        """kg/s."""
        return FULL_FLOW * self.size * self.duty

    @property
    def capacity_flow(self) -> float:
        """ṁ·c_p in W/K."""
        return self.mass_flow * SPECIFIC_HEAT

    @property
    def fill_pressure(self) -> float:
        """Pa of the standing coolant: it rises with the temperature and falls with what leaked."""
        return max(FILL_PRESSURE + EXPANSION * (self.supply - 20.0) - self.lost, 0.0)

    def refill(self) -> None:
        """Fills up what leaked."""
        self.lost = 0.0

    def step(self, dt: float, *, heat: float, air: float, hottest: float, coldest: float, working: bool) -> None:
        """Advances by `dt` s: `heat` W from the plates, `air` °C of the cabin, `hottest`, `coldest` °C of the NTC."""
        self.noise.step(dt)
        self.lost = min(self.lost + self.leak_rate * dt, 2.0 * FILL_PRESSURE)
        self.state = self._control(hottest, coldest, working)
        target = 0.0 if self.pump_fault or self.fill_pressure < DRY_PRESSURE else DUTY[self.state]
        self.duty += min(max(target - self.duty, -DUTY_RAMP * dt), DUTY_RAMP * dt)
        flowing = self.duty > 0.05
        cooling = self.state is CoolingState.COOLING and flowing
        most, slope, wall = CHILLER_POWER * self.size, CHILLER_GAIN * self.size, WALL * self.size
        self.chiller_heat = min(max(slope * (self.supply - SUPPLY_SET), 0.0), most) if cooling else 0.0
        self.heater_heat = HEATER_POWER * self.size if self.state is CoolingState.HEATING and flowing else 0.0
        gain = wall + (slope if 0.0 < self.chiller_heat < most else 0.0)
        drive = heat + self.heater_heat - self.chiller_heat + wall * (air - self.supply)
        # Exact for the linear controller, so that a step of 10 s does not overshoot.
        self.supply += drive / gain * (1.0 - exp(-gain * dt / (HEAT_CAPACITY * self.size)))
        # The return comes through the pipes; without flow its sensor sees what stands around it.
        target, tau = (self.supply + heat / self.capacity_flow, PIPES) if flowing else (self.supply, STANDING)
        self.return_ = target + (self.return_ - target) * exp(-dt / tau)

    def _control(self, hottest: float, coldest: float, working: bool) -> CoolingState:
        was = self.state
        if hottest >= COOL_START or (was is CoolingState.COOLING and hottest > COOL_STOP):
            return CoolingState.COOLING
        if coldest <= HEAT_START or (was is CoolingState.HEATING and coldest < HEAT_STOP):
            return CoolingState.HEATING
        spread = hottest - coldest
        if working or spread > MIX_START or (was is CoolingState.SELF_CIRCULATION and spread > MIX_STOP):
            return CoolingState.SELF_CIRCULATION
        return CoolingState.OFF

    @property
    def pump_power(self) -> float:
        """W electrical of the pump unit: cube of the speed, and its electronics."""
        return PUMP_POWER * self.size * self.duty**3 + CONTROL_POWER

    @property
    def power(self) -> float:
        """W electrical of pump unit, chiller and heater."""
        chiller = self.chiller_heat / COP + CHILLER_FANS * self.size if self.chiller_heat > 0.0 else 0.0
        return self.pump_power + chiller + self.heater_heat

    def readings(self, *, leaking: bool) -> dict[str, float]:
        """What the sensors of the pump unit show, by metric name; `leaking` tells the cable outside the unit."""
        speed, flow, supply, back, high, low = self.noise.value.tolist()
        fill = self.fill_pressure
        turning = self.duty > 0.0
        running = PumpStatus.FAULT if self.pump_fault else PumpStatus.RUNNING if turning else PumpStatus.STOPPED
        return {
            "coolant_flow": self.mass_flow / DENSITY * (1.0 + flow),
            "coolant_supply_temperature": self.supply + supply,
            "coolant_return_temperature": self.return_ + back,
            "coolant_supply_pressure": fill + LOOP_PRESSURE * self.duty**2 + high,
            "coolant_return_pressure": fill + low,
            "pump_speed_1": PUMP_SPEED * self.duty * (1.0 + speed),
            "pump_duty": 100.0 * self.duty,
            "pump_status": float(running),
            "pump_status_1": float(running),
            "power": self.pump_power,
            "leak_flags": float(LeakStatus.LEAK if leaking else LeakStatus.NONE),
        }

    def alarms(self, *, leaking: bool, inside: bool = False) -> set[str]:
        """Names of what is wrong with the loop; `leaking` and `inside` tell the cables outside and inside the unit."""
        found = {"EXTERNAL_LEAK"} if leaking else set()
        if inside:
            found.add("INTERNAL_LEAK")
        if self.fill_pressure < LOW_PRESSURE:
            found.add("LOW_COOLANT_PRESSURE")
        if self.pump_fault:
            found.add("PUMP_FAULT")
        if self.state is not CoolingState.OFF and self.duty < 0.05:
            found.add("LOW_COOLANT_FLOW")
        if self.supply > 35.0:
            found.add("HIGH_COOLANT_TEMPERATURE")
        return found
