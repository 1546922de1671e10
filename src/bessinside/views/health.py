"""State of health: what the BMS says, rack by rack, and what the warranty promises at this age."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from bessinside.views.base import FactBase
from bessinside.views.fact import Cell
from bessinside.views.found import Found, Rows, gather, origins

SOH = ("container.soh", "rack.soh", "bus.soh", "module.soh", "pcs.bms_soh")
PER_PART = ("rack.soh", "bus.soh", "container.soh", "pcs.bms_soh")
YEAR_DAYS = 365.25


def state_of_health(of: FactBase) -> Found:
    """Mean of all parts that report it, %."""
    found = of.evidence.carried(*SOH)
    good = found.some()
    note = "" if len(good) == len(found) else f"{len(found) - len(good)} of {len(found)} parts are left out"
    return Found(float(good.value.mean()), found.origin(), note=note, quality="partly" if note else "")


def per_rack(of: FactBase) -> Found:
    """The lowest, with all of them as rows, %."""
    found = of.evidence.carried(*PER_PART)
    good = found.some()
    rows: list[list[Cell]] = [[part, float(value)] for part, value in zip(good.parts, good.value, strict=True)]
    low = int(np.argmin(good.value))
    note = f"lowest: {good.parts[low]}; spread {np.ptp(good.value):.1f} %"
    mark = "partly" if len(good) < len(found) else ""
    return Found(
        float(good.value[low]),
        found.origin(),
        note=note,
        quality=mark,
        table=Rows((("part", ""), ("soh", "%")), rows, "bars"),
    )


def age_years(start: date, now_ns: int) -> float:
    """Years of 365.25 days from a day to a moment."""
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp()
    return (now_ns / 1e9 - begin) / 86400 / YEAR_DAYS


def promised(curve: tuple[tuple[float, float], ...], years: float) -> float:
    """The curve at an age, linear between its points and flat outside, %."""
    at, health = zip(*curve, strict=True)
    return float(np.interp(years, at, health))


def warranted(of: FactBase) -> Found:
    """What the warranty promises at this age, %."""
    (curve, one), (start, two) = gather(
        lambda: of.evidence.stated("warranty.health", "the curve of health that the warranty promises"),
        lambda: of.evidence.stated("warranty.start", "the day on which the warranty began"),
    )
    years = age_years(start, of.evidence.now.time_ns)
    rows: list[list[Cell]] = [[float(year), float(health)] for year, health in curve]
    return Found(
        promised(curve, years),
        (one, two),
        note=f"{years:.2f} years since {start}",
        table=Rows((("years", "a"), ("soh", "%")), rows, "line"),
    )


def margin(of: FactBase) -> Found:
    """Health above what the warranty promises, percentage points; negative: below."""
    (health, one), (wanted, two) = gather(lambda: of.value("health.soh"), lambda: of.value("health.warranty"))
    return Found(health - wanted, origins((one, two)))
