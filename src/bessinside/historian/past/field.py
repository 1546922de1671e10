"""All parts of one kind inside a part over time: the cells of a rack by the hour, drawn together for a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import HOUR_NS, MINUTE_NS, Step
from bessinside.historian.basis.rows import Rows
from bessinside.historian.basis.trace import trace
from bessinside.historian.basis.world import World, Worlds
from bessinside.historian.decoded.rollups import Rollups
from bessinside.historian.past.cells import carriers
from bessinside.twin.quality import Quality
from bessinside.twin.state import UnknownFigure

_MOST = 1 << 22  # values held at once


@dataclass(frozen=True, slots=True, eq=False)
class Field(Rows):
    """k parts in m spans of `step_ns` from `begin_ns` on, in plant order.

    id, part: k texts; mean, low, high: float32[k, m] of the good values, NaN without; count, left_out: int32[k, m]
    sweeps with a good value and without. Both are 0 where no sweep was.
    """

    metric: str
    unit: str
    begin_ns: int
    step_ns: int
    source: str
    id: tuple[str, ...]
    part: tuple[str, ...]
    mean: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    count: NDArray[np.int32]
    left_out: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.id)

    def columns(self) -> dict[str, Any]:
        k, m = self.mean.shape
        time = self.begin_ns + np.arange(m, dtype=np.int64) * self.step_ns
        flat = {name: getattr(self, name).reshape(-1) for name in ("mean", "low", "high", "count", "left_out")}
        return {"time": np.tile(time, k), "id": np.repeat(np.array(self.id), m), **flat}


def field(
    worlds: Worlds,
    rollups: Rollups,
    world: World,
    metric: str,
    part: str,
    start_ns: int,
    end_ns: int,
    columns: int,
) -> Field:
    """Every part inside `part` that carries a metric, over [start, end), as about `columns` spans.

    Spans of a minute and more are whole minutes (of an hour and more: whole hours) and come from the rollups. Raises
    UnknownFigure where nothing inside the part carries the metric.
    """
    every = [(bound, mine) for bound, indices in carriers(world, metric) if (mine := _in(world, indices, part))]
    if not every:
        raise UnknownFigure(f"{metric}: nothing inside {part} carries this metric")
    period_ns = round(max(bound.device.every_s for bound, _ in every) * 1e9)
    # of two periods each has a sweep, however unevenly they came
    step = max(2 * period_ns, -(-(end_ns - start_ns) // max(1, columns)))
    unit_ns = HOUR_NS if step > HOUR_NS else MINUTE_NS if step > MINUTE_NS // 2 else 1
    step = -(-step // unit_ns) * unit_ns
    begin = start_ns // step * step if unit_ns > 1 else start_ns
    width = max(1, -(-(end_ns - begin) // step))
    ids: list[str] = []
    parts: list[str] = []
    tables: list[_Tables] = []
    for bound, mine in every:
        names = [world.binding.ids[index] for index in mine]
        ids += names
        parts += [world.binding.parts[index] for index in mine]
        device = bound.device.id
        if unit_ns > 1:
            kept = rollups.of(
                device, names, begin, begin + width * step, Step.HOUR if unit_ns == HOUR_NS else Step.MINUTE
            )
            at = (kept.begin_ns - begin) // step
            tables.append(_merged(at, width, kept.low, kept.high, kept.mean, kept.count, kept.left_out))
        else:
            tables.append(_decoded(worlds, device, names, start_ns, end_ns, step, width, bound.device.every_s))
    mean, low, high, count, left_out = (np.concatenate(column) for column in zip(*tables, strict=True))
    unit = world.binding.units[world.binding.of_metric(metric)[0]]
    source = "sweeps" if unit_ns == 1 else "hour" if unit_ns == HOUR_NS else "minute"
    return Field(metric, unit, begin, step, source, tuple(ids), tuple(parts), mean, low, high, count, left_out)


_Tables = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]


def _in(world: World, indices: tuple[int, ...], part: str) -> list[int]:
    """Of some points those inside a part, the part itself included."""
    return [index for index in indices if f"{world.binding.parts[index]}/".startswith(f"{part}/")]


def _merged(
    at: NDArray[np.int64],
    width: int,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    mean: NDArray[np.float64],
    count: NDArray[np.int32],
    left_out: NDArray[np.int32],
) -> _Tables:
    """Rows [n, k] with their columns int64[n], rising, drawn together to [k, width]; means weighed by their counts."""
    k = low.shape[1]
    lows, highs, means = (np.full((width, k), np.nan, np.float32) for _ in range(3))
    counts, without = np.zeros((width, k), np.int32), np.zeros((width, k), np.int32)
    if len(at):
        some = count > 0
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        to = at[starts]
        sums = np.add.reduceat(np.where(some, mean, 0.0) * count, starts, axis=0)
        many = np.add.reduceat(count, starts, axis=0, dtype=np.int32)
        good = many > 0
        counts[to], without[to] = many, np.add.reduceat(left_out, starts, axis=0, dtype=np.int32)
        means[to] = np.where(good, sums / np.maximum(many, 1), np.nan)
        lows[to] = np.where(good, np.minimum.reduceat(np.where(some, low, np.inf), starts, axis=0), np.nan)
        highs[to] = np.where(good, np.maximum.reduceat(np.where(some, high, -np.inf), starts, axis=0), np.nan)
    return means.T, lows.T, highs.T, counts.T, without.T


def _decoded(
    worlds: Worlds, device: str, ids: list[str], start_ns: int, end_ns: int, step: int, width: int, every_s: float
) -> _Tables:
    """From the words, in pieces of whole spans that fit the memory."""
    pieces: list[_Tables] = []
    spans = max(1, int(_MOST / len(ids) * every_s * 1e9 / step))
    for first in range(0, width, spans):
        low, many = start_ns + first * step, min(spans, width - first)
        found = trace(worlds, device, ids, low, min(low + many * step, end_ns))
        order = np.argsort(found.time, kind="stable")
        value, good = found.value[order], found.quality[order] == Quality.GOOD
        at = (found.time[order] - low) // step
        count = good.astype(np.int32)
        pieces.append(_merged(at, many, value, value, value, count, 1 - count))
    means, lows, highs, counts, without = (np.concatenate(column, axis=1) for column in zip(*pieces, strict=True))
    return means, lows, highs, counts, without
