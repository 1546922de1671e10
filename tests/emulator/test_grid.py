from __future__ import annotations

import numpy as np

from bessinside.emulator.grid import Grid


def test_frequency_and_voltage_wander_within_normal_bands() -> None:
    grid = Grid(np.random.default_rng(11))
    frequency, level = [], []
    for second in range(24 * 3600 // 10):
        grid.step(10.0, second / 360.0, 0.0, 0.0)
        frequency.append(grid.frequency)
        level.append(grid.phases.copy())
    assert 49.88 < min(frequency) < max(frequency) < 50.12
    assert 0.012 < np.std(frequency) < 0.03
    assert len(set(frequency)) == len(frequency)  # never frozen
    assert 0.96 < np.min(level) < np.max(level) < 1.04
    unbalance = np.array(level).max(axis=1) / np.array(level).min(axis=1) - 1
    assert 0.0 < unbalance.mean() < 0.01


def test_feeding_in_lifts_the_voltage() -> None:
    one, other = Grid(np.random.default_rng(3)), Grid(np.random.default_rng(3))
    one.step(1.0, 12.0, 2.5e6, 0.0)
    other.step(1.0, 12.0, -2.5e6, 0.0)
    assert 0.005 < one.level - other.level < 0.03
