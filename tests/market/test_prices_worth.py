"""What prices come to: spreads, days, whole years, and the answer that the calculator gives about them."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import HOUR_NS, QUARTER_NS, midnight_ns
from bessinside.market.dispatch.battery import BatteryError
from bessinside.market.prices.reserve_prices import block_bounds_ns, blocks
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import SWITCH_NS, joined, series
from bessinside.market.prices.sources import files
from bessinside.market.prices.statistics import day_rows, spread, summary
from bessinside.market.worth.converter import CurvePoint
from bessinside.market.worth.outages import Outage, available
from bessinside.market.worth.question import Question, grid, quantity
from bessinside.market.worth.revenue import Desk
from bessinside.web.market_rows import indices, whole_years
from tests.market.test_prices_series import MADE, quarters


def ask(prices: object, question: Question = Question()) -> Desk:  # noqa: B008  frozen
    assert isinstance(prices, type(sample()))
    return Desk.open(prices, question, int(prices.start_ns[0]), prices.end_ns)


def test_a_spread_is_the_dearest_hours_less_the_cheapest() -> None:
    price = np.array([10.0, 20, 30, 40, 50, 60, 70, 80])
    quarter = np.full(8, 0.25)
    assert spread(price, quarter, 0.5) == 75 - 15
    assert spread(price, quarter, 0.375) == pytest.approx((80 * 2 + 70) / 3 - (10 * 2 + 20) / 3)
    assert spread(price, np.ones(8), 2.0) == 75 - 15


def test_days_and_summary_weigh_slots_by_their_length() -> None:
    hours = series([0, HOUR_NS], [10.0, -20.0], HOUR_NS, MADE)
    after = series([2 * HOUR_NS], [100.0], QUARTER_NS, MADE)
    (row,) = day_rows(joined([hours, after]))
    assert (row.slots, row.low, row.high, row.negative_h) == (3, -20.0, 100.0, 1.0)
    assert row.mean == pytest.approx((10 - 20 + 25) / 2.25)
    whole = summary(sample())
    assert whole.hours == 360
    assert whole.mean == pytest.approx(sample().price.mean())
    assert whole.spread_1h >= whole.spread_2h >= whole.spread_4h > 0


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("1MW", "W", 1e6), ("2.5 MWh", "Wh", 2.5e6), (" 500 kW ", "W", 5e5), (".5MW", "W", 5e5), ("1GWh", "Wh", 1e9)],
)
def test_quantities_are_read_with_the_units_of_registers(text: str, unit: str, value: float) -> None:
    assert quantity(text, unit, "--x") == value


@pytest.mark.parametrize("text", ["", "1", "MW", "-1 MW", "1,5 MW", "1 V", "1 MWh", "0 MW"])
def test_what_is_no_quantity_names_its_option(text: str) -> None:
    with pytest.raises(MarketError, match="--power: expected"):
        quantity(text, "W", "--power")


def test_the_grid_has_one_length_and_no_gap() -> None:
    hours = series([SWITCH_NS - HOUR_NS], [8.0], HOUR_NS, MADE)
    after = quarters(date(2025, 10, 1), date(2025, 10, 2))
    both = joined([hours, after])
    assert grid(both, Question()).size == 100
    assert grid(both, Question(hourly=True)).size == 25
    holed = after.take(np.arange(96) != 5)
    with pytest.raises(MarketError, match="1 gap in the prices, the first from 2025-09-30T23:15Z to 2025-09-30T23:30Z"):
        grid(holed, Question())
    with pytest.raises(MarketError, match="no prices in that time"):
        grid(after.between(0, 1), Question())


@pytest.mark.parametrize(("day", "lengths"), [(date(2025, 10, 26), [5, 4]), (date(2026, 3, 29), [3, 4])])
def test_blocks_go_by_the_clock_on_the_wall(day: date, lengths: list[int]) -> None:
    found = blocks([(day, block, 60.0) for block in range(6)], "FCR", MADE)
    assert list(found.length_ns[:2] // HOUR_NS) == lengths
    assert found.hourly[0] == 60 / lengths[0]
    assert block_bounds_ns(day, 5)[1] == midnight_ns(date.fromordinal(day.toordinal() + 1))


def test_a_better_battery_never_earns_less_and_a_warm_desk_says_what_a_cold_one_says() -> None:
    base = Question()
    desk = ask(sample(), base)
    first = desk.bound(base).eur
    better = [
        Question(energy_wh=2.2e6),
        Question(power_w=1.1e6),
        Question(round_trip=0.9),
        Question(cycles_day=2.0),
        Question(cycles_day=None),
    ]
    for question in better:
        warm = desk.bound(question).eur
        assert warm > first
        assert warm == pytest.approx(ask(sample(), question).bound(question).eur, abs=1e-6)
    assert desk.bound(Question(wear_eur_mwh=10)).eur < first
    assert desk.bound(base).eur == pytest.approx(first, abs=1e-6)


def test_months_years_and_slots_add_up_to_the_feasible_figure() -> None:
    question = Question(wear_eur_mwh=5.0)
    found = ask(sample(), question).answer(question).revenue
    for periods in (found.months, found.years):
        assert sum(period.eur for period in periods) == pytest.approx(found.feasible_eur, abs=1e-6)
        assert sum(period.cycles for period in periods) == pytest.approx(found.cycles, abs=1e-9)
        assert not any(period.whole for period in periods)
    assert [month.hours for month in found.months] == [96.0, 264.0]
    assert found.discharged_mwh / found.charged_mwh == pytest.approx(0.88, abs=1e-6)


def test_hours_before_let_the_first_days_look_back() -> None:
    question = Question()
    begin, end = midnight_ns(date(2026, 10, 5)), midnight_ns(date(2026, 10, 12))
    known = Desk.open(sample(), question, begin, end).answer(question).revenue
    alone = Desk.open(sample().between(begin, end), question, begin, end).answer(question).revenue
    assert {rung.key: rung.days for rung in known.ladder} == dict.fromkeys(
        ("timer", "last_week", "yesterday", "mean_28_days"), 7
    )
    assert {rung.key: rung.days for rung in alone.ladder}["last_week"] == 0
    assert known.bound_eur == pytest.approx(alone.bound_eur, abs=1e-9)


def test_a_window_that_is_too_short_or_not_covered_is_refused() -> None:
    question = Question()
    with pytest.raises(MarketError, match=r"the prices reach from .* not from"):
        Desk.open(sample(), question, midnight_ns(date(2026, 9, 26)), sample().end_ns)
    with pytest.raises(BatteryError, match="window of the state of charge"):
        Question(soc_min=0.8, soc_max=0.3).battery()


def test_what_others_published_names_its_source_in_both_languages() -> None:
    for language in ("en", "de"):
        for row in indices(language):
            assert row.name
            assert row.source
            assert row.counts
    assert [row.counts for row in indices("en")] != [row.counts for row in indices("de")]


def test_whole_years_that_ship_are_what_this_program_computes() -> None:
    named = os.environ.get("BESSINSIDE_DATA")
    if not named:
        pytest.skip("BESSINSIDE_DATA is not set: whole years are not computed anew")
    folder = Path(named) / "market"
    hours = files.read(folder / "da_delu_hourly_2021_2025.csv.gz")
    quarter = files.read(folder / "da_delu_2025_15min_grid.csv.gz")
    checked = [row for row in whole_years() if row.hours == 2 or row.year in (2021, 2025)]
    desks: dict[int, Desk] = {}
    for row in checked:
        question = Question(energy_wh=row.hours * 1e6, cycles_day=row.cycles)
        if row.year not in desks:
            begin, end = midnight_ns(date(row.year, 1, 1)), midnight_ns(date(row.year + 1, 1, 1))
            desks[row.year] = Desk.open(quarter if row.market_unit_min == 15 else hours, question, begin, end)
        assert desks[row.year].bound(question).eur == pytest.approx(row.eur_mw, rel=1e-3), row
    assert len(checked) == 27


def test_outages_take_their_part_of_every_slot() -> None:
    starts = np.arange(0, 8 * HOUR_NS, HOUR_NS, dtype=np.int64)
    found = available(
        [
            Outage("1970-01-01T06:30Z", "1970-01-01T06:45Z"),
            Outage("1970-01-01T01:00Z", "1970-01-01T03:15Z", 0.2),
            Outage("1970-01-01T03:15Z", "1970-01-01T03:30Z"),
            Outage("1969-12-31T00:00Z", "1970-01-01T00:15Z", 0.5),
        ],
        starts,
        HOUR_NS,
    )
    assert found == pytest.approx([0.875, 0.2, 0.2, 1 - 0.25 * 0.8 - 0.25, 1, 1, 0.75, 1])
    assert available([], starts, HOUR_NS) is None
    before = available([Outage("1969-01-01", "1969-02-01")], starts, HOUR_NS)
    assert before == pytest.approx(np.ones(8))


def test_a_curve_makes_a_question_larger() -> None:
    point = CurvePoint(1e6, 0.95, 0.95)
    year = series(np.arange(366 * 24) * HOUR_NS, np.zeros(366 * 24), HOUR_NS, MADE)
    assert grid(year, Question(curve=(point,) * 20)).size == 366 * 24
    with pytest.raises(MarketError, match=r"35,136 slots with a curve of 20 points are more than 210,816 together"):
        grid(year.split(QUARTER_NS), Question(curve=(point,) * 20))
