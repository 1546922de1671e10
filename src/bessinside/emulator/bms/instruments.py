"""What the instruments of the battery management make of the truth: errors that stay as they are, seeded.

    cell voltage     ± 5 mV         error of its board of up to 52 cells and of its channel, σ 0.8 mV each, < 4.8 mV
    rack voltage     ± 0.5 % FSR    gain σ 0.05 % and offset σ 0.4 V, of 1,500 V: < 7.5 V
    rack current     ± 0.5 % FSR    gain σ 0.1 % and offset σ 20 mA, of 400 A: < 2 A

Limits: specification sheet of a public 5 MWh container; where inside them the errors lie is an assumption. The NTC have
their own (`ntc.py`). Counters, limits, alarms and registers know these values only; physics keeps the truth.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.basis.design import REF_5M, Design
from bessinside.emulator.basis.table import Array, Mask

BOARD = 52  # cells
CELL_SIGMA, CELL_LIMIT = 0.8e-3, 4.8e-3  # V
VOLTAGE_GAIN, VOLTAGE_OFFSET = 5e-4, 0.4  # share, V at 1,500 V full scale
CURRENT_GAIN, CURRENT_OFFSET = 1e-3, 0.02  # share, A at 400 A full scale


class Instruments:
    """Errors of all boards and racks; `cell_error` V of shape (racks, cells), the others per rack."""

    def __init__(self, racks: int, cells: int, chance: np.random.Generator, design: Design = REF_5M) -> None:
        here = np.arange(cells)
        boards = here // design.cells * -(-design.cells // BOARD) + here % design.cells // BOARD
        error = CELL_SIGMA * chance.standard_normal((racks, int(boards[-1]) + 1))[:, boards]
        error += CELL_SIGMA * chance.standard_normal((racks, cells))
        self.cell_error = np.clip(error, -CELL_LIMIT, CELL_LIMIT)
        drawn = np.clip(chance.standard_normal((4, racks)), -2.5, 2.5)
        voltage, current = 1.0 + VOLTAGE_GAIN * drawn[0], 1.0 + CURRENT_GAIN * drawn[2]
        none, shift = VOLTAGE_OFFSET * design.level * drawn[1], CURRENT_OFFSET * design.amps * drawn[3]
        self.gain, self.offset = np.stack([current, voltage, voltage]), np.stack([shift, none, none])

    def shown(self, true: Array, closed: Mask) -> Array:
        """What each rack's instruments show of its `true` current A, voltage and outside voltage V, (3, racks).

        Behind open contactors the current is set to zero; a voltage is 0 where there is nothing to measure.
        """
        shown: Array = true * self.gain
        shown += self.offset
        if np.count_nonzero(closed) < closed.size:
            shown[0, ~closed] = 0.0
        if not min(true[1:].ravel().tolist()) > 0.0:
            shown[1:][~(true[1:] > 0.0)] = 0.0
        return shown
