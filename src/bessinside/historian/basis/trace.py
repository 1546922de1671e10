"""Figures over time, decoded from the words: readings sweep by sweep, and what is derived from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.series import Series
from bessinside.historian.basis.world import Stretch, World, Worlds
from bessinside.plant import BoundDevice
from bessinside.twin.derived import evaluate
from bessinside.twin.quality import Quality

STALE_AFTER = 3.0  # poll periods: an input that is older is missing
_MOST = 1 << 22  # values held at once


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """k figures of one device in n sweeps.

    number, time: int64[n]; value: float64[n, k] in SI, NaN where there is none; quality: uint8[n, k].
    What was not read in a sweep has the quality NO_ANSWER there, what the map of that time does not know NOT_MAPPED.
    """

    number: NDArray[np.int64]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]


def trace(worlds: Worlds, device: str, ids: Sequence[str], start_ns: int, end_ns: int) -> Trace:
    """Some readings of one device in [start, end), each sweep decoded with the map of its own time."""
    every = _stretches(worlds, device, start_ns, end_ns)
    parts = [
        _decoded(worlds, one.world, device, ids, max(start_ns, one.from_ns), min(end_ns, one.to_ns)) for one in every
    ]
    if len(parts) == 1:
        return parts[0]
    sweeps = worlds.archive.sweeps(device, start_ns, end_ns)
    kept = []
    for one, part in zip(every, parts, strict=True):
        rows = np.isin(part.number, sweeps.number[np.isin(sweeps.edition, one.editions)])
        kept.append((part.number[rows], part.time[rows], part.value[rows], part.quality[rows]))
    if not kept:
        none = np.empty(0, np.int64)
        return Trace(none, none, np.empty((0, len(ids))), np.empty((0, len(ids)), np.uint8))
    number, time, value, quality = (np.concatenate(column) for column in zip(*kept, strict=True))
    order = np.argsort(number, kind="stable")
    return Trace(number[order], time[order], value[order], quality[order])


def extremes(
    worlds: Worlds, device: str, ids: Sequence[str], start_ns: int, end_ns: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest good value among some readings of one device, computed from each of them anew: time int64[n],
    low and high float64[n] of the n sweeps in [start, end) in which one was good."""
    every = _stretches(worlds, device, start_ns, end_ns)
    known = _known(every[0].world, device, ids) if len(every) == 1 else None
    if known is not None and len(known[1]) == len(ids):
        (bound, found), world = known, every[0].world
        at = np.array([index for _, index in found])
        columns = worlds.columns(bound, (at - bound.first).tolist())
        first, last = max(start_ns, every[0].from_ns), min(end_ns, every[0].to_ns)
        words = worlds.archive.words(device, columns.registers, first, last)
        quick = columns.extremes(words.words, words.ok, world.binding.low[at], world.binding.high[at])
        if quick is not None:
            return words.end_ns, *quick
    part = trace(worlds, device, ids, start_ns, end_ns)
    good = part.quality == Quality.GOOD
    some = np.flatnonzero(good.any(axis=1))
    low = np.where(good, part.value, np.inf).min(axis=1, initial=np.inf)
    high = np.where(good, part.value, -np.inf).max(axis=1, initial=-np.inf)
    return part.time[some], low[some], high[some]


def _stretches(worlds: Worlds, device: str, start_ns: int, end_ns: int) -> list[Stretch]:
    return [one for one in worlds.of_device(device) if one.from_ns < end_ns and one.to_ns > start_ns]


def _known(world: World, device: str, ids: Sequence[str]) -> tuple[BoundDevice, list[tuple[int, int]]] | None:
    """A device in a world, and which of some figures it carries: their place in `ids` and index; None without any."""
    bound = world.bound(device)
    found = [world.binding.find(figure_id) for figure_id in ids]
    known = [
        (place, index)
        for place, index in enumerate(found)
        if index is not None and bound is not None and world.binding.locate(index)[0] is bound
    ]
    return (bound, known) if bound is not None and known else None


