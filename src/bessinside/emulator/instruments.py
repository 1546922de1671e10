"""What the instruments of the battery management make of the truth: errors that stay as they are, seeded.

    cell voltage     ± 5 mV         error of its board of up to 52 cells and of its channel, σ 0.8 mV each, < 4.8 mV
    rack voltage     ± 0.5 % FSR    gain σ 0.05 % and offset σ 0.4 V, of 1,500 V: < 7.5 V
    rack current     ± 0.5 % FSR    gain σ 0.1 % and offset σ 20 mA, of 400 A: < 2 A

Limits: specification sheet of a public 5 MWh container; where inside them the errors lie is an assumption. The NTC have
their own (`ntc.py`). Counters, limits, alarms and registers know these values only; physics keeps the truth.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.design import REF_5M, Design
from bessinside.emulator.table import Array, Mask

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
        self.voltage_gain = 1.0 + VOLTAGE_GAIN * drawn[0]
        self.voltage_offset = VOLTAGE_OFFSET * design.level * drawn[1]
        self.current_gain = 1.0 + CURRENT_GAIN * drawn[2]
        self.current_offset = CURRENT_OFFSET * design.amps * drawn[3]

    def voltage(self, true: Array) -> Array:
        """V that each rack's instrument shows; it shows 0 where there is nothing to measure."""
        shown: Array = true * self.voltage_gain + self.voltage_offset
        return shown if min(true.tolist()) > 0.0 else np.where(true > 0.0, shown, 0.0)

    def current(self, true: Array, closed: Mask) -> Array:
        """A that each rack's instrument shows; behind open contactors it is set to zero."""
        shown: Array = true * self.current_gain + self.current_offset
        return np.where(closed, shown, 0.0) if False in closed.tolist() else shown
