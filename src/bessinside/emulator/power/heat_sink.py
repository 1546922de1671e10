"""Temperatures inside a PCS that a register of one second can show: NTC at eight IGBT modules, cabinet, controller.

    T_ntc' = (T_air + R_sa·loss_semi − T_ntc)/τ        R_sa 1.9e-3 K/W, loss_semi 76 % of the converter's loss, τ 180 s
    T_cab' = (T_air + 3 K + 3.5e-4 K/W·loss − T_cab)/900 s
    T_cap' = (T_cab + 4 K·(loss/rated loss) + 5 K·((ripple − 1 %)/4 %)² − T_cap)/1,200 s
    R_sa   = 1.9e-3 K/W / (0.12 + 0.88·fan^0.8), τ with it         12 %: natural convection when the fan stands

Junctions answer in 0.01–70 ms, so no junction temperature is a register. R_sa·loss is about 35 K at rated power. The
eight NTC differ by ±4 % in R_sa and ±0.7 K. A space heater keeps the air inside at 5 °C or more, against condensation
(assumptions).
"""

from __future__ import annotations

from math import exp

import numpy as np

from bessinside.emulator.basis.noise import MeanReverting
from bessinside.emulator.basis.table import Array

MODULES = 8
SEMICONDUCTORS = 0.76
THERMAL_RESISTANCE = 1.9e-3
TAU = 180.0
CABINET_RESISTANCE = 3.5e-4
CABINET_TAU = 900.0
CABINET_RISE = 3.0
CONTROLLER_RISE = 9.0
CAPACITOR_TAU = 1200.0
CAPACITOR_RISE = 4.0  # K at the loss of rated power
RIPPLE_RISE, RIPPLE_SPAN = 5.0, 0.04  # K at 4 % of ripple over the healthy 1 %
RATED_LOSS = 23.7e3  # W
STILL_AIR, FLOW_EXPONENT = 0.12, 0.8
HEATED = 5.0  # °C
HEATER_POWER = 60.0  # W per K and PCS that the outdoor air is colder
HEATER_LIMIT = 600.0  # W


class HeatSinks:
    """`igbt` °C of shape (PCS, 8), `cabinet` °C per PCS."""

    def __init__(self, count: int, ambient: float, chance: np.random.Generator, share: float = 1.0) -> None:
        """`share` is the size of a PCS, 1 for 1,250 kW."""
        self.share = share
        self.resistance = (
            THERMAL_RESISTANCE / share * (1.0 + 0.04 * np.clip(chance.standard_normal((count, MODULES)), -2, 2))
        )
        self.offset = 0.7 * np.clip(chance.standard_normal((count, MODULES)), -2, 2)
        self._rise = np.zeros((count, MODULES))
        self._moved: tuple[float, ...] = ()  # step and fans for which what follows holds
        self.cabinet = np.full(count, max(ambient, HEATED) + CABINET_RISE)
        self.controller_noise = MeanReverting(np.full(count, 0.3), 60.0, chance)
        self.capacitor = self.cabinet.copy()
        self.igbt = max(ambient, HEATED) + self.offset
        self.hottest = float(self.igbt.max())
        self.heater_power = 0.0  # W, all PCS

    def step(self, dt: float, loss: Array, ambient: float, fan: Array, ripple: Array) -> None:
        """`loss` W per PCS held for `dt` s, `ambient` °C, `fan` share of its air flow, `ripple` of the DC voltage."""
        self.heater_power = self.share * len(loss) * min(HEATER_POWER * max(HEATED - ambient, 0.0), HEATER_LIMIT)
        air = max(ambient, HEATED)
        moved = (dt, *fan.tolist())
        if moved != self._moved:
            self._moved = moved
            worse = 1.0 / (STILL_AIR + (1.0 - STILL_AIR) * np.maximum(fan, 0.0) ** FLOW_EXPONENT)
            self._kept = np.exp(-dt / (TAU * worse))[:, None]
            self._resistance = (1.0 - self._kept) * SEMICONDUCTORS * self.resistance * worse[:, None]
        self._rise *= self._kept
        self._rise += self._resistance * loss[:, None]
        self.igbt = self._rise + self.offset
        self.igbt += air
        self.hottest = max(self.igbt.ravel().tolist())
        self._warm_up(dt, loss.tolist(), air, ripple.tolist())
        self.controller_noise.step(dt)

    def _warm_up(self, dt: float, loss: list[float], air: float, ripple: list[float]) -> None:
        """Cabinets and capacitors; plain numbers, for two of them faster than arrays."""
        gone, gone_capacitor = 1.0 - exp(-dt / CABINET_TAU), 1.0 - exp(-dt / CAPACITOR_TAU)
        around, rise = air + CABINET_RISE, CABINET_RESISTANCE / self.share
        capacitor_rise = CAPACITOR_RISE / (RATED_LOSS * self.share)
        cabinets, capacitors = self.cabinet.tolist(), self.capacitor.tolist()
        for unit, (watts, rippled) in enumerate(zip(loss, ripple, strict=True)):
            cabinet = cabinets[unit] + gone * (around + rise * watts - cabinets[unit])
            beyond = max(rippled - 0.01, 0.0) / RIPPLE_SPAN
            warm = cabinet + capacitor_rise * watts + RIPPLE_RISE * (beyond * beyond)
            cabinets[unit], capacitors[unit] = cabinet, capacitors[unit] + gone_capacitor * (warm - capacitors[unit])
        self.cabinet, self.capacitor = np.array(cabinets), np.array(capacitors)

    def readings(self) -> dict[str, Array]:
        """Temperatures by metric name."""
        hottest = self.igbt.max(axis=1)
        return {
            **{f"igbt_temperature_{module + 1}": self.igbt[:, module] for module in range(MODULES)},
            "igbt_temperature": hottest,
            "heat_sink_temperature": hottest,
            "cabinet_temperature": self.cabinet,
            "controller_temperature": self.cabinet + CONTROLLER_RISE + self.controller_noise.value,
        }
