"""ENTSO-E's transparency platform, with a token of the user's own and the extra `entsoe` (entsoe-py).

Under DE-LU the platform carries two auctions as two series: sequence 1 is the coupled day-ahead auction at noon,
sequence 2 a local one of the morning. Only the first is the day-ahead price; where it is missing nothing is taken in
its place. Document A44; `curveType` A03 leaves a point out where it repeats the one before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import HOUR_NS, QUARTER_NS
from bessinside.market.prices.provenance import Provenance
from bessinside.market.prices.series import PriceSeries, iso, joined
from bessinside.market.prices.series import series as made

NAME = "entsoe"
DAY_AHEAD_SEQUENCE = "1"
AREAS = {"DE-LU": "DE_LU", "AT": "AT", "BE": "BE", "CH": "CH", "CZ": "CZ", "FR": "FR", "NL": "NL", "PL": "PL"}
_RESOLUTION = {"PT15M": QUARTER_NS, "PT30M": 2 * QUARTER_NS, "PT60M": HOUR_NS, "PT1H": HOUR_NS}


class NoDayAheadAuction(MarketError):
    """The answer holds other auctions but not sequence 1."""


async def fetch(start_ns: int, end_ns: int, *, token: str, zone: str = "DE-LU", now_ns: int) -> PriceSeries:
    """Prices of the day-ahead auction in [start, end). Raises MarketError; needs the extra `entsoe`."""
    try:
        import pandas as pd
        import requests
        from entsoe import EntsoeRawClient
        from entsoe.exceptions import NoMatchingDataError
    except ImportError as error:
        raise MarketError(f"{NAME} needs entsoe-py: pip install 'bessinside[entsoe]'") from error
    if zone not in AREAS:
        raise MarketError(f"{NAME}: the zone {zone!r} is not known here; known: {', '.join(AREAS)}")
    first, last = (pd.Timestamp(at, tz="UTC") for at in (start_ns, end_ns))
    asked = EntsoeRawClient(api_key=token).query_day_ahead_prices
    try:
        # entsoe-py speaks HTTP by itself and blocks while it does
        text = await asyncio.to_thread(asked, AREAS[zone], start=first, end=last)
    except NoMatchingDataError as error:
        raise MarketError(f"{NAME}: no prices of {zone} from {iso(start_ns)} to {iso(end_ns)}") from error
    except requests.RequestException as error:
        reply = getattr(error, "response", None)
        why = f"HTTP {reply.status_code}" if reply is not None else type(error).__name__  # the address holds the token
        raise MarketError(f"{NAME}: {why}; is the token right, and the service up?") from None
    return parse(text, zone, now_ns).between(start_ns, end_ns)


def parse(text: str, zone: str, now_ns: int) -> PriceSeries:
    """The day-ahead auction in a document A44. Raises NoDayAheadAuction where only other sequences are there."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MarketError(f"{NAME}: the answer declares a document type, which A44 never does")
    try:
        root = Xml.fromstring(text)  # noqa: S314  no document type, so no entity to expand
    except Xml.ParseError as error:
        raise MarketError(f"{NAME}: the answer is not XML: {error}") from error
    source = Provenance(
        source=NAME,
        product=f"day-ahead auction, {zone}",
        url="https://transparency.entsoe.eu/",
        fetched_ns=now_ns,
        licence="terms of the ENTSO-E transparency platform",
        attribution="ENTSO-E Transparency Platform",
        kept=True,
    )
    parts, others = [], set()
    for block in _all(root, "TimeSeries"):
        sequence = _text(block, "classificationSequence_AttributeInstanceComponent.position") or DAY_AHEAD_SEQUENCE
        if zone == "DE-LU" and _text(block, "classificationSequence_AttributeInstanceComponent.position") is None:
            raise NoDayAheadAuction(f"{NAME}: a series of {zone} does not say its sequence; which auction is it?")
        if sequence != DAY_AHEAD_SEQUENCE:
            others.add(sequence)
            continue
        unit = f"{_text(block, 'currency_Unit.name')}/{_text(block, 'price_Measure_Unit.name')}"
        if unit != "EUR/MWH":
            raise MarketError(f"{NAME}: prices in {unit}, expected EUR/MWH")
        for period in _all(block, "Period"):
            parts.append(_period(period, _text(block, "curveType") == "A03", source, zone))
    if not parts:
        had = f"only sequence {', '.join(sorted(others))}" if others else "no series at all"
        raise NoDayAheadAuction(
            f"{NAME}: the answer for {zone} holds {had}; the day-ahead auction is sequence {DAY_AHEAD_SEQUENCE} and is "
            "not published there. Ask again later, or take another source (--source energy-charts)"
        )
    return joined(sorted(parts, key=lambda part: (int(part.start_ns[0]), -int(part.length_ns[0]))))


def _period(period: Any, repeats: bool, source: Provenance, zone: str) -> PriceSeries:
    resolution = _text(period, "resolution") or ""
    if resolution not in _RESOLUTION:
        raise MarketError(f"{NAME}: a period of resolution {resolution!r}; expected {', '.join(_RESOLUTION)}")
    step = _RESOLUTION[resolution]
    begin, end = (_instant(_text(next(_all(period, "timeInterval")), name)) for name in ("start", "end"))
    count = (end - begin) // step
    price = np.full(count, np.nan)
    for point in _all(period, "Point"):
        at = int(_text(point, "position") or 0)
        if not 1 <= at <= count:
            raise MarketError(f"{NAME}: position {at} in a period of {count} from {iso(begin)}")
        price[at - 1] = float(_text(point, "price.amount") or "nan")
    if repeats and count:
        stands = np.maximum.accumulate(np.where(np.isfinite(price), np.arange(count), 0))
        price = price[stands]
    there = np.isfinite(price)
    start = begin + np.arange(count) * step
    return made(start[there], price[there], step, (source,), zone)


def _all(node: Any, name: str) -> Iterator[Any]:
    return (one for one in node.iter() if one.tag.rsplit("}", 1)[-1] == name)


def _text(node: Any, name: str) -> str | None:
    found = next((one.text for one in node if one.tag.rsplit("}", 1)[-1] == name), None)
    return found.strip() if found else None


def _instant(text: str | None) -> int:
    try:
        return int(datetime.fromisoformat(text or "").timestamp()) * 10**9
    except ValueError as error:
        raise MarketError(f"{NAME}: expected a time, got {text!r}") from error
