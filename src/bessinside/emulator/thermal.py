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
    """48 plates under (modules, cells of a module) cells; all plates are fed in parallel."""

    def __init__(self, modules: int, cells: int) -> None:
        self.modules = modules
        self.along = 0.3 + 0.4 * (np.arange(cells) % CELLS_PER_CHANNEL + 0.5) / CELLS_PER_CHANNEL
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
        cells = temperature.reshape(self.modules, -1)
        flow = capacity_flow * self.share
        both = PLATE + AIR
        kept = exp(-dt * both / HEAT_CAPACITY)
        lag = (1.0 - kept) * HEAT_CAPACITY / (both * dt)  # weight of the start temperature in the mean over the step
        # Without the rise: where the cells go to, and their mean over the step. The rise adds a known share to both.
        final = (heat.reshape(self.modules, -1) + (PLATE * supply + AIR * air)) / both
        mean = final + lag * (cells - final)
        share = (1.0 - lag) * PLATE / both
        self.rise = PLATE * (mean - supply).sum(axis=1) / (flow + PLATE * (1.0 - share) * self.along.sum())
        coolant = self.rise[:, None] * self.along
        mean += share * coolant
        final += PLATE / both * coolant
        coolant += supply
        self.heat = float(PLATE * (mean - coolant).sum())
        self.air_heat = float(AIR * (mean - air).sum())
        cells -= final
        cells *= kept
        cells += final
