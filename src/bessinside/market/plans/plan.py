"""A schedule with its worth: found on whatever its author knew, carried out by the battery, paid at real prices."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bessinside.market.dispatch.battery import Battery, BatteryError, Floats
from bessinside.market.dispatch.check import discharged, replay
from bessinside.market.dispatch.model import Model, value
from bessinside.market.dispatch.programme import Calendar, check_arrays
from bessinside.market.dispatch.solver import Solver


@dataclass(frozen=True, slots=True)
class Plan:
    """`charge_w`, `discharge_w` float64[n] at the meter, `energy_wh` float64[n] at the cells at each slot's end.

    `eur`: worth at the prices it was paid, wear taken off. `cut_wh`: energy at the meter by which a wish had to be
    cut to be feasible; 0 for a plan that was made within the limits.
    """

    name: str
    charge_w: Floats
    discharge_w: Floats
    energy_wh: Floats
    eur: float
    cut_wh: float = 0.0

    @property
    def power_w(self) -> Floats:
        """Power at the meter, positive out of the battery, W float64[n]."""
        return self.discharge_w - self.charge_w


def settle(
    name: str,
    battery: Battery,
    charge_w: Floats,
    discharge_w: Floats,
    prices: Floats,
    calendar: Calendar,
    cut_wh: float = 0.0,
) -> Plan:
    """A plan paid at `prices`. Raises :class:`BatteryError` with the slot where the battery cannot carry it out."""
    walked = replay(
        battery, charge_w, discharge_w, calendar.starts_ns, calendar.slot_s, zone=calendar.zone, tolerance=0.1
    )
    if walked.violation is not None:
        raise BatteryError(f"{name} cannot be carried out, {walked.violation}")
    worth = value(prices, charge_w, discharge_w, calendar.slot_s, battery.wear_eur_mwh)
    return Plan(name, charge_w, discharge_w, walked.energy_wh, worth, cut_wh)


def day_by_day(name: str, battery: Battery, known: Floats, paid: Floats, calendar: Calendar) -> Plan:
    """Every local day planned alone at the prices `known`, from the start energy back to it, paid at `paid`.

    Where `known` is not a number the battery rests. Both float64[n], EUR/MWh.
    """
    return _in_windows(name, battery, known, paid, calendar, ahead=1)


def rolling(name: str, battery: Battery, known: Floats, paid: Floats, calendar: Calendar, ahead: int = 2) -> Plan:
    """Planned `ahead` local days at a time with a free end, of which the first is carried out."""
    return _in_windows(name, battery, known, paid, calendar, ahead=ahead)


def _in_windows(name: str, battery: Battery, known: Floats, paid: Floats, calendar: Calendar, ahead: int) -> Plan:
    n, day = len(calendar), calendar.day
    check_arrays(paid, battery, n)
    first = np.searchsorted(day, np.arange(int(day[-1]) + 2))
    last = len(first) - 2
    charge, discharge = np.zeros(n), np.zeros(n)
    solvers: dict[int, Solver] = {}
    allowance = _Allowance(battery, calendar)
    energy = battery.start_wh
    for today in range(last + 1):
        until = min(today + ahead - 1, last)
        begin, end, done = int(first[today]), int(first[until + 1]), int(first[today + 1])
        if not np.all(np.isfinite(known[begin:done])):
            continue
        while end > done and not np.all(np.isfinite(known[begin:end])):
            until -= 1
            end = int(first[until + 1])
        goal = battery.end_wh if until == last else battery.start_wh if ahead == 1 else None
        # longer caps become what is allowed until the window's end
        piece = replace(
            cut(battery, begin, end),
            start_wh=energy, end_wh=goal, cycles_year=None, throughput_wh=allowance.until(until),
        )  # fmt: skip
        model = Model(
            known[begin:end], calendar.starts_ns[begin:end], calendar.slot_s, piece,
            zone=calendar.zone, solver=solvers.setdefault(end - begin, Solver()),
        )  # fmt: skip
        into, out = model.schedule()
        into, out = into[: done - begin], out[: done - begin]
        charge[begin:done], discharge[begin:done] = into, out
        short = replace(
            cut(battery, begin, done),
            start_wh=energy,
            end_wh=None,
            cycles_day=None,
            cycles_year=None,
            throughput_wh=None,
        )
        walked = replay(short, into, out, calendar.starts_ns[begin:done], calendar.slot_s, zone=calendar.zone)
        energy = float(np.clip(walked.energy_wh[-1], battery.floor_wh, battery.ceiling_wh))
        allowance.use(float(discharged(battery, out).sum()) * calendar.hours)
    return settle(name, battery, charge, discharge, paid, calendar)


def cut(battery: Battery, begin: int, end: int) -> Battery:
    """The battery for some of the slots: its masks cut out."""

    def part(mask: Floats | None) -> Floats | None:
        return None if mask is None else mask[begin:end]

    return replace(
        battery,
        charge_available=part(battery.charge_available),
        discharge_available=part(battery.discharge_available),
        energy_available=part(battery.energy_available),
    )


class _Allowance:
    """Caps of a year and of all time, spread evenly over their days; what one day leaves the next may use."""

    def __init__(self, battery: Battery, calendar: Calendar) -> None:
        days = int(calendar.day[-1]) + 1
        year_of_day = calendar.year[np.searchsorted(calendar.day, np.arange(days))]
        daily = np.full(days, np.inf)
        if battery.cycles_year is not None:
            daily = np.minimum(daily, (battery.cycles_year * battery.energy_wh / np.bincount(year_of_day))[year_of_day])
        if battery.throughput_wh is not None:
            daily = np.minimum(daily, battery.throughput_wh / days)
        self._until = np.cumsum(daily)
        self._used = 0.0

    def until(self, day: int) -> float | None:
        """Energy that may still be discharged up to the end of a day, None without such caps."""
        return None if np.isinf(self._until[day]) else max(float(self._until[day]) - self._used, 0.0)

    def use(self, energy_wh: float) -> None:
        """Counts what was discharged."""
        self._used += energy_wh
