"""Temperature sensors: 12 NTC for each 52 cells, each on the busbar between two cells.

    reading' = ((T_a + T_b)/2 + offset − reading) / τ

τ = 20 s for the bead and its glue; offset seeded, σ 0.25 K inside the ±1 °C that monitoring boards of this class state.
"""

from __future__ import annotations

from math import exp

import numpy as np

from bessinside.emulator.basis.design import REF_5M, Design
from bessinside.emulator.basis.table import Array

TAU = 20.0
OFFSET = 0.25  # K


class Sensors:
    """All NTC of the plant: `reading` °C; `cell` is the index of the cell that each sits on, beside the next cell.

    `forced` is what a broken one reads instead (NaN: none is): about −50 °C with a broken wire, 150 °C shorted. `bead`
    is the temperature of each bead with its sensor's offset.
    """

    def __init__(self, temperature: Array, chance: np.random.Generator, design: Design = REF_5M) -> None:
        """`temperature` is the cells' °C, any shape, modules one after the other."""
        place = np.array(design.sensor_cells, dtype=np.intp) - 1
        first = np.arange(temperature.size // design.cells)[:, None] * design.cells
        self.cell = (first + place).ravel()
        # The first of the two cells between which each sits. The last of a module has a busbar on one side only.
        self._first = (first + np.minimum(place, design.cells - 2)).ravel()
        self.offset = np.clip(OFFSET * chance.standard_normal(self.cell.size), -0.9, 0.9)
        self.forced = np.full(self.cell.size, np.nan)
        self.bead = self._target(temperature)
        self._show()

    def step(self, dt: float, temperature: Array) -> None:
        """Follows the cells for `dt` s."""
        target = self._target(temperature)
        target -= self.bead
        target *= 1.0 - exp(-dt / TAU)
        self.bead += target
        self._show()

    def _target(self, temperature: Array) -> Array:
        cells = temperature.ravel()
        target: Array = (cells[1:] + cells[:-1]).take(self._first)
        target *= 0.5
        target += self.offset
        return target

    def _show(self) -> None:
        sound = np.isnan(self.forced)
        broken = np.count_nonzero(sound) < sound.size
        self.reading = np.where(sound, self.bead, self.forced) if broken else self.bead
