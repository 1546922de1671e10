"""Days of the clock on the wall: prices are kept by UTC, but people ask for days, and reports count them.

A day of Berlin has 96 quarters; 92 when the clock goes forward, 100 when it goes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.days import local_days, minutes_of_day
from bessinside.market.basis.errors import MarketError

BERLIN = "Europe/Berlin"
QUARTER_NS = 900 * 10**9
HOUR_NS = 3600 * 10**9
DAY_NS = 86_400 * 10**9
MINUTE_NS = 60 * 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class LocalDays:
    """Slots by local day.

    `days`: the days, datetime64[D], shape (d,), ascending, only those with a slot; `of`: index of each slot's day,
    int64[n]; `first`: index of each day's first slot, int64[d]; `minute`: wall-clock minute of the day at which each
    slot begins, int64[n] (in the hour that comes twice it comes twice).
    """

    days: NDArray[np.datetime64]
    of: NDArray[np.int64]
    first: NDArray[np.int64]
    minute: NDArray[np.int64]


def local_slots(start_ns: NDArray[np.int64], zone: str = BERLIN) -> LocalDays:
    """The local days of slots that begin at `start_ns` (UTC ns, ascending)."""
    if not start_ns.size:
        none = np.zeros(0, np.int64)
        return LocalDays(np.zeros(0, "datetime64[D]"), none, none, none)
    numbers, first, of = np.unique(local_days(start_ns, zone), return_index=True, return_inverse=True)
    days = np.datetime64(day_of(int(start_ns[0]), zone), "D") + numbers
    minute = minutes_of_day(start_ns, zone).astype(np.int64)
    return LocalDays(days, of.astype(np.int64), first.astype(np.int64), minute)


def midnight_ns(day: date, zone: str = BERLIN) -> int:
    """The instant at which a local day begins, UTC ns."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


def day_of(at_ns: int, zone: str = BERLIN) -> date:
    """The local day of an instant."""
    return (_EPOCH + timedelta(microseconds=at_ns // 1000)).astimezone(ZoneInfo(zone)).date()


def parse_day(text: str, name: str) -> date:
    """A day written as 2025-12-31, or a year or month for its first day. Raises MarketError that names the option."""
    parts = text.strip().split("-")
    try:
        year, month, day = (int(part) for part in [*parts, "1", "1"][: max(3, len(parts))])
        if not 1990 <= year <= 2200:
            raise ValueError(text)
        return date(year, month, day)
    except ValueError as error:
        raise MarketError(f"{name}: expected a day such as 2025-12-31 (or 2025-12, or 2025), got {text!r}") from error


def day_after(text: str, name: str) -> date:
    """The first day after what a text names: after 2025-12-31 the next day, after 2025-12 the next month."""
    first = parse_day(text, name)
    match len(text.strip().split("-")):
        case 1:
            return date(first.year + 1, 1, 1)
        case 2:
            return date(first.year + first.month // 12, first.month % 12 + 1, 1)
        case _:
            return first + timedelta(days=1)
