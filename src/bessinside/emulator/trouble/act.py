"""An act of a scenario: a lever moved by a share of its value, over time. Times are written with their unit.

share(t) = 0 before `start` and from `end` on, rises to 1 over `ramp`; `every` repeats it
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?) (ms|s|min|h|d)")


class Seconds(float):
    """A time, written with its unit: `"90 s"`, `"30 min"`."""


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lever moved. `value` in the lever's unit; `figure` names the registers of a lever that spoils registers.

    `part` is a path (`c1/r04`) or `any cell`, which the seed draws; the same words mean the same part in a scenario.
    """

    lever: str
    value: float = 1.0
    part: str = ""
    figure: str = ""
    start: Seconds = Seconds(0.0)
    ramp: Seconds = Seconds(0.0)
    end: Seconds | None = None
    every: Seconds | None = None

    def share(self, time: float) -> float:
        """How far the lever is moved `time` s after the scenario's start, 0…1."""
        if time < self.start:
            return 0.0
        if self.every is not None:
            assert self.end is not None
            time = self.start + (time - self.start) % self.every
        if self.end is not None and time >= self.end:
            return 0.0
        return 1.0 if self.ramp == 0.0 else min(1.0, (time - self.start) / self.ramp)


def brief(seconds: float) -> str:
    """A time as a file writes it: `90 s`, `30 min`, `7 d`."""
    whole = [unit for unit in ("d", "h", "min", "s") if seconds >= UNITS[unit] and seconds % UNITS[unit] == 0.0]
    unit = whole[0] if whole else "s"
    return f"{seconds / UNITS[unit]:g} {unit}"


def decode(kind: type, given: Any) -> Any:
    """What msgspec calls to read a time. ValueError where it is none."""
    if kind is Seconds:
        match = _DURATION.fullmatch(given) if isinstance(given, str) else None
        if match is None:
            raise ValueError(f'expected a time with its unit such as "90 s" or "30 min", got {given!r}')
        return Seconds(float(match[1]) * UNITS[match[2]])
    raise NotImplementedError(kind)
