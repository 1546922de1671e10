"""A day's schedule: power at the meter over the time of day (UTC), straight lines between its points, every day alike.

CSV: a header `time,power`, then rows `HH:MM[:SS],W`, ascending, positive when feeding in; lines with `#` are comments.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bessinside.emulator.basis import table
from bessinside.emulator.basis.table import Array
from bessinside.errors import BessError
from bessinside.runtime import disk

NS = 1_000_000_000
DAY = 86400.0
DAY_NS = 86400 * NS


class ScheduleError(BessError):
    """A schedule that cannot be followed: where, what is wrong, what is expected."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`seconds` of the day, ascending, and `power` in W at the meter."""

    seconds: Array
    power: Array
    _points: tuple[list[float], list[float]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Plain numbers: a look-up in them is ten times faster than in an array.
        object.__setattr__(self, "_points", (self.seconds.tolist(), self.power.tolist()))

    @classmethod
    def parse(cls, text: str, name: str = "schedule") -> Schedule:
        """From the text of a CSV; `name` is what errors call it."""
        points: list[tuple[float, float]] = []
        header = False
        for number, line in enumerate(text.splitlines(), start=1):
            content = line.split("#", 1)[0].strip()
            if not content:
                continue
            fields = [field.strip() for field in content.split(",")]
            if not header:
                if fields != ["time", "power"]:
                    raise ScheduleError(f"{name}:{number}: the header is {content!r}; expected 'time,power'")
                header = True
                continue
            if len(fields) != 2:
                raise ScheduleError(f"{name}:{number}: {len(fields)} fields; expected a time and a power in W")
            try:
                point = seconds_of(fields[0]), float(fields[1])
            except ValueError as error:
                raise ScheduleError(f"{name}:{number}: {error}; expected rows such as '06:30,1200000'") from error
            if not np.isfinite(point[1]):
                raise ScheduleError(f"{name}:{number}: power {fields[1]} is not a finite number of W")
            if points and point[0] <= points[-1][0]:
                raise ScheduleError(
                    f"{name}:{number}: {fields[0]} does not come after the row before it; sort the rows by time"
                )
            points.append(point)
        if not points:
            raise ScheduleError(f"{name}: no row; expected a header 'time,power' and at least one row 'HH:MM,W'")
        return cls(np.array([second for second, _ in points]), np.array([power for _, power in points]))

    def at(self, now_ns: int) -> float:
        """W at a moment (ns since the epoch); it wraps at midnight UTC."""
        second = now_ns % DAY_NS / NS
        seconds, power = self._points
        after = bisect_right(seconds, second)
        last, following = after - 1, after % len(seconds)
        start, end, before, then = seconds[last], seconds[following], power[last], power[following]
        span = (end - start) % DAY  # 0 where the day has one row
        return before + (then - before) * ((second - start) % DAY / span) if span else before


def load_schedule(path: str | Path) -> Schedule:
    """From a CSV file; errors name file and line."""
    return Schedule.parse(disk.read_text(path), str(path))


def seconds_of(time: str) -> float:
    """Seconds since midnight of HH:MM or HH:MM:SS; ValueError on anything else."""
    parts = time.split(":")
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
        raise ValueError(f"{time!r} is not a time of day HH:MM or HH:MM:SS")
    hours, minutes, seconds = (*map(int, parts), 0)[:3]
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(f"{time!r} is not a time of day between 00:00:00 and 23:59:59")
    return hours * 3600.0 + minutes * 60.0 + seconds


def built_in(power: float = 1.0) -> Schedule:
    """A day of two cycles: charged at night and around noon, discharged in the morning and evening peaks.

    `power` of the plant, 1 for the 2.5 MW that the table was written for.
    """
    day = load_schedule(table.FOLDER / "two_cycles.csv")
    return Schedule(day.seconds, power * day.power)
