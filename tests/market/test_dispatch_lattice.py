"""The linear programme against oracles of another kind: dynamic programming on a lattice, and an exact mixed-integer
one.
"""

from __future__ import annotations

import os

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.market.dispatch.battery import Battery, Floats
from bessinside.market.dispatch.model import Model, solve
from bessinside.market.dispatch.programme import Calendar, Programme, programme
from tests.market.lattice import best, lossy_charge
from tests.market.years import ZONE, grid, hours, quarters

FULL = bool(os.environ.get("BESSINSIDE_FULL"))


def lossy(cycles: float | None = None) -> Battery:
    """1 MW, 2 MWh, all losses on charging: every corner lies on a lattice of 0.2 MWh."""
    return Battery(1e6, 1e6, 2e6, 0.8, 1.0, cycles_day=cycles)


@given(st.lists(st.integers(0, 300), min_size=24, max_size=72))
@settings(max_examples=25, deadline=None)
def test_with_prices_above_zero_both_agree(prices: list[int]) -> None:
    paid = np.array(prices, dtype=float)
    found = solve(paid, grid(len(paid), 3600), 3600, lossy())
    exact = best(paid, 10, lossy_charge())
    assert found.bound_eur == pytest.approx(exact, abs=1e-6)
    assert found.feasible_eur == pytest.approx(exact, abs=1e-6)


@given(st.lists(st.integers(0, 300), min_size=48, max_size=72), st.sampled_from([0.5, 1.0, 1.5]))
@settings(max_examples=15, deadline=None)
def test_with_a_cap_on_the_day_both_agree(prices: list[int], cycles: float) -> None:
    paid = np.array(prices, dtype=float)
    starts = grid(len(paid), 3600)
    day = Calendar.of(starts, 3600, ZONE).day
    exact = best(paid, 10, lossy_charge(), cap=round(cycles * 10), day=day)
    assert solve(paid, starts, 3600, lossy(cycles)).bound_eur == pytest.approx(exact, abs=1e-6)


@given(st.lists(st.integers(-200, 200), min_size=24, max_size=72))
@settings(max_examples=25, deadline=None)
def test_below_zero_the_exact_value_lies_in_the_bracket(prices: list[int]) -> None:
    paid = np.array(prices, dtype=float)
    found = solve(paid, grid(len(paid), 3600), 3600, lossy())
    exact = best(paid, 10, lossy_charge())
    assert found.feasible_eur <= exact + 1e-6
    assert exact <= found.bound_eur + 1e-6


def test_a_real_year_clipped_at_zero() -> None:
    prices, starts, slot = hours(2025)
    paid = np.maximum(prices, 0.0)
    assert Model(paid, starts, slot, lossy()).bound().eur == pytest.approx(best(paid, 10, lossy_charge()), abs=1e-6)


@pytest.mark.skipif(not FULL, reason="a year of quarters on a lattice: with BESSINSIDE_FULL=1")
@pytest.mark.slow
def test_a_real_year_of_quarters_clipped_at_zero() -> None:
    prices, starts, slot = quarters()
    paid = np.maximum(prices, 0.0)
    exact = best(paid, 40, lossy_charge(0.25))
    assert Model(paid, starts, slot, lossy()).bound().eur == pytest.approx(exact, abs=1e-6)


@pytest.mark.skipif(not FULL, reason="a mixed-integer month takes minutes: with BESSINSIDE_FULL=1")
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_may_2025_is_the_exact_mixed_integer_optimum() -> None:
    paid, starts, slot = may_2025()
    exact = best(paid, 40, lossy_charge(0.25))
    assert mixed_integer(paid, programme(paid, lossy(), Calendar.of(starts, slot, ZONE))) == pytest.approx(
        exact, abs=1e-4
    )
    found = solve(paid, starts, slot, lossy())
    assert found.feasible_eur <= exact + 1e-6 <= found.bound_eur + 2e-6


def test_may_2025_by_the_lattice() -> None:
    paid, starts, slot = may_2025()
    found = solve(paid, starts, slot, lossy())
    exact = best(paid, 40, lossy_charge(0.25))
    assert exact == pytest.approx(10_116.0005, abs=1e-4)
    assert 0.998 * exact <= found.feasible_eur <= exact + 1e-6
    assert exact <= found.bound_eur + 1e-6


def may_2025() -> tuple[Floats, np.ndarray, float]:
    """A month of 516 negative quarters."""
    prices, starts, slot = quarters()
    mine = starts.astype("datetime64[ns]").astype("datetime64[M]") == np.datetime64("2025-05")
    return prices[mine], starts[mine], slot


def mixed_integer(prices: Floats, problem: Programme) -> float:
    """The same problem with a switch in every slot of a negative price, solved to the end."""
    below = np.flatnonzero(prices < 0)
    columns, rows, many = len(problem.cost), len(problem.row_lower), len(below)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = columns + many, rows + 2 * many
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.append(problem.cost, np.zeros(many))
    model.col_lower_ = np.append(problem.lower, np.zeros(many))
    model.col_upper_ = np.append(problem.upper, np.ones(many))
    model.row_lower_ = np.append(problem.row_lower, np.full(2 * many, -np.inf))
    most_in, most_out = problem.upper[problem.x.start + below], problem.upper[problem.y.start + below]
    model.row_upper_ = np.concatenate([problem.row_upper, np.zeros(many), most_out])
    extra: dict[int, tuple[list[int], list[float]]] = {}
    for k, slot in enumerate(below):  # x <= most_in s,  y + most_out s <= most_out
        extra[problem.x.start + slot] = ([rows + k], [1.0])
        extra[problem.y.start + slot] = ([rows + many + k], [1.0])
        extra[columns + k] = ([rows + k, rows + many + k], [-float(most_in[k]), float(most_out[k])])
    start, index, value = [0], [], []
    for column in range(columns + many):
        if column < columns:
            part = slice(problem.start[column], problem.start[column + 1])
            index += problem.index[part].tolist()
            value += problem.value[part].tolist()
        more = extra.get(column, ([], []))
        index += more[0]
        value += more[1]
        start.append(len(index))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = (
        np.array(start),
        np.array(index),
        np.array(value),
    )
    model.integrality_ = [highspy.HighsVarType.kContinuous] * columns + [highspy.HighsVarType.kInteger] * many
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("mip_rel_gap", 1e-9)
    highs.passModel(model)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getObjectiveValue())
