"""Minutes and extremes of sweeps: lowest, highest and mean value of every point, and among all points of a metric.

Most registers are whole numbers of one word, whose order is the order of their values (or its reverse): they are
compared and added as they came, and only the results are decoded. What did not change is decoded once. All else is
decoded sweep by sweep.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import MINUTE_NS, Archive, Edition
from bessinside.historian.basis.batch import Batch
from bessinside.historian.basis.columns import Columns
from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.basis.whole_lot import extremes, whole_lots
from bessinside.historian.basis.world import Worlds
from bessinside.modbus import Outcome, ReadPlan
from bessinside.plant import BoundDevice
from bessinside.registers import OK, Codec
from bessinside.registers.lots import build_lots
from bessinside.twin.quality import Quality

FEWEST = 5
"""A metric that a device carries at so many points has extremes with every sweep; codes have no order, and so none."""
_DECODERS = 16
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Minutes:
    """k points in m steps, minutes unless `step_ns` says otherwise, that follow each other from `begin_ns` on.

    low, high, mean: float64[k, m] in SI units, NaN where nothing is good; count, left_out: int32[k, m] sweeps
    """

    ids: tuple[str, ...]
    begin_ns: int
    low: Floats
    high: Floats
    mean: Floats
    count: NDArray[np.int32]
    left_out: NDArray[np.int32]
    step_ns: int = MINUTE_NS

    def rows(self, rows: Sequence[int]) -> Minutes:
        """Some of the points, in the order asked for."""
        at = list(rows)
        ids = tuple(self.ids[k] for k in at) if self.ids else ()
        return Minutes(
            ids,
            self.begin_ns,
            self.low[at],
            self.high[at],
            self.mean[at],
            self.count[at],
            self.left_out[at],
            self.step_ns,
        )


@dataclass(frozen=True, slots=True, eq=False)
class SweepExtremes:
    """Lowest and highest good value of a metric in n sweeps: float64[n], NaN without; count: int32[n], good values."""

    metric: str
    low: Floats
    high: Floats
    count: NDArray[np.int32]


class Reducer:
    """Reduces batches of one edition of a device. `ids`, `low` and `high` are the binding's, one per point."""

    def __init__(self, bound: BoundDevice, plan: ReadPlan, ids: tuple[str, ...], low: Floats, high: Floats) -> None:
        layout = bound.layout
        self._bound, self._plan, self._low, self._high = bound, plan, low, high
        self._offset = whole_places(bound, plan)
        self._codec = Codec(layout, self._offset, bound.factor)
        numeric = np.array([point.wire_type.numeric for point in layout.points], bool)[layout.point]
        self.points = np.flatnonzero(numeric & (self._offset >= 0))
        self.ids = tuple(ids[i] for i in self.points)
        self._place = np.full(len(layout), -1)
        self._place[self.points] = np.arange(len(self.points))
        self._lots = whole_lots(build_lots(layout, self._offset, bound.factor, runs=False), low, high)
        self._columns: dict[bytes, Columns] = {}
        self._slow = np.zeros(len(layout), bool)
        self._metrics: dict[str, NDArray[np.int64]] = {}
        for i in self.points.tolist():
            metric = bound.metrics[i]
            if metric is not None and metric.unit != "code":
                self._metrics[metric.key] = np.append(self._metrics.get(metric.key, np.zeros(0, np.int64)), i)
        self._metrics = {key: points for key, points in self._metrics.items() if len(points) >= FEWEST}
        self._blocks = np.repeat(np.arange(len(plan.requests)), [one.count for one in plan.requests])

    def minutes(self, batch: Batch) -> Minutes:
        """The minutes of a batch, from the first that has a sweep to the last."""
        minute = batch.times.end_ns // MINUTE_NS
        words, outcome = batch.words, batch.times.outcome
        if (np.diff(minute) < 0).any():  # the clock went back: bring the minutes together again
            order = np.argsort(minute, kind="stable")
            minute, words = minute[order], words[:, order]
            outcome = None if outcome is None else outcome[:, order]
        first, width = int(minute[0]), int(minute[-1] - minute[0]) + 1
        starts = np.flatnonzero(np.diff(minute, prepend=minute[0] - 1))
        column = minute[starts] - first
        sweeps = np.diff(np.append(starts, len(minute)))
        size = len(self.points)
        low, high, mean = (np.full((size, width), np.nan) for _ in range(3))
        count, left_out = np.zeros((size, width), np.int32), np.zeros((size, width), np.int32)
        rest = np.ones(len(self._bound.layout), bool)  # points that nobody reduced yet
        rest[self._offset < 0] = False
        rest[self._place < 0] = False
        sound = self._sound(outcome)

        still = sound & self._still(words) & rest
        values, good = self._decoded(words[:, 0])
        at = self._place[still]
        for table in (low, high, mean):
            table[np.ix_(at, column)] = np.where(good[still], values[still], np.nan)[:, None]
        count[np.ix_(at, column)] = np.where(good[still, None], sweeps, 0)
        left_out[np.ix_(at, column)] = np.where(good[still, None], 0, sweeps)
        rest &= ~still

        for lot in self._lots:
            scales = lot.scales(words)
            pos = np.flatnonzero(rest[lot.index] & sound[lot.index] & scales.fixed)
            if not len(pos):
                continue
            lows, highs, means, fine = lot.reduced(words, scales, pos, starts, sweeps)
            points = lot.index[pos[fine]]
            to = np.ix_(self._place[points], column)
            low[to], high[to], mean[to], count[to] = lows[fine], highs[fine], means[fine], sweeps
            rest[points] = False

        points = np.flatnonzero(rest)
        if len(points):
            self._slow[points] = True  # those once decoded one by one are again: which it is changes from slot to slot
            known = np.flatnonzero(self._slow)
            value, fit = (found[:, np.searchsorted(known, points)] for found in self._slowly(known, words, outcome))
            many = np.add.reduceat(fit, starts, axis=0, dtype=np.int32).T
            with np.errstate(invalid="ignore", divide="ignore"):
                lows = np.minimum.reduceat(np.where(fit, value, np.inf), starts, axis=0).T
                highs = np.maximum.reduceat(np.where(fit, value, -np.inf), starts, axis=0).T
                means = np.add.reduceat(np.where(fit, value, 0.0), starts, axis=0).T / many
            to = np.ix_(self._place[points], column)
            low[to], high[to] = np.where(many > 0, lows, np.nan), np.where(many > 0, highs, np.nan)
            mean[to], count[to], left_out[to] = means, many, sweeps - many
        return Minutes(self.ids, first * MINUTE_NS, low, high, mean, count, left_out)

    def extremes(self, batch: Batch) -> Iterator[SweepExtremes]:
        """The extremes of every metric that the device carries often."""
        sound = self._sound(batch.times.outcome)
        for metric, points in self._metrics.items():
            quick = extremes(self._lots, batch.words, points) if sound[points].all() else None
            if quick is None:
                value, fit = self._slowly(points, batch.words, batch.times.outcome)
                count = fit.sum(axis=1).astype(np.int32)
                low = np.where(fit, value, np.inf).min(axis=1)
                high = np.where(fit, value, -np.inf).max(axis=1)
                quick = np.where(count > 0, low, np.nan), np.where(count > 0, high, np.nan), count
            yield SweepExtremes(metric, *quick)

    def _sound(self, outcome: NDArray[np.uint8] | None) -> NDArray[np.bool_]:
        """bool[n]: points whose words all came in every sweep."""
        sound = self._offset >= 0
        if outcome is not None:
            bad = (outcome != Outcome.OK).any(axis=1)[self._blocks]
            sound = sound & ~self._any(bad)
        return sound

    def _still(self, words: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """bool[n]: points whose words never changed."""
        return ~self._any((words != words[:, :1]).any(axis=1))

    def _any(self, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """bool[n]: points of which a word (or one of their scale factor) is marked."""
        layout = self._bound.layout
        before = np.concatenate(([0], np.cumsum(marked)))
        begin = np.maximum(self._offset, 0)
        own = before[begin + np.where(self._offset >= 0, layout.words, 0)] > before[begin]
        carried: NDArray[np.bool_] = own | ((layout.sf_point >= 0) & own[layout.sf_point])
        return carried

    def _decoded(self, words: NDArray[np.uint16]) -> tuple[Floats, NDArray[np.bool_]]:
        values, state = np.full(self._bound.size, np.nan), np.zeros(self._bound.size, np.uint8)
        self._codec.decode(np.ascontiguousarray(words), values, state)
        values += 0.0
        return values, (state == OK) & (values >= self._low) & (values <= self._high)

    def _slowly(
        self, points: NDArray[np.int64], words: NDArray[np.uint16], outcome: NDArray[np.uint8] | None
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """float64[n, k] values of some points in every sweep, and where they are good."""
        columns = self._columns_of(points)
        registers = np.array(columns.registers, np.int64)
        place = self._plan.place(registers >> 16, registers & 0xFFFF)
        there = place >= 0
        taken = np.ascontiguousarray(np.where(there[:, None], words[place], 0).T)
        read = np.broadcast_to(there, taken.shape)
        if outcome is not None:
            read = read & (outcome[self._blocks[place]] == Outcome.OK).T
        values, marks = columns.decode(taken, read)
        return values, (marks == Quality.GOOD) & (values >= self._low[points]) & (values <= self._high[points])

    def _columns_of(self, points: NDArray[np.int64]) -> Columns:
        """The decoder of some points; many slots have the same."""
        key = points.tobytes()
        if key not in self._columns:
            if len(self._columns) >= _DECODERS:
                self._columns.clear()
            self._columns[key] = Columns(self._bound, points.tolist())
        return self._columns[key]


def whole_places(bound: BoundDevice, plan: ReadPlan) -> NDArray[np.int32]:
    """int32[n]: the word of a plan's image where each point begins, -1 where not all of its words are read."""
    layout = bound.layout
    first = plan.place(layout.fc, layout.address)
    last = plan.place(layout.fc, layout.address + layout.words.astype(np.int32) - 1)
    return np.where((first >= 0) & (last == first + layout.words - 1), first, -1).astype(np.int32)


class Reducers:
    """The reducers of an archive's editions, made once each from the plant files and maps that were in force."""

    def __init__(self, archive: Archive) -> None:
        self.worlds = Worlds(archive)
        self._made: dict[int, Reducer] = {}

    def of(self, edition: Edition) -> Reducer:
        """The reducer of an edition. Raises BessError where its map or plant file cannot be used."""
        if edition.number not in self._made:
            world = self.worlds.of([edition])
            bound = world.bound(edition.device)
            if bound is None:
                raise HistoryError(f"the plant file {edition.plant_hash} has no device {edition.device}")
            mine = slice(bound.first, bound.first + bound.size)
            binding = world.binding
            self._made[edition.number] = Reducer(
                bound, edition.plan(), binding.ids[mine], binding.low[mine], binding.high[mine]
            )
        return self._made[edition.number]
