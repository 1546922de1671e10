from __future__ import annotations

import numpy as np

from bessinside.emulator.codes import SmokeLevel
from bessinside.emulator.safety import Safety


def make() -> Safety:
    return Safety(np.random.default_rng(9))


def test_a_calm_week_raises_nothing_and_never_freezes() -> None:
    safety = make()
    seen = []
    for _ in range(7 * 24 * 60):
        safety.step(60.0)
        seen.append((safety.obscuration, safety.gas_reading, safety.cable_current))
        assert not safety.smoke_alarms() | safety.gas_alarms() | safety.leak_alarms()
    values = np.array(seen)
    assert (values.std(axis=0) > 0).all()
    assert (values >= 0).all()
    assert len(np.unique(values[:, 0])) > 0.9 * len(values)


def test_smoke_climbs_through_the_levels() -> None:
    safety = make()
    levels = []
    for smoke in (0.0, 0.1, 0.2, 0.4, 0.8, 2.0):
        safety.smoke = smoke
        safety.step(1.0)
        levels.append(safety.level)
    assert levels == list(SmokeLevel)
    assert safety.smoke_alarms() == {"ALERT", "ACTION_1", "ACTION_2", "FIRE_1", "FIRE_2"}
    assert safety.smoke_readings(25.0)["relays"][0] == 31.0


def test_gas_starts_the_fans_and_they_stop_later() -> None:
    safety = make()
    assert (safety.fan_speeds() == 0.0).all()
    safety.gas = 60.0
    for _ in range(30):
        safety.step(1.0)
    assert safety.gas_alarms() == {"HIGH_CO"}
    assert (safety.fan_speeds() > 2500).all()
    safety.gas = 30.0
    safety.step(1.0)
    assert safety.fans_on
    safety.gas = 0.0
    for _ in range(30):
        safety.step(1.0)
    assert (safety.fan_speeds() == 0.0).all()


def test_a_leak_has_a_place() -> None:
    safety = make()
    assert safety.leak_readings()["distance"][0] == 0.0
    safety.leak = (150e-6, 17.3)
    safety.step(1.0)
    readings = safety.leak_readings()
    assert readings["status"][0] == 1.0
    assert readings["distance"][0] == 17.3
    assert safety.leak_alarms() == {"LEAK_DETECTED"}
