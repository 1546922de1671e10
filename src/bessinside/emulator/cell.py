"""The cells: open-circuit voltage with hysteresis, a resistance and two RC pairs, state of charge, heat. 314 Ah LFP.

    V   = U(s) + h·M(s) + (T − 25 °C)·dU/dT − i·R0(T) − i1·R1(T) − i2·R2(T)      I in A, positive when discharging
    i   = I + I_bleed + G·V                                                      G: conductance of an internal short
    s'  = −i / (3600·Q) − leak
    h'  = −γ·|s'|·(h + sign i)                           −1 after a long discharge, +1 after a long charge
    ik' = (I − ik) / τk                                  current through Rk; the voltage of the pair is Rk·ik
    R(T) = R(25 °C)·exp(B·(1/T − 1/298.15 K))
    heat = i²·R0 + i1²·R1 + i2²·R2 − i·h·M + G·V² + leak·3600·Q·(U − T·dU/dT) − i·T·dU/dT    the last is reversible

i1, i2 and h are stepped exactly for a current that is constant over the step, and the squares of the currents are
their exact means over it, so a step may be a minute long. What bleed resistor and short draw changes over hours and
polarises both pairs at once: i1 and i2 of a rack are two numbers, and the ik above are those plus it. SoC is float64:
a self-discharge of 2 % a month is 8e-9 a second, below what float32 resolves near 0.5. R(T) and the heat of the leak
follow every ten seconds: temperatures move by hundredths of a kelvin in that time.

Form and parameters: fit of measured LFP cells on drive cycles (4 mV RMSE), scaled to 314 Ah; R0 + R1 + R2 = 0.50 mΩ
reproduces the 94 % round-trip efficiency at 0.5P of public specifications. R, γ and B from the same fits. The short
lies between the terminals, as in the circuits of the literature on internal shorts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Protocol

import numpy as np

from bessinside.emulator import ageing
from bessinside.emulator.ocv import OpenCircuit
from bessinside.emulator.table import Array

KELVIN = 273.15
SLOW = 10.0  # s after which resistances are computed anew


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
    leak_spread: float = 0.3


class Loops(Protocol):
    """What may take the place of NumPy's passes over all cells (`compiled.py`)."""

    def step(self, cells: Cells, dt: float, inside: Array, heat: Array) -> None:
        """Charge, hysteresis and `heat` for `inside` A in the cells, held for `dt` s."""

    def refresh(self, cells: Cells) -> None:
        """`ocv`, `half_gap`, `entropy` and `emf` of the present state."""


