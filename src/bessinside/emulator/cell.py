"""The cells: open-circuit voltage with hysteresis, a resistance and two RC pairs, state of charge, heat. 314 Ah LFP.

    V   = U(s) + h·M(s) + (T − 25 °C)·dU/dT − I·R0(T) − U1 − U2          I in A, positive when discharging
    s'  = −(I + I_bleed) / (3600·Q) − leak
    h'  = −γ·|s'|·(h + sign I)                                       −1 after a long discharge, +1 after a long charge
    Uk' = (Rk(T)·I − Uk) / τk
    R(T) = R(25 °C)·exp(B·(1/T − 1/298.15 K))
    heat = I²·R0 + U1²/R1 + U2²/R2 − I·h·M − I·T·dU/dT                    the last term is reversible

The RC pairs and h are stepped exactly for a current that is constant over the step. SoC is float64: a self-discharge
of 2 % a month is 8e-9 a second, below what float32 resolves near 0.5.

Form and parameters: fit of measured LFP cells on drive cycles (4 mV RMSE), scaled to 314 Ah; R0 + R1 + R2 = 0.50 mΩ
reproduces the 94 % round-trip efficiency at 0.5P of public specifications. R, γ and B from the same fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from bessinside.emulator.ocv import OpenCircuit
from bessinside.emulator.table import Array

KELVIN = 273.15


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
    bleed: float = 0.1  # A, passive balancing
    capacity_spread: float = 0.004  # standard deviations between cells, as shares
    resistance_spread: float = 0.03
    soc_spread: float = 0.004
    leak_spread: float = 0.3


class Cells:
    """State of all cells, arrays of shape (racks, cells of a rack); temperatures in °C."""

    def __init__(
        self,
        kind: CellType,
        curve: OpenCircuit,
        shape: tuple[int, int],
        chance: np.random.Generator,
        *,
        soc: float,
        health: float,
        temperature: Array,
    ) -> None:
        self.kind = kind
        self.curve = curve
        self.capacity = kind.capacity * health * (1.0 + kind.capacity_spread * chance.standard_normal(shape))
        self.resistance_factor = 1.0 + kind.resistance_spread * chance.standard_normal(shape)
        self.leak = kind.leak * np.clip(1.0 + kind.leak_spread * chance.standard_normal(shape), 0.1, None)
        self.soc = soc + kind.soc_spread * chance.standard_normal(shape)
        self.temperature = temperature
        self.hysteresis = np.zeros(shape)
        self.u1 = np.zeros(shape)
        self.u2 = np.zeros(shape)
        self.heat = np.zeros(shape)  # W, mean of the last step
        self.reversible_heat = np.zeros(shape)  # W, the part of `heat` that goes back when the current does
        self.voltage = np.zeros(shape)
        self.refresh()
        self.set_current(np.zeros(shape[0]))

    def refresh(self) -> None:
        """Recomputes what follows from the state: source voltage `emf` (V) and `r0`, `r1`, `r2` (Ω) of each cell."""
        kind = self.kind
        self.ocv, self.half_gap, self.entropy = self.curve.at(self.soc)
        inverse = 1.0 / (self.temperature + KELVIN) - 1.0 / (25.0 + KELVIN)
        self.r0 = self.resistance_factor * (kind.r0 * np.exp(kind.b0 * inverse))
        self.r1 = self.resistance_factor * (kind.r1 * np.exp(kind.b1 * inverse))
        self.r2 = self.resistance_factor * (kind.r2 * np.exp(kind.b2 * inverse))
        self.emf = self.ocv + self.hysteresis * self.half_gap
        self.emf += (self.temperature - 25.0) * self.entropy
        self.emf -= self.u1
        self.emf -= self.u2

    def set_current(self, current: Array) -> None:
        """Terminal voltages for `current` (A, one value per rack) on the present state."""
        self.current = current
        self.voltage = self.emf - current[:, None] * self.r0

    def step(self, dt: float, bleeding: Array) -> None:
        """Advances charge, hysteresis and polarisation by `dt` s with the current last set.

        `bleeding` is 1 where a bleed resistor is on, shape as the cells.

        `temperature` is left to the cold plates, `refresh` to the caller once it is known.
        """
        kind = self.kind
        current = self.current[:, None]
        a1, a2 = exp(-dt / kind.tau1), exp(-dt / kind.tau2)
        self.u1 *= a1
        self.u1 += self.r1 * ((1.0 - a1) * current)
        self.u2 *= a2
        self.u2 += self.r2 * ((1.0 - a2) * current)
        moved = current / self.capacity * (dt / 3600.0)
        side = np.sign(current)
        kept = np.exp(-kind.gamma * np.abs(moved))
        self.hysteresis += side
        self.hysteresis *= kept
        self.hysteresis -= side
        self.soc -= moved
        self.soc -= self.leak * dt
        self.soc -= bleeding * (kind.bleed * dt / 3600.0 / kind.capacity)

        self.reversible_heat = -current * self.entropy * (self.temperature + KELVIN)
        self.heat = current * current * self.r0 + self.u1 * self.u1 / self.r1 + self.u2 * self.u2 / self.r2
        self.heat -= current * self.hysteresis * self.half_gap
        self.heat += self.reversible_heat

    def stored_energy(self) -> Array:
        """Energy of each cell in J: enthalpy of the charge, and both capacitors.

        Electrical work + heat + its change = 0, but for self-discharge and bleeding.
        """
        chemical = 3600.0 * self.capacity * self.curve.energy(self.soc)
        capacitors = 0.5 * (self.kind.tau1 / self.r1 * self.u1**2 + self.kind.tau2 / self.r2 * self.u2**2)
        energy: Array = chemical + capacitors
        return energy
