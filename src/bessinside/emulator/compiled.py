"""The cells' inner loops compiled by Numba, where it is installed (`pip install bessinside[fast]`): the same results.

One pass over the cells takes the place of some thirty passes over arrays. The sums are made in the same order as in
`cell.py`, so both agree to rounding (1e-9). Nobody gets this unasked: the last bits of a run must not depend on what
else is installed. `speed_up(plant.cells)` turns it on.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from math import copysign, exp
from typing import Any

import numpy as np

from bessinside.emulator.cell import KELVIN, Cells
from bessinside.emulator.ocv import ROWS
from bessinside.emulator.table import Array
from bessinside.errors import BessError


class NoCompiler(BessError):
    """Numba is not installed."""


class Kernel:
    """`step` and `refresh` of `Cells`, compiled. Both change the arrays of the cells that they are given."""

    def __init__(self) -> None:
        """Compiles at the first call, one to two seconds. Raises NoCompiler."""
        if find_spec("numba") is None:
            raise NoCompiler("Numba is not installed; `pip install 'bessinside[fast]'`, or go on without")
        compile_: Callable[..., Any] = import_module("numba").njit(error_model="numpy")
        self._step, self._refresh = compile_(_step), compile_(_refresh)

    def step(self, cells: Cells, dt: float, inside: Array, heat: Array) -> None:
        """Charge, hysteresis and `heat` (W, completed in place) for `inside` A in the cells, held for `dt` s."""
        self._step(
            dt,
            cells.kind.gamma,
            np.ascontiguousarray(np.broadcast_to(inside, heat.shape)).ravel(),
            cells.capacity.ravel(),
            cells.leak.ravel(),
            cells.temperature.ravel(),
            cells.half_gap.ravel(),
            cells.entropy.ravel(),
            cells.leak_heat.ravel(),
            cells.soc.ravel(),
            cells.hysteresis.ravel(),
            heat.ravel(),
            cells.entropic.ravel(),
        )

    def refresh(self, cells: Cells) -> None:
        """`ocv`, `half_gap`, `entropy` and `emf` of the present state."""
        self._refresh(
            cells.curve.rows,
            cells.i1.ravel(),
            cells.i2.ravel(),
            cells.resistance,
            cells.soc,
            cells.hysteresis,
            cells.temperature,
            cells.ocv,
            cells.half_gap,
            cells.entropy,
            cells.emf,
        )


def speed_up(cells: Cells) -> None:
    """Lets `cells` step by the compiled loops from now on. Raises NoCompiler."""
    kernel = Kernel()
    # It writes into arrays where NumPy hands out views of one table.
    cells.ocv, cells.half_gap, cells.entropy = (np.array(each) for each in (cells.ocv, cells.half_gap, cells.entropy))
    cells.kernel = kernel


def _step(
    dt: float,
    gamma: float,
    inside: Array,
    capacity: Array,
    leak: Array,
    temperature: Array,
    half_gap: Array,
    entropy: Array,
    leak_heat: Array,
    soc: Array,
    hysteresis: Array,
    heat: Array,
    entropic: Array,
) -> None:
    for cell in range(soc.size):
        current = inside[cell]
        moved = current * (dt / 3600.0) / capacity[cell] + leak[cell] * dt
        soc[cell] -= moved
        swing = gamma * abs(moved)
        if swing < 0.2:  # a series is enough, and ten times faster: 0.2^9/9! = 1.4e-12
            kept = 1.0
            for order in range(8, 0, -1):
                kept = 1.0 - swing / order * kept
        else:
            kept = exp(-swing)
        before = hysteresis[cell]
        after = before * kept - copysign(1.0 - kept, moved)
        hysteresis[cell] = after
        entropic[cell] = (temperature[cell] + KELVIN) * entropy[cell]
        turned = 0.5 * (before + after) * half_gap[cell] + entropic[cell]
        heat[cell] = heat[cell] - current * turned + leak_heat[cell]


def _refresh(
    rows: Array,
    i1: Array,
    i2: Array,
    resistance: Array,
    soc: Array,
    hysteresis: Array,
    temperature: Array,
    ocv: Array,
    half_gap: Array,
    entropy: Array,
    emf: Array,
) -> None:
    for rack in range(soc.shape[0]):
        for cell in range(soc.shape[1]):
            position = soc[rack, cell] * ROWS
            # Written so that a NaN becomes row 0: it must not become an index.
            place = position if position > 0.0 else 0.0
            row = int(place if place < ROWS else ROWS)
            voltage = (position - row) * rows[row, 1] + rows[row, 0]
            gap, slope = rows[row, 2], rows[row, 3]
            ocv[rack, cell], half_gap[rack, cell], entropy[rack, cell] = voltage, gap, slope
            lag = i1[rack] * resistance[1, rack, cell] + i2[rack] * resistance[2, rack, cell]
            warm = (temperature[rack, cell] - 25.0) * slope
            emf[rack, cell] = warm + voltage + hysteresis[rack, cell] * gap - lag
