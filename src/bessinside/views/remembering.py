"""A past that remembers what was over when it was asked for, so that the next fact base asks for little more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np

from bessinside.historian.basis.archive import HOUR_NS, Archive, Step
from bessinside.historian.decoded.rollups import Rollups
from bessinside.historian.past.alarms import Alarms, alarm_registers
from bessinside.historian.past.complete import Completeness
from bessinside.historian.past.past import Past
from bessinside.views.kept import LATE_NS, Kept

MOST_HOURS = 24 * 400


class Remembering(Past):
    """The past behind a door, such as a lock with the past that other readers share: each question passes through it
    by itself, so that nobody waits for a whole fact base. Its own answers are for one thread at a time.

    `door` gives the shared past for the time of one question; `late_ns`: how long after its end a sweep may come.
    """

    def __init__(self, shared: Past, door: Callable[[], AbstractContextManager[Past]], late_ns: int = LATE_NS) -> None:
        @contextmanager
        def asked() -> Iterator[Archive]:
            with door() as past:
                yield past.archive

        super().__init__(Kept(asked, late_ns), shared.worlds.decodings, shared.name, shared.root)
        self.worlds = shared.worlds.over(self.archive)
        self.rollups = Rollups(self.worlds, self.root)
        self._late_ns = late_ns
        self._hours: dict[int, Completeness] = {}

    def alarms(self, start_ns: int, end_ns: int, language: str = "en") -> Alarms:
        """See :meth:`Past.alarms`; the hours of all its registers are asked for at once."""
        world = self.newest()
        names = [world.binding.ids[index] for index in alarm_registers(world)]
        if end_ns - start_ns > Step.HOUR and names:
            self.archive.rollup(names, start_ns // Step.HOUR * Step.HOUR, end_ns, Step.HOUR)
        return super().alarms(start_ns, end_ns, language)

    def completeness(self, start_ns: int, end_ns: int, device: str | None = None) -> Completeness:
        """See :meth:`Past.completeness`; whole hours that are over are asked for once."""
        if device is not None:
            return super().completeness(start_ns, end_ns, device)
        over = min(end_ns, self.span()[1] - self._late_ns) // HOUR_NS * HOUR_NS
        whole = range(-(-start_ns // HOUR_NS) * HOUR_NS, over, HOUR_NS)
        hours = range(start_ns // HOUR_NS * HOUR_NS, end_ns, HOUR_NS)
        found: dict[int, Completeness] = {at: self._hours[at] for at in whole if at in self._hours}
        missing = [at for at in hours if at not in found]
        for first, last in _stretches(missing):
            asked = super().completeness(max(first, start_ns), min(last + HOUR_NS, end_ns))
            found.update({at: _some(asked, asked.time == at) for at in range(first, last + 1, HOUR_NS)})
        self._hours.update({at: found[at] for at in whole})
        while len(self._hours) > MOST_HOURS:
            del self._hours[next(iter(self._hours))]
        return _together([found[at] for at in hours])


def _stretches(hours: list[int]) -> list[tuple[int, int]]:
    """The first and last of hours that follow each other."""
    found: list[tuple[int, int]] = []
    for at in hours:
        if found and at == found[-1][1] + HOUR_NS:
            found[-1] = found[-1][0], at
        else:
            found.append((at, at))
    return found


def _some(of: Completeness, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Completeness:
    return Completeness(
        tuple(of.device[row] for row in np.flatnonzero(rows)), of.time[rows], of.expected[rows], of.came[rows],
        of.failed[rows], of.share[rows],
    )  # fmt: skip


def _together(pieces: list[Completeness]) -> Completeness:
    columns = ([getattr(one, name) for one in pieces] for name in ("time", "expected", "came", "failed", "share"))
    return Completeness(tuple(name for one in pieces for name in one.device), *map(np.concatenate, columns))
