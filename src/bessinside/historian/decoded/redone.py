"""Rollups of a later decoding: minutes and hours of the figures that a corrected map decodes otherwise.

They lie beside those of the recorded map, in `decoded/rollups` of the folder, a pair of files for each day (UTC), and
are read like these. `decodings.json` names them; what it does not name is left over from a run that was cut short.
Of a device whose sweeps of a day were a minute apart (thinned, or polled so) there are hours only: its minutes are
decoded from its sweeps when somebody asks. Where a rule will take sweeps away as a whole there are minutes too.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis import decoding
from bessinside.historian.basis.archive import HOUR_NS, MINUTE_NS, Edition, Step
from bessinside.historian.basis.decoding import Decoding, DecodingError
from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.basis.trace import trace
from bessinside.historian.basis.world import Worlds
from bessinside.historian.sealed.retention import NOTHING, load_rules
from bessinside.historian.sealed.rollup import Steps, write_rollup
from bessinside.historian.sealed.seal import stamp
from bessinside.runtime import disk
from bessinside.runtime.alone import alone
from bessinside.twin.quality import Quality

DAY_NS = 24 * HOUR_NS
LOCK = "lock"
RARE = 2
"""No minutes are made of sweeps of which a minute has so many or fewer."""
_MOST = 1 << 22  # values held at once


def shelf(root: Path) -> Folder:
    """Where the rollups of later decodings lie, as a folder of its own."""
    return Folder(root / "decoded")


@contextmanager
def working(root: Path) -> Iterator[None]:
    """While the decodings of a folder are added to; nobody else does so meanwhile. Raises DecodingError."""
    disk.make_dir(shelf(root).rollups)
    with alone(shelf(root).root / LOCK) as mine:
        if not mine:
            raise DecodingError(f"{root}: another redecode is at work there; try again when it is done")
        yield


def drop_unnamed(root: Path) -> list[str]:
    """Removes what a redecode that was cut short left behind; gives its names, relative to the folder. Only inside
    :func:`working`."""
    named = {name for one in decoding.load(root) for name in one.files}
    left = [path for path in disk.list_dir(shelf(root).rollups) if path.name not in named]
    left += [path for path in disk.list_dir(root) if fnmatch.fnmatch(path.name, f".{decoding.FILE}.*.part")]
    for path in left:
        disk.remove(path)
    return [str(path.relative_to(root)) for path in left]


def roll(
    root: Path,
    worlds: Worlds,
    added: Sequence[Decoding],
    start_ns: int,
    end_ns: int,
    said: Callable[[float], None] = lambda share: None,
) -> list[str]:
    """Writes minutes and hours of [start, end), whole hours, of all figures that the added decodings change; gives the
    names of the files. `worlds` decode as the added decodings say; `said` is told the share that is done."""
    files = shelf(root)
    changed = _changed(worlds, added)
    stay = all(rule.keep_ns != NOTHING for rule in load_rules(Folder(root)).rules)
    names: list[str] = []
    for first, last in days(start_ns, end_ns) if changed else ():
        minutes: list[tuple[str, Minutes]] = []
        hours: list[tuple[str, Minutes]] = []
        for device, ids in changed.items():
            ends = worlds.archive.sweeps(device, first, last).end_ns
            found = _steps(worlds, device, ids, first, last, Step.HOUR if stay and _rare(ends) else Step.MINUTE)
            if found is None:
                continue
            if found.step_ns == Step.MINUTE:
                minutes.append((device, found))
                found = _hours(found)
            hours.append((device, found))
        stem = f"{added[0].by[:12]}-{added[0].applied_ns}-{stamp(first)[:8]}"
        names += [
            write_rollup(files, stem, step, (0, 0), tables).name
            for step, tables in ((Step.MINUTE, minutes), (Step.HOUR, hours))
            if tables
        ]
        said((last - start_ns) / (end_ns - start_ns))
    return names


def _changed(worlds: Worlds, added: Sequence[Decoding]) -> dict[str, list[str]]:
    """Devices, each with the ids of numbers that change, in plant order."""
    by = {one.recorded: one.by for one in added}
    found: dict[str, list[str]] = {}
    for device in worlds.archive.devices():
        editions: list[Edition] = [one for one in worlds.editions(device) if one.map_hash in by]
        ids = frozenset().union(*(worlds.changed(one, by[one.map_hash]) for one in editions))
        if not ids:
            continue
        world = worlds.of([editions[-1]])
        bound = world.bound(device)
        mine = []
        for i in range(0 if bound is None else bound.size):
            assert bound is not None
            if world.binding.ids[bound.first + i] in ids and bound.point(i).wire_type.numeric:
                mine.append(world.binding.ids[bound.first + i])
        if mine:
            found[device] = mine
    return found


def _rare(end_ns: NDArray[np.int64]) -> bool:
    """Whether sweeps came so rarely that their minutes would say no more than they say themselves."""
    return len(end_ns) <= RARE * len(np.unique(end_ns // MINUTE_NS))


def _steps(worlds: Worlds, device: str, ids: list[str], start_ns: int, end_ns: int, step: Step) -> Minutes | None:
    """Steps of some figures of a device, decoded sweep by sweep; None where there is no sweep."""
    whole = Steps(step, start_ns, (end_ns - start_ns) // step, len(ids))
    sweeps = len(worlds.archive.sweeps(device, start_ns, end_ns))
    pieces = max(1, -(-sweeps * len(ids) // _MOST))
    length = max(1, -(-(end_ns - start_ns) // pieces // step)) * step
    for first in range(start_ns, end_ns, length):
        found = trace(worlds, device, ids, first, min(first + length, end_ns))
        if not len(found.time):
            continue
        value, good, at = found.value, found.quality == Quality.GOOD, (found.time - start_ns) // step
        if (np.diff(at) < 0).any():  # the clock went back: bring the steps together again
            order = np.argsort(at, kind="stable")
            value, good, at = value[order], good[order], at[order]
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        to, sweeps_of = at[starts], np.diff(np.append(starts, len(at)))
        if good.all():
            low = high = total = value
            count = np.broadcast_to(sweeps_of[:, None], (len(starts), len(ids)))
        else:
            low, high = np.where(good, value, np.inf), np.where(good, value, -np.inf)
            total, count = np.where(good, value, 0.0), np.add.reduceat(good, starts, axis=0, dtype=np.int64)
        whole.low[:, to] = np.minimum.reduceat(low, starts, axis=0).T
        whole.high[:, to] = np.maximum.reduceat(high, starts, axis=0).T
        whole.total[:, to] = np.add.reduceat(total, starts, axis=0).T
        whole.count[:, to], whole.left_out[:, to] = count.T, (sweeps_of[:, None] - count).T
    if not (whole.count.any() or whole.left_out.any()):
        return None
    return whole.minutes(tuple(ids))


def _hours(minutes: Minutes) -> Minutes:
    steps = minutes.low.shape[1] * MINUTE_NS // HOUR_NS
    whole = Steps(Step.HOUR, minutes.begin_ns, steps, len(minutes.ids))
    whole.add(minutes, range(len(minutes.ids)))
    return whole.minutes(minutes.ids)


def days(start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
    """A span in pieces of one day (UTC) each."""
    for first in range(start_ns // DAY_NS * DAY_NS, end_ns, DAY_NS):
        yield max(first, start_ns), min(first + DAY_NS, end_ns)


def covered(one: Decoding, start_ns: int, end_ns: int) -> Iterator[tuple[bool, int, int]]:
    """A span in pieces, each with whether the files of a decoding have it."""
    low, high = max(start_ns, one.rolled_from_ns), min(end_ns, one.rolled_to_ns)
    if low >= high:
        yield False, start_ns, end_ns
        return
    if start_ns < low:
        yield False, start_ns, low
    yield True, low, high
    if high < end_ns:
        yield False, high, end_ns
