"""What the meter counted slot by slot, and the way down to it from the maximum, in the form in which the page asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import msgspec
import numpy as np

from bessinside.errors import BessError
from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import BERLIN, MINUTE_NS, QUARTER_NS, day_of, local_slots, midnight_ns
from bessinside.market.dispatch.battery import Floats
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.prices.provenance import Provenance, credits
from bessinside.market.prices.series import PriceSeries
from bessinside.market.realised.maximum import begun
from bessinside.market.realised.metered import Metered, metered, runs
from bessinside.market.realised.registers import Said, said
from bessinside.market.realised.waterfall import Bar, Realised, waterfall
from bessinside.market.worth.question import Question
from bessinside.market.worth.revenue import CAVEAT
from bessinside.web.history import HistoryDesk
from bessinside.web.market_desk import MarketDesk

MOST_DAYS = 62
MOST_SLOTS = 200  # listed of each bar, the dearest first
KEPT = 4
# what stands behind each bar: the fields of Said.figures
FIELDS = {
    "schedule": ("schedule_w",),
    "cycle_cap": ("schedule_w",),
    "frequency": ("response_w",),
    "availability": ("available",),
    "limits": ("limits",),
    "usable_energy": ("usable",),
    "efficiency": ("charging",),
    "unexplained": ("pcs_w",),
    "auxiliaries": ("auxiliary_w",),
    "meter": ("pcs_w",),
}
MISSING = {
    "frequency": "response_w",
    "availability": "available",
    "limits": "limits",
    "usable_energy": "usable",
    "efficiency": "charging",
}
EQUATION = {
    "one_way": "bound (dual) − Σ p·P_best·h",
    "foresight": "Σ p·P_best·h − Σ p·P_known·h",
    "schedule": "Σ p·P_known·h − Σ p·P_schedule·h",
    "cycle_cap": "Σ p·P_schedule·h − Σ p·P_uncapped·h",
    "frequency": "Σ p·P_uncapped·h − Σ p·P_wanted·h,  P_wanted = P_schedule − K·a(Δf)",
    "availability": "Σ p·P_wanted·h − Σ p·P_available·h",
    "limits": "Σ p·P_available·h − Σ p·P_limited·h",
    "usable_energy": "Σ p·P_limited·h − Σ p·P_usable·h",
    "efficiency": "Σ p·P_usable·h − Σ p·P_losses·h",
    "unexplained": "Σ p·P_losses·h − Σ p·P_pcs·h",
    "auxiliaries": "Σ p·P_aux·h",
    "meter": "Σ p·(P_pcs − P_aux)·h − Σ p·ΔE_meter",
}


class NoHistory(BessError):
    """Nobody recorded what the meter counted."""


class GapRow(msgspec.Struct, frozen=True):
    """Slots in a row that were not counted; `out_wh` and `in_wh` over all of them where the counters went on."""

    begin_ms: float
    end_ms: float
    out_wh: float | None
    in_wh: float | None


class CounterRow(msgspec.Struct, frozen=True):
    """A counter of the meter: its figure, how many sweeps brought no good reading, and how it went."""

    figure: str
    sweeps: int
    left_out: int
    rollovers: int
    resets: int
    longest_gap_s: float


class RealisedRow(msgspec.Struct, frozen=True):
    """Slots of local days `first` to `last`, arrays of one length, null where a slot was not counted or has no price.

    `out_wh`, `in_wh`: by the counters of the plant's meter, or of a load curve; `power_w` their mean, positive out of
    the battery; `eur`: price times energy. The totals are over the slots that have both.
    """

    first: str
    last: str
    source: str
    minutes: int
    start_ms: list[int]
    minute: list[int]
    price: list[float | None]
    out_wh: list[float | None]
    in_wh: list[float | None]
    power_w: list[float | None]
    eur: list[float | None]
    out_total_wh: float
    in_total_wh: float
    eur_total: float
    counted_slots: int
    valued_slots: int
    gaps: list[GapRow]
    counters: list[CounterRow]
    attribution: str
    provenance: list[Provenance]


class BarSlot(msgspec.Struct, frozen=True):
    """A slot that a bar moves: EUR lost there, what was wanted and what the meter counted."""

    start_ms: int
    eur: float
    price: float
    wanted_w: float
    meter_w: float


class BarRow(msgspec.Struct, frozen=True):
    """One step down. `cents`: `eur` so rounded that all bars add up to the shown digits of both ends.

    `figures`: the registers behind it, each with its passport; `missing`: why it could not be measured, empty where it
    was. `slots`: the dearest first, of `slots_total` that move half a cent or more.
    """

    key: str
    eur: float
    cents: int
    before_eur: float
    after_eur: float
    measured: bool
    missing: str
    equation: str
    figures: list[str]
    slots: list[BarSlot]
    slots_total: int


class WaterfallRow(msgspec.Struct, frozen=True):
    """From the bound to what the meter counted. `slots` follow each other from `start_ms` to `end_ms`; `left_out` slots
    of the days asked for are not in it. `bound_cents` less all bars' cents is `realised_cents`."""

    question: Question
    source: str
    start_ms: int
    end_ms: int
    minutes: int
    slots: int
    left_out: int
    start_soc: float | None
    bound_eur: float
    bound_cents: int
    realised_eur: float
    realised_cents: int
    bars: list[BarRow]
    meter: list[str]
    caveat: str
    attribution: str
    provenance: list[Provenance]


