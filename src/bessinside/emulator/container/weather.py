"""The air around the container: temperature and humidity over the year and the day, with weather on top.

    T = 10.5 + 9.0·cos(2π(d − 201)/365.25) + 4.5·cos(2π(h − 14)/24) + noise (σ 1.5 K, τ 12 h)      central Europe
    dew point = T_year − 3.5 + noise (σ 2 K, τ 24 h), never above T
    p = 611.2 Pa·exp(17.62·T/(243.12 + T))                                                         Magnus formula (WMO)

d is the day of the year, h the hour UTC.
"""

from __future__ import annotations

from math import cos, exp, pi

import numpy as np

from bessinside.emulator.basis.noise import MeanReverting

NS = 1_000_000_000
DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S


def vapour_pressure(temperature: float) -> float:
    """Saturation vapour pressure over water in Pa, `temperature` in °C."""
    return 611.2 * exp(17.62 * temperature / (243.12 + temperature))


class Weather:
    """Outdoor air: `temperature` °C, `vapour` Pa."""

    def __init__(self, now_ns: int, chance: np.random.Generator) -> None:
        self.noise = MeanReverting(1.5, 12 * 3600.0, chance)
        self.moisture_noise = MeanReverting(2.0, 24 * 3600.0, chance)
        self._set(now_ns)

    def step(self, dt: float, now_ns: int) -> None:
        """The weather at `now_ns`, `dt` s after the last call."""
        self.noise.step(dt)
        self.moisture_noise.step(dt)
        self._set(now_ns)

    def _set(self, now_ns: int) -> None:
        seconds = now_ns / NS
        # 1 January 1970 was the first day of a year, and a calendar is not worth a leap day of sunshine.
        year = seconds % YEAR_S / DAY_S
        hour = seconds % DAY_S / 3600.0
        season = 10.5 + 9.0 * cos(2 * pi * (year - 201.0) / 365.25)
        self.temperature = season + 4.5 * cos(2 * pi * (hour - 14.0) / 24.0) + float(self.noise.value[0])
        dew_point = min(season - 3.5 + float(self.moisture_noise.value[0]), self.temperature)
        self.vapour = vapour_pressure(dew_point)
