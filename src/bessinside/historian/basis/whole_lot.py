"""Points whose registers are whole numbers of one word: their order is the order of their values (or its reverse), so
they are compared and added as they came, and only the results are decoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.places import as_slice
from bessinside.registers.codec import scale
from bessinside.registers.lots import Lot

WHOLE = ((1, "uint", False, False), (1, "int", False, False))
"""How forms of lots begin that are such points."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """value = word * num / den + add: float64[m] each; fixed: bool[m], whether it was so in every sweep."""

    num: Floats
    den: Floats
    add: Floats
    fixed: NDArray[np.bool_]


class WholeLot:
    """Points of one word each that are whole numbers, signed or not; their scale factor may stand in a register."""

    def __init__(self, lot: Lot, low: Floats, high: Floats) -> None:
        self.index, self._at = lot.index, lot.at[0]
        self._lot, self._signed = lot, lot.form.kind == "int"
        self._low, self._high = low[lot.index], high[lot.index]
        self._sentinel_of = lot.sentinel_of
        self._sentinel = self._native(lot.sentinel.astype(np.uint16)).astype(np.int64)
        self._where = {int(point): k for k, point in enumerate(lot.index)}
        self._sf_at, self._sf_of = np.unique(lot.sf_at, return_inverse=True)
        self._plain: Scales | None = None
        self._places: dict[bytes, NDArray[np.int64] | None] = {}  # a device has a few metrics of many points

    def scales(self, words: NDArray[np.uint16]) -> Scales:
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
            self._plain = Scales(num, den, add, np.ones(size, bool))
            return self._plain
        still = (words[self._sf_at] == words[self._sf_at, :1]).all(axis=1)[self._sf_of]
        return Scales(num, den, add, still & np.broadcast_to(valid, size))

    def reduced(
        self,
        words: NDArray[np.uint16],
        scales: Scales,
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
        raw = self._native(words[as_slice(self._at[pos])])
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
        scales: Scales,
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


def whole_lots(lots: Iterable[Lot], low: Floats, high: Floats) -> list[WholeLot]:
    """Those lots that are such points; low, high: float64[n], what can be, for every point that the lots know."""
    return [WholeLot(lot, low, high) for lot in lots if lot.form[:4] in WHOLE]


def extremes(
    lots: Iterable[WholeLot], words: NDArray[np.uint16], points: NDArray[np.int64]
) -> tuple[Floats, Floats, NDArray[np.int32]] | None:
    """low, high, count of some points in every sweep; None where they are not all in one lot, or not comparable."""
    for lot in lots:
        pos = lot.where(points)
        if pos is not None:
            return lot.extremes(words, pos)
    return None
