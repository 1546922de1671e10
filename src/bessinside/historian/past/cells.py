"""All parts of one kind at a moment (every cell voltage, every sensor), how far they lie apart, and how they lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.images import latest_of
from bessinside.historian.basis.peak import peak
from bessinside.historian.basis.rows import Rows
from bessinside.historian.basis.trace import STALE_AFTER, extremes, trace
from bessinside.historian.basis.world import World, Worlds
from bessinside.historian.past.recalled import OF_CODE
from bessinside.plant import BoundDevice
from bessinside.twin.quality import Quality

_MOST = 1 << 22  # values held at once


@dataclass(frozen=True, slots=True, eq=False)
class Cells(Rows):
    """Every part that carries a metric at one moment, in plant order.

    id, part: n texts; time: int64[n], when each was read, UTC ns, 0 where never; value: float64[n]; quality: uint8[n]
    """

    metric: str
    unit: str
    at_ns: int
    id: tuple[str, ...]
    part: tuple[str, ...]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.id)

    def columns(self) -> dict[str, Any]:
        names = np.array([mark.label for mark in Quality])
        return {
            "id": list(self.id),
            "part": list(self.part),
            "time": self.time,
            "value": self.value,
            "quality": names[self.quality],
        }


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the parts of one device lie apart in one sweep: high − low; `lowest` and `highest` are their ids."""

    device: str
    time_ns: int
    spread: float
    low: float
    high: float
    lowest: str
    highest: str


@dataclass(frozen=True, slots=True, eq=False)
class Distribution(Rows):
    """How good values lie: their count, quantiles by share (0 lowest, 1 highest), mean, and a histogram.

    edges: float64[b + 1], counts: int64[b]; `left_out` values were not good. Its columns are the histogram
    """

    count: int
    left_out: int
    mean: float
    deviation: float
    quantiles: dict[float, float]
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]

    def columns(self) -> dict[str, Any]:
        return {"low": self.edges[:-1], "high": self.edges[1:], "count": self.counts}


@lru_cache(maxsize=32)
def carriers(world: World, metric: str) -> tuple[tuple[BoundDevice, tuple[int, ...]], ...]:
    """The devices that carry a metric, each with its points by index; of a part that several carry the plain one."""
    plain = set(world.binding.by_part(metric).values())
    by_device: dict[int, list[int]] = {}
    for index in world.binding.of_metric(metric):
        if index in plain:
            by_device.setdefault(int(world.binding.device[index]), []).append(index)
    return tuple((world.binding.devices[number], tuple(indices)) for number, indices in by_device.items())


def cells(worlds: Worlds, world: World, metric: str, at_ns: int) -> Cells:
    """Every part that carries a metric, as it was known at a moment."""
    binding = world.binding
    ids, parts, times, values, marks = [], [], [], [], []
    carried = [
        (bound, np.array(indices), worlds.columns(bound, [index - bound.first for index in indices]))
        for bound, indices in carriers(world, metric)
    ]
    asked = {bound.device.id: columns.registers for bound, _, columns in carried}
    newest = latest_of(worlds.archive, asked, at_ns)
    for bound, at, columns in carried:
        known = newest[bound.device.id]
        came = known.received_ns > 0
        value, state = columns.decode(known.words[None, :], came[None, :])
        time = known.received_ns[columns.words_of].min(axis=1)
        mark = OF_CODE[known.outcome[columns.words_of].max(axis=1)]
        mark[time == 0] = Quality.NONE
        good = mark == Quality.GOOD
        mark[good] = state[0, good]
        with np.errstate(invalid="ignore"):
            odd = (value[0] < binding.low[at]) | (value[0] > binding.high[at])
        mark[good & odd & (mark == Quality.GOOD)] = Quality.IMPLAUSIBLE
        old = at_ns - time > STALE_AFTER * bound.device.every_s * 1e9
        mark[old & (mark == Quality.GOOD)] = Quality.STALE
        ids += [binding.ids[index] for index in at.tolist()]
        parts += [binding.parts[index] for index in at.tolist()]
        times.append(time)
        values.append(value[0])
        marks.append(mark)
    unit = binding.units[binding.of_metric(metric)[0]] if ids else ""
    none = np.empty(0)
    return Cells(
        metric, unit, at_ns, tuple(ids), tuple(parts), np.concatenate([none.astype(np.int64), *times]),
        np.concatenate([none, *values]), np.concatenate([none.astype(np.uint8), *marks]),
    )  # fmt: skip


