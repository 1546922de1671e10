from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.container.cabin import Cabin
from bessinside.emulator.container.weather import Weather, vapour_pressure

DAY = 86400 * 10**9
NEW_YEAR_2025 = 1_735_689_600 * 10**9


def mean_of_day(day: int, hour: float | None = None) -> float:
    weather = Weather(NEW_YEAR_2025, np.random.default_rng(4))
    hours = range(24) if hour is None else [hour]
    values = []
    for each in hours:
        weather.step(12 * 3600.0, NEW_YEAR_2025 + day * DAY + int(each * 3600e9))
        values.append(weather.temperature)
    return float(np.mean(values))


def test_summer_is_warmer_than_winter_and_the_afternoon_than_the_night() -> None:
    assert mean_of_day(200) - mean_of_day(20) > 12.0
    assert mean_of_day(100, 14.0) - mean_of_day(100, 2.0) > 3.0


def test_vapour_pressure_over_water() -> None:
    assert vapour_pressure(20.0) == pytest.approx(2339.0, rel=0.005)


def test_the_cabin_stays_dry_and_mild_through_a_year() -> None:
    weather = Weather(NEW_YEAR_2025, np.random.default_rng(4))
    cabin = Cabin(20.0, weather, np.random.default_rng(5))
    for step in range(365 * 24):
        now = NEW_YEAR_2025 + step * 3600 * 10**9
        weather.step(3600.0, now)
        cabin.step(3600.0, weather, 500.0)
        assert 5.0 < cabin.temperature < 40.0
        assert all(0.0 <= humidity <= 65.0 for humidity in cabin.humidities)
        assert 0.0 <= cabin.power <= 1400.0
