"""Prices, slots and comparisons in the form in which the page takes them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml
from numpy.typing import NDArray

import bessinside.market.worth as package
from bessinside.market.basis.days import local_blocks
from bessinside.market.basis.localtime import MINUTE_NS, midnight_ns
from bessinside.market.dispatch.reasons import Binding, sentence
from bessinside.market.prices.cache import Kept, PriceCache
from bessinside.market.prices.provenance import Provenance, credits
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import PriceSeries, iso
from bessinside.market.prices.statistics import Summary, summary
from bessinside.market.worth.question import Question
from bessinside.market.worth.revenue import Worth
from bessinside.runtime import disk

_TABLES = Path(package.__file__).with_name("published")


class KnownSpan(msgspec.Struct, frozen=True):
    """Days of which this machine has prices: those that ship, or a month of the cache."""

    source: str
    first: str
    last: str


class PricesRow(msgspec.Struct, frozen=True):
    """Prices slot by slot, arrays of one length: `start_ms` UTC, `minutes` long, cleared in `unit_min`, `price`
    EUR/MWh, `day` index into `days` (local), `minute` of that day by the clock on the wall. `gaps`: pairs of ms between
    which there is no price.
    """

    zone: str
    local: str
    days: list[str]
    start_ms: list[int]
    minutes: list[int]
    unit_min: list[int]
    price: list[float]
    day: list[int]
    minute: list[int]
    gaps: list[list[int]]
    summary: Summary
    known: list[KnownSpan]
    attribution: str
    provenance: list[Provenance]


class SlotsRow(msgspec.Struct, frozen=True):
    """Slots of a schedule, arrays of one length.

    `power_w` at the meter, positive out of the battery; `soc` 0 to 1 at the slot's end; `eur` earned on energy;
    `reason`: what holds the slot where it is, `words` the same in a sentence; `buy_below`, `sell_above` EUR/MWh: prices
    at which charging and discharging begin to pay.
    """

    first: str
    last: str
    minutes: int
    start_ms: list[int]
    minute: list[int]
    price: list[float]
    power_w: list[float]
    soc: list[float]
    eur: list[float]
    reason: list[str]
    words: list[str]
    buy_below: list[float]
    sell_above: list[float]
    caveat: str
    attribution: str


class WholeYear(msgspec.Struct, frozen=True):
    """Bound of a whole year, EUR/MW, day-ahead alone, round trip 0.88, for batteries of some hours and cycles a day."""

    year: int
    market_unit_min: int
    hours: int
    cycles: float
    eur_mw: float


class IndexRow(msgspec.Struct, frozen=True):
    """What somebody else published. `figures`: period and EUR/MW in it; empty where they change daily at the source."""

    name: str
    source: str
    counts: str
    figures: dict[str, float]


def prices_row(prices: PriceSeries, cache_: PriceCache) -> PricesRow:
    """A series and what else this machine has."""
    days = prices.days()
    shipped = sample().days().days
    known = [KnownSpan("sample", str(shipped[0]), str(shipped[-1]))]
    for kept in cache_.list():
        if kept.zone == prices.zone and (days_kept := _days_of(cache_, kept)) is not None:
            known.append(KnownSpan(kept.source, *days_kept))
    return PricesRow(
        zone=prices.zone,
        local=prices.local,
        days=[str(day) for day in days.days],
        start_ms=(prices.start_ns // 10**6).tolist(),
        minutes=(prices.length_ns // MINUTE_NS).tolist(),
        unit_min=(prices.unit_ns // MINUTE_NS).tolist(),
        price=prices.price.tolist(),
        day=days.of.tolist(),
        minute=days.minute.tolist(),
        gaps=(prices.gaps() // 10**6).tolist(),
        summary=summary(prices),
        known=known,
        attribution=credits(prices.provenance),
        provenance=list(dict.fromkeys(prices.provenance))[:40],
    )


@lru_cache(2048)
def _days_of(cache_: PriceCache, kept: Kept) -> tuple[str, str] | None:
    """First and last local day of a file of the cache; a file that grew is another `kept`. None where it is broken."""
    month = cache_.read_month(kept)
    if month is None or not month.size:
        return None
    days = month.days().days
    return str(days[0]), str(days[-1])


def slots_row(worth: Worth, first: date, last: date, language: str) -> SlotsRow:
    """The slots of local days `first` to `last` of a solved question."""
    found = worth.dispatch
    a, b = np.searchsorted(found.starts_ns, [midnight_ns(first), midnight_ns(last + timedelta(days=1))])
    part = slice(int(a), int(b))
    inside = worth.prices.take(part)
    words = [
        sentence(language, charge, discharge, price, int(why), shadow, buy, sell)
        for charge, discharge, price, why, shadow, buy, sell in zip(
            found.charge_w[part].tolist(),
            found.discharge_w[part].tolist(),
            found.prices[part].tolist(),
            found.binding[part].tolist(),
            found.shadow_eur_mwh[part].tolist(),
            found.buy_below[part].tolist(),
            found.sell_above[part].tolist(),
            strict=True,
        )
    ]
    return SlotsRow(
        first=str(first),
        last=str(last),
        minutes=worth.revenue.slot_min,
        start_ms=(found.starts_ns[part] // 10**6).tolist(),
        minute=inside.days().minute.tolist(),
        price=found.prices[part].tolist(),
        power_w=np.round(found.power_w[part], 1).tolist(),
        soc=np.round(found.energy_wh[part] / found.battery.energy_wh, 6).tolist(),
        eur=np.round(found.slot_eur[part], 6).tolist(),
        reason=[Binding(int(one)).name.lower() for one in found.binding[part]],
        words=words,
        buy_below=np.round(found.buy_below[part], 2).tolist(),
        sell_above=np.round(found.sell_above[part], 2).tolist(),
        caveat=worth.revenue.caveat,
        attribution=worth.revenue.attribution,
    )


class PlanSlot(msgspec.Struct, frozen=True):
    """One slot of a plan: power at the meter, positive out of the battery, and energy at the cells at its end."""

    utc_start: str
    minutes: int
    power_w: float
    energy_wh: float
    price_eur_mwh: float
    reserve_w: float
    reason: str


class Plan(msgspec.Struct, frozen=True):
    """A schedule for another program to read. Nothing here is written to a device."""

    caveat: str
    question: Question
    start: str
    end: str
    attribution: str
    slots: list[PlanSlot]


def plan_row(worth: Worth) -> Plan:
    """The whole schedule of a solved question."""
    found, told = worth.dispatch, worth.revenue
    reserve = _held_back(worth)
    slots = [
        PlanSlot(iso(int(at)), told.slot_min, round(power, 1) + 0.0, round(held, 1), price, round(kept, 1) + 0.0, why)
        for at, power, held, price, kept, why in zip(
            found.starts_ns, found.power_w.tolist(), found.energy_wh.tolist(), found.prices.tolist(), reserve.tolist(),
            [Binding(int(one)).name.lower() for one in found.binding], strict=True,
        )
    ]  # fmt: skip
    return Plan(told.caveat, told.question, told.start, told.end, told.attribution, slots)


def _held_back(worth: Worth) -> NDArray[np.float64]:
    """Capacity of FCR held back in each slot, W float64[n]."""
    found = worth.dispatch
    if not found.reserve_w:
        return np.zeros(len(found.starts_ns))
    block, _ = local_blocks(found.starts_ns, worth.prices.local)
    held: NDArray[np.float64] = found.reserve_w[0][block]
    return held


@cache
def whole_years() -> list[WholeYear]:
    """Bounds of whole years that ship with the program; a test computes them anew where the prices are at hand."""
    rows = csv.DictReader(io.StringIO(disk.read_text(_TABLES / "whole_years.csv")))
    return [
        WholeYear(int(row["year"]), int(row["market_unit_min"]), int(row["hours"]), cycles, float(row[column]))
        for row in rows
        for column, cycles in (("cycles_1", 1.0), ("cycles_1_5", 1.5), ("cycles_2", 2.0))
    ]


def indices(language: str) -> list[IndexRow]:
    """Published figures, with their source and what they count."""
    return [
        IndexRow(
            row["name"],
            row["source"],
            row["counts"][language],
            {str(period): float(eur) for key in ("months", "years") for period, eur in row.get(key, {}).items()},
        )
        for row in _published()
    ]


@cache
def _published() -> Any:
    return yaml.safe_load(disk.read_text(_TABLES / "indices.yaml"))
