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

from bessinside.emulator.table import Array

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
        self.heat = 0.0  # W into the coolant, mean of the last step
        self.air_heat = 0.0  # W into the cabin air

    def step(
        self, dt: float, temperature: Array, heat: Array, *, supply: float, capacity_flow: float, air: float
    ) -> None:
        """Advances `temperature` (°C, any shape that holds modules × cells, changed in place) by `dt` s.

        `heat` W per cell, `supply` °C, `capacity_flow` = ṁ·c_p of the whole loop in W/K, `air` °C. Exact for constant
        heat and coolant.
        """
        capacity, plate, from_air = self._capacity, self._plate, self._air
        cells, gained = temperature.reshape(self.modules, -1), heat.reshape(self.modules, -1)
        size, flow = cells.shape[1], capacity_flow * self.share
        both = plate + from_air
        kept = exp(-dt * both / capacity)
        lag = (1.0 - kept) * capacity / (both * dt)  # weight of the start temperature in the mean over the step
        # Sums over a module without the rise: where its cells go to, and their mean over the step. The rise adds a
        # known share to both.
        still = (plate * supply + from_air * air) / both
        final = np.add.reduce(gained, axis=1) / both + size * still
        mean = final + lag * (np.add.reduce(cells, axis=1) - final)
        share = (1.0 - lag) * plate / both
        warmed = self._along
        self.rise = plate * (mean - size * supply) / (flow + plate * (1.0 - share) * warmed)
        mean += share * warmed * self.rise
        self.heat = float(plate * (mean - size * supply - warmed * self.rise).sum())
        self.air_heat = float(from_air * (mean.sum() - cells.size * air))
        cells *= kept
        cells += gained * ((1.0 - kept) / both)
        # An outer product, by the fastest way to it.
        drift: Array = np.dot(((1.0 - kept) * plate / both * self.rise)[:, None], self.along[None])
        drift += (1.0 - kept) * still
        cells += drift
