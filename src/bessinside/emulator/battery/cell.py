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
a self-discharge of 2 % a month is 8e-9 a second, below what float32 resolves near 0.5.

R(T) follows in steps: every ten seconds somebody asks whether a cell has warmed or cooled by 0.03 K since. So no
resistance is off by more than a third of a percent while nothing warms faster than a quarter of a kelvin a minute, as
cells do whose pump stopped. The heat of the leak follows with it, after ten minutes at the latest.

Form and parameters: fit of measured LFP cells on drive cycles (4 mV RMSE), scaled to 314 Ah; R0 + R1 + R2 = 0.50 mΩ
reproduces the 94 % round-trip efficiency at 0.5P of public specifications. R, γ and B from the same fits. The short
lies between the terminals, as in the circuits of the literature on internal shorts.
"""

from __future__ import annotations

from math import exp
from typing import Protocol

import numpy as np

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.basis.table import Array
from bessinside.emulator.battery import ageing
from bessinside.emulator.battery.ocv import ROWS, STANDARD, Look, OpenCircuit

KELVIN = 273.15
SLOW = 10.0  # s after which somebody asks whether any temperature has moved
MOVED = 0.05  # K of any cell after which the resistances are computed anew: 0.1 mV at full current
STALE = 600.0  # s after which they are in any case


class Loops(Protocol):
    """What may take the place of NumPy's passes over all cells (`compiled.py`)."""

    def turn(self, cells: Cells, moved: Array) -> None:
        """Charge, hysteresis and `turned` for `moved` shares of their charge taken from the cells."""

    def refresh(self, cells: Cells) -> None:
        """What `look` holds, `entropic` and `source` of the present state."""


