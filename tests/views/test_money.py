"""Net present value, rate of return, debt cover: laws that hold for any money, and textbook values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.views.contract import floor, merchant, toll
from bessinside.views.dscr import annuity, least_cover
from bessinside.views.grid_fee import fee
from bessinside.views.investment import flows
from bessinside.views.irr import irr
from bessinside.views.npv import npv

MONEY = st.floats(1e3, 1e8)
RATE = st.floats(-0.5, 1.0)
INCOMES = st.lists(st.floats(1e3, 1e7), min_size=1, max_size=40)


def test_textbook_values() -> None:
    assert npv(0.10, [-1000.0, 500.0, 400.0, 300.0]) == pytest.approx(10.5184, abs=1e-4)
    assert irr([-100.0, 110.0]) == pytest.approx(0.10, abs=1e-9)
    assert irr([-1000.0, 500.0, 400.0, 300.0]) == pytest.approx(0.106517, abs=1e-6)
    assert annuity(100_000.0, 0.05, 10) == pytest.approx(12_950.4575, abs=1e-3)
    assert least_cover([20_000.0, 15_000.0, 30_000.0], 100_000.0, 0.05, 10) == pytest.approx(1.158260, abs=1e-6)


@given(MONEY, INCOMES, RATE, st.floats(0.1, 10.0))
def test_value_is_linear(invested: float, incomes: list[float], rate: float, times: float) -> None:
    row = [-invested, *incomes]
    twice = npv(rate, [times * flow for flow in row])
    assert twice == pytest.approx(times * npv(rate, row), rel=1e-9, abs=1e-6)
    assert npv(0.0, row) == pytest.approx(sum(row), rel=1e-12, abs=1e-6)


@given(MONEY, INCOMES, st.floats(-0.4, 0.9), st.floats(1e-3, 0.5))
def test_a_higher_rate_makes_later_income_worth_less(
    invested: float, incomes: list[float], rate: float, more: float
) -> None:
    row = [-invested, *incomes]
    assert npv(rate + more, row) < npv(rate, row)


@given(st.floats(-0.5, 2.0), MONEY, st.integers(1, 40))
def test_the_rate_of_return_is_found_again(rate: float, yearly: float, years: int) -> None:
    invested = npv(rate, [0.0, *[yearly] * years])
    found = irr([-invested, *[yearly] * years])
    assert found == pytest.approx(rate, abs=1e-6)
    assert npv(found, [-invested, *[yearly] * years]) == pytest.approx(0.0, abs=1e-6 * invested)


@given(INCOMES)
def test_no_rate_where_signs_do_not_change_once(incomes: list[float]) -> None:
    assert math.isnan(irr(incomes))
    assert math.isnan(irr([-1.0, *incomes, -1e9]))


@given(MONEY, st.floats(0.0, 0.3), st.integers(1, 40))
def test_an_annuity_repays_its_debt_to_the_cent(debt: float, rate: float, years: int) -> None:
    left = debt
    for _ in range(years):
        left = left * (1 + rate) - annuity(debt, rate, years)
    assert left == pytest.approx(0.0, abs=1e-6 * debt * (1 + rate) ** years)


@given(MONEY, st.floats(0.0, 0.3), st.integers(1, 30), st.floats(0.1, 5.0))
def test_cover_is_one_where_income_is_the_debt_service(debt: float, rate: float, years: int, times: float) -> None:
    income = [times * annuity(debt, rate, years)] * years
    assert least_cover(income, debt, rate, years) == pytest.approx(times, rel=1e-9)
    assert least_cover(income, 0.0, rate, years) == math.inf


@given(st.floats(-1e6, 1e7), st.floats(0.0, 2e5), st.floats(0.0, 1.0), st.floats(0.1, 100.0))
def test_contracts_order(market: float, price: float, share: float, power: float) -> None:
    assert merchant(market) == market
    assert toll(price, power) == price * power
    assert floor(market, price, share, power) >= price * power
    assert floor(market, price, share, power) >= share * market


@given(MONEY, st.floats(0, 1e7), st.floats(0, 1e6), st.integers(1, 40), st.floats(-0.2, 0.2))
def test_cash_flows(invested: float, revenue: float, costs: float, years: int, change: float) -> None:
    row = flows(invested, revenue, costs, years, change)
    assert (row[0], len(row)) == (-invested, years + 1)
    assert row[1] == pytest.approx(revenue - costs)


def test_a_grid_fee_adds_energy_and_power() -> None:
    assert fee(3650e6, 2.5e6, 10.0, 50.0) == pytest.approx(36_500 + 125_000)
    assert fee(3650e6, 2.5e6, 0.0, 0.0) == 0.0
