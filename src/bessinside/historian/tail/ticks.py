"""The tail as it is now: its ticks, each decoded once and held while it is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.tail.joined import Joined
from bessinside.historian.tail.tick import Tick, together, unpack
from bessinside.runtime import database

_BYTES = 96 * 1024 * 1024  # of a longer tail, as it grows while nothing can be sealed, what is asked is read anew


class Ticks:
    """Ticks never change; new ones come behind the others, and the oldest leave. So what is there is looked up only
    where it is not known yet. Every method is called within one reading transaction, by one thread at a time."""

    def __init__(self) -> None:
        self._known: NDArray[np.int64] = np.zeros((0, 5), np.int64)  # first, last, begin_ns, end_ns, bytes
        self._held = Joined()  # the newest of the known ones, as far back as was asked

    def between(
        self, connection: database.Connection, device: int | None, begin_ns: int, end_ns: int, last: int = 2**62
    ) -> Tick:
        """The sweeps of the tail that ended in [begin, end), of one device or all, up to a number, as one tick."""
        known = self._look(connection)
        there = np.flatnonzero((known[:, 3] >= begin_ns) & (known[:, 2] < end_ns) & (known[:, 0] <= last))
        if not len(there):
            return together([])
        if self._hold(connection, int(there[0])):
            return self._held.some(self._held.where(device, begin_ns, end_ns, last))
        ticks = (self._tick(connection, first) for first in known[there, 0].tolist())
        return together([tick.some(tick.where(device, begin_ns, end_ns, last)) for tick in ticks])

    def newest(self, connection: database.Connection, device: int, at_ns: int) -> Tick | None:
        """The newest sweep of a device that had ended by a moment, alone in its tick."""
        known = self._look(connection)
        for row in np.flatnonzero(known[:, 2] <= at_ns)[::-1].tolist():
            tick = self._one(connection, row)
            mine = tick.where(device, -(2**62), at_ns + 1)
            if len(mine):
                return tick.some(mine[-1:])
        return None

    def numbered(self, connection: database.Connection, device: int, number: int) -> Tick | None:
        """A sweep of a device by its number, alone in its tick."""
        known = self._look(connection)
        for row in np.flatnonzero((known[:, 0] <= number) & (known[:, 1] >= number)).tolist():
            tick = self._one(connection, row)
            mine = np.flatnonzero((tick.number == number) & (tick.device == device))
            if len(mine):
                return tick.some(mine)
        return None

    def span(self, connection: database.Connection, device: int | None) -> tuple[int, int] | None:
        """Ends of the first and the last sweep in the tail, of one device or of all."""
        known = self._look(connection)
        if device is None or not len(known):
            return (int(known[:, 2].min()), int(known[:, 3].max())) if len(known) else None
        if self._hold(connection, 0):
            ends = self._held.head[4, self._held.head[1] == device]
        else:
            ends = self.between(connection, device, -(2**62), 2**62).end_ns
        return (int(ends.min()), int(ends.max())) if len(ends) else None

    def _look(self, connection: database.Connection) -> NDArray[np.int64]:
        (oldest,) = connection.execute("SELECT min(first) FROM ticks").fetchone()
        gone = len(self._known) if oldest is None else int(np.searchsorted(self._known[:, 0], oldest))
        missing = len(self._known) - len(self._held.ticks)
        self._known = self._known[gone:]
        self._held.drop(max(0, gone - missing))
        rows = connection.execute(
            "SELECT first, last, begin_ns, end_ns, length(sweeps) FROM ticks WHERE first > ? ORDER BY first",
            (int(self._known[-1, 0]) if len(self._known) else -1,),
        ).fetchall()
        if rows:
            self._known = np.concatenate([self._known, np.array(rows, np.int64)])
            held, self._held = self._held, Joined()  # so it stays where a tick cannot be read
            if held.ticks and self._known[-len(held.ticks) - len(rows) :, 4].sum() <= _BYTES:
                held.append([self._tick(connection, row[0]) for row in rows])
                self._held = held
        return self._known

    def _hold(self, connection: database.Connection, oldest: int) -> bool:
        """Holds the known ticks from one on; False where these are too many."""
        missing = len(self._known) - len(self._held.ticks)
        if self._known[oldest:, 4].sum() > _BYTES:
            return False
        if oldest < missing:
            firsts = self._known[oldest:missing, 0].tolist()
            held = Joined()
            held.append([*(self._tick(connection, first) for first in firsts), *self._held.ticks])
            self._held = held
        return True

    def _one(self, connection: database.Connection, row: int) -> Tick:
        """A known tick, by its row."""
        missing = len(self._known) - len(self._held.ticks)
        return self._held.ticks[row - missing] if row >= missing else self._tick(connection, int(self._known[row, 0]))

    def _tick(self, connection: database.Connection, first: int) -> Tick:
        (packed,) = connection.execute("SELECT sweeps FROM ticks WHERE first = ?", (first,)).fetchone()
        return unpack(first, packed)
