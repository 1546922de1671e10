"""Replaying a schedule names the first slot that a battery cannot carry out, and by how much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bessinside.market.dispatch.battery import Battery, BatteryError, battery
from bessinside.market.dispatch.check import Violation, replay
from bessinside.market.dispatch.model import solve, value
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.plans.baselines import looking_back, own_schedule, remembered, timer
from bessinside.market.plans.plan import settle
from bessinside.market.prices.sample import sample
from tests.market.years import ZONE, grid, hours, reference


def first(owned: Battery, power_w: list[float], slot_s: float = 3600) -> Violation | None:
    power = np.array(power_w)
    starts = grid(len(power), slot_s)
    return replay(owned, np.maximum(-power, 0), np.maximum(power, 0), starts, slot_s, zone=ZONE).violation


def test_each_limit_is_named_with_its_slot_and_amount() -> None:
    owned = battery(1e6, 2e6, 1.0, cycles_day=1.0)
    assert first(owned, [-1e6, -1e6, 1e6, 1e6]) is None
    found = first(owned, [-1e6, -1.25e6, 1e6, 1e6])
    assert found is not None
    assert (found.slot, found.limit, found.by, found.unit) == (1, "charging power", 0.25e6, "W")
    assert "slot 1" in str(found)
    found = first(owned, [-1e6, -1e6, -0.5e6, 1e6, 1e6])
    assert found is not None
    assert (found.slot, found.limit, found.by) == (2, "most energy", 0.5e6)
    found = first(owned, [-1e6, 1e6, 1e6])
    assert found is not None
    assert (found.slot, found.limit) == (2, "least energy")
    found = first(owned, [-1e6, 1e6, -1e6, 1e6, -1e6, 1e6])
    assert found is not None
    assert (found.slot, found.limit, found.by) == (5, "cycles of a day", 1e6)
    found = first(owned, [-1e6, 0.0])
    assert found is not None
    assert (found.slot, found.limit, found.by) == (1, "energy at the end", 1e6)
    both = replay(owned, np.array([1e5, 0.0]), np.array([1e5, 0.0]), grid(2, 3600), 3600).violation
    assert both is not None
    assert both.limit == "one direction at a time"


def test_caps_begin_anew_with_the_local_day() -> None:
    owned = battery(1e6, 1e6, 1.0, cycles_day=1.0)
    day = [-1e6, 1e6] + [0.0] * 22
    assert first(owned, day + day) is None
    yearly = replace(owned, cycles_day=None, cycles_year=1.0)
    found = first(yearly, day + day)
    assert found is not None
    assert (found.slot, found.limit) == (25, "cycles of a year")


def oracle_without_a_battery() -> tuple[Battery, np.ndarray, np.ndarray]:
    """10 MW, 20 MWh, three cycles: charge in the day's 24 cheapest quarters and discharge in its 24 dearest, whatever
    their order. Published as an upper limit, and no schedule at all.
    """
    prices = sample()
    owned = battery(10e6, 20e6, 0.9, cycles_day=3.0)
    power = np.zeros(prices.size)
    for day in range(prices.size // 96):
        order = np.argsort(prices.price[day * 96 : day * 96 + 96], kind="stable") + day * 96
        power[order[:24]], power[order[-24:]] = -10e6, 10e6
    return owned, np.maximum(-power, 0), np.maximum(power, 0)


def test_an_oracle_that_ignores_the_state_of_charge_is_rejected() -> None:
    prices = sample()
    owned, charge, discharge = oracle_without_a_battery()
    with pytest.raises(BatteryError, match=r"oracle cannot be carried out, slot \d+ \(2026-09-2\dT\d\d:\d\dZ\): .* Wh"):
        settle("oracle", owned, charge, discharge, prices.price, Calendar.of(prices.start_ns, 900, ZONE))
    claimed = value(prices.price, charge, discharge, 900)
    best = solve(prices.price, prices.start_ns, 900, owned)
    assert claimed > 1.2 * best.bound_eur, "what it claims lies far above what any schedule can earn"


def test_a_wish_is_cut_to_what_the_battery_can_do() -> None:
    prices = sample()
    calendar = Calendar.of(prices.start_ns, 900, ZONE)
    owned, charge, discharge = oracle_without_a_battery()
    plan = own_schedule("oracle", discharge - charge, prices.price, owned, calendar)
    assert plan.cut_wh > 0
    assert plan.eur < solve(prices.price, prices.start_ns, 900, owned).bound_eur
    best = solve(prices.price, prices.start_ns, 900, owned)
    again = own_schedule("ours", best.power_w, prices.price, owned, calendar)
    assert again.eur == pytest.approx(best.feasible_eur, abs=1e-3)
    assert again.cut_wh == pytest.approx(0.0, abs=1.0)


def test_the_timer_keeps_its_hours() -> None:
    prices = sample()
    calendar = Calendar.of(prices.start_ns, 900, ZONE)
    plan = timer(prices.price, reference(), calendar)
    local = (prices.start_ns // (900 * 10**9) + 8) % 96 // 4  # the sample lies in summer time
    assert set(np.unique(local[plan.charge_w > 0])) <= {11, 12, 13}
    assert set(np.unique(local[plan.discharge_w > 0])) <= {19, 20, 21}


def test_memory_goes_by_the_wall_clock_through_both_changes_of_it() -> None:
    _, starts, slot = hours(2025)
    calendar = Calendar.of(starts, slot, ZONE)
    hour = (
        (starts.astype("datetime64[ns]") - np.datetime64("2025-01-01")).astype("timedelta64[h]").astype(int) % 24
    ).astype(float)
    yesterday = remembered(hour, calendar, range(1, 2))
    assert np.isnan(yesterday[:24]).all()
    assert not np.isnan(yesterday[24:]).any()
    spring, autumn = (int(np.flatnonzero(calendar.day == day)[0]) for day in (88, 298))  # 30 March, 26 October
    assert np.bincount(calendar.day)[[88, 298]].tolist() == [23, 25]
    # UTC hour of the same wall clock a day earlier: in winter one less than local time, in summer two less
    assert yesterday[spring : spring + 4].tolist() == [23.0, 0.0, 2.0, 3.0]
    assert yesterday[spring + 23 : spring + 27].tolist() == [23.0, 0.0, 0.0, 1.0]  # 02:00 as the hour before it
    assert yesterday[autumn : autumn + 5].tolist() == [22.0, 23.0, 0.0, 0.0, 1.0]  # 02:00 twice
    assert yesterday[autumn + 25 + 2] == pytest.approx((0.0 + 1.0) / 2)  # both passes through 02:00


def test_the_ladder_of_baselines_has_its_known_shares() -> None:
    prices, starts, slot = hours(2025)
    calendar = Calendar.of(starts, slot, ZONE)
    best = solve(prices, starts, slot, reference()).feasible_eur
    backs = {"last_week": range(7, 8), "yesterday": range(1, 2), "mean_28_days": range(1, 29)}
    plans = [timer(prices, reference(), calendar)]
    plans += [looking_back(name, prices, reference(), calendar, back) for name, back in backs.items()]
    shares = {plan.name: plan.eur / best for plan in plans}
    assert shares["timer"] == pytest.approx(0.58, abs=0.01)
    assert shares["last_week"] == pytest.approx(0.85, abs=0.01)
    assert shares["yesterday"] == pytest.approx(0.86, abs=0.01)
    assert shares["mean_28_days"] == pytest.approx(0.89, abs=0.01)
