"""Open-circuit voltage, hysteresis half gap and entropy coefficient of an LFP/graphite cell over its state of charge.

Measured Sony US26650, tables from SimSES (TUM, BSD-3-Clause; `plant/cells/README.md`). All three are kept on one
even grid, so that one index serves three look-ups. Below 0 and above 1 the voltage goes on with the slope of its last
interval: without that a slow charge would never reach its end voltage. Half gap and entropy keep their last value.

A look-up is one index for all: the table is refined once to 20,001 rows (U, slope of U, M, dU/dT). U is linear between
the rows and exact; M and dU/dT are those of the middle between two, at most 0.02 mV and 0.05 µV/K off. What it gives
besides M and dU/dT is U − 298.15 K·dU/dT, the enthalpy of the charge: U at any temperature T is that and T·dU/dT.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bessinside.emulator.basis import table
from bessinside.emulator.basis.table import Array
from bessinside.plant.cells import ocv_table

ROWS = 20000  # of the refined table, to 1 of SoC
STANDARD = 298.15  # K at which U was measured


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """Curves on an even SoC grid from 0 to 1; `at` returns them for any array of SoC (share, not %)."""

    soc: Array
    voltage: Array
    half_gap: Array
    entropy: Array
    rows: Array = field(init=False, repr=False)  # (ROWS + 1, 4): U, its slope to the next row, M, dU/dT
    columns: tuple[Array, ...] = field(init=False, repr=False)  # U − 298.15 K·dU/dT, slope of U, M, dU/dT on their own

    def __post_init__(self) -> None:
        fine = np.arange(ROWS + 1) / ROWS
        rows = np.empty((ROWS + 1, 4))
        rows[:, 0] = np.interp(fine, self.soc, self.voltage)
        rows[:-1, 1] = np.diff(rows[:, 0])
        rows[-1, 1] = rows[-2, 1]
        rows[:, 2] = np.interp(fine + 0.5 / ROWS, self.soc, self.half_gap)
        rows[:, 3] = np.interp(fine + 0.5 / ROWS, self.soc, self.entropy)
        object.__setattr__(self, "rows", rows)
        columns = (rows[:, 0] - STANDARD * rows[:, 3], *(rows[:, column].copy() for column in (1, 2, 3)))
        object.__setattr__(self, "columns", columns)

    def at(self, soc: Array) -> tuple[Array, Array, Array]:
        """(U in V, half gap M in V, dU/dT in V/K), each in the shape of `soc`; of NaN the voltage is NaN."""
        look = Look(self, soc.shape)
        look.up(soc)
        return look.enthalpy + STANDARD * look.entropy, look.half_gap, look.entropy

    def energy(self, soc: Array) -> Array:
        """∫ (U − 298.15 K·dU/dT) dSoC from 0 to `soc` (0 to 1) in V: times the charge it is the cell's enthalpy.

        With U(T) = U(25 °C) + (T − 25 °C)·dU/dT the integrand does not depend on temperature. Trapezoids on the grid,
        exact for `at`.
        """
        return self._integral(self.voltage - STANDARD * self.entropy, soc)

    def work(self, soc: Array) -> Array:
        """∫ U dSoC from 0 to `soc` (0 to 1) in V: times the charge it is the work that the cell can do at 25 °C."""
        return self._integral(self.voltage, soc)

    def _integral(self, curve: Array, soc: Array) -> Array:
        step = self.soc[1]
        sums = np.concatenate(([0.0], np.cumsum(0.5 * step * (curve[1:] + curve[:-1]))))
        position = soc / step
        index = np.clip(position, 0, len(self.soc) - 2).astype(np.intp)
        fraction = position - index
        slope = curve[index + 1] - curve[index]
        integral: Array = sums[index] + step * fraction * (curve[index] + 0.5 * slope * fraction)
        return integral

    def mean(self, low: float, high: float) -> tuple[float, float]:
        """(mean U, mean M) in V between two SoC."""
        inside = (self.soc >= low) & (self.soc <= high)
        return float(self.voltage[inside].mean()), float(self.half_gap[inside].mean())


class Look:
    """The curves looked up again and again for cells of one shape, into arrays of its own.

    `enthalpy` V (U − 298.15 K·dU/dT), `half_gap` V and `entropy` V/K hold what the last `up` found.
    """

    def __init__(self, curve: OpenCircuit, shape: tuple[int, ...]) -> None:
        self.curve = curve
        self.enthalpy, self.half_gap, self.entropy = np.zeros((3, *shape))
        self._row, self._slope, self._index = np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.intp)

    def up(self, soc: Array) -> None:
        """For the state of charge `soc` (share, not %) of each cell."""
        row, index, position = self._row, self._index, self.enthalpy
        np.multiply(soc, float(ROWS), out=position)
        position.clip(0.0, ROWS, out=row)
        np.trunc(row, out=row)
        position -= row
        # A NaN becomes some integer, and that an index inside the table.
        with np.errstate(invalid="ignore"):
            np.copyto(index, row, casting="unsafe")
        enthalpy, slope, half_gap, entropy = self.curve.columns
        position *= slope.take(index, mode="clip", out=self._slope)
        position += enthalpy.take(index, mode="clip", out=row)
        half_gap.take(index, mode="clip", out=self.half_gap)
        entropy.take(index, mode="clip", out=self.entropy)


def load() -> OpenCircuit:
    """The curves of the shipped tables."""
    curve, entropy = ocv_table(), table.read("lfp_entropy")
    return OpenCircuit(
        soc=curve.soc,
        voltage=curve.ocv,
        half_gap=curve.half_gap,
        entropy=1e-3 * np.interp(curve.soc, entropy["soc"], entropy["entropy_mV_per_K"]),
    )
