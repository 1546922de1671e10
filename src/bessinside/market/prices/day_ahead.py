"""Day-ahead prices of a time span: from this machine where they are kept, else from their publishers."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta

from bessinside import __version__
from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import day_of, midnight_ns
from bessinside.market.prices.agreement import Agreement, agreement
from bessinside.market.prices.cache import PriceCache, whole_days
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import ZONE, PriceSeries, joined
from bessinside.market.prices.sources import energy_charts, entsoe, smard
from bessinside.runtime import clock
from bessinside.runtime.http import Http, HttpError, client

SOURCES = (energy_charts.NAME, smard.NAME, entsoe.NAME)
MOST_DAYS = 366  # asked for at once
AGENT = f"bessinside/{__version__}"
Progress = Callable[[str, int, int], None]


def at_hand(start_ns: int, end_ns: int, zone: str = ZONE, cache: PriceCache | None = None) -> PriceSeries | None:
    """What this machine knows of [start, end) without asking anybody: the cache and the shipped sample."""
    cache = cache or PriceCache()
    parts = [cache.read(source, zone, start_ns, end_ns) for source in reversed(SOURCES)]
    if zone == ZONE:
        parts.insert(0, sample().between(start_ns, end_ns))
    found = [part for part in parts if part is not None and part.size]
    return joined(found) if found else None


def missing_days(known: PriceSeries | None, start_ns: int, end_ns: int) -> list[date]:
    """Local days of [start, end) that are not wholly known."""
    have = set(whole_days(known)) if known is not None else set()
    first, last = day_of(start_ns), day_of(end_ns - 1)
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    return [day for day in days if day not in have]


async def day_ahead(
    start_ns: int,
    end_ns: int,
    *,
    source: str = "",
    zone: str = ZONE,
    cache: PriceCache | None = None,
    progress: Progress | None = None,
) -> PriceSeries:
    """Prices of [start, end); local days that this machine lacks are fetched and kept.

    Without a `source` energy-charts is asked and, where it fails, SMARD. What is not published yet is a gap. Raises
    MarketError or HttpError.
    """
    cache = cache or PriceCache()
    known = at_hand(start_ns, end_ns, zone, cache)
    days = missing_days(known, start_ns, end_ns)
    if not days:
        assert known is not None
        return known
    fetched = await fetch(days[0], days[-1], source=source, zone=zone, cache=cache, progress=progress)
    return joined([known, fetched] if known is not None else [fetched]).between(start_ns, end_ns)


async def fetch(
    first: date,
    last: date,
    *,
    source: str = "",
    zone: str = ZONE,
    cache: PriceCache | None = None,
    progress: Progress | None = None,
) -> PriceSeries:
    """Prices of the local days `first` to `last` from their publisher, kept in the cache as far as its terms allow.

    `progress(source, days done, days in all)` is told of each step. Raises MarketError, HttpError.
    """
    if source and source not in SOURCES:
        raise MarketError(f"no such source: {source!r}; known: {', '.join(SOURCES)}")
    cache = cache or PriceCache()
    async with client(agent=AGENT) as http:
        try:
            return await _pieces(http, first, last, source or energy_charts.NAME, zone, cache, progress)
        except (HttpError, MarketError) as error:
            if source:
                raise
            try:
                return await _pieces(http, first, last, smard.NAME, zone, cache, progress)
            except (HttpError, MarketError) as second:
                raise MarketError(
                    f"no prices from {first} to {last}: {error}; {second}. Without a network: leave out --from and "
                    "--to for the shipped sample, or bring a file with --prices"
                ) from second


async def compare(first: date, last: date, zone: str = ZONE, progress: Progress | None = None) -> Agreement:
    """Asks energy-charts and SMARD for the same days and compares their answers; keeps both."""
    cache = PriceCache()
    async with client(agent=AGENT) as http:
        one = await _pieces(http, first, last, energy_charts.NAME, zone, cache, progress)
        two = await _pieces(http, first, last, smard.NAME, zone, cache, progress)
    return agreement(one, two)


async def _pieces(
    http: Http, first: date, last: date, source: str, zone: str, cache: PriceCache, progress: Progress | None
) -> PriceSeries:
    days, parts = (last - first).days + 1, []
    for done in range(0, days, MOST_DAYS):
        begin = first + timedelta(days=done)
        end = min(begin + timedelta(days=MOST_DAYS - 1), last)
        if progress is not None:
            progress(source, done, days)
        part = await _ask(http, source, zone, midnight_ns(begin), midnight_ns(end + timedelta(days=1)))
        cache.keep(part)
        parts.append(part)
    if progress is not None:
        progress(source, days, days)
    found = joined(parts)
    if not found.size:
        raise MarketError(f"{source} has no prices of {zone} from {first} to {last}; are they published yet?")
    return found


async def _ask(http: Http, source: str, zone: str, start_ns: int, end_ns: int) -> PriceSeries:
    now_ns = clock.now_ns()
    if source == entsoe.NAME:
        token = os.environ.get("ENTSOE_API_KEY", "")
        if not token:
            raise MarketError("ENTSO-E wants a token (free, at transparency.entsoe.eu): put it into ENTSOE_API_KEY")
        return await entsoe.fetch(start_ns, end_ns, token=token, zone=zone, now_ns=now_ns)
    if source == smard.NAME:
        base = os.environ.get("BESSINSIDE_SMARD_URL", smard.BASE)
        return await smard.fetch(http, start_ns, end_ns, zone=zone, base=base, now_ns=now_ns)
    base = os.environ.get("BESSINSIDE_ENERGY_CHARTS_URL", energy_charts.BASE)
    return await energy_charts.fetch(http, start_ns, end_ns, zone=zone, base=base, now_ns=now_ns)
