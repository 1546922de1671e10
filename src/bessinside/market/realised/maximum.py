"""The most that a plant could have earned in the slots that its meter counted: the one maximum that stands beside what
it realised, on top of the waterfall and in every view.

One set of assumptions. The battery is the one that was bought: power, energy, losses and caps as its owner states them.
Only counted slots are compared. Each stretch of them begins with the energy that registers say was in the cells, which
nobody chose, and ends with whatever pays best: what a battery did between two stretches is not known, so that no
schedule reaches over a gap. A day that a gap divides has its cap in both parts. All this only raises the figure, which
is an upper bound, not a forecast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.past.past import Past
from bessinside.market.dispatch.battery import Battery, Floats
from bessinside.market.dispatch.model import Model
from bessinside.market.realised.metered import Times, runs
from bessinside.market.realised.registers import held


@dataclass(frozen=True, slots=True)
class Maximum:
    """`eur` of all stretches together and `gap_eur`, the sum of their duality gaps without sign; `stretches` [first,
    last) slots of each; `figures`: the registers that say what each began with."""

    eur: float
    gap_eur: float
    stretches: tuple[tuple[int, int], ...]
    figures: tuple[str, ...]


def begun(battery: Battery, held_wh: float | None) -> Battery:
    """The battery at the begin of a stretch, with what it held put inside of its window, the lower end where that is
    not known; its end is free."""
    start = battery.floor_wh if held_wh is None else float(np.clip(held_wh, battery.floor_wh, battery.ceiling_wh))
    return replace(battery, start_wh=start, end_wh=None)


def maximum(
    past: Past | None,
    prices: Floats,
    starts_ns: Times,
    slot_s: float,
    zone: str,
    known: NDArray[np.bool_],
    owned: Battery,
) -> Maximum:
    """Over the slots that are `known`, bool[n]. `prices` float64[n] EUR/MWh, `starts_ns` int64[n]; without a past every
    stretch begins at the lower end of the window. Raises NothingRecorded, BatteryError."""
    eur = gap = 0.0
    stretches = tuple(runs(known))
    figures: dict[str, None] = {}
    for first, last in stretches:
        inside = slice(first, last)
        found = None if past is None else held(past, int(starts_ns[first]), round(slot_s * 1e9), owned.energy_wh)
        figures |= dict.fromkeys(() if found is None else found.figures)
        battery = begun(owned, None if found is None else found.wh)
        bound = Model(prices[inside], starts_ns[inside], slot_s, battery, zone=zone).bound()
        eur += bound.eur
        gap += abs(bound.certificate.duality_gap_eur)
    return Maximum(eur, gap, stretches, tuple(figures))
