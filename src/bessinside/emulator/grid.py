"""The 20 kV grid at the point of connection: frequency and voltage that wander like a real one's.

Frequency: mean-reverting around 50 Hz, σ 20 mHz over 5 min plus σ 4 mHz over 8 s, about what the continental
synchronous area does on a normal day; far from its 49.8–50.2 Hz band. Voltage: σ 0.5 % over 15 min, 0.5 % lower in
the evening than in the night, unbalance up to some tenths of a percent, and what the plant itself lifts: ΔU/U = (R·P
+ X·Q)/S_k with S_k 150 MVA, R/X 0.5 (assumptions).
"""

from __future__ import annotations

from math import cos, pi, sqrt

import numpy as np

from bessinside.emulator.noise import MeanReverting
from bessinside.emulator.table import Array

NOMINAL_FREQUENCY = 50.0
NOMINAL_VOLTAGE = 20e3  # V, phase to phase
SHORT_CIRCUIT = 150e6  # VA
RESISTIVE, REACTIVE = 1 / sqrt(5), 2 / sqrt(5)  # R/Z and X/Z for R/X = 0.5


class Grid:
    """`frequency` Hz; `level` voltage as a share of nominal; `phases` the three phase voltages as such shares."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._slow = MeanReverting(0.020, 300.0, chance)
        self._fast = MeanReverting(0.004, 8.0, chance)
        self._level = MeanReverting(0.005, 900.0, chance)
        self._flicker = MeanReverting(np.full(3, 0.0004), 5.0, chance)
        unbalance = 0.0015 * chance.standard_normal(3)
        self._unbalance = unbalance - unbalance.mean()
        self.frequency = NOMINAL_FREQUENCY
        self.level = 1.0
        self.phases: Array = np.ones(3)

    def step(self, dt: float, hour: float, power: float, reactive: float) -> None:
        """`hour` of the day UTC, `power` W and `reactive` var that the plant fed in last."""
        self.frequency = NOMINAL_FREQUENCY + float(self._slow.step(dt)[0] + self._fast.step(dt)[0])
        lift = (RESISTIVE * power + REACTIVE * reactive) / SHORT_CIRCUIT
        self.level = 1.0 + 0.005 * cos(2 * pi * (hour - 3.0) / 24.0) + float(self._level.step(dt)[0]) + lift
        self.phases = self.level * (1.0 + self._unbalance + self._flicker.step(dt))
