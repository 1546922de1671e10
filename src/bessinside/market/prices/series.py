"""Prices in time: UTC starts, market time unit, EUR/MWh, and where each series comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import BERLIN, HOUR_NS, MINUTE_NS, QUARTER_NS, LocalDays, local_slots
from bessinside.market.prices.provenance import Provenance

# The day-ahead auction of DE-LU clears quarters of an hour since 1 October 2025, 00:00 in Berlin; hours before.
SWITCH_NS = int(datetime(2025, 9, 30, 22, tzinfo=UTC).timestamp()) * 10**9
ZONE = "DE-LU"


@dataclass(frozen=True, slots=True, eq=False)
class PriceSeries:
    """A price for each slot of time.

    `start_ns` int64[n] UTC, ascending; `length_ns` int64[n] how long each slot lasts; `unit_ns` int64[n] the market
    time unit it was cleared in (an hourly price spread over four quarters keeps 60 minutes); `price` float64[n]
    EUR/MWh, finite. A slot without a price does not stand in the series: it is one of its `gaps`.
    """

    start_ns: NDArray[np.int64]
    length_ns: NDArray[np.int64]
    unit_ns: NDArray[np.int64]
    price: NDArray[np.float64]
    provenance: tuple[Provenance, ...]
    zone: str = ZONE
    local: str = BERLIN

    def __post_init__(self) -> None:
        sizes = {len(self.start_ns), len(self.length_ns), len(self.unit_ns), len(self.price)}
        if len(sizes) != 1:
            raise MarketError(f"starts, lengths, units and prices differ in number: {sorted(sizes)}")
        if not np.isfinite(self.price).all():
            at = int(np.flatnonzero(~np.isfinite(self.price))[0])
            raise MarketError(f"no number as the price of {iso(int(self.start_ns[at]))}: leave such a slot out")
        early = np.flatnonzero(np.diff(self.start_ns) < self.length_ns[:-1])
        if early.size:
            at = int(early[0])
            raise MarketError(
                f"the slot {iso(int(self.start_ns[at]))} has not ended when {iso(int(self.start_ns[at + 1]))} begins: "
                "starts must be UTC, ascending, each once"
            )

    @property
    def size(self) -> int:
        """Number of slots."""
        return len(self.start_ns)

    @property
    def end_ns(self) -> int:
        """End of the last slot, 0 of an empty series."""
        return int(self.start_ns[-1] + self.length_ns[-1]) if self.size else 0

    @property
    def hours(self) -> NDArray[np.float64]:
        """Length of each slot in hours, float64[n]."""
        found: NDArray[np.float64] = self.length_ns / HOUR_NS
        return found

    def days(self) -> LocalDays:
        """The slots by local day."""
        return local_slots(self.start_ns, self.local)

    def gaps(self, start_ns: int | None = None, end_ns: int | None = None) -> NDArray[np.int64]:
        """Stretches without a price in [start, end), int64[k, 2] of (from, until); the series' own span unless said."""
        begin = int(self.start_ns[0]) if start_ns is None and self.size else (start_ns or 0)
        end = self.end_ns if end_ns is None else end_ns
        inside = self.between(begin, end)
        froms = np.concatenate([[begin], inside.start_ns + inside.length_ns])
        untils = np.concatenate([inside.start_ns, [end]])
        return np.stack([froms, untils], axis=1)[untils > froms].astype(np.int64)

    def between(self, start_ns: int, end_ns: int) -> PriceSeries:
        """The slots that begin in [start, end)."""
        first, last = np.searchsorted(self.start_ns, [start_ns, end_ns])
        return self.take(slice(int(first), int(last)))

    def take(self, which: slice | NDArray[np.bool_]) -> PriceSeries:
        """Some of the slots, in their order."""
        return replace(
            self,
            start_ns=self.start_ns[which],
            length_ns=self.length_ns[which],
            unit_ns=self.unit_ns[which],
            price=self.price[which],
        )

    def split(self, length_ns: int = QUARTER_NS) -> PriceSeries:
        """Every slot cut into slots of `length_ns` at the price of the whole; the market time unit stays as it was."""
        if self.size and (self.length_ns % length_ns).any():
            raise MarketError(f"slots of {_minutes(self.length_ns)} cannot be cut into {length_ns // MINUTE_NS} min")
        times = self.length_ns // length_ns
        first = np.repeat(np.cumsum(times) - times, times)
        step = (np.arange(int(times.sum())) - first) * length_ns
        return replace(
            self,
            start_ns=np.repeat(self.start_ns, times) + step,
            length_ns=np.full(int(times.sum()), length_ns, np.int64),
            unit_ns=np.repeat(self.unit_ns, times),
            price=np.repeat(self.price, times),
        )

    def hourly(self) -> PriceSeries:
        """Means over whole hours; an hour of which a part has no price is a gap. Longer slots are refused.

        The mean is the hour's price for whoever delivers evenly; the price of its first quarter is not (in DE-LU it is
        off by 10 EUR/MWh on average since the switch to quarters).
        """
        if self.size and int(self.length_ns.max()) > HOUR_NS:
            raise MarketError(f"slots of {_minutes(self.length_ns)} are longer than an hour")
        if not self.size:
            return self
        starts, first = np.unique(self.start_ns // HOUR_NS, return_index=True)
        weight = np.add.reduceat(self.length_ns, first)
        price = np.add.reduceat(self.price * self.length_ns, first) / weight
        whole = weight == HOUR_NS
        return replace(
            self,
            start_ns=(starts * HOUR_NS)[whole],
            length_ns=np.full(int(whole.sum()), HOUR_NS, np.int64),
            unit_ns=np.maximum.reduceat(self.unit_ns, first)[whole],
            price=price[whole],
        )

    def on_grid(self) -> PriceSeries:
        """All slots of one length, the shortest that occurs: what a dispatch over the 60 → 15 minute switch needs."""
        return self if self.size == 0 or np.ptp(self.length_ns) == 0 else self.split(int(self.length_ns.min()))


def series(
    starts_ns: Sequence[int] | NDArray[np.int64],
    prices: Sequence[float] | NDArray[np.float64],
    length_ns: int | NDArray[np.int64],
    provenance: tuple[Provenance, ...],
    zone: str = ZONE,
) -> PriceSeries:
    """A series from starts (UTC ns) and prices (EUR/MWh), all slots as long as the market time unit."""
    start = np.asarray(starts_ns, np.int64)
    length = np.broadcast_to(np.asarray(length_ns, np.int64), start.shape).copy()
    return PriceSeries(start, length, length, np.asarray(prices, np.float64), provenance, zone)


def auction_unit_ns(start_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Market time unit of DE-LU's day-ahead auction at each start, int64[n] ns: 60 minutes, 15 since the switch."""
    unit: NDArray[np.int64] = np.where(start_ns < SWITCH_NS, HOUR_NS, QUARTER_NS).astype(np.int64)
    return unit


def joined(parts: Sequence[PriceSeries]) -> PriceSeries:
    """Several series one after the other; each slot once, the later part speaks where two have it."""
    if not parts:
        raise MarketError("no prices to join")
    rank = np.repeat(np.arange(len(parts)), [part.size for part in parts])
    start = np.concatenate([part.start_ns for part in parts])
    order = np.lexsort((rank, start))
    last = np.append(np.diff(start[order]) != 0, True) if order.size else np.zeros(0, bool)
    kept = order[last]
    sources = tuple(dict.fromkeys(one for part in parts for one in part.provenance))
    return replace(
        parts[0],
        start_ns=start[kept],
        length_ns=np.concatenate([part.length_ns for part in parts])[kept],
        unit_ns=np.concatenate([part.unit_ns for part in parts])[kept],
        price=np.concatenate([part.price for part in parts])[kept],
        provenance=sources,
    )


def iso(at_ns: int) -> str:
    """An instant as 2025-10-01T00:15Z, with seconds only where it has some."""
    found = datetime.fromtimestamp(at_ns / 10**9, UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ" if found.second else "%Y-%m-%dT%H:%MZ")


def _minutes(length_ns: NDArray[np.int64]) -> str:
    found = sorted({int(one) // MINUTE_NS for one in length_ns})
    return " and ".join(f"{one} min" for one in found)
