"""What must hold for any prices and any battery: orderings, monotony, scaling, ties. Worth is compared, not
schedules.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.market.dispatch.battery import Battery, BatteryError, Curve, Floats, battery
from bessinside.market.dispatch.check import replay
from bessinside.market.dispatch.model import Dispatch, Model, solve
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.plans.follow import follow
from bessinside.market.plans.plan import day_by_day, rolling
from tests.market.years import ZONE, grid, hours, reference

EPS = 1e-6
any_price = st.integers(-150, 350)
price_rows = st.lists(any_price, min_size=26, max_size=80).map(lambda row: np.array(row, dtype=float))
PCS = Curve((1e5, 3e5, 6e5, 1e6), (0.9e5, 2.82e5, 5.68e5, 9.4e5))
PCS_OUT = Curve((1e5, 3e5, 6e5, 1e6), (1.12e5, 3.2e5, 6.35e5, 10.7e5))


@st.composite
def batteries(draw: st.DrawFn) -> Battery:
    """Batteries with any mix of limits."""
    energy = draw(st.floats(0.5e6, 4e6))
    low, high = draw(st.sampled_from([(0.0, 1.0), (0.1, 0.9), (0.05, 1.0)]))
    start = draw(st.floats(low, high)) * energy
    return battery(
        draw(st.floats(0.3e6, 2e6)),
        energy,
        draw(st.sampled_from([0.8, 0.88, 1.0])),
        soc_min=low,
        soc_max=high,
        start_wh=start,
        end_wh=draw(st.sampled_from([None, start])),
        cycles_day=draw(st.sampled_from([None, 1.0, 2.0])),
        wear_eur_mwh=draw(st.sampled_from([0.0, 10.0])),
        export_w=draw(st.sampled_from([None, 0.5e6])),
    )


@given(price_rows, batteries())
@settings(max_examples=60, deadline=None)
def test_every_schedule_can_be_carried_out_and_lies_in_its_bracket(prices: Floats, owned: Battery) -> None:
    starts = grid(len(prices), 3600)
    found = solve(prices, starts, 3600, owned)
    assert found.feasible_eur <= found.bound_eur + EPS
    assert abs(found.certificate.duality_gap_eur) <= EPS
    assert found.certificate.primal_infeasibility <= 1e-7
    assert replay(owned, found.charge_w, found.discharge_w, starts, 3600, tolerance=0.1).violation is None
    assert np.all(np.minimum(found.charge_w, found.discharge_w) == 0)


@given(price_rows)
@settings(max_examples=25, deadline=None)
def test_more_of_anything_is_never_worse(prices: Floats) -> None:
    def bound(owned: Battery) -> float:
        return Model(prices, grid(len(prices), 3600), 3600, owned).bound().eur

    base = bound(reference())
    assert bound(reference(2.5)) >= base - EPS
    assert bound(reference(cycles=2.0)) >= base - EPS
    assert bound(replace(reference(), charge_w=1.2e6)) >= base - EPS
    assert bound(replace(reference(), discharge_w=1.2e6)) >= base - EPS
    assert bound(replace(reference(), end_wh=None)) >= base - EPS
    assert bound(replace(reference(), wear_eur_mwh=7.0)) <= base + EPS
    assert bound(replace(reference(), export_w=0.6e6)) <= base + EPS
    share = np.where(np.arange(len(prices)) % 5 == 0, 0.3, 1.0)
    assert bound(replace(reference(), charge_available=share, discharge_available=share)) <= base + EPS


@given(price_rows.map(np.abs))
@settings(max_examples=20, deadline=None)
def test_fewer_losses_are_never_worse_above_zero(prices: Floats) -> None:
    starts = grid(len(prices), 3600)
    worth = [Model(prices, starts, 3600, battery(1e6, 2e6, eta)).bound().eur for eta in (0.7, 0.8, 0.9, 1.0)]
    assert worth == sorted(worth)


@given(price_rows, st.sampled_from([0.01, 3.0, 250.0]))
@settings(max_examples=20, deadline=None)
def test_k_batteries_earn_k_times_as_much(prices: Floats, k: float) -> None:
    starts = grid(len(prices), 3600)
    one = solve(prices, starts, 3600, battery(1e6, 2e6, 0.88, cycles_day=1.5))
    many = solve(prices, starts, 3600, battery(k * 1e6, k * 2e6, 0.88, cycles_day=1.5))
    assert many.bound_eur == pytest.approx(k * one.bound_eur, rel=1e-9, abs=EPS)


@given(price_rows, st.integers(-100, 100))
@settings(max_examples=20, deadline=None)
def test_without_losses_only_differences_of_prices_count(prices: Floats, shift: int) -> None:
    starts = grid(len(prices), 3600)
    lossless = battery(1e6, 2e6, start_wh=1e6, end_wh=1e6)
    assert Model(prices + shift, starts, 3600, lossless).bound().eur == pytest.approx(
        Model(prices, starts, 3600, lossless).bound().eur, abs=EPS
    )


@given(st.lists(st.sampled_from([20.0, 50.0, 90.0]), min_size=30, max_size=60))
@settings(max_examples=20, deadline=None)
def test_ties_change_the_schedule_at_most(row: list[float]) -> None:
    prices, starts = np.array(row), grid(len(row), 3600)
    there = Model(prices, starts, 3600, battery(1e6, 2e6)).bound().eur
    back = Model(-prices[::-1].copy(), starts, 3600, battery(1e6, 2e6)).bound().eur
    # time reversed and signs changed, charging is discharging: the same ties in another order
    assert there == pytest.approx(back, abs=EPS)


@given(
    st.lists(any_price, min_size=24 * 4, max_size=48 * 4).map(
        lambda row: np.array(row[: len(row) // 4 * 4], dtype=float)
    )
)
@settings(max_examples=20, deadline=None)
def test_hourly_means_are_never_worth_more_than_their_quarters(quarters: Floats) -> None:
    fine = Model(quarters, grid(len(quarters)), 900, reference()).bound().eur
    mean = quarters.reshape(-1, 4).mean(axis=1)
    assert Model(mean, grid(len(mean), 3600), 3600, reference()).bound().eur <= fine + EPS


@given(price_rows)
@settings(max_examples=20, deadline=None)
def test_no_plan_of_less_foresight_beats_the_whole(prices: Floats) -> None:
    calendar = Calendar.of(grid(len(prices), 3600), 3600, ZONE)
    bound = Model(prices, calendar.starts_ns, 3600, reference()).bound().eur
    assert day_by_day("days", reference(), prices, prices, calendar).eur <= bound + EPS
    assert rolling("rolling", reference(), prices, prices, calendar).eur <= bound + EPS


def test_two_days_of_foresight_are_nearly_all_of_it() -> None:
    prices, starts, slot = hours(2025)
    calendar = Calendar.of(starts[:2184], slot, ZONE)
    paid = prices[:2184]
    whole = solve(paid, calendar.starts_ns, slot, reference())
    days, ahead = (make("", reference(), paid, paid, calendar).eur for make in (day_by_day, rolling))
    assert days < ahead <= whole.bound_eur
    assert ahead >= 0.998 * whole.feasible_eur
    assert days >= 0.98 * whole.feasible_eur


def curved() -> Battery:
    """A battery with the losses of a converter that is worst at low load."""
    return Battery(1e6, 1e6, 2e6, PCS, PCS_OUT, cycles_day=1.5)


@given(price_rows)
@settings(max_examples=10, deadline=None)
def test_a_curve_keeps_its_bracket(prices: Floats) -> None:
    starts = grid(len(prices), 3600)
    found = solve(prices, starts, 3600, curved())
    assert found.feasible_eur <= found.bound_eur + EPS
    assert replay(curved(), found.charge_w, found.discharge_w, starts, 3600, tolerance=0.1).violation is None
    assert brute(prices, curved()) <= found.bound_eur + EPS


def brute(prices: Floats, owned: Battery, levels: int = 20) -> float:
    """The best schedule between `levels` energies along the true curves, with the cap of one day for all of them:
    surely to be earned.
    """
    assert isinstance(owned.charging, Curve)
    assert isinstance(owned.discharging, Curve)
    step = owned.energy_wh / levels
    moves = np.arange(-levels, levels + 1) * step
    into = np.where(moves > 0, owned.charging.meter(np.maximum(moves, 0)), 0.0)
    out = np.where(moves < 0, owned.discharging.meter(np.maximum(-moves, 0)), 0.0)
    possible = (moves <= owned.charging.cell_w[-1]) & (-moves <= owned.discharging.cell_w[-1])
    budget = levels * 3 // 2  # counted at the cells, which give more than the meter gets
    worth = np.full((levels + 1, budget + 1), -np.inf)
    worth[0, 0] = 0.0
    for price in prices:
        after = np.full_like(worth, -np.inf)
        for k in np.flatnonzero(possible):
            shift = int(k) - levels
            used = max(-shift, 0)
            eur = price * (out[k] - into[k]) / 1e6
            old = worth[max(-shift, 0) : levels + 1 - max(shift, 0), : budget + 1 - used]
            new = after[max(shift, 0) : levels + 1 - max(-shift, 0), used:]
            np.maximum(new, old + eur, out=new)
        worth = after
    return float(worth[0].max())


def test_a_constant_efficiency_is_a_curve_of_one_piece() -> None:
    prices, starts, slot = hours(2025)
    paid, starts = prices[4000:4720], starts[4000:4720]
    eta = 0.88**0.5
    straight = Battery(1e6, 1e6, 2e6, Curve((1e6,), (eta * 1e6,)), Curve((1e6,), (1e6 / eta,)), cycles_day=1.5)
    assert _same(solve(paid, starts, slot, straight), solve(paid, starts, slot, reference()))


def _same(one: Dispatch, other: Dispatch) -> bool:
    return bool(one.bound_eur == pytest.approx(other.bound_eur, abs=1e-6))


@given(st.lists(st.floats(-2e6, 2e6), min_size=24, max_size=60), batteries())
@settings(max_examples=60, deadline=None)
def test_any_wish_becomes_feasible(wish: list[float], owned: Battery) -> None:
    starts = grid(len(wish), 3600)
    capless = replace(owned, end_wh=None) if owned.cycles_day is not None else owned
    charge, discharge = follow(capless, np.array(wish), Calendar.of(starts, 3600, ZONE))
    assert replay(capless, charge, discharge, starts, 3600).violation is None


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(BatteryError, match="energy_wh must be above zero"):
        battery(1e6, 0.0)
    with pytest.raises(BatteryError, match="losses of the curve fall"):
        Battery(1e6, 1e6, 2e6, Curve((5e5, 1e6), (4e5, 9.5e5)))
    with pytest.raises(BatteryError, match="the curve ends at"):
        Battery(2e6, 1e6, 2e6, PCS)
    with pytest.raises(BatteryError, match="slots must follow each other"):
        solve(np.zeros(3), grid(4, 3600)[[0, 1, 3]], 3600, reference())
    with pytest.raises(BatteryError, match="slots have no price, the first is slot 1"):
        solve(np.array([1.0, np.nan]), grid(2, 3600), 3600, reference())
    with pytest.raises(BatteryError, match="no schedule keeps all limits"):
        solve(np.ones(2), grid(2, 3600), 3600, battery(1e5, 2e6, start_wh=2e6, end_wh=0.0))
