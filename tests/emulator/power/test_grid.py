from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.power.grid import Grid


def test_frequency_and_voltage_wander_within_normal_bands() -> None:
    grid = Grid(np.random.default_rng(11))
    frequency, level = [], []
    for second in range(24 * 3600 // 10):
        grid.step(10.0, second / 360.0, 0.0, 0.0)
        frequency.append(grid.frequency)
        level.append(grid.phases.copy())
    assert 49.88 < min(frequency) < max(frequency) < 50.12
    assert 0.015 < np.std(frequency) < 0.025
    assert 0.95 < np.mean(np.abs(np.array(frequency) - 50.0) < 0.05) < 1.0
    assert len(set(frequency)) == len(frequency)  # never frozen
    assert 0.96 < np.min(level) < np.max(level) < 1.04
    unbalance = np.array(level).max(axis=1) / np.array(level).min(axis=1) - 1
    assert 0.0 < unbalance.mean() < 0.01


def test_feeding_in_lifts_the_voltage() -> None:
    one, other = Grid(np.random.default_rng(3)), Grid(np.random.default_rng(3))
    one.step(1.0, 12.0, 2.5e6, 0.0)
    other.step(1.0, 12.0, -2.5e6, 0.0)
    assert 0.005 < one.level - other.level < 0.03


def test_the_hours_pull_the_frequency_the_way_the_load_goes() -> None:
    """Around 06:00 the load rises: low before the hour, high after it; around 22:00 the other way round."""
    grid = Grid(np.random.default_rng(4))
    swings: dict[int, list[float]] = {6: [], 22: []}
    for day in range(60):
        for hour, found in swings.items():
            means = []
            for minute in (-4.0, 4.0):
                for _ in range(6):
                    grid.step(10.0, hour + minute / 60.0, 0.0, 0.0)
                means.append(grid.frequency)
            found.append(means[1] - means[0])
        grid.step(3600.0 * (day % 7 + 1), 12.0, 0.0, 0.0)
    assert np.mean(swings[6]) > 0.02
    assert np.mean(swings[22]) < -0.02


def test_the_tap_changer_brings_the_voltage_back_after_a_minute() -> None:
    grid = Grid(np.random.default_rng(5))
    for _ in range(600):
        grid.step(1.0, 12.0, 0.0, 0.0)
    before = grid.tap
    levels = []
    for _ in range(900):
        grid.step(1.0, 12.0, 6e6, 0.0)
        levels.append(grid.level)
    assert grid.tap < before
    steps = np.diff(levels)
    assert steps.min() == pytest.approx(-0.0125, abs=0.001)
    assert abs(np.mean(levels[-60:]) - 1.0) < 0.0125


def test_disturbances_from_outside_add_up() -> None:
    one, other = Grid(np.random.default_rng(6)), Grid(np.random.default_rng(6))
    other.frequency_offset, other.level_offset = -2.6, -0.25
    for grid in (one, other):
        for _ in range(120):
            grid.step(1.0, 3.3, 0.0, 0.0)
    assert other.frequency - one.frequency == pytest.approx(-2.6)
    assert other.level - one.level == pytest.approx(-0.25)
