"""What prices of a time look like: days, spreads, hours below zero."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.localtime import HOUR_NS
from bessinside.market.prices.series import PriceSeries


class DayRow(msgspec.Struct, frozen=True):
    """One local day, EUR/MWh. `spread_2h`: mean of its two dearest hours less that of its two cheapest (TB2), wherever
    in the day they lie; `negative_h`: hours below zero.
    """

    day: date
    slots: int
    mean: float
    low: float
    high: float
    negative_h: float
    spread_2h: float


class Summary(msgspec.Struct, frozen=True):
    """All slots together, EUR/MWh; spreads: means over local days of the dearest 1, 2 and 4 hours less the cheapest."""

    mean: float
    low: float
    high: float
    hours: float
    negative_h: float
    spread_1h: float
    spread_2h: float
    spread_4h: float


def spread(price: NDArray[np.float64], hours: NDArray[np.float64], of_h: float) -> float:
    """Mean of the dearest `of_h` hours less that of the cheapest, EUR/MWh; slots may be cut."""
    order = np.argsort(price, kind="stable")

    def mean(ranked: NDArray[np.int64]) -> float:
        left = np.clip(of_h - np.concatenate([[0.0], np.cumsum(hours[ranked])[:-1]]), 0.0, hours[ranked])
        return float((price[ranked] * left).sum() / left.sum())

    return mean(order[::-1]) - mean(order)


def day_rows(prices: PriceSeries) -> list[DayRow]:
    """The local days of a series."""
    found = []
    days = prices.days()
    for number, first in enumerate(days.first):
        last = days.first[number + 1] if number + 1 < len(days.first) else prices.size
        price, length = prices.price[first:last], prices.length_ns[first:last] / HOUR_NS
        found.append(
            DayRow(
                day=days.days[number].item(),
                slots=int(last - first),
                mean=float((price * length).sum() / length.sum()),
                low=float(price.min()),
                high=float(price.max()),
                negative_h=float(length[price < 0].sum()),
                spread_2h=spread(price, length, 2.0),
            )
        )
    return found


def summary(prices: PriceSeries) -> Summary:
    """The series in eight numbers."""
    hours = prices.hours
    days = prices.days()
    bounds = np.append(days.first, prices.size)
    spreads = [[spread(prices.price[a:b], hours[a:b], of_h) for a, b in pairwise(bounds)] for of_h in (1.0, 2.0, 4.0)]
    return Summary(
        mean=float((prices.price * hours).sum() / hours.sum()),
        low=float(prices.price.min()),
        high=float(prices.price.max()),
        hours=float(hours.sum()),
        negative_h=float(hours[prices.price < 0].sum()),
        spread_1h=float(np.mean(spreads[0])),
        spread_2h=float(np.mean(spreads[1])),
        spread_4h=float(np.mean(spreads[2])),
    )
