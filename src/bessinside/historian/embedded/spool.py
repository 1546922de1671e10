"""The spool: sweeps that wait in memory for the disk. It has a bound, and counts what found no room."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import NamedTuple

from bessinside.modbus import Outcome, Sweep
from bessinside.plant import BoundDevice
from bessinside.runtime import invariants

COMMIT_EVERY_S = 5.0  # while all is well
SOON_S = 1.0  # where something happened, or somebody waits
SPOOL_SWEEPS = 50_000
SPOOL_BYTES = 256 * 1024 * 1024


class Waiting(NamedTuple):
    """A sweep that waits, and who waits for its number."""

    sweep: Sweep
    bound: BoundDevice
    done: asyncio.Future[int] | None


class Spool:
    """What waits, oldest first, `bytes` of words in all. `dropped` sweeps found no room, `untold` of them since it was
    last said. It is `urgent` since an answer failed or somebody waits: the seconds before something ends are worth
    most."""

    def __init__(self) -> None:
        self.dropped = self.untold = 0
        self.urgent = False
        self._waiting: deque[Waiting] = deque()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, waiting: Waiting) -> bool:
        """Takes a sweep; False where there is no room for it."""
        size = 2 * waiting.sweep.plan.size
        if len(self._waiting) >= SPOOL_SWEEPS or self.bytes + size > SPOOL_BYTES:
            self.dropped += 1
            self.untold += 1
            invariants.sometimes("historian: the spool was full")
            return False
        self._waiting.append(waiting)
        self.bytes += size
        answered = waiting.sweep.outcome.tobytes()
        if waiting.done is not None or answered.count(Outcome.OK) != len(answered):
            self.urgent = True
        return True

    def oldest(self, most: int) -> list[Waiting]:
        """What waits longest; it stays here."""
        self.urgent = False
        return list(islice(self._waiting, most))

    def forget(self, first: int, count: int) -> None:
        """Lets the oldest go, which have numbers from `first` on, and tells who waits for them."""
        take = self._waiting.popleft
        for number in range(first, first + count):
            sweep, _, done = take()
            self.bytes -= 2 * sweep.plan.size
            if done is not None and not done.done():
                done.set_result(number)

    def give_up(self) -> None:
        """Tells who waits that nothing will come of it."""
        for waiting in self._waiting:
            if waiting.done is not None and not waiting.done.done():
                waiting.done.cancel()
