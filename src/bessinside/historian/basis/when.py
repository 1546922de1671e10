"""Moments as people write them: a date with a time, or so long before the end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from bessinside.errors import BessError

NS = 1_000_000_000
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_BACK = re.compile(r"-\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)")
_FINE = re.compile(r"(.*:\d\d)\.(\d{7,9})(Z|[+-]\d\d:?\d\d)?", re.S)


class WhenError(BessError):
    """A moment that cannot be understood."""


def when(text: str, end_ns: int) -> int:
    """ns UTC of `2026-06-21T05:00:00.250Z` (UTC unless it names its offset), of a date alone (its first moment), of
    `-15min` or `-2h` (before `end_ns`), or of `end`. Raises WhenError."""
    text = text.strip()
    if text in ("end", "now"):
        return end_ns
    if back := _BACK.fullmatch(text):
        return end_ns - round(float(back[1]) * _UNITS[back[2]] * NS)
    fine = 0
    if exact := _FINE.fullmatch(text):  # datetime knows microseconds only
        text, fine = exact[1] + (exact[3] or ""), int(exact[2].ljust(9, "0"))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WhenError(
            f"{text!r}: expected a date with a time (UTC) such as 2026-06-21T05:00, or a time before the end such as "
            "-90s, -15min, -2h or -1d"
        ) from None
    whole = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not 1970 <= whole.year < 2260:
        raise WhenError(f"{text}: expected a year from 1970 to 2259")
    return (whole - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000 + fine


def iso(time_ns: int) -> str:
    """A moment as text, UTC: `2026-06-21T05:00:00.250Z`, to the nanosecond where it is not a whole millisecond."""
    seconds, rest = divmod(time_ns, NS)
    fraction = f"{rest // 1_000_000:03d}" if rest % 1_000_000 == 0 else f"{rest:09d}"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction}Z"
