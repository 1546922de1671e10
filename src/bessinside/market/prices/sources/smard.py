"""SMARD of the Bundesnetzagentur: day-ahead prices without a key, one file for each week.

`index_quarterhour.json` lists the weeks, `{"timestamps": [ms]}`, each beginning on Monday 00:00 in Berlin;
`4169_DE-LU_quarterhour_<ms>.json` holds `{"series": [[ms, EUR/MWh or null], …]}`, null while nothing is published.
Before October 2025 the four quarters of an hour carry its one price. SMARD's own hours are the mean of their quarters.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import QUARTER_NS
from bessinside.market.prices.provenance import CC_BY, CC_BY_URL, SMARD_ATTRIBUTION, Provenance
from bessinside.market.prices.series import SWITCH_NS, PriceSeries, auction_unit_ns, joined
from bessinside.runtime.http import Http

NAME = "smard"
BASE = "https://www.smard.de/app/chart_data"
FILTERS = {
    "DE-LU": 4169, "AT": 4170, "BE": 4996, "NO2": 4997, "DK1": 252, "DK2": 253, "FR": 254, "IT-North": 255, "NL": 256,
    "PL": 257, "CH": 259, "SI": 260, "CZ": 261, "HU": 262,
}  # fmt: skip


async def fetch(
    http: Http, start_ns: int, end_ns: int, *, zone: str = "DE-LU", base: str = BASE, now_ns: int
) -> PriceSeries:
    """Prices of the weeks that touch [start, end), cut to it. Slots that are not published yet are left out.

    Raises MarketError where an answer has another shape than known, HttpError where there is none.
    """
    if zone not in FILTERS:
        raise MarketError(f"{NAME}: no prices for the zone {zone!r}; it has {', '.join(FILTERS)}")
    number = FILTERS[zone]
    answer = await http.get(f"{base}/{number}/{zone}/index_quarterhour.json")
    weeks = parse_index(answer.body)
    after = np.append(weeks[1:], np.iinfo(np.int64).max)
    wanted = weeks[(weeks < end_ns) & (after > start_ns)]
    if not wanted.size:
        raise MarketError(f"{NAME}: no week of {zone} at that time")
    parts = []
    for week in wanted:
        url = f"{base}/{number}/{zone}/{number}_{zone}_quarterhour_{int(week) // 10**6}.json"
        answer = await http.get(url)
        source = Provenance(NAME, f"day-ahead auction, {zone}", url, now_ns, CC_BY, SMARD_ATTRIBUTION, CC_BY_URL)
        parts.append(parse(answer.body, zone, source))
    return joined(parts).between(start_ns, end_ns)


def parse_index(body: bytes) -> NDArray[np.int64]:
    """Starts of the weeks, int64[n] UTC ns, ascending."""
    try:
        table: Any = msgspec.json.decode(body)
        return np.sort(np.asarray(table["timestamps"], np.int64)) * 10**6
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise MarketError(f"{NAME}: the list of weeks is not as known ({error}); has the service changed?") from error


def parse(body: bytes, zone: str, source: Provenance) -> PriceSeries:
    """One week's file as a series: nulls are gaps. Raises MarketError."""
    try:
        table: Any = msgspec.json.decode(body)
        rows = table["series"]
        start = np.array([row[0] for row in rows], np.int64) * 10**6
        price = np.array([np.nan if row[1] is None else row[1] for row in rows], np.float64)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise MarketError(f"{NAME}: a week's file is not as known ({error}); has the service changed?") from error
    there = np.isfinite(price)
    start, price = start[there], price[there]
    length = np.full(start.size, QUARTER_NS, np.int64)
    unit = auction_unit_ns(start) if zone == "DE-LU" else np.where(start < SWITCH_NS, 4 * QUARTER_NS, QUARTER_NS)
    return PriceSeries(start, length, unit.astype(np.int64), price, (source,), zone)
