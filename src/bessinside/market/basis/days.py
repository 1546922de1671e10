"""Local days, years and product blocks of a row of slots."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Stamps = NDArray[np.int64]
Index = NDArray[np.int32]


def _midnights(starts_ns: Stamps, zone: str, hours: tuple[int, ...] = (0,)) -> tuple[Stamps, list[date]]:
    """Local wall-clock hours of every day that the stamps touch, as UTC ns, and the day of each."""
    clock = ZoneInfo(zone)
    first = datetime.fromtimestamp(int(starts_ns[0]) // 10**9, UTC).astimezone(clock).date()
    last = datetime.fromtimestamp(int(starts_ns[-1]) // 10**9, UTC).astimezone(clock).date()
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    marks = [
        int(datetime(day.year, day.month, day.day, hour, tzinfo=clock).timestamp()) * 10**9
        for day in days
        for hour in hours
    ]
    return np.array(marks, dtype=np.int64), [day for day in days for _ in hours]


def local_days(starts_ns: Stamps, zone: str) -> Index:
    """The local day of each slot, counted from 0 at the first slot's. Days have 23, 24 or 25 hours."""
    marks, _ = _midnights(starts_ns, zone)
    return (np.searchsorted(marks, starts_ns, side="right") - 1).astype(np.int32)


def local_years(starts_ns: Stamps, zone: str) -> Index:
    """The local calendar year of each slot, counted from 0 at the first slot's."""
    marks, days = _midnights(starts_ns, zone)
    years = np.array([day.year for day in days], dtype=np.int32)
    found: Index = years[np.searchsorted(marks, starts_ns, side="right") - 1] - years[0]
    return found


def local_blocks(starts_ns: Stamps, zone: str, hours: int = 4) -> tuple[Index, Stamps]:
    """Product blocks of `hours` of wall clock: each slot's block from 0, and each block's start in UTC ns.

    Blocks follow the wall clock, so that the one in which clocks change lasts an hour less or more.
    """
    marks, _ = _midnights(starts_ns, zone, tuple(range(0, 24, hours)))
    block = np.searchsorted(marks, starts_ns, side="right") - 1
    kept, index = np.unique(block, return_inverse=True)
    return index.astype(np.int32), marks[kept]


def minutes_of_day(starts_ns: Stamps, zone: str) -> Index:
    """Wall-clock minutes since midnight of each slot; the hour that an autumn day has twice, twice."""
    clock = ZoneInfo(zone)
    hours, where = np.unique(starts_ns // (3600 * 10**9), return_inverse=True)
    offsets = [
        datetime.fromtimestamp(int(hour) * 3600, UTC).astimezone(clock).utcoffset() or timedelta() for hour in hours
    ]
    shift = np.array([int(offset.total_seconds()) // 60 for offset in offsets], dtype=np.int64)[where]
    return ((starts_ns // (60 * 10**9) + shift) % 1440).astype(np.int32)
