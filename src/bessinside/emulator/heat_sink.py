"""Temperatures inside a PCS that a register of one second can show: NTC at eight IGBT modules, cabinet, controller.

    T_ntc' = (T_air + R_sa·loss_semi − T_ntc)/τ        R_sa 1.9e-3 K/W, loss_semi 76 % of the converter's loss, τ 180 s
    T_cab' = (T_air + 3 K + 3.5e-4 K/W·loss − T_cab)/900 s

Junctions answer in 0.01–70 ms, so no junction temperature is a register. R_sa·loss is about 35 K at rated power. The
eight NTC differ by ±4 % in R_sa and ±0.7 K. A space heater keeps the air inside at 5 °C or more, against condensation
(assumptions).
"""

from __future__ import annotations

from math import exp

import numpy as np

from bessinside.emulator.noise import MeanReverting
from bessinside.emulator.table import Array

MODULES = 8
SEMICONDUCTORS = 0.76
THERMAL_RESISTANCE = 1.9e-3
TAU = 180.0
CABINET_RESISTANCE = 3.5e-4
CABINET_TAU = 900.0
CABINET_RISE = 3.0
CONTROLLER_RISE = 9.0
HEATED = 5.0  # °C
HEATER_POWER = 60.0  # W per K and PCS that the outdoor air is colder
HEATER_LIMIT = 600.0  # W


class HeatSinks:
    """`igbt` °C of shape (PCS, 8), `cabinet` °C per PCS."""

    def __init__(self, count: int, ambient: float, chance: np.random.Generator) -> None:
        self.resistance = THERMAL_RESISTANCE * (1.0 + 0.04 * np.clip(chance.standard_normal((count, MODULES)), -2, 2))
        self.offset = 0.7 * np.clip(chance.standard_normal((count, MODULES)), -2, 2)
        self._rise = np.zeros((count, MODULES))
        self.cabinet = np.full(count, max(ambient, HEATED) + CABINET_RISE)
        self._controller = MeanReverting(np.full(count, 0.3), 60.0, chance)
        self.igbt = max(ambient, HEATED) + self.offset
        self.heater_power = 0.0  # W, all PCS

    def step(self, dt: float, loss: Array, ambient: float) -> None:
        """`loss` W per PCS held for `dt` s, `ambient` °C."""
        self.heater_power = len(loss) * min(HEATER_POWER * max(HEATED - ambient, 0.0), HEATER_LIMIT)
        air = max(ambient, HEATED)
        final = self.resistance * (SEMICONDUCTORS * loss)[:, None]
        self._rise += (1.0 - exp(-dt / TAU)) * (final - self._rise)
        self.igbt = air + self._rise + self.offset
        warm = air + CABINET_RISE + CABINET_RESISTANCE * loss
        self.cabinet += (1.0 - exp(-dt / CABINET_TAU)) * (warm - self.cabinet)
        self._controller.step(dt)

    def readings(self) -> dict[str, Array]:
        """Temperatures by metric name."""
        hottest = self.igbt.max(axis=1)
        return {
            **{f"igbt_temperature_{module + 1}": self.igbt[:, module] for module in range(MODULES)},
            "igbt_temperature": hottest,
            "heat_sink_temperature": hottest,
            "cabinet_temperature": self.cabinet,
            "controller_temperature": self.cabinet + CONTROLLER_RISE + self._controller.value,
        }
