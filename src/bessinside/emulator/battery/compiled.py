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

from bessinside.emulator.basis.table import Array
from bessinside.emulator.battery.cell import KELVIN, Cells
from bessinside.emulator.battery.ocv import ROWS, STANDARD
from bessinside.errors import BessError


class NoCompiler(BessError):
    """Numba is not installed."""


class Kernel:
    """`turn` and `refresh` of `Cells`, compiled. Both change the arrays of the cells that they are given."""

    def __init__(self) -> None:
        """Compiles at the first call, one to two seconds. Raises NoCompiler."""
        if find_spec("numba") is None:
            raise NoCompiler("Numba is not installed; `pip install 'bessinside[fast]'`, or go on without")
        compile_: Callable[..., Any] = import_module("numba").njit(error_model="numpy")
        self._turn, self._refresh = compile_(_turn), compile_(_refresh)

    def turn(self, cells: Cells, moved: Array) -> None:
        """Charge, hysteresis and `turned` for `moved` shares of their charge taken from the cells."""
        self._turn(
            cells.kind.gamma,
            moved.ravel(),
            cells.look.half_gap.ravel(),
            cells.soc.ravel(),
            cells.hysteresis.ravel(),
            cells.turned.ravel(),
        )

    def refresh(self, cells: Cells) -> None:
        """What `look` holds, `entropic` and `source` of the present state."""
        look = cells.look
        self._refresh(
            cells.curve.rows,
            cells.soc.ravel(),
            cells.hysteresis.ravel(),
            cells.temperature.ravel(),
            look.enthalpy.ravel(),
            look.half_gap.ravel(),
            look.entropy.ravel(),
            cells.entropic.ravel(),
            cells.source.ravel(),
        )


def speed_up(cells: Cells) -> None:
    """Lets `cells` step by the compiled loops from now on. Raises NoCompiler."""
    cells.kernel = Kernel()


def _turn(gamma: float, moved: Array, half_gap: Array, soc: Array, hysteresis: Array, turned: Array) -> None:
    for cell in range(soc.size):
        share = moved[cell]
        soc[cell] -= share
        swing = gamma * abs(share)
        if swing < 0.2:  # a series is enough, and ten times faster: 0.2^9/9! = 1.4e-12
            kept = 1.0
            for order in range(8, 0, -1):
                kept = 1.0 - swing / order * kept
        else:
            kept = exp(-swing)
        before = hysteresis[cell]
        after = before * kept - copysign(1.0 - kept, share)
        hysteresis[cell] = after
        turned[cell] = (before + after) * half_gap[cell]


def _refresh(
    rows: Array,
    soc: Array,
    hysteresis: Array,
    temperature: Array,
    enthalpy: Array,
    half_gap: Array,
    entropy: Array,
    entropic: Array,
    source: Array,
) -> None:
    for cell in range(soc.size):
        position = soc[cell] * ROWS
        # Written so that a NaN becomes row 0: it must not become an index.
        place = position if position > 0.0 else 0.0
        row = int(place if place < ROWS else ROWS)
        gap, slope = rows[row, 2], rows[row, 3]
        voltage = (position - row) * rows[row, 1] + (rows[row, 0] - STANDARD * slope)
        warm = (temperature[cell] + KELVIN) * slope
        enthalpy[cell], half_gap[cell], entropy[cell] = voltage, gap, slope
        entropic[cell] = warm
        source[cell] = voltage + warm + hysteresis[cell] * gap
