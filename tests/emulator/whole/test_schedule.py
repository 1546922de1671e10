from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bessinside.emulator.whole.schedule import Schedule, ScheduleError, built_in, load_schedule

HOUR = 3600 * 10**9
DAY = 24 * HOUR


def test_straight_lines_between_points_every_day_in_utc() -> None:
    schedule = Schedule.parse("time,power\n# a comment\n06:00,0\n08:00,1000000\n22:00:30,-500\n")
    assert schedule.at(7 * HOUR) == pytest.approx(5e5)
    assert schedule.at(20000 * DAY + 7 * HOUR) == pytest.approx(5e5)
    assert schedule.at(8 * HOUR) == pytest.approx(1e6)


def test_midnight_is_crossed_on_a_straight_line() -> None:
    schedule = Schedule.parse("time,power\n06:00,300\n18:00,-300\n")
    assert schedule.at(0) == pytest.approx(0.0)
    assert schedule.at(3 * HOUR) == pytest.approx(150.0)


def test_the_built_in_day_has_two_cycles_and_rests() -> None:
    schedule = built_in()
    power = np.array([schedule.at(minute * 60 * 10**9) for minute in range(1440)])
    charged, discharged = -power[power < 0].sum() / 60, power[power > 0].sum() / 60
    assert 2 * 3.9e6 < discharged < 2 * 4.6e6
    assert charged > 1.12 * discharged  # losses, and time to get full
    assert np.abs(power).max() <= 2.5e6
    assert (power == 0).sum() > 240
    signs = np.sign(power[power != 0])
    assert np.count_nonzero(np.diff(signs)) == 3  # charge, discharge, charge, discharge
    assert np.abs(np.diff(power)).max() <= 2.4e6 / 4


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("power,time\n06:00,0\n", 1, "expected 'time,power'"),
        ("time,power\n06:00\n", 2, "1 fields"),
        ("time,power\n25:00,0\n", 2, "25:00"),
        ("time,power\n6h,0\n", 2, "6h"),
        ("time,power\n06:00,much\n", 2, "much"),
        ("time,power\n06:00,nan\n", 2, "finite"),
        ("time,power\n06:00,0\n05:00,1\n", 3, "sort"),
    ],
)
def test_errors_name_file_line_and_what_to_do(text: str, line: int, says: str) -> None:
    with pytest.raises(ScheduleError, match=says) as error:
        Schedule.parse(text, "day.csv")
    assert f"day.csv:{line}:" in str(error.value)


def test_an_empty_schedule_is_an_error() -> None:
    with pytest.raises(ScheduleError, match="no row"):
        Schedule.parse("time,power\n", "day.csv")


def test_loading_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("time,power\n12:00,250000\n")
    assert load_schedule(file).at(5 * HOUR) == 250000.0


def test_the_built_in_day_grows_with_the_plant() -> None:
    large, small = built_in(), built_in(0.4)
    assert [small.at(hour * HOUR) for hour in range(24)] == [0.4 * large.at(hour * HOUR) for hour in range(24)]
