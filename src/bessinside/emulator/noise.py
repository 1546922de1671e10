"""Mean-reverting noise: what a grid, a fan or a controller does around its mean."""

from __future__ import annotations

import numpy as np

from bessinside.emulator.table import Array

DRAWN = 64  # steps whose random numbers are drawn at once


class MeanReverting:
    """Ornstein-Uhlenbeck process, exact for any step: x ← x·e^(−dt/τ) + σ·√(1 − e^(−2dt/τ))·N(0, 1).

    `sigma` (scalar or array) in the unit of the quantity, `tau` in s, one for all or one for each; `value` has the
    shape of `sigma` and starts in the stationary state.
    """

    def __init__(self, sigma: float | Array, tau: float | Array, chance: np.random.Generator) -> None:
        self.sigma = np.atleast_1d(np.asarray(sigma, dtype=np.float64))
        self.tau = tau
        self._chance = chance
        self.value: Array = self.sigma * chance.standard_normal(self.sigma.shape)
        self._dt = -1.0  # none yet
        self._drawn: Array = np.empty((0, *self.sigma.shape))
        self._used = 0

    def step(self, dt: float) -> Array:
        """The value after `dt` s."""
        if dt != self._dt:
            self._dt = dt
            self._kept = np.exp(-dt / np.asarray(self.tau))
            self._strength = np.sqrt(1.0 - self._kept**2) * self.sigma
        if self._used == len(self._drawn):
            self._drawn, self._used = self._chance.standard_normal((DRAWN, *self.sigma.shape)), 0
        self.value = self._kept * self.value + self._strength * self._drawn[self._used]
        self._used += 1
        return self.value
