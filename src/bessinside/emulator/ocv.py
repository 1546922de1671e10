"""Open-circuit voltage, hysteresis half gap and entropy coefficient of an LFP/graphite cell over its state of charge.

Measured Sony US26650, tables from SimSES (TUM, BSD-3-Clause; `plant/cells/README.md`). All three are kept on one
even grid of 0.005 SoC, so that one index serves three look-ups. Below 0 and above 1 the voltage goes on with the slope
of its last interval: without that a slow charge would never reach its end voltage. Half gap and entropy keep their
last value there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bessinside.emulator import table
from bessinside.emulator.table import Array
from bessinside.plant.cells import ocv_table


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """Curves on an even SoC grid; `at` returns them for any array of SoC (share, not %)."""

    soc: Array
    voltage: Array
    half_gap: Array
    entropy: Array

    def at(self, soc: Array) -> tuple[Array, Array, Array]:
        """(U in V, half gap M in V, dU/dT in V/K), each in the shape of `soc`; NaN in, NaN out."""
        position = soc * (len(self.soc) - 1)
        # A NaN must become an index inside the table; np.fmax lets the number win over the NaN.
        index = np.fmin(np.fmax(position, 0.0), len(self.soc) - 2.0).astype(np.intp)
        fraction = position - index
        voltage = _between(self.voltage, index, fraction)
        np.clip(fraction, 0.0, 1.0, out=fraction)
        return voltage, _between(self.half_gap, index, fraction), _between(self.entropy, index, fraction)

    def energy(self, soc: Array) -> Array:
        """∫ (U − 298.15 K·dU/dT) dSoC from 0 to `soc` (0 to 1) in V: times the charge it is the cell's enthalpy.

        With U(T) = U(25 °C) + (T − 25 °C)·dU/dT the integrand does not depend on temperature. Trapezoids on the grid,
        exact for `at`.
        """
        step = self.soc[1]
        curve = self.voltage - 298.15 * self.entropy
        sums = np.concatenate(([0.0], np.cumsum(0.5 * step * (curve[1:] + curve[:-1]))))
        position = soc / step
        index = np.clip(position, 0, len(self.soc) - 2).astype(np.intp)
        fraction = position - index
        slope = curve[index + 1] - curve[index]
        energy: Array = sums[index] + step * fraction * (curve[index] + 0.5 * slope * fraction)
        return energy

    def mean(self, low: float, high: float) -> tuple[float, float]:
        """(mean U, mean M) in V between two SoC."""
        inside = (self.soc >= low) & (self.soc <= high)
        return float(self.voltage[inside].mean()), float(self.half_gap[inside].mean())


def _between(curve: Array, index: npt.NDArray[np.intp], fraction: Array) -> Array:
    low = curve.take(index)
    result: Array = low + fraction * (curve.take(index + 1) - low)
    return result


def load() -> OpenCircuit:
    """The curves of the shipped tables."""
    curve, entropy = ocv_table(), table.read("lfp_entropy")
    return OpenCircuit(
        soc=curve.soc,
        voltage=curve.ocv,
        half_gap=curve.half_gap,
        entropy=1e-3 * np.interp(curve.soc, entropy["soc"], entropy["entropy_mV_per_K"]),
    )
