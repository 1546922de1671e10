"""Alarms of the past: when each bit of an alarm register came up and when it went, as the words on the wire say.

Nothing was written down of them but the words. Where a register stood still is seen from the rollups (lowest =
highest); only the minutes in which one changed are decoded sweep by sweep, so that a month costs what its changes cost.

Which registers speak of trouble is told by their metric, else by their name: `alarm`, `fault`, `fail`, `warning`,
`blocked`, `Evt`. That is an assumption; no vendor is known here. A map's names are its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Step
from bessinside.historian.basis.rows import Rows
from bessinside.historian.basis.trace import label_of, trace
from bessinside.historian.basis.world import World, Worlds
from bessinside.registers import Point
from bessinside.twin.quality import Quality

_NAMED = re.compile(r"(alarm|fault|fail|warning|blocked|leak_flags|maintenance|^state_estop$|^evt|evt\d|evtvnd)", re.I)
_NOT = re.compile(r"(service_word|reset|interval|latched|counter|contact$)", re.I)
_SHORT = 3  # spans of so many steps are not looked at in that step any more
_EVERY = -1  # the mask of a register whose every bit is an alarm
_CODE = -2  # the mask of a register that holds one number, 0 where all is well


@dataclass(frozen=True, slots=True)
class Alarm:
    """One bit of an alarm register that was set, or one code that it held.

    since_ns, until_ns: the ends of the first sweep that had it and of the first that had it no more; None while it
    stands. `found`: it stood already in the first sweep of the span, and came before.
    """

    id: str
    part: str
    device: str
    code: int
    name: str
    label: str
    since_ns: int
    until_ns: int | None
    found: bool


@dataclass(frozen=True, slots=True)
class Alarms(Rows):
    """Alarms in the order in which they came."""

    every: tuple[Alarm, ...]

    def __len__(self) -> int:
        return len(self.every)

    def columns(self) -> dict[str, Any]:
        return {
            "time": np.array([one.since_ns for one in self.every], np.int64),
            "until": [one.until_ns for one in self.every],
            **{name: [getattr(one, name) for one in self.every] for name in ("id", "part", "device", "code", "name")},
            "label": [one.label for one in self.every],
            "found": [one.found for one in self.every],
        }


def alarm_registers(world: World) -> dict[int, int]:
    """The indices of the registers that speak of trouble, each with its mask: all bits, or one code."""
    found = {}
    for index, metric in enumerate(world.binding.metrics):
        bound, i = world.binding.locate(index)
        point = bound.point(i)
        said = metric.key.split(".")[1] if metric else point.name
        if point.access == "R" and _NAMED.search(said) and not _NOT.search(point.name):
            form = _form(point)
            if form is not None:
                found[index] = form
    return found


def _form(point: Point) -> int | None:
    if point.type.startswith("bitfield") or point.units == "code":
        return _EVERY
    if point.fc <= 2 or point.type.startswith("enum"):
        return _CODE
    return None


def alarms(worlds: Worlds, world: World, start_ns: int, end_ns: int, language: str = "en") -> Alarms:
    """Every alarm that stood at a moment of [start, end), in the order in which they came."""
    registers = alarm_registers(world)
    by_device: dict[int, list[int]] = {}
    for index in registers:
        by_device.setdefault(int(world.binding.device[index]), []).append(index)
    found: list[Alarm] = []
    for number, indices in by_device.items():
        device = world.binding.devices[number].device.id
        found += _of_device(worlds, world, device, indices, registers, start_ns, end_ns, language)
    return Alarms(tuple(sorted(found, key=lambda one: (one.since_ns, one.id, one.code))))


def _of_device(
    worlds: Worlds,
    world: World,
    device: str,
    indices: Sequence[int],
    registers: dict[int, int],
    start_ns: int,
    end_ns: int,
    language: str,
) -> Iterator[Alarm]:
    ids = [world.binding.ids[index] for index in indices]
    standing: list[dict[int, tuple[int, bool]]] = [{} for _ in ids]
    seen = np.zeros(len(ids), bool)
    for first, last, places in _lively(worlds, device, ids, start_ns, end_ns):
        mine = trace(worlds, device, [ids[k] for k in places], first, last)
        good = mine.quality == Quality.GOOD
        for column, k in enumerate(places):
            rows = np.flatnonzero(good[:, column])
            values = mine.value[rows, column]
            turns = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)  # the first, and where it is another
            for turn in turns.tolist():
                time, value = int(mine.time[rows[turn]]), int(values[turn])
                now = _set(value, registers[indices[k]])
                for code in [code for code in standing[k] if code not in now]:
                    since, found = standing[k].pop(code)
                    yield _alarm(world, indices[k], code, since, time, found, language)
                for code in now:
                    standing[k].setdefault(code, (time, not seen[k]))
                seen[k] = True
    for k, left in enumerate(standing):
        for code, (since, found) in left.items():
            yield _alarm(world, indices[k], code, since, None, found, language)


def _set(value: int, mask: int) -> list[int]:
    """Bits that are set, or the code."""
    if mask == _CODE:
        return [value] if value else []
    return [bit for bit in range(value.bit_length()) if value >> bit & 1] if value > 0 else []


def _alarm(world: World, index: int, code: int, since: int, until: int | None, found: bool, language: str) -> Alarm:
    bound, i = world.binding.locate(index)
    point = bound.point(i)
    symbol = next((one for one in point.symbols if one.value == code), None)
    name = symbol.name if symbol else f"{point.name}.{code}"
    label = (symbol.label or symbol.name) if symbol else f"{label_of(world, index, language)} {code}"
    return Alarm(
        world.binding.ids[index], world.binding.parts[index], bound.device.id, code, name, label, since, until, found
    )


def _lively(
    worlds: Worlds, device: str, ids: Sequence[str], start_ns: int, end_ns: int
) -> Iterator[tuple[int, int, list[int]]]:
    """Pieces of a span in which some of the figures may have changed, in order, with the places of those figures."""
    if worlds.decoded_anew(device, start_ns, end_ns, ids):
        yield start_ns, end_ns, list(range(len(ids)))
        return
    pieces = [(start_ns, end_ns, np.arange(len(ids)))]
    for step in (Step.HOUR, Step.MINUTE):
        pieces = [part for first, last, places in pieces for part in _narrowed(worlds, ids, first, last, places, step)]
    for first, last, places in pieces:
        yield first, last, places.tolist()


def _narrowed(
    worlds: Worlds, ids: Sequence[str], start_ns: int, end_ns: int, places: NDArray[np.int64], step: Step
) -> list[tuple[int, int, NDArray[np.int64]]]:
    """Runs of steps in which a figure had two values or another one than in the step before."""
    if end_ns - start_ns < _SHORT * step:
        return [(start_ns, end_ns, places)]
    begin = start_ns // step * step
    kept = worlds.archive.rollup([ids[k] for k in places], begin, end_ns, step)
    some = kept.count > 0
    moved = some & (kept.low != kept.high)
    # the last step with a value before each step
    row = np.maximum.accumulate(np.where(some, np.arange(len(some))[:, None], -1), axis=0)
    before = np.vstack([np.full((1, some.shape[1]), -1), row[:-1]])
    column = np.arange(some.shape[1])
    other = (before < 0) | (kept.low != kept.high[before, column]) | moved[before, column]
    lively = moved | (some & other)
    found = []
    steps = np.flatnonzero(lively.any(axis=1))
    for run in np.split(steps, np.flatnonzero(np.diff(steps) > 1) + 1) if len(steps) else ():
        mine = places[lively[run].any(axis=0)]
        low, high = int(kept.begin_ns[run[0]]), int(kept.begin_ns[run[-1]]) + step
        found.append((max(low, start_ns), min(high, end_ns), mine))
    return found
