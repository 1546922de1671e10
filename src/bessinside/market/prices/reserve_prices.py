"""Prices of reserve capacity in blocks of four hours by the clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.localtime import BERLIN, HOUR_NS
from bessinside.market.prices.provenance import Provenance
from bessinside.market.prices.series import PriceSeries


@dataclass(frozen=True, slots=True, eq=False)
class BlockPrices:
    """A capacity price for each block: `start_ns`, `length_ns` int64[b] (4 h; 3 h and 5 h on the days when the clock is
    changed), `price` float64[b] EUR/MW for the whole block.
    """

    start_ns: NDArray[np.int64]
    length_ns: NDArray[np.int64]
    price: NDArray[np.float64]
    product: str
    provenance: tuple[Provenance, ...]

    @property
    def hourly(self) -> NDArray[np.float64]:
        """EUR/MW for each hour of the block, float64[b]."""
        found: NDArray[np.float64] = self.price / (self.length_ns / HOUR_NS)
        return found


def block_bounds_ns(day: date, block: int, local: str = BERLIN) -> tuple[int, int]:
    """Start and end (UTC ns) of block 0 to 5 of a local day."""
    zone = ZoneInfo(local)

    def at(hour: int) -> int:
        when = day + timedelta(days=hour // 24)
        return int(datetime(when.year, when.month, when.day, hour % 24, tzinfo=zone).timestamp()) * 10**9

    return at(4 * block), at(4 * block + 4)


def blocks(
    rows: Sequence[tuple[date, int, float]], product: str, provenance: tuple[Provenance, ...], local: str = BERLIN
) -> BlockPrices:
    """From (local day, block 0 to 5, EUR/MW of the block)."""
    ordered = sorted(rows)
    bounds = np.array([block_bounds_ns(day, block, local) for day, block, _ in ordered], np.int64).reshape(-1, 2)
    price = np.array([one for *_, one in ordered], np.float64)
    return BlockPrices(bounds[:, 0], bounds[:, 1] - bounds[:, 0], price, product, provenance)


def from_series(prices: PriceSeries, product: str) -> BlockPrices:
    """Blocks from a file of the user: each start a block, its price EUR/MW for the whole block."""
    return BlockPrices(prices.start_ns, prices.length_ns, prices.price, product, prices.provenance)