class Cells:
    """State of all cells, arrays of shape (racks, cells of a rack); temperatures in °C.

    `capacity` Ah, `resistance_factor`, `leak` 1/s and `short` S (conductance of an internal short, 0: none) of each
    cell may be changed in place at any time; of the first two `stale` must then be set. All arrays are written anew by
    each step: who wants to keep one copies it.
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
        self._own_arrays(shape)
        spread = 1.0 + kind.capacity_spread * chance.standard_normal(shape)
        resistance = 1.0 + kind.resistance_spread * chance.standard_normal(shape)
        self.leak[:] = kind.leak * np.clip(1.0 + kind.leak_spread * chance.standard_normal(shape), 0.1, None)
        self.soc = soc + kind.soc_spread * chance.standard_normal(shape)
        kept, risen = ageing.apart(health, resistance_rise, shape, chance)
        self.capacity = kind.capacity * spread * kept
        self.resistance_factor = resistance * risen
        self.short = np.zeros(shape)
        self.temperature = temperature
        self.hysteresis = np.zeros(shape)
        self._amps = np.zeros((shape[0], 4))  # of each rack: 1, A through it, A of both its pairs
        self._amps[:, 0] = 1.0
        self.i1, self.i2 = self._amps[:, 2], self._amps[:, 3]
        self._span = 0.0  # s of a step, for which constants are at hand
        self._bled: Array | None = None  # A that bleed resistors draw
        self.bleed_heat = 0.0  # W of all bleed resistors, on their boards
        self._shorted = False
        self._slope = np.array([kind.b0, kind.b1, kind.b2])[:, None, None]
        self.look.up(self.soc)
        self.refresh(anew=True)
        self.set_current(np.zeros(shape[0]))

    def _own_arrays(self, shape: tuple[int, int]) -> None:
        """What is written anew by each step. Passes over arrays that stay where they are cost half."""
        racks, cells = shape
        self.look = Look(self.curve, shape)
        # Each side by side, so that one product with a few weights of each rack sums them: leak and 1/(3600·Q), both of
        # a second; and what heat is made of, the resistances first.
        self._rates, self._parts = np.empty((2, *shape)), np.zeros((6, *shape))
        self.leak = self._rates[0]
        self.resistance = self._parts[:3]
        self.r0, self.r1, self.r2 = self.resistance
        self.turned, self.entropic, self.leak_heat = self._parts[3:]  # V·2 h·M of the mean, V T·dU/dT, W
        self._by_rack = tuple(part.transpose(1, 0, 2) for part in (self._rates, self._parts, self.resistance))
        self._weights = np.zeros((racks, 1, 6))
        self._sums = np.zeros((3, racks, 1, cells))
        self._moved, self.heat, self._drop = self._sums[:, :, 0]  # share of the charge; W, mean of the last step; V
        self.source = np.zeros(shape)  # V behind R0 and both pairs
        self.voltage = np.zeros(shape)
        self._kept, self._other = np.zeros(shape), np.zeros(shape)
        self._began = np.zeros(shape)  # V, `entropic` when the last step began
        self._seen: Array = np.ones(shape)  # share of the source that a short leaves at the terminals
        self._inside: Array = np.zeros((racks, 1))  # A in the cells, mean of the last step
        self._computed_at = np.full(shape, np.nan)  # °C for which the resistances hold
        self._waited = self._aged = 0.0  # s since somebody asked for the temperature, since they were computed
        self.stale = True  # whether they must be computed anew

    @property
    def u1(self) -> Array:
        """V of the first RC pair of each cell."""
        voltage: Array = self.r1 * self.i1[:, None]
        return voltage

    @property
    def u2(self) -> Array:
        """V of the second RC pair of each cell."""
        voltage: Array = self.r2 * self.i2[:, None]
        return voltage

    @property
    def reversible_heat(self) -> Array:
        """W of each cell, mean of the last step: the part of `heat` that goes back as the current does, −i·T·dU/dT."""
        heat: Array = -self._inside * self._began
        return heat

    @property
    def emf(self) -> Array:
        """V of each cell without current, behind `inner`."""
        voltage: Array = self.source - self.u1 - self.u2
        return voltage * self._seen if self._shorted else voltage

    def refresh(self, *, anew: bool = False) -> None:
        """Recomputes what follows from the state: `source` V and `r0`, `r1`, `r2` Ω of each cell.

        `inner` Ω is the resistance that the terminals show: `r0`, less where a short lies beside it. `anew`: the
        resistances too, however little happened since.
        """
        if self._waited >= SLOW or anew or self.stale:
            self._waited = 0.0
            self.stale |= anew
            if self.stale or self._aged >= STALE or self._warmed():
                self._resist()
        if self.kernel is not None:
            self.kernel.refresh(self)
        else:
            self._refresh()
        if self._bled is not None:
            self.source -= self._bled * self._total
        self.inner = self.r0
        if self._shorted:
            # V = U − I·R0 − I1·R1 − I2·R2 − G·V·(R0 + R1 + R2), solved for V
            self._seen = 1.0 / (1.0 + self.short * self._total)
            self.inner = self.r0 * self._seen

    def _refresh(self) -> None:
        look, source, entropic, other = self.look, self.source, self.entropic, self._other
        look.up(self.soc)
        np.add(self.temperature, KELVIN, out=entropic)
        entropic *= look.entropy
        np.add(look.enthalpy, entropic, out=source)
        source += np.multiply(self.hysteresis, look.half_gap, out=other)

    def _warmed(self) -> bool:
        """Whether the temperature of any cell has left what the resistances were computed for."""
        moved = np.subtract(self.temperature, self._computed_at, out=self._other).ravel()
        # Written so that a NaN has moved.
        return not (moved[moved.argmax()] <= MOVED and moved[moved.argmin()] >= -MOVED)

    def _resist(self) -> None:
        self._aged = 0.0
        if self.stale:
            self.stale = False
            kind = self.kind
            self._at_standard = np.multiply.outer([kind.r0, kind.r1, kind.r2], self.resistance_factor)
            np.divide(1.0 / 3600.0, self.capacity, out=self._rates[1])
        np.copyto(self._computed_at, self.temperature)
        inverse = np.add(self.temperature, KELVIN, out=self._other)
        np.divide(1.0, inverse, out=inverse)
        inverse -= 1.0 / STANDARD
        resistance = self.resistance
        np.multiply(self._slope, inverse, out=resistance)
        np.exp(resistance, out=resistance)
        resistance *= self._at_standard
        self._total = resistance.sum(axis=0)
        self._inner_sum, *self._pair_sums = np.add.reduce(resistance, axis=2)
        # No work is done: what leaks gives its whole enthalpy as heat.
        np.multiply(self.leak, self.capacity, out=self.leak_heat)
        self.leak_heat *= 3600.0
        self.leak_heat *= self.look.enthalpy

    def sources(self) -> tuple[Array, Array]:
        """(V, Ω) of each rack without its joints: the sums over its cells."""
        if self._shorted:
            return np.add.reduce(self.emf, axis=1), np.add.reduce(self.inner, axis=1)
        voltage = np.add.reduce(self.source, axis=1)
        voltage -= self.i1 * self._pair_sums[0]
        voltage -= self.i2 * self._pair_sums[1]
        return voltage, self._inner_sum

    def stiffness(self) -> Array:
        """V/(A·s) by which the source of each rack falls with the charge taken: Σ dU/dSoC / (3600·Q)."""
        with np.errstate(invalid="ignore"):  # a NaN becomes some integer, as in a look-up
            row = np.clip(self.soc * ROWS, 0.0, ROWS).astype(np.intp)
        fall: Array = np.add.reduce(self.curve.columns[1].take(row, mode="clip") * self._rates[1], axis=1)
        fall *= ROWS
        return fall

    def set_current(self, current: Array) -> None:
        """Terminal voltages for `current` (A, one value per rack) on the present state."""
        self.current = current
        self._amps[:, 1] = current
        np.matmul(self._amps[:, None, 1:], self._by_rack[2], out=self._sums[2])
        np.subtract(self.source, self._drop, out=self.voltage)
        if self._shorted:
            self.voltage *= self._seen

    def step(self, dt: float, bleeding: Array | None = None) -> None:
        """Advances charge, hysteresis and polarisation by `dt` s with the current last set.

        `bleeding` is 1 where a bleed resistor is on, shape as the cells; None: no one is.

        `temperature` is left to the cold plates, `refresh` to the caller once it is known.
        """
        self._waited += dt
        self._aged += dt
        beside = self._beside(bleeding)
        np.copyto(self._began, self.entropic)
        moved = self._moved
        np.matmul(self._amps[:, None, :2] * dt, self._by_rack[0], out=self._sums[0])
        if beside is not None:
            moved += beside * self._rates[1] * dt
        if self.kernel is not None:
            self.kernel.turn(self, moved)
        else:
            self._turn(moved)
        self._weigh(dt)
        np.matmul(self._weights, self._by_rack[1], out=self._sums[1])
        self._inside = self.current[:, None]
        if beside is not None:
            self._heat_beside(beside)

    def _beside(self, bleeding: Array | None) -> Array | None:
        """A in each cell besides the current of its rack; None where there is none."""
        self._bled = None if bleeding is None or not bleeding.any() else bleeding * self.kind.bleed
        self.bleed_heat = 0.0 if self._bled is None else float(np.vdot(self._bled, self.voltage))
        self._shorted = bool(np.vdot(self.short, self.short))  # the fastest way to ask for any
        if not self._shorted:
            return self._bled
        short = self.short * self.voltage
        return short if self._bled is None else self._bled + short

    def _weigh(self, dt: float) -> None:
        """Sets how much each part of the heat counts, and steps the currents of both pairs.

        Both follow from the currents before alone: the weights from their products, the currents from themselves.
        """
        if dt != self._span:
            self._span = dt
            self._squares, self._follow = _constants(dt, self.kind)
        amps = self._amps
        products = (amps[:, :, None] * amps[:, None]).reshape(len(amps), -1)
        np.matmul(products, self._squares, out=self._weights[:, 0])
        amps[:, 2:] = np.matmul(amps[:, 1:], self._follow)

    def _turn(self, moved: Array) -> None:
        """Charge and hysteresis, `moved` shares of the charge taken; h ← (h + side)·kept − side."""
        self.soc -= moved
        kept, turned, hysteresis = self._kept, self.turned, self.hysteresis
        np.abs(moved, out=kept)
        kept *= -self.kind.gamma
        np.exp(kept, out=kept)
        # Its mean over the step is taken half way.
        np.copyto(turned, hysteresis)
        hysteresis *= kept
        np.subtract(1.0, kept, out=kept)
        hysteresis -= np.copysign(kept, moved, out=kept)
        turned += hysteresis
        turned *= self.look.half_gap

    def _heat_beside(self, beside: Array) -> None:
        """Completes the heat and the current of cells through which more flows than through their rack."""
        self._inside = self._inside + beside
        # (i + d)² − i² = d·(2i + d) in each of the three resistances; the short itself.
        more = self._total * beside
        more += 2.0 * self._drop
        more -= 0.5 * self.turned
        more -= self._began
        more *= beside
        self.heat += more
        if self._shorted:
            self.heat += self.short * self.voltage**2

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
        first, second = self.kind.tau1 * self.i1[:, None] ** 2, self.kind.tau2 * self.i2[:, None] ** 2
        energy: Array = 0.5 * (self.r1 * first + self.r2 * second)
        return energy


def _constants(dt: float, kind: CellType) -> tuple[Array, Array]:
    """For amps (1, I, i1, i2): what their products count in each part of the heat (16, 6), and (I, i1, i2) in i1, i2.

    A lag towards a constant goes as i = I + (i0 − I)·k, k = e^(−dt/τ). Its mean square over the step is
    I² + t·I·(i0 − I) + s·(i0 − I)² with t = 2·(1 − k)·τ/dt and s = (1 − k²)·τ/(2·dt).
    """
    squares, follow = np.zeros((4, 4, 6)), np.zeros((3, 2))
    squares[1, 1, 0] = 1.0
    for pair, tau in enumerate((kind.tau1, kind.tau2)):
        kept, steps = exp(-dt / tau), dt / tau
        twice, square = 2.0 * (1.0 - kept) / steps, (1.0 - kept * kept) / (2.0 * steps)
        own = 2 + pair
        squares[1, 1, 1 + pair] = 1.0 - twice + square
        squares[1, own, 1 + pair] = twice - 2.0 * square
        squares[own, own, 1 + pair] = square
        follow[0, pair], follow[1 + pair, pair] = 1.0 - kept, kept
    # Hysteresis and entropy take from the heat as the current goes, and what leaks always gives its own.
    squares[0, 1, 3], squares[0, 1, 4], squares[0, 0, 5] = -0.5, -1.0, 1.0
    return squares.reshape(16, 6), follow
