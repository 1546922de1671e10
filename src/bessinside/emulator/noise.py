"""Mean-reverting noise: what a grid, a fan or a controller does around its mean."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np

from bessinside.emulator.table import Array


class MeanReverting:
    """Ornstein-Uhlenbeck process, exact for any step: x ← x·e^(−dt/τ) + σ·√(1 − e^(−2dt/τ))·N(0, 1).

    `sigma` (scalar or array) in the unit of the quantity, `tau` in s; `value` has the shape of `sigma` and starts in
    the stationary state.
    """

    def __init__(self, sigma: float | Array, tau: float, chance: np.random.Generator) -> None:
        self.sigma = np.atleast_1d(np.asarray(sigma, dtype=np.float64))
        self.tau = tau
        self._chance = chance
        self.value: Array = self.sigma * chance.standard_normal(self.sigma.shape)

    def step(self, dt: float) -> Array:
        """The value after `dt` s."""
        kept = exp(-dt / self.tau)
        self.value = kept * self.value + (sqrt(1.0 - kept * kept) * self.sigma) * self._chance.standard_normal(
            self.sigma.shape
        )
        return self.value
