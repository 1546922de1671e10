"""The air inside the container: one heat node, one moisture balance, a dehumidifying air conditioner.

    C·T' = UA·(T_out − T) + heat of the cells + heat of the electronics − sensible cooling
    vapour pressure follows the outdoor air through leaks (τ 2 h); from 55 % relative humidity on the dehumidifier dries
    the air (τ 10 min, towards 40 %) until 48 %

Exhaust fans and an open door add to UA and to the leaks: air that takes heat outdoors takes its moisture along.

C 0.6 MJ/K (air, racks' sheet metal), UA 70 W/K: engineering assumptions for a 20 ft container with 50 mm rock wool.
"""

from __future__ import annotations

from math import exp

import numpy as np

from bessinside.emulator.basis.noise import MeanReverting
from bessinside.emulator.container.weather import Weather, vapour_pressure

HEAT_CAPACITY = 0.6e6  # J/K
WALL = 70.0  # W/K
LEAK_TAU = 7200.0  # s
DRY_START, DRY_STOP, DRY_TOWARDS, DRY_TAU = 0.55, 0.48, 0.40, 600.0
COOL_ABOVE = 28.0  # °C
HEAT_BELOW = 12.0
AIR = 50e3  # J/K of the 40 m³ of air alone
DEVICE_POWER = 400.0  # W electrical of the air conditioner when it runs


class Cabin:
    """Two air sensors, low by the door and high at the far end; `power` is the W of the air conditioner."""

    def __init__(self, temperature: float, weather: Weather, chance: np.random.Generator, size: float = 1.0) -> None:
        """`size` of the battery inside, 1 for that of REF-5M."""
        self.size = size
        self.temperature = temperature
        self.vapour = weather.vapour
        self.power = 0.0
        self.noise = MeanReverting(np.array([0.08, 0.08, 0.3, 0.3]), 60.0, chance)
        self.drying = False
        self.vapour = min(self.vapour, DRY_STOP * vapour_pressure(temperature))

    def step(self, dt: float, weather: Weather, heat: float, exchange: float = 0.0) -> None:
        """Advances by `dt` s; `heat` W that cells and electronics give to the air, `exchange` W/K of fans and door."""
        self.noise.step(dt)
        # Split system: up to 3 kW of cooling or heating, proportional over 2 K.
        aid = 0.0
        if self.temperature > COOL_ABOVE:
            aid = -3000.0 * self.size * min(1.0, (self.temperature - COOL_ABOVE) / 2.0)
        elif self.temperature < HEAT_BELOW:
            aid = 3000.0 * self.size * min(1.0, (HEAT_BELOW - self.temperature) / 2.0)
        wall = WALL + exchange / self.size
        final = weather.temperature + (heat + aid) / (wall * self.size)
        self.temperature = final + (self.temperature - final) * exp(-dt * wall / HEAT_CAPACITY)
        leaks = 1.0 / LEAK_TAU + exchange / (AIR * self.size)
        self.vapour += (1.0 - exp(-dt * leaks)) * (weather.vapour - self.vapour)
        self._dry(dt)
        self.power = abs(aid) / 3.0 + (DEVICE_POWER * self.size if self.drying else 0.0)

    def _dry(self, dt: float) -> None:
        saturated = vapour_pressure(self.temperature)
        self.drying = self.vapour > (DRY_STOP if self.drying else DRY_START) * saturated
        if self.drying:
            aim = DRY_TOWARDS * saturated
            self.vapour = max(aim + (self.vapour - aim) * exp(-dt / DRY_TAU), aim)

    @property
    def temperatures(self) -> tuple[float, float]:
        """°C of both sensors; warm air stands under the far roof."""
        low, high = self.noise.value[:2].tolist()
        return self.temperature + low, self.temperature + 0.8 + high

    @property
    def humidities(self) -> tuple[float, float]:
        """Relative humidity in % of both sensors."""
        low = 100.0 * self.vapour / vapour_pressure(self.temperature) + float(self.noise.value[2])
        high = 100.0 * self.vapour / vapour_pressure(self.temperature + 0.8) + float(self.noise.value[3])
        return min(low, 100.0), min(high, 100.0)