def _decoded(worlds: Worlds, world: World, device: str, ids: Sequence[str], start_ns: int, end_ns: int) -> Trace:
    """All sweeps of a span as one world understands them."""
    carried = _known(world, device, ids)
    if carried is None:
        sweeps = worlds.archive.sweeps(device, start_ns, end_ns)
        shape = len(sweeps), len(ids)
        return Trace(
            sweeps.number, sweeps.end_ns, np.full(shape, np.nan), np.full(shape, Quality.NOT_MAPPED, dtype=np.uint8)
        )
    bound, known = carried
    at = np.array([index for _, index in known])
    columns = worlds.columns(bound, (at - bound.first).tolist())
    words = worlds.archive.words(device, columns.registers, start_ns, end_ns)
    value, quality = columns.decode(words.words, words.ok)
    with np.errstate(invalid="ignore"):
        odd = (value < world.binding.low[at]) | (value > world.binding.high[at])
    quality[odd & (quality == Quality.GOOD)] = Quality.IMPLAUSIBLE
    if len(known) == len(ids):
        return Trace(words.number, words.end_ns, value, quality)
    shape = len(words.number), len(ids)
    values, marks = np.full(shape, np.nan), np.full(shape, Quality.NOT_MAPPED, dtype=np.uint8)
    places = [place for place, _ in known]
    values[:, places], marks[:, places] = value, quality
    return Trace(words.number, words.end_ns, values, marks)


def label_of(world: World, index: int, language: str = "en") -> str:
    """What a reading is called: its metric's name, else the one that its map gives it."""
    bound, i = world.binding.locate(index)
    metric = world.binding.metrics[index]
    return metric.label(language) if metric else bound.point(i).label or bound.point(i).name


def reading_series(
    worlds: Worlds, world: World, index: int, start_ns: int, end_ns: int, language: str = "en"
) -> Series:
    """A reading of a world (by its index) in every sweep of its device."""
    binding, label = world.binding, label_of(world, index, language)
    bound, _ = binding.locate(index)
    found = trace(worlds, bound.device.id, [binding.ids[index]], start_ns, end_ns)
    return Series(binding.ids[index], label, binding.units[index], found.time, found.value[:, 0], found.quality[:, 0])


def derived_series(
    worlds: Worlds, world: World, number: int, start_ns: int, end_ns: int, language: str = "en"
) -> Series:
    """A derived figure whenever the device of its first input was read, from the newest of every input by then."""
    formula, _, inputs = world.derived.locate(number)
    times, values, marks = [], [], []
    for first, last in _pieces(world, inputs, start_ns, end_ns):
        time, matrix = _inputs(worlds, world, inputs, first, last)
        value, enough = evaluate(formula, matrix)
        times.append(time)
        values.append(value)
        marks.append(
            np.select([np.isfinite(value), enough], [Quality.GOOD, Quality.NOT_IMPLEMENTED], Quality.NO_ANSWER)
        )
    time, value = np.concatenate(times), np.concatenate(values)
    quality = np.concatenate(marks).astype(np.uint8)
    return Series(world.derived.ids[number], formula.label(language), formula.unit, time, value, quality)


def _pieces(world: World, inputs: NDArray[np.int32], start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
    """The span in pieces whose inputs fit the memory."""
    period = world.binding.devices[int(world.binding.device[inputs[0]])].device.every_s
    step = max(int(_MOST / len(inputs) * period * 1e9), 1)
    for first in range(start_ns, max(end_ns, start_ns + 1), step):
        yield first, min(first + step, end_ns)


def _inputs(
    worlds: Worlds, world: World, inputs: NDArray[np.int32], start_ns: int, end_ns: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times int64[n] of the first input's device, and float64[n, inputs] of what was fresh then, else NaN."""
    binding = world.binding
    time: NDArray[np.int64] = np.empty(0, np.int64)
    matrix: NDArray[np.float64] = np.empty((0, len(inputs)))
    for turn, number in enumerate(dict.fromkeys(binding.device[inputs].tolist())):
        device = binding.devices[number].device
        places = np.flatnonzero(binding.device[inputs] == number)
        back = int(STALE_AFTER * device.every_s * 1e9)
        ids = [binding.ids[index] for index in inputs[places].tolist()]
        found = trace(worlds, device.id, ids, start_ns if turn == 0 else start_ns - back, end_ns)
        good = np.where(found.quality == Quality.GOOD, found.value, np.nan)
        if turn == 0:
            time, matrix = found.time, np.full((len(found.time), len(inputs)), np.nan)
            matrix[:, places] = good
        elif len(found.time):
            row = np.searchsorted(found.time, time, side="right") - 1
            fresh = (row >= 0) & (time - found.time[row] <= back)
            matrix[:, places] = np.where(fresh[:, None], good[row], np.nan)
    return time, matrix
