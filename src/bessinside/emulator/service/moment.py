"""Moments and spans of the plant's time as a person writes them; all in UTC, as ns since the epoch or in seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from bessinside.emulator.whole.schedule import DAY, NS, seconds_of
from bessinside.errors import BessError

_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": DAY}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")


class MomentError(BessError):
    """A moment or span that cannot be understood, or lies where time does not go."""


def span(text: str) -> float:
    """Seconds of `90s`, `15min`, `2h` or `30d`."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0.0:
        raise MomentError(f"{text!r}: expected a span such as 90s, 15min, 2h or 30d")
    return float(found[1]) * _UNITS[found[2]]


def moment(text: str) -> int:
    """ns of a date with a time, `2026-06-21T05:00`; UTC unless it names its offset."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise MomentError(f"{text!r}: expected a date with a time (UTC) such as 2026-06-21T05:00") from None
    if not 1970 < found.year < 2260:
        raise MomentError(f"{text}: expected a year from 1971 to 2259")
    whole = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (whole - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def later(text: str, now_ns: int) -> int:
    """ns of a moment after `now_ns`: the next time it is `14:30`, or a date with a time, or `+2h` from now."""
    text = text.strip()
    if text.startswith("+"):
        return now_ns + round(span(text[1:]) * NS)
    if "-" not in text:
        try:
            second = seconds_of(text)
        except ValueError as error:
            raise MomentError(f"{error}; or give a date (2026-06-21T05:00) or a span (+2h)") from None
        day = int(DAY) * NS
        goal = now_ns // day * day + round(second * NS)
        return goal if goal > now_ns else goal + day
    goal = moment(text)
    if goal <= now_ns:
        raise MomentError(f"{text}: the plant is at {said(now_ns)} and its time only goes forward")
    return goal


def said(moment_ns: int) -> str:
    """A moment for a person: `2026-06-21 05:00:00 UTC`."""
    return f"{datetime.fromtimestamp(moment_ns // NS, UTC):%Y-%m-%d %H:%M:%S} UTC"
