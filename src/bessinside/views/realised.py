"""What was earned by the meter's counters at day-ahead prices, and what the maximum over the same slots was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.errors import BessError
from bessinside.market.dispatch.battery import Battery, battery
from bessinside.market.prices.series import PriceSeries
from bessinside.market.realised.maximum import maximum
from bessinside.market.realised.metered import Metered, metered
from bessinside.views.base import FactBase
from bessinside.views.evidence import price_origin
from bessinside.views.fact import Missing, Origin
from bessinside.views.found import Found, Lacking, first_of, gather, no_history, origins

YEAR_H = 8760
LEAST_H = 28 * 24  # counted: less says nothing of a year
SHORT = 0.9  # of the slots must be counted, else the figure is marked as partly


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Whole slots of the span with their price and what the meter counted; `known` bool[n]."""

    prices: PriceSeries
    meter: Metered
    origin: tuple[Origin, ...]

    @property
    def slot_h(self) -> float:
        return float(self.prices.hours[0])

    @property
    def eur(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """float64[n], NaN in slots that were not counted."""
        return np.asarray(self.prices.price * (self.meter.out_wh - self.meter.in_wh) / 1e6)


def slots(of: FactBase) -> Slots:
    """Slots of the span that are whole. Raises Lacking without history, prices or counters of a meter."""
    return of.once("slots", lambda: _slots(of))


def _slots(of: FactBase) -> Slots:
    evidence = of.evidence
    past, _, _, prices = gather(
        evidence.archive,
        lambda: evidence.carried("meter.energy_export"),
        lambda: evidence.carried("meter.energy_import"),
        evidence.prices,
    )
    grid = prices.on_grid()
    whole = (grid.start_ns >= evidence.start_ns) & (grid.start_ns + grid.length_ns <= evidence.end_ns)
    if not whole.any():
        minutes = int(grid.length_ns[0]) // 60_000_000_000
        raise Lacking(no_history(f"the span holds no whole slot of {minutes} min"))
    inside = grid.take(whole)
    try:
        found = metered(past, int(inside.start_ns[0]), inside.end_ns, int(inside.length_ns[0]))
    except BessError as error:
        raise Lacking(no_history(str(error))) from error
    if not found.known.any():
        raise Lacking(no_history("the meter's counters are known at the edges of no slot of this span"))
    counters = tuple(
        Origin("counter", one.figure, float(np.nansum(one.wh)), "Wh", "good", f"/api/figures/{one.figure}/passport",
               f"{one.left_out} of {one.sweeps} readings left out")
        for one in found.counters
    )  # fmt: skip
    span = f"{int(found.known.sum())} of {len(found.known)} slots counted, {len(found.gaps)} gaps"
    listed = Origin("slots", "metered slots", float(found.known.sum()), "1", "good", "/api/market/realised", span)
    return Slots(inside, found, (*counters, price_origin(inside), listed))


def earned(of: FactBase) -> Found:
    """EUR of all counted slots."""
    found = slots(of)
    share = float(found.meter.known.mean())
    note = f"{100 * share:.1f} % of the slots are counted; the others are left out"
    mark = "partly" if share < SHORT else ""
    return Found(float(np.nansum(found.eur)), found.origin, note=note, quality=mark, spanned=True)


def a_year(of: FactBase) -> Found:
    """EUR for each MW of the nameplate, brought to 8,760 hours of counted time."""
    (eur, one), (power, two) = gather(lambda: of.value("realised.eur"), of.evidence.rated_power)
    found = slots(of)
    hours = float(found.meter.known.sum()) * found.slot_h
    note = f"from {hours:,.1f} counted hours" + ("; so short a span says nothing of a year" if hours < LEAST_H else "")
    mark = "partly" if hours < LEAST_H else ""
    return Found(eur / (power / 1e6) * YEAR_H / hours, (one, two), note=note, quality=mark, spanned=True)


def per_mwh(of: FactBase) -> Found:
    """EUR for each MWh out of the battery."""
    (eur, one), (energy, two) = gather(lambda: of.value("realised.eur"), lambda: of.value("throughput.battery"))
    if energy < 1e3:
        raise Lacking(no_history("less than a kWh was discharged in this span"))
    return Found(eur / (energy / 1e6), (one, two), spanned=True)


def per_cycle(of: FactBase) -> Found:
    """EUR for each equivalent full cycle."""
    (eur, one), (cycles, two) = gather(lambda: of.value("realised.eur"), lambda: of.value("cycles.equivalent"))
    if cycles < 1e-3:
        raise Lacking(no_history("less than a thousandth of a full cycle was discharged in this span"))
    return Found(eur / cycles, (one, two), spanned=True)


def as_bought(of: FactBase) -> tuple[Battery, tuple[Origin, ...]]:
    """The battery of the nameplate, with the round trip that is promised, stated, or measured, and its cycle cap."""
    (power, one), (energy, two) = gather(of.evidence.rated_power, of.evidence.rated_energy)
    share, three = round_trip(of)
    cap, four = cycle_cap(of)
    return battery(power, energy, share, cycles_day=cap), origins((one, two), three, four)


def round_trip(of: FactBase) -> tuple[float, tuple[Origin, ...]]:
    """Promised by the warranty, stated by the owner, or measured; a share."""
    number = of.evidence.number
    value, origin = first_of(
        lambda: number("warranty.round_trip_percent", "the round trip that is promised"),
        lambda: number("economics.round_trip_percent", "the round-trip efficiency"),
        lambda: of.value("efficiency.rte_pcs"),
        lambda: of.value("efficiency.rte_lifetime"),
    )
    return value / 100, (origin,)


def cycle_cap(of: FactBase) -> tuple[float | None, tuple[Origin, ...]]:
    """Most cycles in a day as the warranty or the owner has it, None where nobody says."""
    try:
        value, origin = first_of(
            lambda: of.evidence.number("warranty.cycles_day", "the cycles a day that the warranty allows"),
            lambda: of.evidence.number("economics.cycles_day", "the cycles a day"),
        )
    except Lacking:
        return None, ()
    return value, (origin,)


def bound(of: FactBase) -> Found:
    """EUR of the maximum with perfect foresight over the counted slots: upper bound, not a forecast."""
    found = slots(of)
    made, origin = as_bought(of)
    proof = maximum(
        of.evidence.archive(), found.prices.price, found.prices.start_ns, found.slot_h * 3600, found.prices.local,
        found.meter.known, made,
    )  # fmt: skip
    note = f"upper bound, not a forecast; duality gap {proof.gap_eur:.1e} EUR"
    held = of.evidence.spanned(proof.figures, "%", "at the first slot")
    return Found(proof.eur, origins(found.origin, origin, held), note=note, spanned=True)


def capture(of: FactBase) -> Found:
    """Realised over the maximum, %."""
    (eur, one), (most, two) = gather(lambda: of.value("realised.eur"), lambda: of.value("bound.eur"))
    if most <= 0:
        raise Lacking(Missing("history", "bound.eur", "nothing could have been earned in this span", "a longer span"))
    return Found(100 * eur / most, (one, two), spanned=True)


def lost(of: FactBase) -> Found:
    """Maximum less realised, EUR."""
    (eur, one), (most, two) = gather(lambda: of.value("realised.eur"), lambda: of.value("bound.eur"))
    return Found(most - eur, (one, two), spanned=True)