class Cells:
    """State of all cells, arrays of shape (racks, cells of a rack); temperatures in °C.

    `capacity` Ah, `resistance_factor`, `leak` 1/s and `short` S (conductance of an internal short, 0: none) of each
    cell may be changed at any time.
    """

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
        resistance_rise: float = 0.0,
    ) -> None:
        """`health` and `resistance_rise` are shares, means of all cells; around them the cells aged apart."""
        self.kind = kind
        self.curve = curve
        self.kernel: Loops | None = None
        spread = 1.0 + kind.capacity_spread * chance.standard_normal(shape)
        resistance = 1.0 + kind.resistance_spread * chance.standard_normal(shape)
        self.leak = kind.leak * np.clip(1.0 + kind.leak_spread * chance.standard_normal(shape), 0.1, None)
        self.soc = soc + kind.soc_spread * chance.standard_normal(shape)
        kept, risen = ageing.apart(health, resistance_rise, shape, chance)
        self.capacity = kind.capacity * spread * kept
        self.resistance_factor = resistance * risen
        self.short = np.zeros(shape)
        self.temperature = temperature
        self.hysteresis = np.zeros(shape)
        self._lagging = np.zeros((2, shape[0], 1))  # A, one value per rack
        self.i1, self.i2 = self._lagging
        self._lags: tuple[float, Array, Array, Array] = (0.0, *np.zeros((3, 2, 1, 1)))  # of a step, and its s
        self._row = np.empty((shape[0], 1, 3))
        self._bled: Array | None = None  # A that bleed resistors draw
        self.heat = np.zeros(shape)  # W, mean of the last step
        self._inside: Array = np.zeros(shape)  # A in the cells, mean of the last step
        self.entropic = np.zeros(shape)  # V, T·dU/dT when the last step began
        self.bleed_heat = 0.0  # W of all bleed resistors, on their boards
        self.voltage = np.zeros(shape)
        self._shorted = False
        self._waited = SLOW  # s since the resistances were computed
        self.resistance = np.empty((3, *shape))
        self.r0, self.r1, self.r2 = self.resistance
        self._base = np.array([kind.r0, kind.r1, kind.r2])[:, None, None]
        self._slope = np.array([kind.b0, kind.b1, kind.b2])[:, None, None]
        self.ocv, self.half_gap, self.entropy = curve.at(self.soc)
        self.refresh()
        self.set_current(np.zeros(shape[0]))

    @property
    def u1(self) -> Array:
        """V of the first RC pair of each cell."""
        voltage: Array = self.r1 * self.i1
        return voltage

    @property
    def u2(self) -> Array:
        """V of the second RC pair of each cell."""
        voltage: Array = self.r2 * self.i2
        return voltage

    @property
    def reversible_heat(self) -> Array:
        """W of each cell, mean of the last step: the part of `heat` that goes back as the current does, −i·T·dU/dT."""
        heat: Array = -self._inside * self.entropic
        return heat

    def refresh(self, *, anew: bool = False) -> None:
        """Recomputes what follows from the state: source voltage `emf` (V) and `r0`, `r1`, `r2` (Ω) of each cell.

        `inner` Ω is the resistance that the terminals show: `r0`, less where a short lies beside it. `anew`: the
        resistances too, however short ago that was.
        """
        if anew or self._waited >= SLOW:
            self._waited = 0.0
            self._resist()
        if self.kernel is not None:
            self.kernel.refresh(self)
        else:
            self.ocv, self.half_gap, self.entropy = self.curve.at(self.soc)
            self.emf = self.temperature - 25.0
            self.emf *= self.entropy
            self.emf += self.ocv
            self.emf += self.hysteresis * self.half_gap
            self.emf -= self._weighted(0.0, self.i1, self.i2)
        self.inner = self.r0
        if self._bled is not None or self._shorted:
            self._load()

    def _resist(self) -> None:
        inverse = 1.0 / (self.temperature + KELVIN)
        inverse -= 1.0 / (25.0 + KELVIN)
        resistance = self.resistance
        np.multiply(self._slope, inverse, out=resistance)
        np.exp(resistance, out=resistance)
        resistance *= self._base
        resistance *= self.resistance_factor
        # No work is done: what leaks gives its whole enthalpy as heat.
        self.leak_heat = 3600.0 * self.leak
        self.leak_heat *= self.capacity
        self.leak_heat *= self.ocv - (25.0 + KELVIN) * self.entropy

    def _weighted(self, *weights: Array | float) -> Array:
        """w0·R0 + w1·R1 + w2·R2 of each cell for weights of each rack, shape (racks, 1)."""
        row = self._row
        for index, weight in enumerate(weights):
            row[:, :, index] = weight
        sums: Array = np.matmul(row, self.resistance.transpose(1, 0, 2))[:, 0]
        return sums

    def _load(self) -> None:
        # V = U − I·R0 − (I_bleed + G·V)·(R0 + R1 + R2), solved for V
        total = self.resistance.sum(axis=0)
        seen = 1.0 / (1.0 + self.short * total)
        if self._bled is not None:
            self.emf -= self._bled * total
        self.emf *= seen
        self.inner = self.r0 * seen

    def sources(self) -> tuple[Array, Array]:
        """(V, Ω) of each rack without its joints: the sums over its cells."""
        return np.add.reduce(self.emf, axis=1), np.add.reduce(self.inner, axis=1)

    def set_current(self, current: Array) -> None:
        """Terminal voltages for `current` (A, one value per rack) on the present state."""
        self.current = current
        # One copy for each cell: passes over arrays of one shape are twice as fast.
        self._everywhere = np.empty(self.inner.shape)
        np.copyto(self._everywhere, current[:, None])
        self.voltage = self._everywhere * self.inner
        np.subtract(self.emf, self.voltage, out=self.voltage)

    def step(self, dt: float, bleeding: Array | None = None) -> None:
        """Advances charge, hysteresis and polarisation by `dt` s with the current last set.

        `bleeding` is 1 where a bleed resistor is on, shape as the cells; None: no one is.

        `temperature` is left to the cold plates, `refresh` to the caller once it is known.
        """
        kind = self.kind
        current = self.current[:, None]
        if dt != self._lags[0]:
            self._lags = (dt, *np.array([_lag(dt / kind.tau1), _lag(dt / kind.tau2)]).T[:, :, None, None])
        self._lagging, (square1, square2) = _follow(self._lagging, current, *self._lags[1:])
        self.i1, self.i2 = self._lagging
        self._waited += dt
        self._bled = None if bleeding is None or not bleeding.any() else bleeding * kind.bleed
        self.bleed_heat = 0.0 if self._bled is None else float((self._bled * self.voltage).sum())
        beside = self._bled
        self._shorted = bool(np.vdot(self.short, self.short))  # the fastest way to ask for any
        if self._shorted:
            short = self.short * self.voltage
            beside = short if beside is None else beside + short
        heat = self._weighted(current * current, square1, square2)
        if beside is not None:
            # (i + d)² − i² = d·(2i + d) in each of the three resistances; the short itself.
            heat += beside * (2.0 * self._weighted(current, self.i1, self.i2) + beside * self.resistance.sum(axis=0))
            heat += self.short * self.voltage**2
        inside = self._everywhere if beside is None else self._everywhere + beside
        self._inside, self.heat = inside, heat
        if self.kernel is not None:
            self.kernel.step(self, dt, inside, heat)
        else:
            self._step(dt, inside, heat)

    def _step(self, dt: float, inside: Array, heat: Array) -> None:
        """Charge and hysteresis for `inside` A in the cells; `heat` W, what resistances dissipate, is completed."""
        moved = inside * (dt / 3600.0)
        moved /= self.capacity
        moved += self.leak * dt
        self.soc -= moved
        kept = np.abs(moved)
        kept *= -self.kind.gamma
        np.exp(kept, out=kept)
        # h ← (h + side)·kept − side; its mean over the step is taken half way.
        middle = self.hysteresis.copy()
        self.hysteresis *= kept
        np.subtract(1.0, kept, out=kept)
        self.hysteresis -= np.copysign(kept, moved, out=kept)
        middle += self.hysteresis
        middle *= 0.5
        middle *= self.half_gap
        self.entropic = self.temperature + KELVIN
        self.entropic *= self.entropy
        middle += self.entropic
        middle *= inside
        heat -= middle
        heat += self.leak_heat

    def stored_energy(self) -> Array:
        """Energy of each cell in J: enthalpy of the charge, and both capacitors.

        Electrical work + bleed heat + cell heat + its change = 0.
        """
        return 3600.0 * self.capacity * self.curve.energy(self.soc) + self._in_capacitors()

    def work_left(self) -> Array:
        """Work in J that each cell can do at 25 °C from its charge and both capacitors.

        Electrical work + bleed heat + cell heat without its reversible part + its change = 0.
        """
        return 3600.0 * self.capacity * self.curve.work(self.soc) + self._in_capacitors()

    def _in_capacitors(self) -> Array:
        energy: Array = 0.5 * (self.kind.tau1 * self.r1 * self.i1**2 + self.kind.tau2 * self.r2 * self.i2**2)
        return energy


def _lag(time: float) -> tuple[float, float, float]:
    """What is left of a distance after `time` (in time constants), twice its mean until then, and its mean square."""
    kept = exp(-time)
    return kept, 2.0 * ((1.0 - kept) / time), (1.0 - kept * kept) / (2.0 * time)


def _follow(start: Array, towards: Array, kept: Array, twice: Array, square: Array) -> tuple[Array, Array]:
    """A first-order lag towards a constant, by what `_lag` says of it: where it ends, and its mean square."""
    away = start - towards
    return towards + away * kept, towards * towards + twice * towards * away + square * away * away
