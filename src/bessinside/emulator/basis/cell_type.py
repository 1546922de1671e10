"""What all cells of a plant have in common: LFP of 314 Ah, or more or less of the same electrodes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CellType:
    """What all cells of the plant have in common, at 25 °C."""

    capacity: float = 314.0  # Ah
    r0: float = 0.16e-3  # Ω
    r1: float = 0.10e-3
    r2: float = 0.24e-3
    tau1: float = 30.0  # s
    tau2: float = 1000.0
    b0: float = 1900.0  # K
    b1: float = 2800.0
    b2: float = 1200.0
    gamma: float = 20.0  # 1 over the SoC swing in which the hysteresis changes sides
    leak: float = 0.02 / (30.44 * 86400.0)  # 1/s, 2 % a month
    bleed: float = 0.08  # A, passive balancing
    capacity_spread: float = 0.004  # standard deviations between new cells, as shares
    resistance_spread: float = 0.03
    soc_spread: float = 0.004
    leak_spread: float = 0.15  # as of graded cells: what 80 mA near full can even out
