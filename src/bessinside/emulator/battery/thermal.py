"""Cell temperatures: one heat node per cell on the cold plate of its module, with a small path to the cabin air.

    C·T' = heat − (T − T_coolant(x))/R_plate − (T − T_air)/R_air
    T_coolant(x) = T_supply + x·ΔT,   ṁ·c_p·ΔT = Σ(T − T_coolant(x))/R_plate       per module

The coolant is quasi-static: it crosses a plate in seconds, a cell needs 28 minutes. Both lines are solved together
for the mean over a step, so any step is stable, and a stopped pump (ṁ = 0) needs no special case: the coolant takes
the cells' mean temperature and carries nothing away.

C = 5.6 kg · 1,001 J/(kg·K) (measured LFP cell, SimSES). R_plate 0.30 K/W and R_air 40 K/W are engineering
assumptions: no clean public measurement of a large cell's temperature was found. Channels run there and back, so
along the cells only the middle 40 % of the rise shows.
"""

from __future__ import annotations

from math import exp

import numpy as np

from bessinside.emulator.basis.table import Array

HEAT_CAPACITY = 5.6 * 1001.0  # J/K per cell
PLATE = 1.0 / 0.30  # W/K per cell
AIR = 1.0 / 40.0
CELLS_PER_CHANNEL = 52


class ColdPlates:
    """Plates under (modules, cells of a module) cells; all plates are fed in parallel.

    `amps` is the size of a cell, 1 for 314 Ah: its mass and its surface grow with it.
    """

    def __init__(self, modules: int, cells: int, amps: float = 1.0) -> None:
        self.modules = modules
        channel = CELLS_PER_CHANNEL if cells % CELLS_PER_CHANNEL == 0 else cells
        self.along = 0.3 + 0.4 * (np.arange(cells) % channel + 0.5) / channel
        self._along = float(self.along.sum())
        self._capacity, self._plate, self._air = HEAT_CAPACITY * amps, PLATE * amps, AIR * amps
        self.share = np.full(modules, 1.0 / modules)  # of the coolant flow, per plate
        self.rise = np.zeros(modules)
        self._held: tuple[float, float, bytes] = (0.0, 0.0, b"")  # step, flow and its shares for which constants hold
        self._ones = np.ones(cells)
        self._drift, self._shape = np.empty((modules, 2)), np.stack([self.along, self._ones])
        self._added = np.empty((modules, cells))
        self.heat = 0.0  # W into the coolant, mean of the last step
        self.air_heat = 0.0  # W into the cabin air

    def step(
        self, dt: float, temperature: Array, heat: Array, *, supply: float, capacity_flow: float, air: float
    ) -> None:
        """Advances `temperature` (°C, any shape that holds modules × cells, changed in place) by `dt` s.

        `heat` W per cell, `supply` °C, `capacity_flow` = ṁ·c_p of the whole loop in W/K, `air` °C. Exact for constant
        heat and coolant.
        """
        plate, from_air, both = self._plate, self._air, self._plate + self._air
        cells, gained = temperature.reshape(self.modules, -1), heat.reshape(self.modules, -1)
        size = cells.shape[1]
        held = dt, capacity_flow, self.share.tobytes()
        if held != self._held:
            self._held = held
            self._hold(dt, capacity_flow * self.share)
        kept, lag, share = self._kept, self._lag, self._coupled
        # Sums over a module without the rise: their mean over the step, between where its cells are and where they
        # go to. The rise adds a known share.
        still = (plate * supply + from_air * air) / both
        mean = np.matmul(gained, self._ones)
        mean *= (1.0 - lag) / both
        now = np.matmul(cells, self._ones)
        now *= lag
        mean += now
        mean += (1.0 - lag) * size * still - size * supply  # over the coolant's supply
        self.rise = mean * self._lifted
        risen = float(np.add.reduce(self.rise))
        total = float(np.add.reduce(mean)) + share * self._along * risen
        self.heat = plate * (total - self._along * risen)
        self.air_heat = from_air * (total + cells.size * (supply - air))
        added, drift = self._added, self._drift
        cells *= kept
        cells += np.multiply(gained, (1.0 - kept) / both, out=added)
        np.multiply(self.rise, (1.0 - kept) * plate / both, out=drift[:, 0])
        drift[:, 1] = (1.0 - kept) * still
        cells += np.matmul(drift, self._shape, out=added)

    def _hold(self, dt: float, flow: Array) -> None:
        """What stays the same from step to step while the coolant flows as it does; `flow` W/K per plate."""
        both = self._plate + self._air
        self._kept = exp(-dt * both / self._capacity)
        self._lag = (1.0 - self._kept) * self._capacity / (both * dt)  # weight of the start temperature in the mean
        self._coupled = (1.0 - self._lag) * self._plate / both
        self._lifted: Array = self._plate / (flow + self._plate * (1.0 - self._coupled) * self._along)
