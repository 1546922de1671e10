"""Minutes and extremes of sweeps: lowest, highest and mean value of every point, and among all points of a metric.

Most registers are whole numbers of one word, whose order is the order of their values (or its reverse): they are
compared and added as they came, and only the results are decoded. What did not change is decoded once. All else is
decoded sweep by sweep.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import MINUTE_NS, Archive, Edition
from bessinside.historian.basis.batch import Batch
from bessinside.historian.basis.columns import Columns
from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.basis.world import Worlds
from bessinside.modbus import Outcome, ReadPlan
from bessinside.plant import BoundDevice
from bessinside.registers import OK, Codec
from bessinside.registers.codec import scale
from bessinside.registers.lots import Lot, build_lots
from bessinside.twin.quality import Quality

FEWEST = 5
"""A metric that a device carries at so many points has extremes with every sweep."""
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
        self._lots = [
            _WholeLot(lot, low, high)
            for lot in build_lots(layout, self._offset, bound.factor, runs=False)
            if lot.form[:4] in ((1, "uint", False, False), (1, "int", False, False))
        ]
        self._columns: dict[bytes, Columns] = {}
        self._metrics: dict[str, NDArray[np.int64]] = {}
        for i in self.points.tolist():
            metric = bound.metrics[i]
            if metric is not None:
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
            value, fit = self._slowly(points, words, outcome)
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
            quick = self._quick_extremes(batch.words, points) if sound[points].all() else None
            if quick is None:
                value, fit = self._slowly(points, batch.words, batch.times.outcome)
                count = fit.sum(axis=1).astype(np.int32)
                low = np.where(fit, value, np.inf).min(axis=1)
                high = np.where(fit, value, -np.inf).max(axis=1)
                quick = np.where(count > 0, low, np.nan), np.where(count > 0, high, np.nan), count
            yield SweepExtremes(metric, *quick)

    def _quick_extremes(
        self, words: NDArray[np.uint16], points: NDArray[np.int64]
    ) -> tuple[Floats, Floats, NDArray[np.int32]] | None:
        """None where the points are not all whole words of one scale, or not all good."""
        for lot in self._lots:
            pos = lot.where(points)
            if pos is not None:
                return lot.extremes(words, pos)
        return None

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


@dataclass(frozen=True, slots=True, eq=False)
class _Scales:
    """value = word * num / den + add: float64[m] each; fixed: bool[m], whether it was so in every sweep."""

    num: Floats
    den: Floats
    add: Floats
    fixed: NDArray[np.bool_]


class _WholeLot:
    """Points of one word each that are whole numbers, signed or not; their scale factor may stand in a register."""

    def __init__(self, lot: Lot, low: Floats, high: Floats) -> None:
        self.index, self._at = lot.index, lot.at[0]
        self._lot, self._signed = lot, lot.form.kind == "int"
        self._low, self._high = low[lot.index], high[lot.index]
        self._sentinel_of = lot.sentinel_of
        self._sentinel = self._native(lot.sentinel.astype(np.uint16)).astype(np.int64)
        self._where = {int(point): k for k, point in enumerate(lot.index)}
        self._sf_at, self._sf_of = np.unique(lot.sf_at, return_inverse=True)
        self._plain: _Scales | None = None
        self._places: dict[bytes, NDArray[np.int64] | None] = {}  # a device has a few metrics of many points

    def scales(self, words: NDArray[np.uint16]) -> _Scales:
        """How the words of a batch become values."""
        if self._plain is not None:
            return self._plain
        num, den, valid = scale(self._lot, words[:, 0])
        size = len(self._lot)
        num, den, add = (
            np.broadcast_to(np.float64(neutral) if column is None else column, size)
            for column, neutral in ((num, 1.0), (den, 1.0), (self._lot.add, 0.0))
        )
        if valid is None:
            self._plain = _Scales(num, den, add, np.ones(size, bool))
            return self._plain
        still = (words[self._sf_at] == words[self._sf_at, :1]).all(axis=1)[self._sf_of]
        return _Scales(num, den, add, still & np.broadcast_to(valid, size))

    def reduced(
        self,
        words: NDArray[np.uint16],
        scales: _Scales,
        pos: NDArray[np.int64],
        starts: NDArray[np.int64],
        sweeps: NDArray[np.int64],
    ) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """low, high, mean float64[k, m] of the points at `pos`, and bool[k]: surely good in every sweep."""
        raw = self._native(words[self._at[pos]])
        low = np.minimum.reduceat(raw, starts, axis=1).astype(np.int64)
        high = np.maximum.reduceat(raw, starts, axis=1).astype(np.int64)
        mean = np.add.reduceat(raw, starts, axis=1, dtype=np.int64) / sweeps
        return self._results(scales, pos, low, high, mean)

    def extremes(
        self, words: NDArray[np.uint16], pos: NDArray[np.int64]
    ) -> tuple[Floats, Floats, NDArray[np.int32]] | None:
        """low, high float64[n] and count int32[n] among the points at `pos`; None where they cannot be compared."""
        scales = self.scales(words)
        columns = (scales.num, scales.den, scales.add)
        if not scales.fixed[pos].all() or any((column[pos] != column[pos[0]]).any() for column in columns):
            return None
        raw = self._native(_rows(words, self._at[pos]))
        low, high = raw.min(axis=0), raw.max(axis=0)
        there = self._without_missing(raw, pos, int(low.min()), int(high.max()))
        if there is None:
            return None
        if not there.all():
            raw, pos = raw[there], pos[there]
            low, high = raw.min(axis=0), raw.max(axis=0)
        low, high = low.astype(np.int64), high.astype(np.int64)
        lows, highs, _, _ = self._results(scales, pos[:1], low[None, :], high[None, :], low[None, :])
        if (lows[0] < self._low[pos].max()).any() or (highs[0] > self._high[pos].min()).any():
            return None
        return lows[0], highs[0], np.full(len(low), len(pos), np.int32)

    def _without_missing(
        self, raw: NDArray[np.integer], pos: NDArray[np.int64], lowest: int, highest: int
    ) -> NDArray[np.bool_] | None:
        """bool[k]: which of the points at `pos` ever said something; None where one did only now and then. Their words
        lie between `lowest` and `highest`."""
        there = np.ones(len(pos), bool)
        rows = np.full(len(self.index), -1)
        rows[pos] = np.arange(len(pos))
        at = rows[self._sentinel_of]
        at, sentinel = at[at >= 0], self._sentinel[at >= 0]
        inside = (sentinel >= lowest) & (sentinel <= highest)
        if inside.any():
            missing = raw[at[inside]] == sentinel[inside, None]
            never = missing.all(axis=1)
            if (missing.any(axis=1) & ~never).any():
                return None
            there[at[inside][never]] = False
        return there if there.any() else None

    def where(self, points: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """The places of some points in this lot, None where it does not have them all."""
        key = points.tobytes()
        if key not in self._places:
            found = [self._where.get(int(point), -1) for point in points]
            self._places[key] = None if -1 in found else np.array(found)
        return self._places[key]

    def _results(
        self,
        scales: _Scales,
        pos: NDArray[np.int64],
        low: NDArray[np.int64],
        high: NDArray[np.int64],
        mean: NDArray[Any],
    ) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        fine = np.ones(len(pos), bool)
        lowest, highest = low.min(axis=1), high.max(axis=1)
        if len(self._sentinel):
            rows = np.full(len(self.index), -1)
            rows[pos] = np.arange(len(pos))
            at = rows[self._sentinel_of]
            hit = (at >= 0) & (lowest[at] <= self._sentinel) & (self._sentinel <= highest[at])
            fine[at[hit]] = False
        num, den, add = (column[pos][:, None] for column in (scales.num, scales.den, scales.add))
        a, b, means = (raw * num / den + add + 0.0 for raw in (low, high, mean))
        falling = num / den < 0
        lows, highs = np.where(falling, b, a), np.where(falling, a, b)
        fine &= (lows >= self._low[pos][:, None]).all(axis=1) & (highs <= self._high[pos][:, None]).all(axis=1)
        return lows, highs, means, fine

    def _native(self, words: NDArray[np.uint16]) -> NDArray[np.integer]:
        return words.view(np.int16) if self._signed else words


def _rows(words: NDArray[np.uint16], at: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Some rows; as they lie where they follow each other."""
    if len(at) and int(at[-1]) - int(at[0]) == len(at) - 1 and (np.diff(at) == 1).all():
        return words[int(at[0]) : int(at[-1]) + 1]
    return words[at]


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
