"""Insulation monitors of the racks: what both poles have to earth.

    1/R' = (1/R_own + Σ 1/R_fault − 1/R)/τ        τ 8 s, the monitor's settling time

R_own is 11 and 10 MΩ for the poles of a rack, less in humid air (0.4 % for each percent of humidity). A fault is at the
poles of all racks that are connected to the same bus, so every monitor there sees it; only opening the contactors tells
where it is. What healthy neighbours leak is compensated when a monitor is commissioned (assumptions).
"""

from __future__ import annotations

from math import exp, inf

import numpy as np

from bessinside.emulator.basis.noise import MeanReverting
from bessinside.emulator.basis.table import Array, Mask

HEALTHY = (11e6, 10e6)  # Ω of a rack, positive and negative pole
SPREAD = 0.06
TAU = 8.0  # s
CABLES = 60e6  # Ω of a bus without racks


class Insulation:
    """`reading` Ω (2 poles, racks); `fault` Ω of the same shape, inf where there is none, is set from outside."""

    def __init__(self, racks: int, buses: int, chance: np.random.Generator) -> None:
        self.fault = np.full((2, racks), np.inf)
        self.buses = buses
        self._leak = 1.0 / (1.0 + SPREAD * np.clip(chance.standard_normal((2, racks)), -2.0, 2.0))
        self._leak /= np.array(HEALTHY)[:, None]
        self.noise = MeanReverting(np.full((2, racks), 0.01), 300.0, chance)
        self.own: Array = self._leak.copy()  # S of the racks themselves, without faults
        self._seen: Array = self._leak.copy()
        self.reading: Array = 1.0 / self._seen

    def step(self, dt: float, humidity: float, closed: Mask) -> None:
        """`humidity` % of the cabin air, `closed` main contactors."""
        self.own = target = self.noise.step(dt) + 1.0
        target *= self._leak
        target /= 1.0 - 0.004 * (humidity - 40.0)
        if min(self.fault.ravel().tolist()) < inf:
            here = 1.0 / np.maximum(self.fault, 1.0)
            shared = (here * closed).reshape(2, self.buses, -1)
            shared = np.broadcast_to(shared.sum(axis=2, keepdims=True), shared.shape).reshape(here.shape)
            target = target + np.where(closed, shared, here)
        seen = self._seen
        seen -= target
        seen *= exp(-dt / TAU)
        seen += target
        self.reading = 1.0 / seen

    def of_buses(self, closed: Mask) -> Array:
        """Ω (2 poles, buses) of everything connected: an open rack is not on the bus, its leak does not count."""
        here = (self.own + 1.0 / np.maximum(self.fault, 1.0)) * closed
        found: Array = 1.0 / (here.reshape(2, self.buses, -1).sum(axis=2) + 1.0 / CABLES)
        return found
