"""energy-charts.info of Fraunhofer ISE: day-ahead prices without a key.

`GET /price?bzn=DE-LU&start=2025-10-01&end=2025-10-31` answers `{"license_info", "unix_seconds": [s], "price": [EUR/MWh
or null], "unit", "deprecated"}`; a day without time means the zone's local day, the last one included (API description
1.5). It asks for few requests: 429 with a time to wait.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import day_of, midnight_ns
from bessinside.market.prices.provenance import CC_BY, CC_BY_URL, SMARD_ATTRIBUTION, Provenance
from bessinside.market.prices.series import PriceSeries, auction_unit_ns, iso
from bessinside.runtime.http import Http

NAME = "energy-charts"
BASE = "https://api.energy-charts.info"
# "published without changes from Bundesnetzagentur | SMARD.de"; prices of other zones are for private use only
OPEN_ZONES = frozenset(
    ("DE-LU", "AT", "BE", "CH", "CZ", "DK1", "DK2", "FR", "HU", "IT-North", "NL", "NO2", "PL", "SE4", "SI")
)


async def fetch(
    http: Http, start_ns: int, end_ns: int, *, zone: str = "DE-LU", base: str = BASE, now_ns: int
) -> PriceSeries:
    """Prices of the local days that touch [start, end). Slots that are not published yet are left out.

    Raises MarketError where the answer has another shape than documented, HttpError where there is none.
    """
    first, last = day_of(start_ns), day_of(end_ns - 1)
    query = {"bzn": zone, "start": first.isoformat(), "end": last.isoformat()}
    answer = await http.get(f"{base}/price", query)
    source = Provenance(
        source=NAME,
        product=f"day-ahead auction, {zone}",
        url=answer.url,
        fetched_ns=now_ns,
        licence=CC_BY if zone in OPEN_ZONES else "private and internal use only",
        attribution=f"{SMARD_ATTRIBUTION}, via energy-charts.info (Fraunhofer ISE)",
        licence_url=CC_BY_URL if zone in OPEN_ZONES else "",
        kept=zone in OPEN_ZONES,
    )
    found = parse(answer.body, zone, source)
    return found.between(midnight_ns(first), midnight_ns(last + timedelta(days=1)))


def parse(body: bytes, zone: str, source: Provenance) -> PriceSeries:
    """The answer as a series: nulls are gaps. Raises MarketError."""
    try:
        table: Any = msgspec.json.decode(body)
        seconds = np.asarray(table["unix_seconds"], np.int64)
        price = np.array([np.nan if one is None else one for one in table["price"]], np.float64)
        unit = str(table.get("unit", ""))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise MarketError(f"{NAME}: the answer is not as documented ({error}); the service may have changed") from error
    if len(seconds) != len(price):
        raise MarketError(f"{NAME}: {len(seconds)} times but {len(price)} prices in one answer")
    if unit.replace(" ", "") not in ("EUR/MWh", "EUR/MWh*"):
        raise MarketError(f"{NAME}: prices in {unit!r}, expected EUR/MWh")
    start = seconds * 10**9
    if (np.diff(start) <= 0).any():
        at = int(np.flatnonzero(np.diff(start) <= 0)[0])
        raise MarketError(f"{NAME}: times do not rise after {iso(int(start[at]))}")
    length = auction_unit_ns(start) if zone == "DE-LU" else _apart(start)
    if (np.diff(start) < length[:-1]).any():  # all on the finer grid: an hour's price stands four times
        length = np.minimum(length, _apart(start))
    there = np.isfinite(price)
    unit_ns = np.maximum(length, auction_unit_ns(start)) if zone == "DE-LU" else length
    return PriceSeries(start[there], length[there], unit_ns[there], price[there], (source,), zone)


def _apart(start: NDArray[np.int64]) -> NDArray[np.int64]:
    shortest = int(np.diff(start).min()) if start.size > 1 else 3600 * 10**9
    return np.full(start.size, shortest, np.int64)
