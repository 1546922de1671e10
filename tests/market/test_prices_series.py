"""Series in time: local days, the change of the clock, the switch from hours to quarters, means, gaps."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import HOUR_NS, QUARTER_NS, day_after, day_of, midnight_ns, parse_day
from bessinside.market.prices.provenance import Provenance, credits
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import SWITCH_NS, PriceSeries, auction_unit_ns, iso, joined, series

MADE = (Provenance("made", "made up", "", 0, "none", "made up by a test"),)


def quarters(first: date, last: date, price: float | None = None) -> PriceSeries:
    """Quarters of local days, from midnight of the first to midnight of the last."""
    start = np.arange(midnight_ns(first), midnight_ns(last), QUARTER_NS)
    prices = np.arange(len(start), dtype=float) if price is None else np.full(len(start), price)
    return series(start, prices, QUARTER_NS, MADE)


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2025, 3, 30), 92), (date(2025, 10, 26), 100), (date(2025, 10, 27), 96), (date(2026, 3, 29), 92)],
)
def test_a_day_has_as_many_quarters_as_its_clock_says(day: date, count: int) -> None:
    found = quarters(day, date.fromordinal(day.toordinal() + 1))
    slots = found.days()
    assert found.size == count
    assert list(slots.days) == [np.datetime64(day)]
    assert slots.minute[0] == 0
    assert slots.minute[-1] == 1425


def test_the_hour_that_comes_twice_keeps_its_two_prices_in_order() -> None:
    found = quarters(date(2025, 10, 26), date(2025, 10, 27))
    twice = found.days().minute == 120
    assert twice.sum() == 2
    assert [iso(int(at)) for at in found.start_ns[twice]] == ["2025-10-26T00:00Z", "2025-10-26T01:00Z"]
    assert list(found.price[twice]) == [8.0, 12.0]


def test_slots_of_two_years_find_their_days() -> None:
    found = quarters(date(2024, 12, 31), date(2025, 1, 2))
    slots = found.days()
    assert list(slots.days) == [np.datetime64("2024-12-31"), np.datetime64("2025-01-01")]
    assert list(slots.first) == [0, 96]
    assert list(np.bincount(slots.of)) == [96, 96]


def test_an_empty_series_has_no_days_and_no_gaps() -> None:
    none = series([], [], QUARTER_NS, MADE)
    assert none.days().days.size == 0
    assert none.gaps().size == 0
    assert none.hourly().size == 0
    assert none.on_grid().size == 0


def test_the_switch_to_quarters_is_midnight_in_berlin() -> None:
    assert iso(SWITCH_NS) == "2025-09-30T22:00Z"
    at = np.array([SWITCH_NS - 1, SWITCH_NS], np.int64)
    assert list(auction_unit_ns(at)) == [HOUR_NS, QUARTER_NS]


def test_hours_and_quarters_over_the_switch_come_on_one_grid_with_their_units() -> None:
    hours = series([SWITCH_NS - 2 * HOUR_NS, SWITCH_NS - HOUR_NS], [10.0, 20.0], HOUR_NS, MADE)
    after = series(SWITCH_NS + np.arange(4) * QUARTER_NS, [1.0, 2.0, 3.0, 6.0], QUARTER_NS, MADE)
    both = joined([hours, after])
    grid = both.on_grid()
    assert both.size == 6
    assert list(grid.price) == [10.0] * 4 + [20.0] * 4 + [1.0, 2.0, 3.0, 6.0]
    assert list(grid.unit_ns // QUARTER_NS) == [4] * 8 + [1] * 4
    assert list(np.unique(grid.length_ns)) == [QUARTER_NS]
    assert list(grid.hourly().price) == [10.0, 20.0, 3.0]
    assert list(grid.hourly().start_ns) == [SWITCH_NS - 2 * HOUR_NS, SWITCH_NS - HOUR_NS, SWITCH_NS]


def test_an_hour_is_the_mean_of_its_quarters_and_a_part_of_an_hour_is_a_gap() -> None:
    found = series(np.arange(8) * QUARTER_NS, [1, 2, 3, 4, 5, 6, 7, 8], QUARTER_NS, MADE)
    assert list(found.hourly().price) == [2.5, 6.5]
    holed = found.take(np.array([True, True, False, True, True, True, True, True]))
    assert list(holed.hourly().start_ns) == [HOUR_NS]
    assert list(holed.gaps()[0]) == [2 * QUARTER_NS, 3 * QUARTER_NS]


@given(st.lists(st.floats(-500, 4000, allow_nan=False), min_size=1, max_size=30))
def test_splitting_and_taking_means_gives_the_hours_back(prices: list[float]) -> None:
    hours = series(np.arange(len(prices)) * HOUR_NS, prices, HOUR_NS, MADE)
    back = hours.split().hourly()
    assert np.allclose(back.price, prices, rtol=1e-12, atol=1e-9)
    assert list(back.start_ns) == list(hours.start_ns)


def test_gaps_reach_to_the_span_that_was_asked_for() -> None:
    found = series([2 * HOUR_NS], [1.0], HOUR_NS, MADE)
    assert found.gaps(0, 5 * HOUR_NS).tolist() == [[0, 2 * HOUR_NS], [3 * HOUR_NS, 5 * HOUR_NS]]
    assert found.gaps().size == 0


@pytest.mark.parametrize(
    ("starts", "prices", "says"),
    [
        ([0, 0], [1.0, 2.0], "has not ended"),
        ([QUARTER_NS, 0], [1.0, 2.0], "has not ended"),
        ([0, QUARTER_NS // 2], [1.0, 2.0], "has not ended"),
        ([0, QUARTER_NS], [1.0, float("nan")], "no number as the price of 1970-01-01T00:15Z"),
        ([0, QUARTER_NS], [1.0], "differ in number"),
    ],
)
def test_what_is_no_series_is_refused(starts: list[int], prices: list[float], says: str) -> None:
    with pytest.raises(MarketError, match=says):
        series(starts, prices, QUARTER_NS, MADE)


def test_joining_takes_each_slot_once_and_the_later_part_speaks() -> None:
    one = series([0, QUARTER_NS], [1.0, 2.0], QUARTER_NS, MADE)
    other = (Provenance("other", "", "", 0, "", "somebody else"),)
    two = series([QUARTER_NS, 2 * QUARTER_NS], [9.0, 3.0], QUARTER_NS, other)
    found = joined([one, two])
    assert list(found.price) == [1.0, 9.0, 3.0]
    assert credits(found.provenance) == "made up by a test (none); somebody else"


def test_days_months_and_years_are_read_and_others_refused_with_the_option() -> None:
    assert parse_day("2025", "--from") == date(2025, 1, 1)
    assert parse_day("2025-07", "--from") == date(2025, 7, 1)
    assert day_after("2025", "--to") == date(2026, 1, 1)
    assert day_after("2025-12", "--to") == date(2026, 1, 1)
    assert day_after("2025-02", "--to") == date(2025, 3, 1)
    assert day_after("2025-12-31", "--to") == date(2026, 1, 1)
    for wrong in ("", "25", "2025-13", "2025-02-30", "31.12.2025", "2025-1-1-1", "soon"):
        with pytest.raises(MarketError, match="--from: expected a day"):
            parse_day(wrong, "--from")


def test_the_sample_is_fifteen_real_days_with_its_credit() -> None:
    found = sample()
    assert found.size == 1440
    assert found.gaps().size == 0
    assert len(found.days().days) == 15
    assert day_of(int(found.start_ns[0])) == date(2026, 9, 27)
    assert credits(found.provenance) == "Bundesnetzagentur | SMARD.de (CC BY 4.0)"
    assert set(found.unit_ns) == {QUARTER_NS}
