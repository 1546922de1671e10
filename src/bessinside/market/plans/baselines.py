"""What a battery earns with less than perfect foresight: from a clock to the mean of four weeks.

Each plan is made on prices of the past and paid at those of the day. A day whose past is unknown is rested through.
"""

from __future__ import annotations

import numpy as np

from bessinside.market.basis.days import minutes_of_day
from bessinside.market.dispatch.battery import Battery, BatteryError, Floats
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.plans.follow import follow
from bessinside.market.plans.plan import Plan, day_by_day, settle

CHARGE_HOURS = (11.0, 14.0)
DISCHARGE_HOURS = (19.0, 22.0)


def ladder(prices: Floats, battery: Battery, calendar: Calendar, *, before: Floats | None = None) -> list[Plan]:
    """All baselines, the simplest first. `before`: prices of whole local days just before the first slot, if known."""
    return [
        timer(prices, battery, calendar),
        looking_back("last_week", prices, battery, calendar, range(7, 8), before),
        looking_back("yesterday", prices, battery, calendar, range(1, 2), before),
        looking_back("mean_28_days", prices, battery, calendar, range(1, 29), before),
    ]


def timer(
    prices: Floats,
    battery: Battery,
    calendar: Calendar,
    charge_hours: tuple[float, float] = CHARGE_HOURS,
    discharge_hours: tuple[float, float] = DISCHARGE_HOURS,
) -> Plan:
    """A clock that knows no price: charges and discharges at full power in fixed hours of the local day."""
    hour = minutes_of_day(calendar.starts_ns, calendar.zone) / 60
    wish = np.where((hour >= charge_hours[0]) & (hour < charge_hours[1]), -battery.charge_w, 0.0)
    wish = np.where((hour >= discharge_hours[0]) & (hour < discharge_hours[1]), battery.discharge_w, wish)
    charge, discharge = follow(battery, wish, calendar)
    return settle("timer", battery, charge, discharge, prices, calendar)


def own_schedule(name: str, wanted_w: Floats, prices: Floats, battery: Battery, calendar: Calendar) -> Plan:
    """A schedule that somebody brings, W float64[n] positive out of the battery, as far as the battery can follow."""
    if wanted_w.shape != (len(calendar),) or not np.all(np.isfinite(wanted_w)):
        raise BatteryError(f"{name}: {len(calendar)} slots need as many powers, all of them numbers")
    charge, discharge = follow(battery, wanted_w, calendar)
    cut = float(np.abs(discharge - charge - wanted_w).sum()) * calendar.hours
    return settle(name, battery, charge, discharge, prices, calendar, cut)


def looking_back(
    name: str, prices: Floats, battery: Battery, calendar: Calendar, back: range, before: Floats | None = None
) -> Plan:
    """Plans each local day on the mean of the days `back` before it, at the same wall-clock time."""
    return day_by_day(name, battery, remembered(prices, calendar, back, before), prices, calendar)


def remembered(prices: Floats, calendar: Calendar, back: range, before: Floats | None = None) -> Floats:
    """For each slot the mean price at that time of day `back` days earlier, float64[n].

    Of several days back those that lie in the row count; NaN where none does.

    Days are matched by wall clock. The hour that a spring day lacks is filled with the hour before it; an autumn day's
    two passes through the same hour count as their mean.
    """
    table = _by_wall_clock(prices, calendar, before)
    earlier = len(table) - (int(calendar.day[-1]) + 1)
    mean = np.full((len(table), table.shape[1]), np.nan)
    for day in range(earlier, len(table)):
        past = [table[day - k] for k in back if day - k >= 0]
        if past:
            mean[day] = np.mean(past, axis=0)
    place = minutes_of_day(calendar.starts_ns, calendar.zone) * 60 // round(calendar.slot_s)
    known: Floats = mean[calendar.day + earlier, place]
    return known


def _by_wall_clock(prices: Floats, calendar: Calendar, before: Floats | None) -> Floats:
    """Prices as a table of local days by time of day; a day that the row does not cover wholly is NaN."""
    slots_a_day = round(86400 / calendar.slot_s)
    starts = calendar.starts_ns
    if before is not None:
        step = round(calendar.slot_s * 1e9)
        starts = np.concatenate([starts[0] - step * np.arange(len(before), 0, -1), starts])
        prices = np.concatenate([before, prices])
        calendar = Calendar.of(starts, calendar.slot_s, calendar.zone)
    place = minutes_of_day(starts, calendar.zone) * 60 // round(calendar.slot_s)
    days = int(calendar.day[-1]) + 1
    cell = calendar.day * slots_a_day + place
    total = np.bincount(cell, prices, minlength=days * slots_a_day).reshape(days, slots_a_day)
    count = np.bincount(cell, minlength=days * slots_a_day).reshape(days, slots_a_day)
    table: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    for slot in range(1, slots_a_day):
        hole = np.isnan(table[:, slot])
        table[hole, slot] = table[hole, slot - 1]
    return table
