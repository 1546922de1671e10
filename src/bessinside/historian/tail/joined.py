"""Ticks that follow each other, held as they were decoded, and one table of all their sweeps: a question of one device
looks at the table and takes no tick apart that it does not need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.tail.tick import Tick, Trouble, tick_of

_NONE = np.zeros((11, 0), np.int64)


class Joined:
    """Ticks in order. `head`: int64[11, n] of their n sweeps, nine rows as in a tick, then which tick it is (counted
    over all that were ever here) and its position in it. One thread at a time."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.head: NDArray[np.int64] = _NONE
        self._gone = 0  # ticks that were here before the first

    def append(self, ticks: Sequence[Tick]) -> None:
        """Puts ticks behind the others."""
        at = self._gone + len(self.ticks)
        self.head = np.concatenate([self.head, *(_rows(tick, at + k) for k, tick in enumerate(ticks))], axis=1)
        self.ticks += ticks

    def drop(self, count: int) -> None:
        """Forgets the oldest ticks."""
        if count:
            self._gone += count
            del self.ticks[:count]
            self.head = self.head[:, np.searchsorted(self.head[9], self._gone) :]

    def where(self, device: int | None, begin_ns: int, end_ns: int, last: int = 2**62) -> NDArray[np.int64]:
        """Places in `head` of the sweeps that ended in [begin, end), of one device or all, up to a number."""
        mine = (self.head[4] >= begin_ns) & (self.head[4] < end_ns) & (self.head[0] <= last)
        return np.flatnonzero(mine if device is None else mine & (self.head[1] == device))

    def some(self, at: NDArray[np.int64]) -> Tick:
        """Some sweeps, by their place in `head`, as one tick."""
        head = self.head[:, at]
        if not len(at):
            return tick_of(head[:9], np.zeros(0, ">u2"), np.zeros(0, np.int64), {})
        # sweeps that follow each other in one tick are taken in one piece
        begins = np.flatnonzero((np.diff(at, prepend=-2) != 1) | (np.diff(head[9], prepend=-1) != 0))
        ends = np.append(begins[1:], len(at)) - 1
        words, times = [], []
        troubles: dict[int, Trouble] = {}
        for place, end in zip(begins.tolist(), ends.tolist(), strict=True):
            number, first, last = int(head[9, place]), int(head[10, place]), int(head[10, end])
            tick = self.ticks[number - self._gone]
            words.append(tick.words[tick.words_at[first] : tick.words_at[last + 1]])
            times.append(tick.times[tick.times_at[first] : tick.times_at[last + 1]])
            troubles.update({place + k - first: one for k, one in tick.troubles.items() if first <= k <= last})
        return tick_of(head[:9], np.concatenate(words), np.concatenate(times), troubles)


def _rows(tick: Tick, number: int) -> NDArray[np.int64]:
    count = len(tick)
    return np.concatenate([tick.head, np.full((1, count), number), np.arange(count)[None, :]])