def largest_spread(
    worlds: Worlds,
    world: World,
    metric: str,
    start_ns: int,
    end_ns: int,
    *,
    recompute: bool = False,
    named: int = 1,
) -> list[Spread]:
    """The largest spread of a metric on every device that carries it in [start, end), largest first.

    From the lowest and highest value that were kept with every sweep, or with `recompute` from every part again; so too
    where none were kept (few parts, a decoding that came later). Of the
    first `named` it is looked up which parts they were; of the others `lowest` and `highest` are empty.
    """
    found = []
    for bound, indices in carriers(world, metric):
        ids = [world.binding.ids[index] for index in indices]
        device = bound.device.id
        anew = recompute or worlds.decoded_anew(device, start_ns, end_ns, ids)
        best = None if anew else _kept(worlds, device, metric, start_ns, end_ns)
        if best is None:
            best = _recomputed(worlds, device, ids, start_ns, end_ns, bound.device.every_s)
        if best is not None:
            time, low, high = best
            found.append((Spread(device, time, high - low, low, high, "", ""), ids))
    found.sort(key=lambda one: -one[0].spread)
    return [_named(worlds, spread, ids) if k < named else spread for k, (spread, ids) in enumerate(found)]


def _named(worlds: Worlds, spread: Spread, ids: list[str]) -> Spread:
    """With the ids of the parts that are lowest and highest."""
    then = trace(worlds, spread.device, ids, spread.time_ns, spread.time_ns + 1)
    good = np.where(then.quality[-1] == Quality.GOOD, then.value[-1], np.nan)
    return replace(spread, lowest=ids[int(np.nanargmin(good))], highest=ids[int(np.nanargmax(good))])


def _kept(worlds: Worlds, device: str, metric: str, start_ns: int, end_ns: int) -> tuple[int, float, float] | None:
    """Time, low and high of the sweep with the largest spread among those whose extremes were kept; None without."""
    found = peak(worlds.archive, device, metric, start_ns, end_ns)
    return None if found is None else (found.end_ns, found.low, found.high)


def _recomputed(
    worlds: Worlds, device: str, ids: list[str], start_ns: int, end_ns: int, every_s: float
) -> tuple[int, float, float] | None:
    """Time, low and high of the sweep in which some figures of a device lay furthest apart; None without a good one."""
    best: tuple[int, float, float] | None = None
    step = max(1, int(_MOST / len(ids) * every_s * 1e9))
    for first in range(start_ns, end_ns, step):
        time, low, high = extremes(worlds, device, ids, first, min(first + step, end_ns))
        if not len(time):
            continue
        row = int(np.argmax(high - low))
        if best is None or high[row] - low[row] > best[2] - best[1]:
            best = int(time[row]), float(low[row]), float(high[row])
    return best


def distribution(value: NDArray[np.float64], quality: NDArray[np.uint8], bins: int = 40) -> Distribution:
    """How values float64[n] with qualities uint8[n] lie; what is not good is left out."""
    good = value[quality == Quality.GOOD]
    shares = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
    if not len(good):
        nan = float("nan")
        none = np.empty(0)
        return Distribution(0, len(value), nan, nan, dict.fromkeys(shares, nan), none, none.astype(np.int64))
    counts, edges = np.histogram(good, bins)
    quantiles = {share: float(found) for share, found in zip(shares, np.quantile(good, shares), strict=True)}
    return Distribution(
        len(good), len(value) - len(good), float(good.mean()), float(good.std()), quantiles, edges, counts
    )
