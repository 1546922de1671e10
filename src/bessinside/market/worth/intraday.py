"""A second stage: what was sold day-ahead is bought back or added to at prices of the user's own, such as intraday.

The positions q₁(t) of the first stage stay paid at its prices p₁(t). Who delivers q₂(t) trades the difference:

    worth = Σ p₁·q₁·h + Σ p₂·(q₂ − q₁)·h − wear · Σ discharge(q₂)·h

Of this only q₂ is free, so that the second stage is a dispatch at p₂, and its bound less Σ p₂·q₁·h bounds what trading
adds. All of p₂ is known and no trade moves it: an upper bound once more. The order of the two auctions is real, so the
worths of both stages may be added; that of a battery which waits for the second alone may not.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from bessinside.market.basis.errors import MarketError
from bessinside.market.dispatch.battery import Battery, Floats
from bessinside.market.dispatch.check import replay
from bessinside.market.dispatch.model import Dispatch, solve, value
from bessinside.market.prices.provenance import Provenance, credits
from bessinside.market.prices.series import PriceSeries, iso


class Intraday(msgspec.Struct, frozen=True):
    """What the second stage adds to the feasible schedule of the first: [`eur`, `bound_eur`] brackets it, EUR.

    `total_eur`: both stages, feasible. `traded_mwh`: energy bought or sold once more. Slots last `slot_min` minutes.
    """

    eur: float
    bound_eur: float
    gap_eur: float
    total_eur: float
    traded_mwh: float
    slots: int
    slot_min: int
    seconds: float
    attribution: str
    provenance: list[Provenance]


def second_stage(first: Dispatch, prices: PriceSeries) -> tuple[Intraday, Dispatch]:
    """Trades the schedule of `first` again at `prices`, which must cover its slots without a gap.

    Slots of different length meet on the shorter ones. Raises MarketError where the prices have a gap or the first
    stage sold reserve, whose capacity the second would have to keep free.
    """
    if first.reserve_w:
        raise MarketError("a second stage beside reserve is not offered: its capacity must stay free; ask without FCR")
    step = round(first.slot_s * 1e9)
    inside = _inside(prices, int(first.starts_ns[0]), int(first.starts_ns[-1]) + step)
    fine = min(step, int(inside.length_ns.min()))
    slots = inside.split(fine)
    battery, sold = _finer(first, step // fine)
    found = solve(slots.price, slots.start_ns, fine / 1e9, battery, zone=prices.local)
    kept = value(slots.price, np.maximum(-sold, 0), np.maximum(sold, 0), fine / 1e9, battery.wear_eur_mwh)
    gain = found.feasible_eur - kept
    if gain < 0:  # inside the bracket's width: who finds nothing better delivers what was sold
        gain, found = 0.0, _delivered(found, sold)
    bound = max(found.bound_eur - kept, gain)
    traded = float(np.abs(found.power_w - sold).sum()) * fine / 3600e15
    told = Intraday(
        eur=gain,
        bound_eur=bound,
        gap_eur=bound - gain,
        total_eur=first.feasible_eur + gain,
        traded_mwh=traded,
        slots=slots.size,
        slot_min=round(fine / 60e9),
        seconds=found.seconds,
        attribution=credits(prices.provenance),
        provenance=list(prices.provenance),
    )
    return told, found


def _delivered(found: Dispatch, sold: Floats) -> Dispatch:
    """The dispatch with the powers that were sold, W, in place of its own."""
    charge, discharge = np.maximum(-sold, 0), np.maximum(sold, 0)
    walked = replay(found.battery, charge, discharge, found.starts_ns, found.slot_s)
    return replace(found, charge_w=charge, discharge_w=discharge, energy_wh=walked.energy_wh)


def _inside(prices: PriceSeries, start_ns: int, end_ns: int) -> PriceSeries:
    """The slots of [start, end) on one grid. Raises MarketError where one is missing."""
    found = prices.between(start_ns, end_ns)
    gaps = found.gaps(start_ns, end_ns)
    if len(gaps):
        begin, end = (iso(int(at)) for at in gaps[0])
        raise MarketError(
            f"the second stage has no price from {begin} to {end}: it must cover every slot of the first, "
            f"{iso(start_ns)} to {iso(end_ns)}; choose --from and --to inside its prices"
        )
    return found.on_grid()


def _finer(first: Dispatch, times: int) -> tuple[Battery, Floats]:
    """The battery and the powers of the first stage, W, on slots that are `times` shorter."""

    def spread(mask: Floats | None) -> Floats | None:
        return None if mask is None else np.repeat(mask, times)

    owned = first.battery
    battery = replace(
        owned,
        charge_available=spread(owned.charge_available),
        discharge_available=spread(owned.discharge_available),
        energy_available=spread(owned.energy_available),
    )
    return battery, np.repeat(first.power_w, times)
