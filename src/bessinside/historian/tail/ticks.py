"""The tail as it is now: its ticks, each decoded once and held as long as it is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.shelf import Shelf
from bessinside.historian.tail.tick import Tick, together, unpack
from bessinside.runtime import database

_BYTES = 64 * 1024 * 1024


class Ticks:
    """Ticks never change; new ones come behind the others, and the oldest leave. So what is there is looked up only
    where it is not known yet. Every method is called within one reading transaction, by one thread at a time."""

    def __init__(self) -> None:
        self._held = Shelf(_BYTES)
        self._known: NDArray[np.int64] = np.zeros((0, 4), np.int64)  # first, last, begin_ns, end_ns

    def between(
        self, connection: database.Connection, device: int | None, begin_ns: int, end_ns: int, last: int = 2**62
    ) -> Tick:
        """The sweeps of the tail that ended in [begin, end), of one device or all, up to a number, as one tick."""
        known = self._look(connection)
        there = known[(known[:, 3] >= begin_ns) & (known[:, 2] < end_ns) & (known[:, 0] <= last), 0]
        ticks = (self._tick(connection, first) for first in there.tolist())
        return together([tick.some(tick.where(device, begin_ns, end_ns, last)) for tick in ticks])

    def newest(self, connection: database.Connection, device: int, at_ns: int) -> Tick | None:
        """The newest sweep of a device that had ended by a moment, alone in its tick."""
        known = self._look(connection)
        for first in known[known[:, 2] <= at_ns, 0][::-1].tolist():
            tick = self._tick(connection, first)
            mine = tick.where(device, -(2**62), at_ns + 1)
            if len(mine):
                return tick.some(mine[-1:])
        return None

    def numbered(self, connection: database.Connection, device: int, number: int) -> Tick | None:
        """A sweep of a device by its number, alone in its tick."""
        known = self._look(connection)
        for first in known[(known[:, 0] <= number) & (known[:, 1] >= number), 0].tolist():
            tick = self._tick(connection, first)
            mine = np.flatnonzero((tick.number == number) & (tick.device == device))
            if len(mine):
                return tick.some(mine)
        return None

    def span(self, connection: database.Connection, device: int | None) -> tuple[int, int] | None:
        """Ends of the first and the last sweep in the tail, of one device or of all."""
        if device is None:
            known = self._look(connection)
            return (int(known[:, 2].min()), int(known[:, 3].max())) if len(known) else None
        ends = self.between(connection, device, -(2**62), 2**62).end_ns
        return (int(ends.min()), int(ends.max())) if len(ends) else None

    def _look(self, connection: database.Connection) -> NDArray[np.int64]:
        (oldest,) = connection.execute("SELECT min(first) FROM ticks").fetchone()
        known = self._known[self._known[:, 0] >= oldest] if oldest is not None else self._known[:0]
        rows = connection.execute(
            "SELECT first, last, begin_ns, end_ns FROM ticks WHERE first > ? ORDER BY first",
            (int(known[-1, 0]) if len(known) else -1,),
        ).fetchall()
        self._known = np.concatenate([known, np.array(rows, np.int64)]) if rows else known
        return self._known

    def _tick(self, connection: database.Connection, first: int) -> Tick:
        def make() -> Tick:
            (packed,) = connection.execute("SELECT sweeps FROM ticks WHERE first = ?", (first,)).fetchone()
            return unpack(first, packed)

        return self._held.get(first, make, lambda tick: tick.nbytes)
