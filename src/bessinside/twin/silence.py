"""Which reads of a device break its link, and when each is worth another try: the others are not to suffer for it.

A device that stays silent on one read, or hangs up on it, ends the connection with it, so that whatever stands behind
that read would never be asked. Such a read goes to the end of the next sweep; where it breaks the link again although
the device answered others, it is left out, and asked again after a time that doubles.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from bessinside.modbus import Outcome, Request, Sweep

FIRST_WAIT_S = 10.0
LAST_WAIT_S = 60.0
_AT_FAULT = (Outcome.TIMEOUT, Outcome.BAD_FRAME)


@dataclass(frozen=True, slots=True)
class Silence:
    """Loop times in seconds: when a read broke the link last, and before when it is not asked again; `times` counts how
    often in a row it did while the device answered others."""

    last: float
    times: int
    due: float


class Silences:
    """The reads of one device that break its link."""

    def __init__(self) -> None:
        self._of: dict[Request, Silence] = {}

    def order(self, requests: Sequence[Request], now: float) -> tuple[int, ...] | None:
        """The requests to send now, by index: sound ones first, silent ones last if it is their time; None for all as
        they stand."""
        if not self._of:
            return None
        sound = [i for i, request in enumerate(requests) if request not in self._of]
        silent = [(found, i) for i, request in enumerate(requests) if (found := self._of.get(request)) is not None]
        due = [i for found, i in sorted(silent, key=lambda one: one[0].last) if found.due <= now or not sound]
        return (*sound, *due)

    def hear(self, sweep: Sweep, now: float) -> None:
        """Takes note of a sweep: what was answered is sound; one read at most broke the link."""
        answered = sweep.outcome <= Outcome.EXCEPTION
        if self._of:
            for k in np.flatnonzero(answered).tolist():
                self._of.pop(sweep.plan.requests[k], None)
        faults = np.flatnonzero(np.isin(sweep.outcome, _AT_FAULT))
        broken = faults if len(faults) else np.flatnonzero(sweep.outcome == Outcome.CLOSED)
        if len(broken):
            request = sweep.plan.requests[int(broken[0])]  # those behind it only shared the link
            before = self._of.get(request)
            times = (before.times if before is not None else 0) + bool(answered.any())
            wait = min(FIRST_WAIT_S * 2.0 ** (times - 2), LAST_WAIT_S) if times > 1 else 0.0
            self._of[request] = Silence(now, times, now + wait)

    def keep(self, requests: Collection[Request]) -> None:
        """Forgets all reads but some: there is a new plan."""
        self._of = {request: found for request, found in self._of.items() if request in requests}
