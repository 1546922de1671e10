"""Ageing: how much capacity a plant has lost after N years, and how much its resistance has risen.

Stress, from Naumann's long study of an LFP/graphite cell (J. Energy Storage 17 (2018) 153–169 and J. Power Sources 451
(2020) 227666; coefficients as SimSES has them), loss of capacity after t:

    calendar  1.2571e-5·exp(−17126/R·(1/T − 1/298.15))·(2.8575·(s − 0.5)³ + 0.60225)·√(t in s)
    cycles    0.01·(0.0630·C + 0.0971)·(4.0253·(D − 0.6)³ + 1.0923)·√(full cycles)

s state of charge, D depth of a cycle, C rate in 1/h. Both go with √t, so that two uses age alike in times whose ratio
is the squared ratio of their losses. That gives the years at the reference use (25 °C, half full, 90 % deep, 0.5 C,
once a day) which a use is worth; for these the loss follows what a vendor warrants for a 314 Ah container:

    loss = 0.0424·(equivalent years)^0.676           fit of the vendor's curve at 0.5P once a day, 0.33 points off

Resistance rises with the same study's law, not scaled (the vendor states none):

    calendar  3.4194e-10·exp(−71827/R·(1/T − 1/298.15))·(−3.3903·(s − 0.5)² + 1.5604)·(t in s)
    cycles    0.01·(−0.0020·C + 0.0021)·(6.8477·(D − 0.5)³ + 0.9182)·(full cycles)

Cells age apart: each cell's loss differs from the mean by 8 %, its rise by 15 % (standard deviations). Assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

from bessinside.emulator.basis.table import Array

GAS = 8.314462618  # J/(mol·K)
YEAR_S = 365.25 * 86400.0
LAW, EXPONENT = 0.0424, 0.676
LOSS_SPREAD, RISE_SPREAD = 0.08, 0.15


@dataclass(frozen=True, slots=True)
class Stress:
    """How a plant is used: mean cell `temperature` °C, mean `soc` and `depth` of a cycle as shares, `rate` in 1/h."""

    temperature: float = 25.0
    soc: float = 0.5
    depth: float = 0.9
    rate: float = 0.5
    cycles_per_day: float = 1.0  # cycles of this depth

    @property
    def full_cycles(self) -> float:
        """Equivalent full cycles a year."""
        return 365.25 * self.cycles_per_day * self.depth

    def _arrhenius(self, activation: float) -> float:
        return exp(-activation / GAS * (1.0 / (self.temperature + 273.15) - 1.0 / 298.15))

    def first_year(self) -> float:
        """Naumann's loss of capacity in the first year, as a share."""
        calendar = 1.2571e-5 * self._arrhenius(17126.0) * (2.8575 * (self.soc - 0.5) ** 3 + 0.60225) * sqrt(YEAR_S)
        shape = (0.0630 * self.rate + 0.0971) * (4.0253 * (self.depth - 0.6) ** 3 + 1.0923)
        return calendar + 0.01 * shape * sqrt(self.full_cycles)

    def yearly_rise(self) -> float:
        """Rise of the resistance in a year, as a share."""
        calendar = 3.4194e-10 * self._arrhenius(71827.0) * (-3.3903 * (self.soc - 0.5) ** 2 + 1.5604) * YEAR_S
        shape = (-0.0020 * self.rate + 0.0021) * (6.8477 * (self.depth - 0.5) ** 3 + 0.9182)
        return calendar + 0.01 * shape * self.full_cycles


REFERENCE = Stress()


def health(years: float, stress: Stress = REFERENCE) -> float:
    """Remaining capacity as a share of the new cell's after `years` of `stress`."""
    worth = years * (stress.first_year() / REFERENCE.first_year()) ** 2
    return max(1.0 - LAW * float(worth**EXPONENT), 0.0)


def mean_health(years: float, stress: Stress = REFERENCE) -> float:
    """Its mean from new to `years`: what the charge moved until then is counted with."""
    return 1.0 - (1.0 - health(years, stress)) / (1.0 + EXPONENT)


def resistance_rise(years: float, stress: Stress = REFERENCE) -> float:
    """By how much the resistance has risen after `years` of `stress`, as a share."""
    return years * stress.yearly_rise()


def apart(
    health: float, resistance_rise: float, shape: tuple[int, int], chance: np.random.Generator
) -> tuple[Array, Array]:
    """(share of its capacity, factor of its resistance) of each cell around both means.

    The same draws at any age, so the weak cells of year 2 are those of year 10.
    """
    weakness, roughness = (np.clip(chance.standard_normal(shape), -4.0, 4.0) for _ in range(2))
    kept = 1.0 - (1.0 - health) * (1.0 + LOSS_SPREAD * weakness)
    return kept, 1.0 + resistance_rise * (1.0 + RISE_SPREAD * roughness)
