"""The minutes of a day out of those of its files of ten minutes, and the hours out of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import HOUR_NS, MINUTE_NS, Step
from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.sealed.rolled_pages import RolledPages
from bessinside.historian.sealed.rollup import Rolled, RollupPart, Steps, write_rollup
from bessinside.historian.sealed.sealed import RolledFiles

Parts = list[tuple[RolledPages, RollupPart]]
Tables = list[NDArray[Any]]


def roll(folder: Folder, name: str, numbers: tuple[int, int], old: Sequence[str]) -> tuple[Rolled, ...]:
    """One file of minutes, and one of hours, out of some files of minutes. Raises OSError."""
    files = RolledFiles(folder)
    devices: dict[str, Parts] = {}
    figures: dict[str, tuple[str, ...]] = {}
    for one in old:
        pages = RolledPages(folder.rollups / one)
        for part in pages.about.parts:
            devices.setdefault(part.device, []).append((pages, part))
            if part.names not in figures:
                figures[part.names] = tuple(files.names(files.opened(one)[0], part))
    every = [part for parts in devices.values() for _, part in parts]
    begin, end = min(part.begin_ns for part in every), max(part.begin_ns + part.steps * MINUTE_NS for part in every)
    hours: list[tuple[str, Minutes]] = []

    def minutes() -> Iterator[tuple[str, Minutes]]:
        for device, parts in devices.items():
            found = _followed(figures[parts[0][1].names], parts, begin, end)
            if found is None:
                ids = tuple(dict.fromkeys(figure for _, part in parts for figure in figures[part.names]))
                found = _mixed(files, old, device, ids, begin, end)
            hours.append((device, hours_of(found)))
            yield device, found

    of_minutes = write_rollup(folder, name, Step.MINUTE, numbers, minutes())
    return of_minutes, write_rollup(folder, name, Step.HOUR, numbers, hours)


def hours_of(minutes: Minutes) -> Minutes:
    """The hours in which a table has minutes. Means are put together by how many values they have."""
    first = minutes.begin_ns // HOUR_NS * HOUR_NS
    at = (minutes.begin_ns + np.arange(minutes.low.shape[1], dtype=np.int64) * MINUTE_NS - first) // HOUR_NS
    starts = np.flatnonzero(np.diff(at, prepend=-1))
    low, high, total = minutes.low, minutes.high, minutes.mean * minutes.count
    some = minutes.count > 0
    if not some.all():
        low, high, total = np.where(some, low, np.inf), np.where(some, high, -np.inf), np.where(some, total, 0.0)
    count, left_out = (
        np.add.reduceat(one, starts, axis=1, dtype=np.int32) for one in (minutes.count, minutes.left_out)
    )
    lows, highs = np.minimum.reduceat(low, starts, axis=1), np.maximum.reduceat(high, starts, axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.add.reduceat(total, starts, axis=1) / count
    good = count > 0
    return Minutes(
        minutes.ids, first, np.where(good, lows, np.nan), np.where(good, highs, np.nan), mean, count, left_out, HOUR_NS
    )


def _followed(ids: tuple[str, ...], parts: Parts, begin_ns: int, end_ns: int) -> Minutes | None:
    """Minutes of parts that have the same figures and follow each other, as they nearly always do: at most the last
    minutes of one are the first of the next, because a commit has sweeps of both. None for all others."""
    steps = (end_ns - begin_ns) // MINUTE_NS
    whole = _tables(len(ids), steps)
    here = 0
    for pages, part in sorted(parts, key=lambda one: one[1].begin_ns):
        at, left = divmod(part.begin_ns - begin_ns, MINUTE_NS)
        end, again = at + part.steps, max(0, here - at)
        if part.names != parts[0][1].names or left or pages.about.step_ns != MINUTE_NS or end < here:
            return None
        _leave_empty(whole, slice(here, at))
        own = _tables(len(ids), part.steps) if again else [table[:, at:end] for table in whole]
        if not pages.fill(part, own):
            return None
        if again:
            _add([table[:, at:here] for table in whole], [table[:, :again] for table in own])
            for table, new in zip(whole, own, strict=True):
                table[:, here:end] = new[:, again:]
        here = end
    _leave_empty(whole, slice(here, steps))
    low, high, mean, count, left_out = whole
    return Minutes(ids, begin_ns, low, high, mean, count, left_out)


def _tables(figures: int, steps: int) -> Tables:
    """low, high, mean, count and left_out, not filled yet."""
    return [np.empty((figures, steps), kind) for kind in ("f8", "f8", "f8", "i4", "i4")]


def _leave_empty(tables: Tables, where: slice) -> None:
    """Minutes in which there was no sweep."""
    for table in tables:
        table[:, where] = np.nan if table.dtype.kind == "f" else 0


def _add(tables: Tables, more: Tables) -> None:
    """Puts sweeps of the same minutes to those that are there."""
    low, high, mean, count, left_out = tables
    low[:], high[:] = np.fmin(low, more[0]), np.fmax(high, more[1])
    total = np.where(count > 0, mean * count, 0.0) + np.where(more[3] > 0, more[2] * more[3], 0.0)
    count += more[3]
    left_out += more[4]
    with np.errstate(invalid="ignore"):
        mean[:] = total / count


def _mixed(
    files: RolledFiles, old: Sequence[str], device: str, ids: tuple[str, ...], begin_ns: int, end_ns: int
) -> Minutes:
    """Minutes of parts with other figures, or of the same minutes: a device that was read in another way meanwhile."""
    steps = Steps(MINUTE_NS, begin_ns, (end_ns - begin_ns) // MINUTE_NS, len(ids))
    for one in old:
        for rows, piece in files.read(one, ids, device):
            steps.add(piece, rows)
    return steps.minutes(ids)
