"""Relations behind the facts, on cases that are made so that the answer is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.plant import bind, parse_plant
from bessinside.views.availability import availability
from bessinside.views.capacity import longest_fall
from bessinside.views.dwell import histogram
from bessinside.views.efficiency import round_trip
from bessinside.views.health import age_years, promised
from bessinside.views.outlier import score
from bessinside.views.power import held
from bessinside.views.ramp import rise
from bessinside.views.states import FAULT, OPEN, says
from tests.views.closed import plant_text


@given(st.floats(0.3, 1.0), st.floats(1.0, 1e9), st.floats(0.0, 0.9))
def test_a_round_trip_is_found_whatever_the_battery_keeps(share: float, energy_in: float, kept: float) -> None:
    one_way = np.sqrt(share)
    inside = energy_in * one_way
    gained = kept * inside
    out = (inside - gained) * one_way
    assert round_trip(energy_in, out, gained) == pytest.approx(share, rel=1e-9)


def test_a_round_trip_that_keeps_nothing_is_out_over_in() -> None:
    assert round_trip(100.0, 88.0, 0.0) == pytest.approx(0.88, rel=1e-15)
    assert round_trip(100.0, 120.0, -30.0) == pytest.approx(0.9133, abs=1e-4)


@given(st.floats(0, 1e7), st.floats(0, 1e8), st.sampled_from([0.25, 0.5, 1.0]))
def test_power_that_is_held_never_grows_with_time(limit: float, energy: float, hours: float) -> None:
    assert held(limit, energy, hours) <= held(limit, energy, 0.0) or energy <= 0
    assert held(limit, energy, hours) * hours <= energy * (1 + 1e-12)
    assert held(limit, 0.0, hours) == 0.0


def test_the_longest_fall_leaves_out_what_was_charged_between() -> None:
    soc = np.array([90, 70, 50, 60, 40, 20, 10, 95.0])
    out = np.array([0, 20, 40, 40, 60, 80, 90, 90.0])
    into = np.array([0, 0, 0, 10, 10, 10, 10, 95.0])
    assert longest_fall(soc, into, out) == (3, 6)
    assert longest_fall(np.array([1.0, 2.0]), np.zeros(2), np.zeros(2)) == (0, 0)


def test_a_rise_is_measured_on_straight_lines() -> None:
    second = 10**9
    time = np.arange(5) * second
    assert rise(time, np.array([0, 25, 50, 75, 100.0]), 0.0, 100.0) == pytest.approx(3.2)
    assert rise(time, np.array([100, 100, 0, -100, -100.0]), 100.0, -100.0) == pytest.approx(1.6)
    assert np.isnan(rise(time, np.array([0, 10, 20, 20, 20.0]), 0.0, 100.0))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.integers(0, 50))
def test_time_that_nobody_knows_counts_for_neither(share: list[float], unknown: int) -> None:
    known = np.array(share)[:, None]
    with_gaps = np.concatenate([known, np.full((unknown, 1), np.nan)])
    assert availability(with_gaps) == pytest.approx(availability(known))
    assert np.isnan(availability(np.full((3, 2), np.nan)))


@given(st.lists(st.floats(0, 101), max_size=200))
def test_a_histogram_loses_no_hour(soc: list[float]) -> None:
    rows = histogram(np.array([*soc, np.nan]), (0, 5, 10, 50, 95, 101.5), 0.5)
    assert sum(float(row[1] or 0) for row in rows) == pytest.approx(0.5 * len(soc))


def test_one_cell_apart_is_seen_and_a_plain_rack_has_none() -> None:
    value = 3.30 + 0.001 * np.sin(np.arange(104))
    assert np.abs(score(value)).max() < 3
    value[17] -= 0.02
    assert int(np.argmax(np.abs(score(value)))) == 17
    assert score(value)[17] < -5


def test_a_warranty_is_a_line_between_its_points() -> None:
    curve = ((0.0, 100.0), (5.0, 85.0), (10.0, 75.0))
    assert promised(curve, 2.5) == pytest.approx(92.5)
    assert (promised(curve, -1.0), promised(curve, 30.0)) == (100.0, 75.0)
    assert age_years(date(2025, 1, 1), 1_767_225_600 * 10**9) == pytest.approx(365 / 365.25)


def test_codes_say_what_their_map_says() -> None:
    binding = bind(parse_plant(plant_text()))
    relay = says(binding, "c1/r01/relay_positive", np.array([0.0, 1.0, np.nan]), OPEN)
    assert relay.tolist()[:2] == [1.0, 0.0]
    assert np.isnan(relay[2])
    fault = says(binding, "c1/r01/state", np.array([0.0, 2.0, 32.0, 34.0]), FAULT)  # bit 5 of the BMS's state
    assert fault.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert np.isnan(says(binding, "no/such", np.array([1.0]), FAULT)).all()
