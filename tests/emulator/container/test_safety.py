from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.basis.codes import FireStage, SmokeLevel
from bessinside.emulator.container.safety import Safety


def make() -> Safety:
    return Safety(np.random.default_rng(9))


def test_a_calm_week_raises_nothing_and_never_freezes() -> None:
    safety = make()
    seen = []
    for minute in range(7 * 24 * 60):
        safety.step(60.0, 25.0, minute // 1440)
        seen.append((safety.obscuration[0], safety.co_reading[0], safety.h2_reading[1], safety.cable_current[0]))
        assert not safety.smoke_alarms() | safety.container_alarms() | safety.leak_alarms()
        assert not safety.stop
    values = np.array(seen)
    assert (values.std(axis=0) > 0).all()
    assert (values >= 0).all()
    assert len(np.unique(values[:, 0])) > 0.9 * len(values)
    assert safety.extinguisher.stage is FireStage.NORMAL


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
    assert safety.smoke_readings(25.0)["display_level"][0] == 10.0


def test_a_level_ends_at_four_fifths_of_its_threshold() -> None:
    safety = make()
    levels = []
    for smoke in (0.09, 0.06, 0.04):  # alert at 0.08 %/m, clean air 0.015 %/m
        safety.smoke = smoke
        safety.step(1.0)
        levels.append(safety.level)
    assert levels == [SmokeLevel.ALERT, SmokeLevel.ALERT, SmokeLevel.NONE]


def test_highest_and_lowest_of_the_day_begin_anew_at_midnight() -> None:
    safety = make()
    safety.smoke = 0.05
    safety.step(1.0, 25.0, 1)
    safety.smoke = 0.0
    for _ in range(100):
        safety.step(1.0, 25.0, 1)
    readings = safety.smoke_readings(25.0)
    assert readings["obscuration_max"][0] > 0.05 > readings["obscuration"][0] >= readings["obscuration_min"][0]
    safety.step(1.0, 25.0, 2)
    assert safety.smoke_readings(25.0)["obscuration_max"][0] < 0.05


def test_low_gas_starts_the_fans_and_they_stop_later() -> None:
    safety = make()
    assert (safety.fan_speeds() == 0.0).all()
    safety.co = 70.0
    for _ in range(30):
        safety.step(1.0)
    assert safety.container_alarms() == {"HIGH_CO"}
    assert not safety.stop
    assert (safety.fan_speeds() > 2500).all()
    assert safety.exchange > 1000.0
    safety.co = 35.0
    safety.step(1.0)
    assert safety.fans_on
    safety.co = 0.0
    for _ in range(30):
        safety.step(1.0)
    assert (safety.fan_speeds() == 0.0).all()


@pytest.mark.parametrize(("lever", "low", "high"), [("co", 100.0, 250.0), ("h2", 5000.0, 12000.0)])
def test_high_gas_is_an_emergency_stop_until_somebody_resets(lever: str, low: float, high: float) -> None:
    safety = make()
    setattr(safety, lever, low)
    safety.step(1.0)
    assert safety.gas_low
    assert not safety.stop
    setattr(safety, lever, high)
    safety.step(1.0)
    assert safety.stop
    assert "GAS_STOP" in safety.container_alarms()
    safety.reset()
    safety.step(1.0)
    assert safety.stop  # the gas is still there
    setattr(safety, lever, 0.0)
    safety.step(1.0)
    assert safety.stop  # latched
    safety.reset()
    safety.step(1.0)
    assert not safety.stop


@pytest.mark.parametrize("dt", [0.5, 1.0, 5.0])
def test_the_timeline_of_an_extinguishing(dt: float) -> None:
    safety = make()
    times: dict[str, float] = {}
    clock = 0.0
    while clock < 600.0:
        clock += dt
        safety.smoke = 2.0 if clock > 10.0 else 0.0
        safety.heat = 60.0 if clock > 60.0 else 0.0
        safety.step(dt)
        times.setdefault(safety.extinguisher.stage.name, clock)
        if safety.stop:
            times.setdefault("stop", clock)
        if safety.fans_on:
            times.setdefault("fans", clock)
    assert times["PRIMARY"] == pytest.approx(10.0, abs=2 * dt)
    assert times["SECONDARY"] == pytest.approx(60.0, abs=2 * dt)
    assert times["stop"] == times["SECONDARY"]
    assert times["RELEASED"] - times["SECONDARY"] == pytest.approx(30.0, abs=1e-6)
    assert times["fans"] - times["RELEASED"] == pytest.approx(300.0, abs=2 * dt)  # still air while the agent works
    assert {"FIRE_SECONDARY", "AGENT_RELEASED", "HEAT"} <= safety.container_alarms()


def test_one_zone_alone_never_releases() -> None:
    for lever, value in (("smoke", 2.0), ("heat", 60.0)):
        safety = make()
        setattr(safety, lever, value)
        for _ in range(3600):
            safety.step(1.0)
        assert safety.extinguisher.stage is FireStage.PRIMARY
        assert not safety.stop


def test_smoke_that_went_still_counts_when_the_heat_comes() -> None:
    safety = make()
    safety.smoke = 2.0
    safety.step(1.0)
    safety.smoke = 0.0
    for _ in range(60):
        safety.step(1.0)
    safety.heat = 60.0
    safety.step(1.0)
    assert safety.extinguisher.stage is FireStage.SECONDARY


def test_an_open_door_keeps_the_countdown_at_its_full_length() -> None:
    safety = make()
    safety.smoke, safety.heat, safety.door_open = 2.0, 60.0, True
    stages, left = [], []
    for second in range(152):
        safety.door_open = second < 120
        safety.step(1.0)
        stages.append(safety.extinguisher.stage)
        left.append(safety.extinguisher.countdown)
    assert left[:120] == [30.0] * 120
    assert left[120:150] == [float(29 - second) for second in range(30)]
    assert stages[1:149] == [FireStage.SECONDARY] * 148
    assert stages[149:] == [FireStage.RELEASED] * 3


def test_the_fans_stand_during_countdown_even_when_gas_wants_them() -> None:
    safety = make()
    safety.co = 100.0
    for _ in range(30):
        safety.step(1.0)
    assert safety.fans_on
    safety.smoke, safety.heat = 2.0, 60.0
    for _ in range(15):
        safety.step(1.0)
    assert not safety.fans_on


def test_a_leak_has_a_place() -> None:
    safety = make()
    assert safety.leak_readings()["distance"][0] == 0.0
    safety.leak = 150e-6
    safety.step(1.0)
    readings = safety.leak_readings()
    assert readings["status"][0] == 1.0
    assert readings["distance"][0] == 17.3
    assert safety.leak_alarms() == {"LEAK_DETECTED"}
    assert safety.leaking
    assert not safety.leaking_inside


def test_button_and_door_are_told() -> None:
    safety = make()
    safety.estop = safety.door_open = True
    safety.step(1.0)
    assert safety.stop
    assert safety.container_alarms() == {"EMERGENCY_STOP", "DOOR_OPEN"}
    assert safety.exchange > 0.0
