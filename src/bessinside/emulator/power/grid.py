"""The medium-voltage grid at the point of connection: frequency and voltage that wander like a real one's.

    f = 50 Hz + wander (σ 18 mHz, τ 5 min) + bustle (σ 3 mHz, τ 15 s) + A(h)·s(t)·(1 ± 35 %) + offset
    s(t) = tanh(t/90 s)·e^(−|t|/400 s)         t from the nearest change of the hour; 30 % of it at the quarters

Plants run by hourly schedules while the load moves all the time: where it rises (early morning) the frequency is low
before the hour and high after it, where it falls (late evening) the other way round. A(h) up to 32 mHz in this shape is
what the continental synchronous area shows on a normal day, far from its 49.8–50.2 Hz band; so is σ ≈ 20 mHz
(assumptions).

    level = 1 + load of the day + wander (σ 0.4 %, τ 15 min) + taps·1.25 % + (R·P + X·Q)/S_k + offset

The tap changer of the substation answers after 60 s more than 1 % off. S_k 150 MVA, R/X 0.5, unbalance up to some
tenths of a percent (assumptions).
"""

from __future__ import annotations

from math import exp, sqrt, tanh

import numpy as np

from bessinside.emulator.basis.noise import MeanReverting
from bessinside.emulator.basis.table import Array

NOMINAL_FREQUENCY = 50.0
NOMINAL_VOLTAGE = 20e3  # V, phase to phase
SHORT_CIRCUIT = 150e6  # VA
RESISTIVE, REACTIVE = 1 / sqrt(5), 2 / sqrt(5)  # R/Z and X/Z for R/X = 0.5
# Share of 32 mHz by which the frequency swings at the change to hour 0 … 23 UTC; positive where the load rises.
SWING = 0.032
HOURLY = [-0.9, -0.7, -0.3, 0.2, 0.7, 1.0, 0.8, 0.4, 0.1, 0.0, 0.1, 0.1]
HOURLY += [-0.1, -0.2, -0.1, 0.2, 0.5, 0.3, -0.2, -0.6, -0.9, -1.0, -1.0, -0.9]
QUARTER = 0.3
# Share of the voltage that the load of the grid takes at 0, 3, … 24 h UTC: night, morning, sun at noon, evening.
DAILY = (0.006, 0.011, 0.002, -0.006, 0.006, 0.001, -0.014, -0.008, 0.006, 0.006)
TAP, TAP_BAND, TAP_DELAY, TAPS = 0.0125, 0.010, 60.0, 8


class Grid:
    """`frequency` Hz; `level` voltage as a share of nominal; `phases` the three phase voltages as such shares.

    `frequency_offset` Hz and `level_offset` (share) disturb both from outside.
    """

    def __init__(self, chance: np.random.Generator, power: float = 1.0) -> None:
        """`power` of the plant, 1 for that of REF-5M: a stronger plant is connected to a stronger grid."""
        # Wander and bustle of the frequency, strength of its hourly swing; wander of the voltage, flicker of phases.
        sigma = np.array([0.018, 0.003, 0.35, 0.004, 0.0004, 0.0004, 0.0004])
        self.noise = MeanReverting(sigma, np.array([300.0, 15.0, 3600.0, 900.0, 5.0, 5.0, 5.0]), chance)
        unbalance = 0.0015 * chance.standard_normal(3)
        self._unbalance: list[float] = (unbalance - unbalance.mean()).tolist()
        self._short_circuit = SHORT_CIRCUIT * power
        self.frequency_offset = 0.0
        self.level_offset = 0.0
        self.frequency = NOMINAL_FREQUENCY
        self.level = 1.0
        self.phases: Array = np.ones(3)
        self.tap = 0
        self._off = 0.0  # s for which the voltage has been outside the tap changer's band

    def step(self, dt: float, hour: float, power: float, reactive: float) -> None:
        """`hour` of the day UTC, `power` W and `reactive` var that the plant fed in last."""
        wander, bustle, strength, drift, *flicker = self.noise.step(dt).tolist()
        swing = SWING * HOURLY[round(hour) % 24] * (1.0 + strength)
        swing *= _swing(hour) + QUARTER * _swing(4.0 * hour, 900.0)
        self.frequency = NOMINAL_FREQUENCY + wander + bustle + swing + self.frequency_offset
        lift = (RESISTIVE * power + REACTIVE * reactive) / self._short_circuit
        third = int(hour / 3.0)
        load = DAILY[third] + (hour / 3.0 - third) * (DAILY[third + 1] - DAILY[third])
        level = 1.0 + load + drift + lift
        self._change_tap(dt, level)
        self.level = level + TAP * self.tap + self.level_offset
        uneven = zip(self._unbalance, flicker, strict=True)
        self.phases = np.array([self.level * (1.0 + apart + noise) for apart, noise in uneven])

    def _change_tap(self, dt: float, level: float) -> None:
        # The tap changer does not see a disturbance from outside: it stands on another busbar.
        error = level + TAP * self.tap - 1.0
        self._off = self._off + dt if abs(error) > TAP_BAND else 0.0
        if self._off >= TAP_DELAY:
            self._off = 0.0
            self.tap = max(-TAPS, min(TAPS, self.tap - (1 if error > 0.0 else -1)))


def _swing(period: float, length: float = 3600.0) -> float:
    """The course s(t) around the nearest change of a `period` of `length` s, with the same shape for any length."""
    share = period - round(period)
    time = share * length
    return tanh(time / 90.0) * exp(-abs(time) / (length / 9.0))
