"""Some points of one device over many sweeps, decoded all at once by the codec that decodes one sweep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.whole_lot import WholeLot, extremes, whole_lots
from bessinside.plant import BoundDevice
from bessinside.registers import OK, SENTINEL, Codec, Layout
from bessinside.registers.lots import build_lots
from bessinside.twin.quality import Quality

_KEPT = 3  # codecs: of a whole batch, and of fewer sweeps, a power of two of them
_BATCH = 8192  # values decoded in one pass: the arrays stay in the processor's cache


class Columns:
    """k points of a device, and the W registers that they need (those of their scale factors too).

    registers: the W registers, each once, as the archive numbers them, in rising order
    words_of: int64[k, m], for each of the k points the places in `registers` of its own words and of its scale
    factor's, some of them twice
    """

    def __init__(self, bound: BoundDevice, points: Sequence[int]) -> None:
        layout = bound.layout
        self.bound = bound
        self.points = np.asarray(points, np.int64)
        carriers = layout.sf_point[self.points]
        every = np.concatenate([self.points, np.setdiff1d(carriers[carriers >= 0], self.points)])
        keys = layout.fc[every].astype(np.int64) << 16 | layout.address[every]
        counts = layout.words[every].astype(np.int64)
        registers = np.unique(
            np.concatenate([key + np.arange(n) for key, n in zip(keys, counts, strict=True)] or [keys])
        )
        self.registers: list[int] = registers.tolist()
        self._offset = np.searchsorted(registers, keys)
        place = {int(point): k for k, point in enumerate(every)}
        sf_point = np.array([place.get(int(point), -1) for point in layout.sf_point[every]], np.int32)
        self._layout = Layout(
            layout.map, layout.points, layout.groups, layout.point[every], layout.index[every], layout.fc[every],
            layout.address[every], layout.words[every], sf_point,
        )  # fmt: skip
        self._factor = bound.factor[every]
        own = np.arange(counts.max(initial=1))
        words = self._offset[:, None] + np.minimum(own, counts[:, None] - 1)
        k = len(self.points)
        scale = np.where((sf_point >= 0)[:, None], words[sf_point], words)
        self.words_of: NDArray[np.int64] = np.concatenate([words[:k], scale[:k]], axis=1)
        self._whole: list[WholeLot] | None = None
        self._copies = max(1, _BATCH // max(1, len(every)))
        self._made: dict[int, Codec] = {}

    def __len__(self) -> int:
        return len(self.points)

    def decode(
        self, words: NDArray[np.uint16], read: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Values float64[n, k] in SI units and qualities uint8[n, k] of n sweeps.

        words: uint16[n, W]; read: bool[n, W], whether each word came with its sweep. What did not come has no value and
        the quality NO_ANSWER; what the codec or the metric's range refuses is marked as it is live.
        """
        n, size = len(words), len(self._layout)
        values, state = np.full((n, size), np.nan), np.zeros((n, size), np.uint8)
        room = min(self._copies, 1 << max(0, n - 1).bit_length())
        for first in range(0, n, room):
            at = max(0, min(first, n - room))  # the last pass is as long as the others, so that one codec makes all
            part = np.ascontiguousarray(words[at : at + room])
            if len(part) == room:
                self._decode(part, values[at : at + room], state[at : at + room])
            else:
                found = np.full((room, size), np.nan), np.zeros((room, size), np.uint8)
                self._decode(np.concatenate([part, part[-1:].repeat(room - len(part), axis=0)]), *found)
                values[:], state[:] = found[0][:n], found[1][:n]
        values, state = values[:, : len(self)] + 0.0, state[:, : len(self)]  # a turned sign leaves -0.0
        came = read[:, self.words_of[:, 0]]
        for columns in self.words_of.T[1:]:
            if not np.array_equal(columns, self.words_of[:, 0]):
                came = came & read[:, columns]
        marks = np.where(state == OK, Quality.GOOD, Quality.IMPLAUSIBLE).astype(np.uint8)
        marks[state == SENTINEL] = Quality.NOT_IMPLEMENTED
        marks[~came] = Quality.NO_ANSWER
        values[~came] = np.nan
        return values, marks

    def extremes(
        self, words: NDArray[np.uint16], read: NDArray[np.bool_], low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Lowest and highest value among the k points in each of n sweeps, float64[n]; None where words cannot be
        compared as they came: several scales, or not all good.

        words, read: as for :meth:`decode`; low, high: float64[k], what can be
        """
        if not read.all():
            return None
        if self._whole is None:
            rest = np.full(len(self._layout) - len(self), np.inf)
            lots = build_lots(self._layout, self._offset.astype(np.int32), self._factor, runs=False)
            bounds = np.append(low, -rest), np.append(high, rest)
            self._whole = whole_lots(lots, *bounds)
        found = extremes(self._whole, np.ascontiguousarray(words.T), np.arange(len(self)))
        return None if found is None else found[:2]

    def _decode(self, words: NDArray[np.uint16], values: NDArray[np.float64], state: NDArray[np.uint8]) -> None:
        codec = self._codec(len(words))
        codec.decode(words.reshape(-1), values.reshape(-1), state.reshape(-1))

    def _codec(self, copies: int) -> Codec:
        """A codec of as many copies of the points, one behind the other."""
        if copies in self._made:
            return self._made[copies]
        one, width, size = self._layout, len(self.registers), len(self._layout)
        again = np.arange(copies, dtype=np.int32)[:, None]
        sf_point = np.where(one.sf_point >= 0, one.sf_point + again * size, -1).reshape(-1).astype(np.int32)
        layout = Layout(
            one.map, one.points, one.groups, np.tile(one.point, copies), np.tile(one.index, (copies, 1)),
            np.tile(one.fc, copies), np.tile(one.address, copies), np.tile(one.words, copies), sf_point,
        )  # fmt: skip
        offset = (self._offset + again * width).reshape(-1).astype(np.int32)
        made = Codec(layout, offset, np.tile(self._factor, copies))
        if len(self._made) >= _KEPT:
            del self._made[next(iter(self._made))]
        self._made[copies] = made
        return made
