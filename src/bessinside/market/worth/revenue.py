"""What a battery could have earned at published prices: the bracket, the ladder of simple schedules, months and years.

The figure is an upper bound, not a forecast: it knows every price before it trades, and trades without moving one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.days import local_blocks
from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import DAY_NS, local_slots
from bessinside.market.dispatch.battery import Floats
from bessinside.market.dispatch.certificate import Certificate
from bessinside.market.dispatch.model import Bound, Dispatch, Model
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.dispatch.reserve import Reserve, afrr, fcr
from bessinside.market.plans.baselines import looking_back, own_schedule, timer
from bessinside.market.plans.plan import Plan, rolling
from bessinside.market.prices.provenance import Provenance, credits
from bessinside.market.prices.reserve_prices import BlockPrices
from bessinside.market.prices.series import PriceSeries, iso
from bessinside.market.worth.intraday import Intraday
from bessinside.market.worth.question import Question, fits, grid

CAVEAT = "Upper bound, not a forecast"
YEAR_H = 8760
LONGEST_BACK = 28  # days that the longest-remembering baseline looks back
PRODUCTS: dict[str, Callable[[Floats], Reserve]] = {
    "FCR": fcr,
    "aFRR+": partial(afrr, up=True),
    "aFRR-": partial(afrr, up=False),
}
BACK = {"last_week": range(7, 8), "yesterday": range(1, 2), "mean_28_days": range(1, LONGEST_BACK + 1)}


class Rung(msgspec.Struct, frozen=True):
    """One schedule of the ladder. `eur`: what it earns; `share`: of what is feasible with perfect foresight, None where
    that is not above zero; `days`: local days on which it knew enough to trade, of `of_days`.
    """

    key: str
    eur: float
    share: float | None
    days: int
    of_days: int


class Period(msgspec.Struct, frozen=True):
    """A local month or year of the feasible schedule. `hours` that the prices cover; `whole`: all of the period."""

    name: str
    eur: float
    eur_mw: float
    hours: float
    whole: bool
    cycles: float


class Proof(msgspec.Struct, frozen=True):
    """The certificate of the bound, recomputed apart from the solver: see `Certificate`."""

    primal_eur: float
    dual_eur: float
    duality_gap_eur: float
    primal_infeasibility: float
    dual_infeasibility: float


class Revenue(msgspec.Struct, frozen=True):
    """The answer. Money is EUR for the battery asked about over the time from `start` to `end` (UTC), which is the
    local days `first_day` to `last_day`.

    [`feasible_eur`, `bound_eur`] brackets the maximum with perfect foresight; `gap_eur` is their difference. `eur_mw`:
    bound per MW; `eur_mw_year`: the same brought to 8,760 hours. `reserve_eur`: the part that capacity earns.
    `cycles`: discharged energy over `energy_wh`. `seconds`, `bound_seconds`: time to solve. `intraday`: what a
    second stage adds, None without one.
    """

    question: Question
    start: str
    end: str
    first_day: str
    last_day: str
    slots: int
    slot_min: int
    days: int
    bound_eur: float
    feasible_eur: float
    gap_eur: float
    eur_mw: float
    eur_mw_year: float
    reserve_eur: float
    cycles: float
    charged_mwh: float
    discharged_mwh: float
    seconds: float
    bound_seconds: float
    proof: Proof
    ladder: list[Rung]
    months: list[Period]
    years: list[Period]
    caveat: str
    attribution: str
    provenance: list[Provenance]
    intraday: Intraday | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """A solved question: its answer, the slots and the schedule."""

    revenue: Revenue
    prices: PriceSeries
    dispatch: Dispatch


@dataclass(slots=True)
class Desk:
    """Answers one question after another about the same prices from a warm solver. Not for two threads at once.

    `prices` are the slots to trade, `before` those just before them as far as known, `asked` what the solver holds now,
    `capacity` prices of reserves that are sold beside: FCR, or aFRR+ and aFRR-.
    """

    prices: PriceSeries
    model: Model
    before: Floats
    asked: Question
    capacity: Sequence[BlockPrices] = ()

    @classmethod
    def open(
        cls, known: PriceSeries, question: Question, start_ns: int, end_ns: int, capacity: Sequence[BlockPrices] = ()
    ) -> Desk:
        """Over the slots of `known` in [start, end). Raises MarketError where they have a gap or end before."""
        inside = known.between(start_ns, end_ns)
        slots = grid(inside, question)
        _covers(slots, start_ns, end_ns)
        earlier = known.between(start_ns - (LONGEST_BACK + 1) * DAY_NS, start_ns)
        reserves = [_reserve(one, slots) for one in capacity]
        slot_s = float(slots.length_ns[0]) / 1e9
        owned = question.battery(slots.start_ns, int(slots.length_ns[0]))
        model = Model(slots.price, slots.start_ns, slot_s, owned, zone=slots.local, reserves=reserves)
        return cls(slots, model, _past(earlier, slots), question, capacity)

    def bound(self, question: Question) -> Bound:
        """The maximum alone: a fraction of the time of the whole answer."""
        self._take(question)
        return self.model.bound()

    def answer(
        self,
        question: Question,
        step: Callable[[str], None] = lambda _: None,
        *,
        own_w: Floats | None = None,
        days_ahead: int = 0,
    ) -> Worth:
        """The whole answer; `step` is told what is done next and may end the work by raising.

        `own_w` float64[n], W positive out of the battery, is a schedule to stand in the ladder; `days_ahead`, where
        above zero, adds the schedule of somebody who knows the prices of so many local days, today included. Raises
        BatteryError where nothing is feasible.
        """
        self._take(question)
        step("bound")
        self.model.bound()
        step("schedule")
        found = self.model.dispatch()
        step("ladder")
        calendar = self.model.calendar
        plans = [timer(found.prices, found.battery, calendar)]
        for name, back in BACK.items():
            step(name)
            before = self.before if self.before.size else None
            plans.append(looking_back(name, found.prices, found.battery, calendar, back, before))
        if days_ahead:
            step("known_prices")
            plans.append(rolling("known_prices", found.battery, found.prices, found.prices, calendar, days_ahead))
        if own_w is not None:
            plans.append(own_schedule("own", own_w, found.prices, found.battery, calendar))
        revenue = _revenue(question, self.prices, found, plans, calendar, self.capacity, self.model.reserves)
        return Worth(revenue, self.prices, found)

    def _take(self, question: Question) -> None:
        if question != self.asked:
            fits(self.prices.size, question)
            self.model.change(battery=question.battery(self.prices.start_ns, int(self.prices.length_ns[0])))
            self.asked = question


def _covers(slots: PriceSeries, start_ns: int, end_ns: int) -> None:
    first, last = int(slots.start_ns[0]), slots.end_ns
    if first > start_ns or last < end_ns:
        raise MarketError(
            f"the prices reach from {iso(first)} to {iso(last)}, not from {iso(start_ns)} to {iso(end_ns)}; "
            "choose --from and --to inside, or fetch the rest: bessinside prices fetch"
        )


def _past(earlier: PriceSeries, slots: PriceSeries) -> Floats:
    """Prices that join the first slot without a gap, on the same grid; whole local days, as many as there are."""
    length = int(slots.length_ns[0])
    if not earlier.size:
        return np.zeros(0)
    on = earlier.hourly() if int(earlier.length_ns.min()) < length else earlier.split(length)
    joins = np.flatnonzero(np.diff(np.append(on.start_ns, slots.start_ns[0])) != length)
    kept = on.take(slice(int(joins[-1]) + 1 if joins.size else 0, None))
    days = local_slots(kept.start_ns, kept.local)
    first = next((int(at) for at in days.first if days.minute[at] == 0), kept.size)
    return kept.price[first:]


def _reserve(capacity: BlockPrices, slots: PriceSeries) -> Reserve:
    _, starts = local_blocks(slots.start_ns, slots.local)
    at = np.searchsorted(capacity.start_ns, starts)
    found = at < len(capacity.start_ns)
    found[found] = capacity.start_ns[at[found]] == starts[found]
    if not found.all():
        raise MarketError(f"no {capacity.product} price for the block that begins {iso(int(starts[~found][0]))}")
    return PRODUCTS[capacity.product](capacity.price[at])


def _revenue(
    question: Question,
    prices: PriceSeries,
    found: Dispatch,
    plans: list[Plan],
    calendar: Calendar,
    capacity: Sequence[BlockPrices],
    reserves: Sequence[Reserve],
) -> Revenue:
    hours = found.slot_s / 3600
    power_mw = question.power_w / 1e6
    paid = found.slot_eur - found.battery.wear_eur_mwh * found.discharge_w * hours / 1e6
    held = _capacity_eur(found, prices, reserves)
    provenance = prices.provenance + tuple(source for one in capacity for source in one.provenance)
    days = local_slots(prices.start_ns, prices.local)
    return Revenue(
        question=question,
        start=iso(int(prices.start_ns[0])),
        end=iso(prices.end_ns),
        first_day=str(days.days[0]),
        last_day=str(days.days[-1]),
        slots=prices.size,
        slot_min=round(found.slot_s / 60),
        days=len(days.days),
        bound_eur=found.bound_eur,
        feasible_eur=found.feasible_eur,
        gap_eur=found.gap_eur,
        eur_mw=found.bound_eur / power_mw,
        eur_mw_year=found.bound_eur / power_mw * YEAR_H / (prices.size * hours),
        reserve_eur=float(held.sum()),
        cycles=found.cycles,
        charged_mwh=float(found.charge_w.sum()) * hours / 1e6,
        discharged_mwh=float(found.discharge_w.sum()) * hours / 1e6,
        seconds=found.seconds,
        bound_seconds=found.bound_seconds,
        proof=_proof(found.certificate),
        ladder=[_rung(plan, found, calendar) for plan in plans],
        months=_periods(prices, paid + held, found, power_mw, "M"),
        years=_periods(prices, paid + held, found, power_mw, "Y"),
        caveat=CAVEAT,
        attribution=credits(provenance),
        provenance=_grouped(provenance),
    )


def _proof(certificate: Certificate) -> Proof:
    return Proof(**{name: getattr(certificate, name) for name in Proof.__struct_fields__})


def _rung(plan: Plan, found: Dispatch, calendar: Calendar) -> Rung:
    days = int(calendar.day[-1]) + 1
    active = len(np.unique(calendar.day[(plan.charge_w > 1.0) | (plan.discharge_w > 1.0)]))
    share = plan.eur / found.feasible_eur if found.feasible_eur > 0 else None
    return Rung(plan.name, plan.eur, share, active, days)


def _capacity_eur(found: Dispatch, prices: PriceSeries, reserves: Sequence[Reserve]) -> Floats:
    """What capacity earns, spread evenly over the slots of its block, EUR float64[n]."""
    block, _ = local_blocks(prices.start_ns, prices.local)
    total = np.zeros(prices.size)
    for reserve, capacity in zip(reserves, found.reserve_w, strict=True):
        per_block: Floats = capacity / 1e6 * reserve.eur_mw
        total += per_block[block] / np.bincount(block)[block]
    return total


def _periods(prices: PriceSeries, eur: Floats, found: Dispatch, power_mw: float, unit: str) -> list[Period]:
    """Months ("M") or years ("Y") of the local calendar."""
    days = local_slots(prices.start_ns, prices.local)
    of_day: NDArray[np.datetime64] = days.days.astype(f"datetime64[{unit}]")
    names, of = np.unique(of_day[days.of], return_inverse=True)
    hours = found.slot_s / 3600
    worth = np.bincount(of, eur)
    out = np.bincount(of, found.discharge_w) * hours
    slots = np.bincount(of)
    rows = []
    for index, name in enumerate(names):
        begin, end = name.astype("datetime64[D]"), (name + 1).astype("datetime64[D]")
        covered = int(((days.days >= begin) & (days.days < end)).sum()) == int((end - begin).astype(int))
        rows.append(
            Period(
                name=str(name),
                eur=float(worth[index]),
                eur_mw=float(worth[index]) / power_mw,
                hours=float(slots[index]) * hours,
                whole=covered,
                cycles=float(out[index]) / found.battery.energy_wh,
            )
        )
    return rows


def _grouped(provenance: tuple[Provenance, ...]) -> list[Provenance]:
    """One row for each source and product: of many files the first stands for all."""
    rows: dict[tuple[str, str, str], Provenance] = {}
    for one in provenance:
        rows.setdefault((one.source, one.product, one.attribution), one)
    return list(rows.values())
