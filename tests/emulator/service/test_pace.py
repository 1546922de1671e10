"""Wall time says how many steps are due, never how long one is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.emulator.service.pace import FASTEST, Pace, PaceError, spoken, step_of


@pytest.mark.parametrize(
    ("speed", "step"), [(0.1, 1), (1, 1), (60, 1), (60.5, 10), (600, 10), (601, 60), (FASTEST, 60)]
)
def test_steps_are_as_long_as_the_speed_needs(speed: float, step: float) -> None:
    assert step_of(speed) == step


@pytest.mark.parametrize("speed", [0.0, -1.0, 1e9, float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(PaceError, match="1 is real time"):
        step_of(speed)


@given(st.floats(0.5, 600), st.lists(st.floats(0.0, 0.9), min_size=1, max_size=50))
def test_what_is_due_is_wall_time_times_speed(speed: float, ticks: list[float]) -> None:
    """However unevenly a machine wakes up: never more than one frame from it."""
    pace = Pace(speed)
    frame = pace.steps * pace.step
    gone = sum(pace.due(tick) for tick in ticks) * frame
    assert abs(gone - speed * sum(ticks)) <= frame * (1.0 + 1e-2)
    assert pace.lost == 0.0


@pytest.mark.parametrize(("speed", "steps"), [(0.5, 1), (1, 1), (60, 60), (90, 9), (3600, 60), (65, 6)])
def test_registers_are_shown_after_about_a_wall_second(speed: float, steps: int) -> None:
    assert Pace(speed).steps == steps


def test_a_timer_that_is_a_tick_early_does_not_cost_a_frame() -> None:
    pace = Pace()
    assert [pace.due(0.9999) for _ in range(5)] == [1] * 5


def test_a_short_stall_is_made_up_for() -> None:
    pace = Pace()
    assert (pace.due(5.0), pace.lost) == (5, 0.0)


def test_what_a_machine_cannot_hold_is_let_go_and_counted() -> None:
    pace = Pace(3600.0)
    assert pace.due(10.0) == 2
    assert pace.lost == 8 * 3600.0


def test_speeds_are_said_in_ascii() -> None:
    assert (spoken(1.0), spoken(60.0), spoken(0.5)) == ("real time", "60x real time", "0.5x real time")
