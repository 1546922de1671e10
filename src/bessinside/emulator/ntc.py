"""Temperature sensors: 12 NTC for each 52 cells, each on the busbar between two cells.

    reading' = ((T_a + T_b)/2 + offset − reading) / τ

τ = 20 s for the bead and its glue; offset seeded, σ 0.25 K inside the ±1 °C that monitoring boards of this class state.
"""

from __future__ import annotations

from math import exp

import numpy as np

from bessinside.emulator.table import Array

CELLS_PER_BOARD = 52
SENSORS_PER_BOARD = 12
TAU = 20.0
OFFSET = 0.25  # K


class Sensors:
    """All NTC of the plant: `reading` °C; `cell` is the index of the cell that each sits on, beside the next cell."""

    def __init__(self, temperature: Array, chance: np.random.Generator) -> None:
        """`temperature` is the cells' °C, any shape, boards of 52 cells one after the other."""
        boards = temperature.size // CELLS_PER_BOARD
        place = ((np.arange(SENSORS_PER_BOARD) + 0.5) * CELLS_PER_BOARD / SENSORS_PER_BOARD).astype(np.intp)
        self.cell = (np.arange(boards)[:, None] * CELLS_PER_BOARD + place).ravel()
        self.offset = np.clip(OFFSET * chance.standard_normal(self.cell.size), -0.9, 0.9)
        self.reading = self._target(temperature)

    def step(self, dt: float, temperature: Array) -> None:
        """Follows the cells for `dt` s."""
        self.reading += (1.0 - exp(-dt / TAU)) * (self._target(temperature) - self.reading)

    def _target(self, temperature: Array) -> Array:
        cells = temperature.ravel()
        target: Array = 0.5 * (cells.take(self.cell) + cells.take(self.cell + 1)) + self.offset
        return target