class RealisedDesk:
    """Answers in the market's one thread; the past is asked by one question at a time."""

    def __init__(self, market: MarketDesk, history: HistoryDesk | None) -> None:
        self._market, self._history = market, history
        self._metered: OrderedDict[tuple[int, int, int, int], Metered] = OrderedDict()

    async def realised(self, first: date | None, last: date | None, curve: str, own: str) -> RealisedRow:
        """What was counted in local days, the last eight that were recorded unless said."""
        return await self._market.run("", lambda _: self._row(first, last, curve, own))

    async def waterfall(
        self, first: date | None, last: date | None, asked: Question, curve: str, own: str
    ) -> WaterfallRow:
        """The way down over the longest stretch of those days that was counted and has prices."""
        return await self._market.run("", partial(self._fall, first, last, asked, curve, own))

    def _row(self, first: date | None, last: date | None, curve: str, own: str) -> RealisedRow:
        meter, prices, price = self._counted(first, last, curve, own)
        eur = price * (meter.out_wh - meter.in_wh) / 1e6
        valued = np.isfinite(eur)
        days = day_of(int(meter.start_ns[0])), day_of(int(meter.start_ns[-1]))
        return RealisedRow(
            str(days[0]), str(days[1]), meter.source, meter.slot_ns // MINUTE_NS, (meter.start_ns // 10**6).tolist(),
            _minute(meter), _numbers(price), _numbers(meter.out_wh), _numbers(meter.in_wh), _numbers(meter.power_w),
            _numbers(eur), float(np.nansum(meter.out_wh)), float(np.nansum(meter.in_wh)), float(eur[valued].sum()),
            int(meter.known.sum()), int(valued.sum()),
            [GapRow(gap.begin_ns / 1e6, gap.end_ns / 1e6, gap.out_wh, gap.in_wh) for gap in meter.gaps],
            [
                CounterRow(one.figure, one.sweeps, one.left_out, one.rollovers, len(one.resets_ns),
                           one.longest_gap_ns / 1e9)
                for one in meter.counters
            ],
            *_credited(prices),
        )  # fmt: skip

    def _counted(
        self, first: date | None, last: date | None, curve: str, own: str
    ) -> tuple[Metered, PriceSeries | None, Floats]:
        """The meter over whole local days, the prices of them or None, and the price of each slot or NaN."""
        begin, end = self._days(first, last, curve)
        start_ns, end_ns = midnight_ns(begin), midnight_ns(end + timedelta(days=1))
        prices = self._market.known_or_none(start_ns, end_ns, own)
        slot_ns = QUARTER_NS if prices is None else int(prices.length_ns.min())
        if curve:
            found = self._market.curve(curve)
            slot_ns = max(slot_ns, found.slot_ns)
            meter = found.over(start_ns, end_ns, slot_ns)
        else:
            meter = self._by_registers(start_ns, end_ns, slot_ns)
        price = np.full(len(meter.start_ns), np.nan)
        if prices is not None:
            grid = prices.split(slot_ns) if int(prices.length_ns.max()) > slot_ns else prices
            grid = grid.hourly() if slot_ns > int(grid.length_ns.min()) else grid
            at = (grid.start_ns - start_ns) // slot_ns
            price[at] = grid.price
        return meter, prices, price

    def _days(self, first: date | None, last: date | None, curve: str) -> tuple[date, date]:
        if first is None or last is None:
            if curve:
                found = self._market.curve(curve)
                start_ns, end_ns = int(found.start_ns[0]), found.end_ns
            else:
                with self._archive().past() as past:
                    start_ns, end_ns = past.span()
            end = last or day_of(end_ns - 1)
            first, last = first or max(day_of(start_ns), end - timedelta(days=7)), end
        if not 0 <= (last - first).days < MOST_DAYS:
            raise MarketError(f"from {first} to {last}: ask for 1 to {MOST_DAYS} days of what was realised")
        return first, last

    def _archive(self) -> HistoryDesk:
        if self._history is None or self._history.folder is None:
            raise NoHistory(
                "this server keeps no history, so nobody knows what the meter counted: start it with "
                "`bessinside run PLANT --history DIR`, or open a load curve of your own"
            )
        return self._history

    def _by_registers(self, start_ns: int, end_ns: int, slot_ns: int) -> Metered:
        with self._archive().past() as past:
            newest = past.span()[1]
            key = (start_ns, end_ns, slot_ns, newest if newest < end_ns + slot_ns else 0)
            if key not in self._metered:
                self._metered[key] = metered(past, start_ns, end_ns, slot_ns)
                if len(self._metered) > KEPT:
                    self._metered.popitem(last=False)
            return self._metered[key]

    def _fall(
        self, first: date | None, last: date | None, asked: Question, curve: str, own: str, step: Callable[[str], None]
    ) -> WaterfallRow:
        meter, prices, price = self._counted(first, last, curve, own)
        whole = meter.known & np.isfinite(price)
        stretches = runs(whole)
        if not stretches or prices is None:
            raise MarketError(
                "no slot of these days was counted and has a price: the waterfall needs both; "
                "`bessinside prices fetch` brings prices, `bessinside run PLANT --history DIR` records"
            )
        low, high = max(stretches, key=lambda one: one[1] - one[0])
        starts, watts = meter.start_ns[low:high], meter.power_w[low:high]
        words = Said(Realised(watts))
        if not curve:
            with self._archive().past() as past:
                words = said(past, starts, meter.slot_ns, watts, asked.power_w, asked.energy_wh)
        step("waterfall")
        battery = asked.battery()
        owned = begun(battery, words.start_wh)
        found = waterfall(price[low:high], Calendar.of(starts, meter.slot_ns / 1e9, BERLIN), owned, words.realised)
        ends = rounded(found.bound_eur, [bar.eur for bar in found.bars], found.realised_eur)
        shape = _Shape(starts, price[low:high], watts, words)
        return WaterfallRow(
            asked, meter.source, int(starts[0] // 10**6), int((starts[-1] + meter.slot_ns) // 10**6),
            meter.slot_ns // MINUTE_NS, high - low, len(meter.start_ns) - (high - low),
            None if words.start_wh is None else words.start_wh / battery.energy_wh,
            found.bound_eur, ends[0], found.realised_eur, ends[2],
            [_bar(bar, cents, shape) for bar, cents in zip(found.bars, ends[1], strict=True)],
            [one.figure for one in meter.counters], CAVEAT, *_credited(prices),
        )  # fmt: skip


class _Shape(msgspec.Struct):
    starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    price: Floats
    meter_w: Floats
    words: Said


def _bar(bar: Bar, cents: int, of: _Shape) -> BarRow:
    wanted = of.words.realised.wanted_w
    listed = bar.slots[:MOST_SLOTS]
    slots = [
        BarSlot(
            int(of.starts[i] // 10**6), round(float(bar.slot_eur[i]), 6), float(of.price[i]),
            float(of.meter_w[i] if wanted is None else wanted[i]), float(of.meter_w[i]),
        )
        for i in listed
    ]  # fmt: skip
    figures = [name for field in FIELDS.get(bar.key, ()) for name in of.words.figures.get(field, ())]
    missing = ""
    if not bar.measured:
        fields = (MISSING.get(bar.key, ""), *FIELDS.get(bar.key, ()))
        missing = next(
            (of.words.missing[one] for one in fields if one in of.words.missing), "no registers: a load curve"
        )
    return BarRow(
        bar.key, bar.eur, cents, bar.before_eur, bar.after_eur, bar.measured, missing, equation(bar.key, of.words),
        list(dict.fromkeys(figures)), slots, len(bar.slots),
    )  # fmt: skip


def equation(key: str, words: Said) -> str:
    """The relation of a bar; that of the frequency with the droop that was measured."""
    droop = words.droop
    if key != "frequency" or droop is None:
        return EQUATION[key]
    found = f"K = {droop.full_w / 1e6:.3f} MW / 200 mHz, R² = {droop.share:.3f}, {droop.minutes} min"
    return f"{EQUATION[key]},  {found}"


def rounded(top: float, bars: list[float], bottom: float) -> tuple[int, list[int], int]:
    """Cents of both ends and of the bars between, so that the first less all bars is the last.

    Ends are rounded as usual; a bar is off by a cent at most: the largest remainders take what is left.
    """
    first, last = round(100 * top), round(100 * bottom)
    exact = np.array([100 * eur for eur in bars])
    whole = np.floor(exact).astype(int)
    short = first - last - int(whole.sum())
    order = np.argsort(-(exact - whole), kind="stable")
    for turn in range(abs(short)):
        whole[order[turn % len(order)] if short > 0 else order[-1 - turn % len(order)]] += 1 if short > 0 else -1
    return first, whole.tolist(), last


def _minute(meter: Metered) -> list[int]:
    return [int(one) for one in local_slots(meter.start_ns).minute]


def _numbers(column: Floats) -> list[float | None]:
    return [round(float(one), 6) if np.isfinite(one) else None for one in column]


def _credited(prices: PriceSeries | None) -> tuple[str, list[Provenance]]:
    if prices is None:
        return "", []
    return credits(prices.provenance), list(dict.fromkeys(prices.provenance))[:40]
